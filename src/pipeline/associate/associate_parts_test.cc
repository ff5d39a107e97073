// Shards reduced each on its own and put together: the maps of the whole.
#include "pipeline/associate/associate_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/annotate/plan.h"
#include "pipeline/associate/associate_fixture.h"
#include "pipeline/study/study_parts.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class AssociateParts : public testing::AssociateTest {
 protected:
  static constexpr std::size_t kShards = 8;

  // The case's videos, spoiled as `spoil` likes, in one study: row r in shard r % 8, so that shards
  // differ in countries, levels and contexts.
  fs::path write_shards(const std::string& name,
                        const std::function<void(std::size_t, Tables&)>& spoil = {}) {
    const Table rows = read_case();
    std::vector<std::vector<std::size_t>> of_shard(kShards);
    std::vector<std::size_t> order;
    for (std::size_t r = 0; r < rows.rows(); ++r) of_shard[r % kShards].push_back(r);
    for (const auto& shard : of_shard) order.insert(order.end(), shard.begin(), shard.end());
    const fs::path study = write(name, tables_of(rows, order));
    std::string plan;
    std::vector<StudyInput> inputs;
    for (std::size_t k = 0; k < kShards; ++k) {
      Tables tables = tables_of(rows, of_shard[k]);
      if (spoil) spoil(k, tables);
      const fs::path folder = study / "annotations" / shard_name(static_cast<std::int64_t>(k));
      fs::create_directories(folder);
      const std::pair<const char*, const Table*> files[] = {{"expressions", &tables.expressions},
                                                            {"contexts", &tables.contexts},
                                                            {"context_status", &tables.status}};
      for (const auto& [table, content] : files) {
        EXPECT_TRUE(database_
                        .write_parquet(*content, folder / (std::string(table) + ".parquet"),
                                       {{"simulated", "false"}})
                        .ok());
      }
      for (const std::size_t r : of_shard[k]) {
        plan += (plan.empty() ? "" : " UNION ALL ") +
                ("SELECT " + std::to_string(k) + "::BIGINT AS shard, " +
                 sql_quote(text(rows, r, "video_id")) + " AS video_id");
      }
    }
    EXPECT_TRUE(
        database_.write_query_parquet(plan, study / "annotations" / "plan.parquet", {}).ok());
    seal(study);
    return study;
  }

  static void reduce(const AssociateOptions& options) {
    for (std::size_t k = 0; k < kShards; ++k) {
      const auto part = associate_shard(options, {static_cast<std::int64_t>(k), 0});
      ASSERT_TRUE(part.ok()) << part.error().message;
    }
  }

  // Maps of the whole, then of its parts: equal.
  void expect_equal(const AssociateOptions& options) {
    const auto whole = associate(options);
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    const Table maps = maps_of(options.study);
    const auto excluded = read_whole_file(options.study / "maps" / "excluded.parquet");
    fs::remove(options.study / "maps" / "maps.parquet");
    reduce(options);
    const auto joined = associate_from_parts(options);
    ASSERT_TRUE(joined.ok()) << joined.error().message;
    EXPECT_LE(difference(maps, maps_of(options.study)), 1e-12);
    EXPECT_EQ(*excluded, *read_whole_file(options.study / "maps" / "excluded.parquet"));
    EXPECT_EQ(whole->corpus_videos, joined->corpus_videos);
    EXPECT_EQ(whole->notes, joined->notes);
  }
};

TEST_F(AssociateParts, EightShardsEqualTheWhole) {
  AssociateOptions options = options_for(write_shards("study"));
  options.map.minimum = 3;
  expect_equal(options);
  options.map.cluster = ClusterBy::kCountry;
  options.map.estimator.kind = AssociationKind::kSlope;
  options.by = "country";
  options.weights = "weight";
  options.contexts = ContextUse::kScore;
  options.covariates = {"faces", "covariate_year", "covariate_device"};
  expect_equal(options);
}

// Piece by piece, so that no more videos than asked for are held: as at once, rows of no video of
// the corpus and ids that are there twice too.
TEST_F(AssociateParts, PiecesOfTheCorpusEqualTheWhole) {
  AssociateOptions options = options_for(write_shards("pieces"));
  options.map.minimum = 3;
  const fs::path corpus = options.study / "corpus.parquet";
  const fs::path copy = folder_.path() / "corpus.parquet";
  fs::copy_file(corpus, copy);
  const auto take = [&](const std::string& rows) {
    ASSERT_TRUE(
        database_
            .write_query_parquet("SELECT * FROM " + sql_read_parquet(copy) + " " + rows, corpus, {})
            .ok());
  };
  take("LIMIT 650");
  const auto whole = associate(options);
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(whole->corpus_videos, 650);
  const Table maps = maps_of(options.study);
  const auto excluded = read_whole_file(options.study / "maps" / "excluded.parquet");
  for (const std::int64_t at_once : {649, 300, 100}) {
    options.videos_at_once = at_once;
    for (const char* name : {"pieces", "piece.parquet", "unplanned.parquet"}) {  // of a kill
      ASSERT_TRUE(
          write_file_durably(temporary_name_for(options.study / "maps" / name), "left").ok());
    }
    const auto pieces = associate(options);
    ASSERT_TRUE(pieces.ok()) << pieces.error().message;
    EXPECT_LE(difference(maps, maps_of(options.study)), 1e-12);
    EXPECT_EQ(*excluded, *read_whole_file(options.study / "maps" / "excluded.parquet"));
    EXPECT_EQ(pieces->corpus_videos, 650);
    EXPECT_EQ(pieces->notes, whole->notes);
  }
  EXPECT_THAT(whole->notes, ::testing::Contains(HasSubstr("belong to no video of the corpus")));
  for (const auto& entry : fs::directory_iterator(options.study / "maps")) {
    EXPECT_FALSE(is_temporary_name(entry.path())) << entry.path();
  }
  take("UNION ALL (SELECT * FROM " + sql_read_parquet(copy) + " LIMIT 1)");
  const auto twice = associate(options);
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(twice.error().message, HasSubstr("appears twice"));
}

