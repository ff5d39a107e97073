#include <gtest/gtest.h>

#include <cmath>

#include "support/paths.h"

#include "base/sha256.h"
#include "store/database.h"

namespace mien {
namespace {

const std::vector<std::string> kNames = {"a", "längerer Text als zwölf Zeichen", ""};

TableSchema schema() {
  return {"rows",
          "row",
          "",
          {{"name", ColumnType::kString, ""},
           {"count", ColumnType::kInt64, ""},
           {"value", ColumnType::kDouble, ""},
           {"flag", ColumnType::kBool, ""}}};
}

// `total` rows in batches of `step`; every seventh value of each column is missing.
BulkSource rows(std::size_t total, std::size_t step) {
  auto at = std::make_shared<std::size_t>(0);
  return [=](BulkBatch& batch) -> Result<bool> {
    if (*at == total) return false;
    batch = {};
    batch.rows = std::min(step, total - *at);
    batch.columns.resize(4);
    batch.columns[0].words = kNames;
    for (std::size_t i = *at; i < *at + batch.rows; ++i) {
      batch.columns[0].codes.push_back(i % 7 == 0 ? BulkColumn::kNull : i % 3);
      batch.columns[1].integers.push_back(static_cast<std::int64_t>(i));
      batch.columns[1].valid.push_back(i % 7 != 1);
      batch.columns[2].doubles.push_back(i % 7 == 2 ? std::nan("") : 0.1 * static_cast<double>(i));
      batch.columns[3].truths.push_back(i % 2);
      batch.columns[3].valid.push_back(i % 7 != 3);
    }
    *at += batch.rows;
    return true;
  };
}

TEST(BulkStream, RowsAndNullsComeBackInOrder) {
  testing::TemporaryFolder folder;
  const auto path = folder.path() / "rows.parquet";
  Database database = Database::open().value();
  ASSERT_TRUE(database.write_stream(schema(), rows(5000, 777), path, {{"k", "v"}}).ok());
  const Table table = database.read_parquet(path).value();
  ASSERT_EQ(table.rows(), 5000U);
  for (std::size_t i = 0; i < 5000; ++i) {
    EXPECT_EQ(table.column(0).is_null(i), i % 7 == 0);
    EXPECT_EQ(table.column(1).is_null(i), i % 7 == 1);
    EXPECT_EQ(table.column(2).is_null(i), i % 7 == 2);
    EXPECT_EQ(table.column(3).is_null(i), i % 7 == 3);
    if (i % 7 == 6) {
      EXPECT_EQ(table.at(i, "name"), Cell(kNames[i % 3]));
      EXPECT_EQ(table.at(i, "count"), Cell(static_cast<std::int64_t>(i)));
      EXPECT_EQ(table.at(i, "value"), Cell(0.1 * static_cast<double>(i)));
      EXPECT_EQ(table.at(i, "flag"), Cell(i % 2 != 0));
    }
  }
  EXPECT_EQ(database.read_metadata(path).value().at("k"), "v");
}

TEST(BulkStream, BytesDependNeitherOnBatchesNorOnThreads) {
  testing::TemporaryFolder folder;
  std::vector<std::string> sums;
  for (const auto& [threads, step] : {std::pair{1, 200000}, {1, 999}, {2, 50000}}) {
    DatabaseOptions options;
    options.threads = threads;
    Database database = Database::open(options).value();
    const auto path = folder.path() / "rows.parquet";
    ASSERT_TRUE(
        database.write_stream(schema(), rows(300000, static_cast<std::size_t>(step)), path, {})
            .ok());
    sums.push_back(sha256_of_file(path).value());
  }
  EXPECT_EQ(sums[0], sums[1]);
  EXPECT_EQ(sums[0], sums[2]);
}

TEST(BulkStream, AnErrorOfTheSourceComesBackWithItsKindAndLeavesNothing) {
  testing::TemporaryFolder folder;
  Database database = Database::open().value();
  const BulkSource stopped = [](BulkBatch&) -> Result<bool> {
    return Error{ErrorCode::kCancelled, "asked to stop"};
  };
  const Status status = database.write_stream(schema(), stopped, folder.path() / "x.parquet", {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  // The same database writes again, another schema too.
  const TableSchema other{"o", "row", "", {{"x", ColumnType::kDouble, ""}}};
  bool given = false;
  const BulkSource one = [&](BulkBatch& batch) -> Result<bool> {
    if (given) return false;
    batch = {};
    batch.rows = 1;
    batch.columns.resize(1);
    batch.columns[0].doubles = {0.5};
    given = true;
    return true;
  };
  ASSERT_TRUE(database.write_stream(other, one, folder.path() / "x.parquet", {}).ok());
  EXPECT_EQ(database.read_parquet(folder.path() / "x.parquet").value().rows(), 1U);
}

TEST(BulkStream, TextThatIsNotUtf8IsRefused) {
  testing::TemporaryFolder folder;
  Database database = Database::open().value();
  const TableSchema texts{"t", "row", "", {{"x", ColumnType::kString, ""}}};
  const BulkSource bad = [](BulkBatch& batch) -> Result<bool> {
    batch = {};
    batch.rows = 1;
    batch.columns.resize(1);
    batch.columns[0].words = {"\xff"};
    batch.columns[0].codes = {0};
    return true;
  };
  const Status status = database.write_stream(texts, bad, folder.path() / "x.parquet", {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace mien
