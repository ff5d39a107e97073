// A name for everything that is wrong with what is to be associated.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "pipeline/associate/associate.h"
#include "pipeline/associate/associate_fixture.h"
#include "pipeline/associate/associate_json.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/study/study_tables.h"

namespace mien {
namespace {

using testing::AssociateTest;

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