// What a shard alone sees must not decide: a score measured in others only, a shard without faces,
// without contexts, without any row, a country whose region is null there.
TEST_F(AssociateParts, AShardThatLacksWhatOthersHaveIsCountedAsTheWholeCountsIt) {
  const auto study = write_shards("lacking", [](std::size_t shard, Tables& tables) {
    const auto blank = [&](const std::vector<const char*>& scores) {
      Table spoiled(tables.expressions.schema());
      for (std::size_t r = 0; r < tables.expressions.rows(); ++r) {
        std::vector<Cell> row;
        for (std::size_t c = 0; c < spoiled.schema().columns.size(); ++c) {
          row.push_back(tables.expressions.column(c).at(r));
        }
        for (const char* score : scores) {
          row[static_cast<std::size_t>(spoiled.schema().index_of(score))] = std::monostate{};
        }
        spoiled.append(row);
      }
      tables.expressions = spoiled;
    };
    if (shard == 1) blank({"label_awe"});
    if (shard == 2) blank({"label_elation", "label_awe", "label_doubt", "label_fixed"});
    if (shard == 3) tables.contexts = Table(tables.contexts.schema());
    if (shard == 4) tables.status = Table(tables.status.schema());
    if (shard == 5) tables.expressions = Table(tables.expressions.schema());
    blank({"label_fixed"});
  });
  AssociateOptions options = options_for(study);
  expect_equal(options);
}

TEST_F(AssociateParts, PartsThatAreMissingStaleForeignOrOfOtherOptionsAreNamed) {
  const auto study = write_shards("parts");
  const AssociateOptions options = options_for(study);
  const auto refused = [&](const AssociateOptions& now, const std::vector<std::string>& words) {
    const auto joined = associate_from_parts(now);
    ASSERT_FALSE(joined.ok());
    EXPECT_EQ(joined.error().code, ErrorCode::kMismatch);
    for (const std::string& word : words) EXPECT_THAT(joined.error().message, HasSubstr(word));
  };
  reduce(options);
  AssociateOptions other = options;
  other.by = "country";
  refused(other, {"shard-00000", "by is 'region' there and 'country' now", "--shard 0,1,2"});
  const fs::path parts = study / "maps" / "parts";
  fs::remove_all(parts / "shard-00003");
  refused(options, {"shard-00003: missing", "remedy", "--shard 3"});
  ASSERT_TRUE(associate_shard(options, {3, 0}).ok());
  ASSERT_TRUE(associate_from_parts(options).ok());
  fs::create_directories(parts / "shard-00008");
  refused(options, {"shard-00008: the plan has no such shard"});
  fs::remove_all(parts / "shard-00008");
  {
    std::ofstream file(parts / "shard-00005" / "statistics-visual.sums", std::ios::app);
    file << "x";
  }
  refused(options, {"shard-00005", "statistics-visual.sums: the size is not right"});
  ASSERT_TRUE(associate_shard(options, {5, 0}).ok());
  // A shard that was annotated anew has another manifest.
  const fs::path shard = study / "annotations" / "shard-00006";
  ASSERT_TRUE(database_
                  .write_query_parquet(
                      "SELECT * FROM " + sql_read_parquet(shard / "contexts.parquet") + " LIMIT 5",
                      shard / "contexts.parquet", {})
                  .ok());
  seal(study);
  refused(options, {"shard-00006: made of something else: annotations", "--shard 6"});
  EXPECT_EQ(associate_shard(options, {8, 0}).error().code, ErrorCode::kUsage);
}

TEST_F(AssociateParts, VideosOfNoShardAreCounted) {
  const auto study = write_shards("unplanned");
  const fs::path plan = study / "annotations" / "plan.parquet";
  const fs::path copy = folder_.path() / "plan.parquet";
  fs::copy_file(plan, copy);
  ASSERT_TRUE(database_
                  .write_query_parquet(
                      "SELECT * FROM " + sql_read_parquet(copy) + " WHERE shard < 7", plan, {})
                  .ok());
  fs::remove_all(study / "annotations" / "shard-00007");
  const AssociateOptions options = options_for(study);
  const auto whole = associate(options);
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  const Table maps = maps_of(study);
  for (std::int64_t k = 0; k < 7; ++k) ASSERT_TRUE(associate_shard(options, {k, 0}).ok());
  const auto joined = associate_from_parts(options);
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_LE(difference(maps, maps_of(study)), 1e-12);
  EXPECT_EQ(joined->corpus_videos, 700);
  EXPECT_EQ(whole->sources.front().exclusions, joined->sources.front().exclusions);
}

}  // namespace
}  // namespace mien
