// From the tables of a study to its maps: the same numbers as the reference, whole or in parts, and
// a name for everything that is wrong with the input.
#include "pipeline/associate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/paths.h"

#include "pipeline/associate_json.h"
#include "pipeline/association_file.h"
#include "pipeline/shard.h"
#include "pipeline/study_settings.h"
#include "pipeline/study_tables.h"
#include "store/csv_import.h"
#include "store/durable_file.h"

namespace mien {
namespace {

// A study of the reference's readable table, and room to spoil it.
class AssociateTest : public ::testing::Test {
 protected:
  AssociateTest() : database_(std::move(Database::open()).value()) {}

  static Table read_case() {
    const std::string name = "tests/reference/stats/cases/mixed.csv";
    const auto bytes = read_whole_file(testing::source_dir() / name);
    return std::move(parse_list(*bytes, name)).value();
  }

  static std::string text(const Table& table, std::size_t row, const std::string& column) {
    const Cell cell = table.at(row, column);
    return std::holds_alternative<std::string>(cell) ? std::get<std::string>(cell) : "";
  }

  struct Tables {
    Table corpus, expressions, contexts, status;
  };

  // Rows of the case that `take` wants, in an order of its own.
  static Tables tables_of(const Table& rows, const std::vector<std::size_t>& take) {
    using enum ColumnType;
    TableSchema corpus = corpus_schema();
    corpus.columns.push_back({"weight", kDouble, ""});
    corpus.columns.push_back({"covariate_year", kInt64, ""});
    corpus.columns.push_back({"covariate_duration", kDouble, ""});
    corpus.columns.push_back({"covariate_minutes", kDouble, ""});
    corpus.columns.push_back({"covariate_device", kString, ""});
    std::vector<ColumnSpec> channels;
    for (const char* name : {"label_elation", "label_awe", "label_doubt", "label_fixed"}) {
      channels.push_back({name, kDouble, ""});
    }
    Tables tables{Table(corpus), Table(expressions_schema(channels)), Table(contexts_schema()),
                  Table(context_status_schema())};
    RowBuilder video(tables.corpus.schema());
    RowBuilder scores(tables.expressions.schema());
    RowBuilder context(tables.contexts.schema());
    RowBuilder status(tables.status.schema());
    for (const std::size_t row : take) {
      const std::string id = text(rows, row, "video_id");
      const auto number = [&](const std::string& column) {
        return std::strtod(text(rows, row, column).c_str(), nullptr);
      };
      for (const char* column : {"uri", "title", "description", "uploaded_on"}) {
        video.set_null(column);
      }
      video.set("video_id", id).set("language", std::string("en"));
      for (const char* column : {"country", "region", "uploader", "covariate_device"}) {
        video.set(column, text(rows, row, column));
      }
      video.set("weight", number("weight"))
          .set("covariate_year", static_cast<std::int64_t>(number("covariate_year")))
          .set("covariate_duration", number("covariate_duration"))
          .set("covariate_minutes", number("covariate_minutes"));
      tables.corpus.append(video.finish());
      scores.set("video_id", id).set("faces", std::int64_t{1 + static_cast<int>(row % 3)});
      for (const char* column : {"face_seconds", "face_size_px", "yaw_deg", "pitch_deg",
                                 "sharpness", "brightness", "skin_tone_ita_deg"}) {
        scores.set_null(column);
      }
      for (const ColumnSpec& channel : channels) scores.set(channel.name, number(channel.name));
      tables.expressions.append(scores.finish());
      status.set("video_id", id).set("source", std::string("visual"));
      status.set("vocabulary", std::string("test")).set("status", std::string("ok"));
      status.set_null("reason").set_null("language").set_null("language_prob");
      tables.status.append(status.set_null("none_prob").finish());
      std::istringstream entries(text(rows, row, "contexts"));
      for (std::string entry; std::getline(entries, entry, ';');) {
        const std::size_t colon = entry.find(':');
        const double score = std::strtod(entry.c_str() + colon + 1, nullptr);
        context.set("video_id", id).set("source", std::string("visual"));
        context.set("context", entry.substr(0, colon)).set("score_prob", score);
        tables.contexts.append(context.set("above_threshold", score >= 0.5).finish());
      }
    }
    return tables;
  }

