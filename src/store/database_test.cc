#include "store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/random.h"
#include "base/sha256.h"
#include "store/durable_file.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 public:
  static Database open(int threads = 1) {
    DatabaseOptions options;
    options.threads = threads;
    return std::move(Database::open(options)).value();
  }

 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("mien_database_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string bytes_of(const fs::path& path) { return read_whole_file(path).value(); }

  std::vector<std::string> names_in_folder() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  fs::path folder_;
};

TableSchema four_kinds() {
  return {"four",
          "row",
          "",
          {{"text", ColumnType::kString, ""},
           {"whole", ColumnType::kInt64, ""},
           {"real", ColumnType::kDouble, ""},
           {"truth", ColumnType::kBool, ""}}};
}

Table random_table(std::size_t rows, std::uint64_t seed) {
  Random random(seed);
  Table table(four_kinds());
  RowBuilder row(table.schema());
  for (std::size_t i = 0; i < rows; ++i) {
    const auto missing = [&] { return random.below(5) == 0; };
    row.set("text", missing() ? Cell{} : Cell{"video-" + std::to_string(random.below(50))});
    row.set("whole", missing() ? Cell{} : Cell{static_cast<std::int64_t>(random.next_u64())});
    row.set("real", missing() ? Cell{} : cell_from(std::bit_cast<double>(random.next_u64())));
    row.set("truth", missing() ? Cell{} : Cell{random.below(2) == 1});
    table.append(row.finish());
  }
  return table;
}

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
  EXPECT_THAT(names_in_folder(), testing::ElementsAre("t.parquet"));
}

TEST_F(DatabaseTest, QueryGivesBatchesInOrderAndStopsAtTheFirstError) {
  Database database = open(2);
  std::int64_t next = 0;
  const Status all = database.query("SELECT range AS i FROM range(10000)", [&](const Table& batch) {
    EXPECT_LE(batch.rows(), 2048U);
    for (const std::int64_t i : batch.column("i").integers()) EXPECT_EQ(i, next++);
    return Status(Ok{});
  });
  EXPECT_TRUE(all.ok());
  EXPECT_EQ(next, 10000);
  int calls = 0;
  const Status stopped = database.query("SELECT range FROM range(10000)", [&](const Table&) {
    ++calls;
    return Status(Error{ErrorCode::kCancelled, "enough"});
  });
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

TEST_F(DatabaseTest, QueryMapsTheKindsOfNumbers) {
  Database database = open();
  const Result<Table> table = database.query(
      "SELECT sum(x) AS huge, count(*) AS n, 0.25 AS decimal, 1.5::FLOAT AS f, "
      "200::UTINYINT AS small, (-12.345678901)::DECIMAL(18, 9) AS wide, NULL AS nothing, "
      "true AS yes FROM (SELECT range AS x FROM range(5))");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->at(0, "huge"), Cell{std::int64_t{10}});
  EXPECT_EQ(table->at(0, "n"), Cell{std::int64_t{5}});
  EXPECT_EQ(table->at(0, "decimal"), Cell{0.25});
  EXPECT_EQ(table->at(0, "f"), Cell{1.5});
  EXPECT_EQ(table->at(0, "small"), Cell{std::int64_t{200}});
  EXPECT_EQ(table->at(0, "wide"), Cell{-12.345678901});
  EXPECT_EQ(table->at(0, "nothing"), Cell{});
  EXPECT_EQ(table->at(0, "yes"), Cell{true});
  EXPECT_EQ(database.query("SELECT 18446744073709551615::UBIGINT AS u").error().code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(database.query("SELECT -9223372036854775808::HUGEINT AS u")->at(0, "u"),
            Cell{std::numeric_limits<std::int64_t>::min()});
}

TEST_F(DatabaseTest, QueryErrorsHaveTheirKind) {
  Database database = open();
  EXPECT_EQ(database.query("SELEC 1").error().code, ErrorCode::kUsage);
  EXPECT_EQ(database.query("SELECT nosuch").error().code, ErrorCode::kUsage);
  EXPECT_EQ(database.query(std::string("SELECT 1\0", 9)).error().code, ErrorCode::kUsage);
  EXPECT_FALSE(database.query("SELECT error('late') FROM range(5)").ok());
  EXPECT_FALSE(database.query("").ok());
  EXPECT_EQ(database.query("CREATE TEMP TABLE a AS SELECT 7 AS x; SELECT x FROM a")->at(0, "x"),
            Cell{std::int64_t{7}});
}

TEST_F(DatabaseTest, ACallbackMayUseTheSameDatabase) {
  Database database = open();
  int seen = 0;
  const Status done = database.query("SELECT range AS i FROM range(5000)", [&](const Table&) {
    EXPECT_TRUE(database.query("SELECT 1").ok());
    ++seen;
    return Status(Ok{});
  });
  EXPECT_TRUE(done.ok());
  EXPECT_GE(seen, 2);
}

TEST_F(DatabaseTest, ExtensionsStayAway) {
  Database database = open();
  const Result<Table> settings = database.query(
      "SELECT current_setting('autoinstall_known_extensions')::BOOLEAN AS install, "
      "current_setting('autoload_known_extensions')::BOOLEAN AS load, "
      "current_setting('preserve_insertion_order')::BOOLEAN AS ordered");
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->at(0, "install"), Cell{false});
  EXPECT_EQ(settings->at(0, "load"), Cell{false});
  EXPECT_EQ(settings->at(0, "ordered"), Cell{true});
  EXPECT_FALSE(database.query("SELECT * FROM read_parquet('https://example.org/a.parquet')").ok());
  EXPECT_EQ(Database::library_version(), "v1.4.4");
}

