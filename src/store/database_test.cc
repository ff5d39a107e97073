// Tables to Parquet and back.
#include "store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/sha256.h"
#include "store/database_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::DatabaseTest;
using testing::four_kinds;
using ::testing::HasSubstr;
using testing::random_table;

void expect_same_cells(const Table& a, const Table& b) {
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.schema().columns.size(), b.schema().columns.size());
  for (std::size_t c = 0; c < a.schema().columns.size(); ++c) {
    EXPECT_EQ(a.schema().columns[c].name, b.schema().columns[c].name);
    ASSERT_EQ(a.column(c).type(), b.column(c).type());
    for (std::size_t r = 0; r < a.rows(); ++r) {
      ASSERT_EQ(a.column(c).at(r).index(), b.column(c).at(r).index()) << r << "," << c;
      if (a.column(c).type() == ColumnType::kDouble && !a.column(c).is_null(r)) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(a.column(c).doubles()[r]),
                  std::bit_cast<std::uint64_t>(b.column(c).doubles()[r]));
      } else {
        ASSERT_EQ(a.column(c).at(r), b.column(c).at(r)) << r << "," << c;
      }
    }
  }
}

TEST_F(DatabaseTest, ParquetGivesBackEveryCellBitForBit) {
  Table table = random_table(5000, 1);
  RowBuilder row(table.schema());
  const double extremes[] = {-0.0, 0.1, std::numeric_limits<double>::denorm_min(),
                             -std::numeric_limits<double>::max(), 1.0 / 3.0};
  for (const double value : extremes) {
    row.set("text", std::string("nul\0inside, \"quoted\" \xC3\xA9 \xF0\x9F\x98\x80", 28))
        .set("whole", std::numeric_limits<std::int64_t>::min())
        .set("real", value)
        .set("truth", true);
    table.append(row.finish());
  }
  row.set("text", std::string()).set_null("whole").set_null("real").set_null("truth");
  table.append(row.finish());

  Database database = open();
  ASSERT_TRUE(database.write_parquet(table, folder_ / "t.parquet", {{"mien.table", "it's"}}).ok());
  Result<Table> back = database.read_parquet(folder_ / "t.parquet");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->schema().name, "t");
  expect_same_cells(table, *back);
  const FileMetadata expected{{"mien.table", "it's"}};
  EXPECT_EQ(database.read_metadata(folder_ / "t.parquet").value(), expected);
}

TEST_F(DatabaseTest, AnEmptyTableKeepsItsColumns) {
  Database database = open();
  ASSERT_TRUE(database.write_parquet(Table(four_kinds()), folder_ / "t.parquet", {}).ok());
  Result<Table> back = database.read_parquet(folder_ / "t.parquet");
  ASSERT_TRUE(back.ok()) << back.error().message;
  expect_same_cells(Table(four_kinds()), *back);
}

TEST_F(DatabaseTest, TheSameRowsGiveTheSameBytesForAnyNumberOfThreads) {
  const Table table = random_table(300000, 2);  // three row groups
  std::string first;
  for (const int threads : {1, 2, 1, 2}) {
    Database database = open(threads);
    ASSERT_TRUE(database.write_parquet(table, folder_ / "t.parquet", {{"seed", "7"}}).ok());
    const std::string hash = sha256_of_file(folder_ / "t.parquet").value();
    if (first.empty()) first = hash;
    EXPECT_EQ(hash, first) << threads << " threads";
  }
}

// Cuts `whole` into files of `part_rows` rows and concatenates them again.
std::string concatenated(const Table& whole, std::size_t part_rows, int threads,
                         const fs::path& folder) {
  std::vector<fs::path> parts;
  Database database = DatabaseTest::open(threads);
  for (std::size_t begin = 0; begin < whole.rows(); begin += part_rows) {
    Table part(whole.schema());
    std::vector<Cell> row(whole.schema().columns.size());
    for (std::size_t r = begin; r < std::min(begin + part_rows, whole.rows()); ++r) {
      for (std::size_t c = 0; c < row.size(); ++c) row[c] = whole.column(c).at(r);
      part.append(row);
    }
    parts.push_back(folder / ("part-" + std::to_string(parts.size()) + ".parquet"));
    EXPECT_TRUE(database.write_parquet(part, parts.back(), {}).ok());
  }
  const Status done = database.concatenate_parquet(parts, folder / "all.parquet", {{"a", "b"}});
  EXPECT_TRUE(done.ok()) << done.error().message;
  expect_same_cells(whole, database.read_parquet(folder / "all.parquet").value());
  return sha256_of_file(folder / "all.parquet").value();
}

TEST_F(DatabaseTest, ConcatenationKeepsOrderAndGivesTheSameBytesForAnyThreads) {
  const Table whole = random_table(150000, 3);
  EXPECT_EQ(concatenated(whole, 7001, 1, folder_), concatenated(whole, 7001, 2, folder_));
}

TEST_F(DatabaseTest, WithinOneRowGroupTheCuttingDoesNotShowInTheBytes) {
  const Table whole = random_table(60000, 3);
  const std::string first = concatenated(whole, 60000, 1, folder_);
  EXPECT_EQ(concatenated(whole, 7001, 2, folder_), first);
  EXPECT_EQ(concatenated(whole, 12345, 1, folder_), first);
}

