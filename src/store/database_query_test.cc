// Queries and scans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/sha256.h"
#include "store/database.h"
#include "store/database_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::DatabaseTest;
using ::testing::HasSubstr;

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
  ASSERT_TRUE(database.scan_parallel(columns, sql_read_parquet(path), each).ok());
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), kRows);

  ASSERT_TRUE(database.scan_parallel(columns, sql_read_parquet(path) + " WHERE d < 10", each).ok());
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