TEST(SqlTextTest, QuotesAreDoubled) {
  EXPECT_EQ(sql_quote("it's"), "'it''s'");
  EXPECT_EQ(sql_identifier("na\"me"), "\"na\"\"me\"");
}

TEST_F(DatabaseTest, ScansRowsAsTheyLieInMemory) {
  Database database = open();
  std::int64_t rows = 0;
  double sum = 0;
  std::int64_t nulls = 0;
  const Status status = database.scan(
      "SELECT i AS a, i / 2.0 AS b, i % 2 = 0 AS c, CASE WHEN i % 3 = 0 THEN NULL ELSE "
      "repeat('x', CAST(i % 20 AS INT)) END AS d FROM range(5000) t(i)",
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t r = 0; r < batch.rows(); ++r, ++rows) {
          EXPECT_EQ(batch.integers(0)[r], rows);
          EXPECT_EQ(batch.truths(2)[r], rows % 2 == 0);
          sum += batch.doubles(1)[r];
          if (batch.is_null(3, r)) {
            ++nulls;
            EXPECT_EQ(rows % 3, 0);
          } else {
            EXPECT_EQ(batch.text(3, r), std::string(static_cast<std::size_t>(rows % 20), 'x'));
          }
        }
        return Ok{};
      });
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(rows, 5000);
  EXPECT_EQ(nulls, 1667);
  EXPECT_EQ(sum, 5000.0 * 4999.0 / 4.0);
}

TEST_F(DatabaseTest, ParallelScanShowsEveryRowOfAFileOnce) {
  Database database = open(3);
  const fs::path path = folder_ / "rows.parquet";
  constexpr std::int64_t kRows = 300'000;  // three row groups
  ASSERT_TRUE(database
                  .write_query_parquet(
                      "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE 'a rather long text ' || i END AS "
                      "t, i / 2.0 AS d FROM range(" +
                          std::to_string(kRows) + ") t(i)",
                      path, {})
                  .ok());
  std::vector<std::uint8_t> seen(kRows, 0);
  std::atomic<std::int64_t> wrong = 0;
  const auto each = [&](const ScanBatch& batch) -> Status {
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const std::int64_t row = batch.integers(0)[r];
      ++seen.at(static_cast<std::size_t>(row));
      const bool is_null = batch.is_null(1, r);
      const bool holds =
          batch.doubles(2)[r] == static_cast<double>(row) / 2 && is_null == (row % 3 == 0) &&
          (is_null || batch.text(1, r) == "a rather long text " + std::to_string(row));
      if (!holds) ++wrong;
    }
    return Ok{};
  };
  const std::vector<std::string> columns = {"file_row_number", "t", "d"};
  ASSERT_TRUE(database.scan_parallel(columns, sql_read_parquet({&path, 1}), each).ok());
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), kRows);

  ASSERT_TRUE(
      database.scan_parallel(columns, sql_read_parquet({&path, 1}) + " WHERE d < 10", each).ok());
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 2), 20);
}

TEST_F(DatabaseTest, ParallelScanGivesBackErrorsAsTheyAre) {
  Database database = open();
  const Status own = database.scan_parallel({"i"}, "range(9) t(i)", [](const ScanBatch&) -> Status {
    return Error{ErrorCode::kMismatch, "not this one"};
  });
  ASSERT_FALSE(own.ok());
  EXPECT_EQ(own.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(own.error().message, "not this one");
  const auto nothing = [](const ScanBatch&) -> Status { return Ok{}; };
  const Status kind = database.scan_parallel({"i", "DATE '2020-01-01'"}, "range(9) t(i)", nothing);
  ASSERT_FALSE(kind.ok());
  EXPECT_EQ(kind.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(kind.error().message.find("column 2"), std::string::npos) << kind.error().message;
  EXPECT_EQ(database.scan_parallel({"nosuch"}, "range(9) t(i)", nothing).error().code,
            ErrorCode::kUsage);
  EXPECT_TRUE(database.scan_parallel({"i"}, "range(9) t(i)", nothing).ok());
}

TEST_F(DatabaseTest, ScanRefusesOtherKindsByName) {
  Database database = open();
  const auto nothing = [](const ScanBatch&) -> Status { return Ok{}; };
  const Status status = database.scan("SELECT DATE '2020-01-01' AS day", nothing);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(status.error().message.find("day"), std::string::npos);
}

}  // namespace
}  // namespace mien