TEST_F(DatabaseTest, ConcatenationRefusesOtherColumns) {
  Database database = open();
  const Table a({"a", "row", "", {{"x", ColumnType::kInt64, ""}}});
  const Table b({"b", "row", "", {{"y", ColumnType::kInt64, ""}}});
  ASSERT_TRUE(database.write_parquet(a, folder_ / "a.parquet", {}).ok());
  ASSERT_TRUE(database.write_parquet(b, folder_ / "b.parquet", {}).ok());
  const std::vector<fs::path> inputs{folder_ / "a.parquet", folder_ / "b.parquet"};
  const Status done = database.concatenate_parquet(inputs, folder_ / "c.parquet", {});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(done.error().message, HasSubstr("b.parquet"));
  EXPECT_FALSE(fs::exists(folder_ / "c.parquet"));
}

TEST_F(DatabaseTest, TextThatIsNotUtf8IsRefusedNamingRowAndColumn) {
  Table table({"t", "row", "", {{"title", ColumnType::kString, ""}}});
  table.append(std::vector<Cell>{std::string("fine")});
  table.append(std::vector<Cell>{std::string("caf\xE9")});
  Database database = open();
  const Status done = database.write_parquet(table, folder_ / "t.parquet", {});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(done.error().message, HasSubstr("t.parquet: row 1, column title"));
  EXPECT_TRUE(names_in_folder().empty());
}

TEST_F(DatabaseTest, AnyNameOfFileOrColumnIsTakenLiterally) {
  const fs::path odd = folder_ / "k=v" / "a*[1]?'\" {x}.parquet";
  fs::create_directories(odd.parent_path());
  Table table({"t", "row", "", {{"we\"ird; DROP TABLE x --", ColumnType::kInt64, ""}}});
  table.append(std::vector<Cell>{std::int64_t{42}});
  Database database = open();
  ASSERT_TRUE(database.write_parquet(table, odd, {}).ok());
  ASSERT_TRUE(
      database.write_parquet(Table(four_kinds()), odd.parent_path() / "ax1y' .parquet", {}).ok());
  Result<Table> back = database.read_parquet(odd);
  ASSERT_TRUE(back.ok()) << back.error().message;
  expect_same_cells(table, *back);
  EXPECT_TRUE(database.read_metadata(odd).ok());
}

TEST_F(DatabaseTest, WhatIsNotParquetIsAnErrorThatNamesTheFile) {
  Database database = open();
  ASSERT_TRUE(database.write_parquet(random_table(3000, 4), folder_ / "good.parquet", {}).ok());
  const std::string good = bytes_of(folder_ / "good.parquet");
  const auto write = [&](const std::string& bytes) {
    std::ofstream(folder_ / "bad.parquet", std::ios::binary) << bytes;
  };
  for (const std::string& bytes :
       {std::string(), std::string("PAR1"), std::string("PAR1garbagegarbagePAR1"),
        good.substr(0, good.size() / 2), good.substr(0, good.size() - 1),
        std::string("PAR1\xFF\xFF\xFF\x7FPAR1"), std::string(100000, 'x')}) {
    write(bytes);
    const Result<Table> read = database.read_parquet(folder_ / "bad.parquet");
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt) << read.error().message;
    EXPECT_THAT(read.error().message, HasSubstr("bad.parquet"));
    EXPECT_THAT(read.error().message, HasSubstr("remedy"));
    EXPECT_FALSE(database.read_metadata(folder_ / "bad.parquet").ok());
  }
  // Single flipped bytes may still parse; what matters is that nothing worse than an error happens
  // and that the database goes on working.
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    std::string flipped = good;
    flipped[random.below(flipped.size())] ^= static_cast<char>(1 + random.below(255));
    write(flipped);
    const Result<Table> read = database.read_parquet(folder_ / "bad.parquet");
    if (!read.ok()) {
      EXPECT_THAT(read.error().message, HasSubstr("bad.parquet"));
    }
  }
  EXPECT_TRUE(database.read_parquet(folder_ / "good.parquet").ok());
  EXPECT_EQ(database.read_parquet(folder_ / "none.parquet").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(database.read_parquet(folder_).error().code, ErrorCode::kCorrupt);
}

TEST_F(DatabaseTest, AColumnOfAnotherKindIsNamed) {
  Database database = open();
  const fs::path path = folder_ / "list.parquet";
  ASSERT_TRUE(database.write_query_parquet("SELECT 1 AS a, [1, 2] AS b", path, {}).ok());
  const Result<Table> read = database.read_parquet(path);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(read.error().message, HasSubstr("list.parquet: column b is of kind LIST"));
}

TEST_F(DatabaseTest, NothingIsLeftWhereWritingFails) {
  Database database = open();
  const Table table = random_table(10, 6);
  const Status nowhere = database.write_parquet(table, folder_ / "no" / "t.parquet", {});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::kIo);
  EXPECT_THAT(nowhere.error().message, HasSubstr("remedy"));
  // A folder stands where the file should go: the rename is refused after the writing succeeded.
  fs::create_directories(folder_ / "t.parquet" / "inside");
  ASSERT_FALSE(database.write_parquet(table, folder_ / "t.parquet", {}).ok());
  EXPECT_THAT(names_in_folder(), ::testing::ElementsAre("t.parquet"));
}

}  // namespace
}  // namespace mien
