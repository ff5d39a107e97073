#include "store/csv_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "store/text_export.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string as_csv(const Table& table) {
  std::string out = csv_header(table.schema());
  append_csv(table, out);
  return out;
}

struct Good {
  const char* name;
  std::string bytes;
  std::string csv;  // what it says, in Mien's own way of writing
};

class GoodListTest : public testing::TestWithParam<Good> {};

TEST_P(GoodListTest, IsRead) {
  const Result<Table> table = parse_list(GetParam().bytes, GetParam().name);
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(as_csv(*table), GetParam().csv);
  for (const ColumnSpec& column : table->schema().columns) {
    EXPECT_EQ(column.type, ColumnType::kString);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, GoodListTest,
    testing::Values(
        Good{"plain.csv", "a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4\n"},
        Good{"no_last_line_end.csv", "a,b\n1,2", "a,b\n1,2\n"},
        Good{"windows.csv", "a,b\r\n1,2\r\n", "a,b\n1,2\n"},
        Good{"mark.csv",
             "\xEF\xBB\xBF"
             "a,b\n1,2\n",
             "a,b\n1,2\n"},
        Good{"null_and_empty.csv", "a,b\n,\"\"\n", "a,b\n,\"\"\n"},
        Good{"last_null.csv", "a,b\nx,", "a,b\nx,\n"},
        Good{"quoted.csv", "a,b\n\"x,\"\"y\"\"\nz\",2\n", "a,b\n\"x,\"\"y\"\"\nz\",2\n"},
        Good{"semicolons.csv", "a;b\n1,5;2\n", "a,b\n\"1,5\",2\n"},
        Good{"tabs.csv", "a\tb\n1,5\t2\n", "a,b\n\"1,5\",2\n"},
        Good{"commas_in_header.tsv", "a,x\tb\n1\t2\n", "\"a,x\",b\n1,2\n"},
        Good{"blank_lines.csv", "\na,b\n\n1,2\n\r\n\n", "a,b\n1,2\n"},
        Good{"one_column.csv", "uri\nx.mp4\ny.mp4\n", "uri\nx.mp4\ny.mp4\n"},
        Good{"only_header.csv", "a,b\n", "a,b\n"},
        Good{"spaces.csv", "a, b\n 1 ,2\n", "a, b\n 1 ,2\n"},
        Good{"unicode.csv", "a\n\xE8\xA1\xA8\xE6\x83\x85\n", "a\n\xE8\xA1\xA8\xE6\x83\x85\n"}),
    [](const auto& list) {
      std::string name = list.param.name;
      return name.substr(0, name.find('.'));
    });

struct Bad {
  const char* name;
  std::string bytes;
  const char* message;
};

class BadListTest : public testing::TestWithParam<Bad> {};

TEST_P(BadListTest, IsAnErrorWithFileLineAndRemedy) {
  const Result<Table> table = parse_list(GetParam().bytes, GetParam().name);
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(table.error().message, HasSubstr(std::string(GetParam().name) + ": line "));
  EXPECT_THAT(table.error().message, HasSubstr(GetParam().message));
  EXPECT_THAT(table.error().message, HasSubstr("; remedy: "));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, BadListTest,
    testing::Values(
        Bad{"empty.csv", "", "line 1: the file is empty"},
        Bad{"short.csv", "a,b\n1,2\n3\n", "line 3: 1 fields where the first line has 2"},
        Bad{"long.csv", "a,b\n1,2,3\n", "line 2: 3 fields where the first line has 2"},
        Bad{"after_multiline.csv", "a,b\n\"x\ny\",2\n3\n", "line 4: 1 fields"},
        Bad{"unclosed.csv", "a,b\n1,2\n\"x,4\n5,6\n", "line 3: a quotation mark opens here"},
        Bad{"after_quote.csv", "a,b\n\"x\"y,2\n", "line 2: text after a closing quotation mark"},
        Bad{"inner_quote.csv", "a,b\nx\"y\",2\n", "line 2: a quotation mark in the middle"},
        Bad{"latin1.csv", "a,b\n1,2\ncaf\xE9,3\n", "line 3: a byte that is not UTF-8"},
        Bad{"utf16.csv",
            std::string("\xFF\xFE"
                        "a\0,\0",
                        6),
            "line 1: the file is UTF-16"},
        Bad{"utf16_unmarked.csv", std::string("a\0,\0b\0", 6), "line 1: a zero byte"},
        Bad{"mac.csv", "a,b\r1,2\r", "line 1: a carriage return"},
        Bad{"twins.csv", "a,A\n1,2\n", "line 1: two columns are called 'A'"},
        Bad{"nameless.csv", "a,,c\n1,2,3\n", "line 1: column 2 has no name"}),
    [](const auto& list) {
      std::string name = list.param.name;
      return name.substr(0, name.find('.'));
    });

class ReadListTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("mien_read_list_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  Database database_ = std::move(Database::open()).value();
};

TEST_F(ReadListTest, OnlyNamesOfFilesMayBeAnyBytes) {
  const auto list = parse_list("id,uri\na,caf\xE9.mp4\n", "l.csv", {"uri"});
  ASSERT_TRUE(list.ok()) << list.error().message;
  EXPECT_EQ(list->column("uri").strings()[0], "caf\xE9.mp4");
  for (const char* text : {"id,uri\na,b\n\xE9,c\n", "id,uri\nx,y\n\xE9,\xE9\n"}) {
    const auto bad = parse_list(text, "l.csv", {"uri"});
    ASSERT_FALSE(bad.ok());
    EXPECT_NE(bad.error().message.find("line 3: a byte that is not UTF-8"), std::string::npos);
  }
  EXPECT_FALSE(parse_list("id,ur\xE9\n1,2\n", "l.csv", {"ur\xE9"}).ok());
}

TEST_F(ReadListTest, TextAndParquetGiveTheSameRowsInTheSameOrder) {
  std::ofstream(folder_ / "l.csv") << "uri,country\nb.mp4,BR\na.mp4,\n";
  const Result<Table> text = read_list(database_, folder_ / "l.csv");
  ASSERT_TRUE(text.ok()) << text.error().message;
  ASSERT_TRUE(database_.write_parquet(*text, folder_ / "l.parquet", {}).ok());
  const Result<Table> parquet = read_list(database_, folder_ / "l.parquet");
  ASSERT_TRUE(parquet.ok()) << parquet.error().message;
  EXPECT_EQ(as_csv(*parquet), as_csv(*text));
}

TEST_F(ReadListTest, DatesOfAParquetFileBecomeTextAndNumbersStay) {
  const fs::path path = folder_ / "kinds.parquet";
  ASSERT_TRUE(database_
                  .write_query_parquet("SELECT DATE '2024-02-29' AS uploaded_on, 1.5 AS weight, "
                                       "TIMESTAMP '2024-02-29 01:02:03' AS at, 7 AS age",
                                       path, {})
                  .ok());
  const Result<Table> table = read_list(database_, path);
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(as_csv(*table), "uploaded_on,weight,at,age\n2024-02-29,1.5,2024-02-29 01:02:03,7\n");
  EXPECT_EQ(table->column("age").type(), ColumnType::kInt64);
}

TEST_F(ReadListTest, WhatCannotBeReadIsNamed) {
  EXPECT_EQ(read_list(database_, folder_ / "none.csv").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_list(database_, folder_ / "none.parquet").error().code, ErrorCode::kNotFound);
  std::ofstream(folder_ / "bad.parquet") << "not parquet at all";
  const Result<Table> bad = read_list(database_, folder_ / "bad.parquet");
  EXPECT_EQ(bad.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(bad.error().message, HasSubstr("bad.parquet"));
  const fs::path nested = folder_ / "nested.parquet";
  ASSERT_TRUE(database_.write_query_parquet("SELECT [DATE '2024-01-01'] AS days", nested, {}).ok());
  const Result<Table> list = read_list(database_, nested);
  EXPECT_EQ(list.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(list.error().message, HasSubstr("column days"));
}

}  // namespace
}  // namespace mien