  static std::vector<std::size_t> all(std::size_t count) {
    std::vector<std::size_t> rows(count);
    for (std::size_t i = 0; i < count; ++i) rows[i] = i;
    return rows;
  }

  std::filesystem::path write(const std::string& name, const Tables& tables) {
    const std::filesystem::path study = folder_.path() / name;
    const std::filesystem::path shard = study / "annotations" / "shard-00000";
    std::filesystem::create_directories(shard);
    const auto put = [&](const Table& table, const std::filesystem::path& path) {
      const Status status = database_.write_parquet(table, path, {{"simulated", "false"}});
      EXPECT_TRUE(status.ok()) << status.error().message;
    };
    put(tables.corpus, study / "corpus.parquet");
    put(tables.expressions, shard / "expressions.parquet");
    put(tables.contexts, shard / "contexts.parquet");
    put(tables.status, shard / "context_status.parquet");
    seal(study);
    return study;
  }

  // Gives the shards manifests of what lies in them now, and the study its settings.
  static void seal(const std::filesystem::path& study) {
    StudySettings settings;
    settings.options = nlohmann::json::object();
    ASSERT_TRUE(write_file_durably(study / "annotations" / "run.json", encode(settings)).ok());
    for (const std::filesystem::path& shard : shard_folders(study)) {
      auto writer = ShardWriter::open(shard);
      ASSERT_TRUE(writer.ok());
      for (const auto& entry : std::filesystem::directory_iterator(shard)) {
        if (entry.path().extension() != ".parquet") continue;
        const std::string name = entry.path().filename().string();
        std::filesystem::copy_file(entry.path(), writer->path_of(name));
        ASSERT_TRUE(writer->add_file(name, entry.path().stem().string(), "", 0).ok());
      }
      ShardManifest manifest;
      manifest.settings = settings_hash(settings);
      ASSERT_TRUE(writer->commit(std::move(manifest)).ok());
    }
  }

  static AssociateOptions options_for(const std::filesystem::path& study) {
    AssociateOptions options;
    options.study = study;
    options.map.bootstrap = 40;
    options.map.seed = 20211;
    options.map.minimum = 0;
    return options;
  }

  Table maps_of(const std::filesystem::path& study) {
    auto table = database_.read_parquet(study / "maps" / "maps.parquet");
    EXPECT_TRUE(table.ok()) << table.error().message;
    return std::move(table).value();
  }

  // Largest difference over the columns of numbers; counts and reasons must be equal.
  static double difference(const Table& a, const Table& b) {
    double worst = 0;
    EXPECT_EQ(a.rows(), b.rows());
    for (std::size_t c = 0; c < a.schema().columns.size(); ++c) {
      for (std::size_t r = 0; r < std::min(a.rows(), b.rows()); ++r) {
        const Cell x = a.column(c).at(r);
        const Cell y = b.column(c).at(r);
        if (std::holds_alternative<double>(x) && std::holds_alternative<double>(y)) {
          worst = std::max(worst, std::abs(std::get<double>(x) - std::get<double>(y)));
        } else {
          EXPECT_EQ(x, y) << a.schema().columns[c].name << " row " << r;
        }
      }
    }
    return worst;
  }

  Error error_of(const Tables& tables, const AssociateOptions* own = nullptr) {
    const std::filesystem::path study = write("bad" + std::to_string(++bad_), tables);
    AssociateOptions options = own != nullptr ? *own : options_for(study);
    options.study = study;
    const auto result = associate(options);
    EXPECT_FALSE(result.ok());
    return result.ok() ? Error{} : result.error();
  }

  testing::TemporaryFolder folder_;
  Database database_;
  int bad_ = 0;
};

TEST_F(AssociateTest, MapsOfAStudyEqualTheReference) {
  const Table rows = read_case();
  const std::filesystem::path study = write("study", tables_of(rows, all(rows.rows())));
  const auto summary = associate(options_for(study));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->corpus_videos, 700);
  EXPECT_EQ(summary->sources.front().videos, 700);
  const Table maps = maps_of(study);

  const std::string name = "tests/reference/stats/expected/associations.csv";
  const auto bytes = read_whole_file(testing::source_dir() / name);
  const Table expected = std::move(parse_list(*bytes, name)).value();
  std::map<std::string, std::size_t> wanted;
  for (std::size_t r = 0; r < expected.rows(); ++r) {
    const bool same_run =
        text(expected, r, "case") == "mixed" && text(expected, r, "use") == "present" &&
        text(expected, r, "kind") == "partial" && text(expected, r, "within") == "country" &&
        text(expected, r, "control") == "none";
    if (!same_run) continue;
    wanted[text(expected, r, "region") + "/" + text(expected, r, "context") + "/" +
           text(expected, r, "expression")] = r;
  }
  ASSERT_EQ(maps.rows(), wanted.size());
  for (std::size_t r = 0; r < maps.rows(); ++r) {
    const std::size_t at = wanted.at(text(maps, r, "region") + "/" + text(maps, r, "context") +
                                     "/label_" + text(maps, r, "expression"));
    for (const char* column : {"estimate", "se", "p_bh", "p_by", "p_holm", "superiority"}) {
      const std::string number = text(expected, at, column);
      const Cell cell = maps.at(r, column);
      ASSERT_EQ(number.empty(), std::holds_alternative<std::monostate>(cell)) << column;
      if (number.empty()) continue;
      EXPECT_NEAR(std::get<double>(cell), std::strtod(number.c_str(), nullptr), 1e-9) << column;
    }
    EXPECT_EQ(std::to_string(std::get<std::int64_t>(maps.at(r, "n_uploaders"))),
              text(expected, at, "n_uploaders"));
    EXPECT_EQ(text(maps, r, "channel"), "label");
  }
  const auto metadata = database_.read_metadata(study / "maps" / "maps.parquet");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(metadata->at("kind"), "partial");
  EXPECT_EQ(metadata->at("seed"), "20211");
  EXPECT_EQ(metadata->at("expressions_simulated"), "false");
}

TEST_F(AssociateTest, HalvesMergedEqualTheWholeAndThreadsChangeNoByte) {
  const Table rows = read_case();
  std::vector<std::size_t> odd;
  std::vector<std::size_t> even;
  for (std::size_t i = 0; i < rows.rows(); ++i) (i % 2 != 0 ? odd : even).push_back(i);
  const auto whole = write("whole", tables_of(rows, all(rows.rows())));
  const auto a = write("a", tables_of(rows, even));
  const auto b = write("b", tables_of(rows, odd));
  AssociateOptions options = options_for(whole);
  ASSERT_TRUE(associate(options).ok());
  const auto first = read_whole_file(whole / "maps" / "maps.parquet");
  options.map.threads = 3;
  ASSERT_TRUE(associate(options).ok());
  EXPECT_EQ(*first, *read_whole_file(whole / "maps" / "maps.parquet"));
  ASSERT_TRUE(associate(options_for(a)).ok());
  ASSERT_TRUE(associate(options_for(b)).ok());
  const auto merged = merge_associations({a, b}, folder_.path() / "merged", 2);
  ASSERT_TRUE(merged.ok()) << merged.error().message;
  EXPECT_LE(difference(maps_of(whole), maps_of(folder_.path() / "merged")), 1e-12);

  AssociateOptions other = options_for(b);
  other.map.estimator.kind = AssociationKind::kSlope;
  ASSERT_TRUE(associate(other).ok());
  const auto refused = merge_associations({a, b}, folder_.path() / "refused", 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_NE(refused.error().message.find("kind"), std::string::npos);
  EXPECT_EQ(
      merge_associations({a, folder_.path() / "nothing"}, folder_.path() / "x", 1).error().code,
      ErrorCode::kNotFound);
}

TEST_F(AssociateTest, OrderOfRowsAndShardsDoesNotMatter) {
  const Table rows = read_case();
  const auto straight = write("straight", tables_of(rows, all(rows.rows())));
  std::vector<std::size_t> order = all(rows.rows());
  std::reverse(order.begin(), order.end());
  Tables tables = tables_of(rows, order);
  const Tables first = tables_of(rows, all(350));
  std::vector<std::size_t> last;
  for (std::size_t i = rows.rows(); i > 350; --i) last.push_back(i - 1);
  const Tables second = tables_of(rows, last);
  const auto shuffled = write("shuffled", tables);
  const auto annotations = shuffled / "annotations";
  std::filesystem::create_directories(annotations / "shard-00001");
  const std::pair<const char*, const Tables*> shards[] = {{"shard-00000", &second},
                                                          {"shard-00001", &first}};
  for (const auto& [name, part] : shards) {
    ASSERT_TRUE(
        database_.write_parquet(part->contexts, annotations / name / "contexts.parquet", {}).ok());
    ASSERT_TRUE(
        database_.write_parquet(part->expressions, annotations / name / "expressions.parquet", {})
            .ok());
  }
  seal(shuffled);
  ASSERT_TRUE(associate(options_for(straight)).ok());
  const auto done = associate(options_for(shuffled));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_LE(difference(maps_of(straight), maps_of(shuffled)), 1e-12);
}

TEST_F(AssociateTest, EveryVideoThatLeavesIsCounted) {
  const Table rows = read_case();
  Tables tables = tables_of(rows, all(rows.rows()));
  // The same rows with some cells spoiled.
  Table corpus(tables.corpus.schema());
  Table expressions(tables.expressions.schema());
  Table status(tables.status.schema());
  Table contexts(tables.contexts.schema());
  const auto copy = [](const Table& from, std::size_t r) {
    std::vector<Cell> row;
    for (std::size_t c = 0; c < from.schema().columns.size(); ++c)
      row.push_back(from.column(c).at(r));
    return row;
  };
  const auto at = [](const Table& table, const char* name) {
    return static_cast<std::size_t>(table.schema().index_of(name));
  };
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    std::vector<Cell> video = copy(tables.corpus, r);
    if (r == 0) video[at(corpus, "region")] = std::monostate{};
    if (r == 1) video[at(corpus, "country")] = std::monostate{};
    if (r == 2) video[at(corpus, "covariate_year")] = std::monostate{};
    if (r == 3) video[at(corpus, "covariate_device")] = std::monostate{};
    if (r == 4) video[at(corpus, "language")] = std::monostate{};
    corpus.append(video);
    std::vector<Cell> scores = copy(tables.expressions, r);
    if (r == 4) scores[at(expressions, "label_awe")] = std::monostate{};
    if (r == 5) {
      for (const char* name : {"label_elation", "label_awe", "label_doubt", "label_fixed"}) {
        scores[at(expressions, name)] = std::monostate{};
      }
    }
    if (r == 6) scores[at(expressions, "label_awe")] = 1.5;
    if (r != 7) expressions.append(scores);
    std::vector<Cell> state = copy(tables.status, r);
    if (r == 8) state[at(status, "status")] = std::string("failed");
    if (r != 9) status.append(state);
  }
  const std::string tenth = text(rows, 10, "video_id");
  for (std::size_t r = 0; r < tables.contexts.rows(); ++r) {
    std::vector<Cell> row = copy(tables.contexts, r);
    if (text(tables.contexts, r, "video_id") == tenth) row[at(contexts, "score_prob")] = 7.0;
    contexts.append(row);
  }
  tables = {corpus, expressions, contexts, status};
  const auto study = write("spoiled", tables);
  const auto summary = associate(options_for(study));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  std::map<std::string, std::int64_t> reasons;
  std::int64_t left = 0;
  for (const auto& [key, videos] : summary->sources.front().exclusions) {
    reasons[key[2]] += videos;
    left += videos;
    if (key[2] == "no_region") {
      EXPECT_EQ(key[0], "");
    } else if (key[2] == "missing_expression") {
      EXPECT_EQ(key[1], "");
    }
  }
  const std::map<std::string, std::int64_t> wanted = {{"no_region", 1},
                                                      {"no_country", 1},
                                                      {"missing_covariate_year", 1},
                                                      {"missing_covariate_device", 1},
                                                      {"missing_expression", 1},
                                                      {"no_scored_face", 1},
                                                      {"score_out_of_range", 1},
                                                      {"no_expressions", 1},
                                                      {"context_failed", 1},
                                                      {"no_context_status", 1},
                                                      {"context_score_invalid", 1}};
  EXPECT_EQ(reasons, wanted);
  EXPECT_EQ(summary->sources.front().videos + left, 700);
  const auto excluded = database_.read_parquet(study / "maps" / "excluded.parquet");
  ASSERT_TRUE(excluded.ok());
  EXPECT_EQ(excluded->rows(), summary->sources.front().exclusions.size());
  const auto json = to_json(*summary, options_for(study).map);
  EXPECT_EQ(json["sources"][0]["excluded"].size(), excluded->rows());
}

TEST_F(AssociateTest, MeasuredColumnsAndWeightsMayBeUsed) {
  const Table rows = read_case();
  const auto study = write("measured", tables_of(rows, all(rows.rows())));
  AssociateOptions options = options_for(study);
  options.covariates = {"faces", "covariate_year"};
  options.weights = "weight";
  options.contexts = ContextUse::kScore;
  options.by = "country";
  const auto summary = associate(options);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  const AssociationLayout& layout = summary->sources.front().layout;
  EXPECT_EQ(layout.covariates, (std::vector<std::string>{"faces", "covariate_year"}));
  EXPECT_EQ(layout.groups.size(), 14U);
  EXPECT_EQ(layout.parents.front(), "Narrow");
  EXPECT_EQ(layout.parents.back(), "Wide");
}

TEST_F(AssociateTest, WrongOptionsAndTablesAreNamed) {
  const Table rows = read_case();
  const Tables good = tables_of(rows, all(60));
  const auto usage = [&](const std::function<void(AssociateOptions&)>& change,
                         const std::string& word) {
    AssociateOptions options = options_for("");
    change(options);
    const Error error = error_of(good, &options);
    EXPECT_EQ(error.code, ErrorCode::kUsage) << error.message;
    EXPECT_NE(error.message.find(word), std::string::npos) << error.message;
  };
  usage([](auto& o) { o.by = "planet"; }, "planet");
  usage([](auto& o) { o.covariates = {"nosuch"}; }, "nosuch");
  usage([](auto& o) { o.weights = "country"; }, "country");
  usage([](auto& o) { o.channels = {"action"}; }, "label");
  usage([](auto& o) { o.sources = {"text"}; }, "visual");
  usage(
      [](auto& o) {
        o.map.estimator.kind = AssociationKind::kCorrelation;
        o.covariates = {"covariate_year"};
      },
      "correlation");

  Tables twice = good;
  twice.corpus.append(tables_of(rows, {3}).corpus);
  EXPECT_NE(error_of(twice).message.find("appears twice"), std::string::npos);
  twice = good;
  twice.contexts.append(tables_of(rows, {3}).contexts);
  EXPECT_NE(error_of(twice).message.find("twice"), std::string::npos);
  Tables other = good;
  other.contexts = good.status;
  EXPECT_EQ(error_of(other).code, ErrorCode::kCorrupt);
  EXPECT_EQ(associate(options_for(folder_.path() / "nowhere")).error().code, ErrorCode::kNotFound);
  const auto study = write("lacking", good);
  std::filesystem::remove(study / "annotations/shard-00000/contexts.parquet");
  seal(study);
  const auto lacking = associate(options_for(study));
  ASSERT_FALSE(lacking.ok());
  EXPECT_EQ(lacking.error().code, ErrorCode::kNotFound);
  EXPECT_NE(lacking.error().message.find("contexts"), std::string::npos);
}

TEST_F(AssociateTest, AShardThatDoesNotHoldIsNamed) {
  const Table rows = read_case();
  const Tables tables = tables_of(rows, all(rows.rows()));
  const auto refused = [&](const std::string& name, const std::string& words, auto&& harm) {
    const auto study = write(name, tables);
    harm(study / "annotations" / "shard-00000");
    const auto done = associate(options_for(study));
    ASSERT_FALSE(done.ok()) << name;
    EXPECT_EQ(done.error().code, ErrorCode::kCorrupt) << done.error().message;
    EXPECT_NE(done.error().message.find("shard-00000"), std::string::npos) << done.error().message;
    EXPECT_NE(done.error().message.find(words), std::string::npos) << done.error().message;
    EXPECT_NE(done.error().message.find("remedy"), std::string::npos) << done.error().message;
    EXPECT_FALSE(std::filesystem::exists(study / "maps"));
  };
  namespace fs = std::filesystem;
  refused("no_manifest", "the manifest is missing",
          [](const fs::path& shard) { fs::remove(shard / "manifest.json"); });
  refused("other_bytes", "expressions.parquet: the size is not right", [](const fs::path& shard) {
    std::ofstream(shard / "expressions.parquet", std::ios::app) << "x";
  });
  refused("flipped", "contexts.parquet: the checksum does not hold", [](const fs::path& shard) {
    std::fstream file(shard / "contexts.parquet", std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(100);
    const int byte = file.get();
    file.seekp(100);
    file.put(static_cast<char>(byte ^ 1));
  });
  refused("gone", "contexts.parquet: the file is missing",
          [](const fs::path& shard) { fs::remove(shard / "contexts.parquet"); });
  refused("unlisted", "media.parquet: not in the shard's manifest", [](const fs::path& shard) {
    fs::copy(shard / "contexts.parquet", shard / "media.parquet");
  });
}

TEST_F(AssociateTest, NoCovariatesIsAUsageErrorForPartialAlone) {
  const Table rows = read_case();
  Tables tables = tables_of(rows, all(rows.rows()));
  Table corpus(corpus_schema());
  for (std::size_t r = 0; r < tables.corpus.rows(); ++r) {
    std::vector<Cell> row;
    for (std::size_t c = 0; c < corpus.schema().columns.size(); ++c) {
      row.push_back(tables.corpus.column(c).at(r));
    }
    corpus.append(row);
  }
  tables.corpus = corpus;
  const Error error = error_of(tables);
  EXPECT_EQ(error.code, ErrorCode::kUsage);
  EXPECT_NE(error.message.find("--covariate"), std::string::npos);
  const auto study = write("plain", tables);
  AssociateOptions options = options_for(study);
  options.map.estimator.kind = AssociationKind::kCorrelation;
  EXPECT_TRUE(associate(options).ok());
  options.map.estimator.kind = AssociationKind::kSlope;
  EXPECT_TRUE(associate(options).ok());
}

TEST_F(AssociateTest, DamagedSumsAreRefused) {
  const Table rows = read_case();
  const auto study = write("sums", tables_of(rows, all(200)));
  ASSERT_TRUE(associate(options_for(study)).ok());
  const auto path = association_file_path(study / "maps", "visual");
  const std::string bytes = std::move(read_whole_file(path)).value();
  const auto parsed = parse_association_bytes(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(association_bytes(parsed->sums, parsed->metadata), bytes);
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{90}, bytes.size() / 2, bytes.size() - 1}) {
    EXPECT_FALSE(parse_association_bytes(std::string_view(bytes).substr(0, length)).ok());
  }
  for (std::size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 300) {
    std::string spoiled = bytes;
    spoiled[i] = static_cast<char>(spoiled[i] ^ 0x55);
    EXPECT_FALSE(parse_association_bytes(spoiled).ok()) << i;
  }
}

}  // namespace
}  // namespace mien
