#include "store/text_export.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>

#include "base/random.h"
#include "store/csv_import.h"

namespace mien {
namespace {

Table sample() {
  Table table({"t",
               "row",
               "",
               {{"text", ColumnType::kString, ""},
                {"whole", ColumnType::kInt64, ""},
                {"real", ColumnType::kDouble, ""},
                {"truth", ColumnType::kBool, ""}}});
  table.append(std::vector<Cell>{std::string("a,\"b\"\nc"), std::int64_t{-5}, 0.1, true});
  table.append(std::vector<Cell>{std::string(), Cell{}, 1e300, false});
  table.append(std::vector<Cell>{Cell{}, std::int64_t{0}, Cell{}, Cell{}});
  return table;
}

TEST(TextExportTest, Csv) {
  const Table table = sample();
  std::string out = csv_header(table.schema());
  append_csv(table, out);
  EXPECT_EQ(out,
            "text,whole,real,truth\n"
            "\"a,\"\"b\"\"\nc\",-5,0.1,true\n"
            "\"\",,1e+300,false\n"
            ",0,,\n");
}

TEST(TextExportTest, JsonLines) {
  std::string out;
  append_json_lines(sample(), out);
  EXPECT_EQ(out, R"({"text":"a,\"b\"\nc","whole":-5,"real":0.1,"truth":true})"
                 "\n"
                 R"({"text":"","whole":null,"real":1e+300,"truth":false})"
                 "\n"
                 R"({"text":null,"whole":0,"real":null,"truth":null})"
                 "\n");
}

TEST(TextExportTest, JsonTextIsAlwaysValid) {
  Table table({"t", "row", "", {{"a\"b", ColumnType::kString, ""}}});
  table.append(std::vector<Cell>{std::string("\x01\t\\\x1F\x7F caf\xE9 \xC3\xA9")});
  std::string out;
  append_json_lines(table, out);
  EXPECT_EQ(out, "{\"a\\\"b\":\"\\u0001\\t\\\\\\u001f\x7F caf\xEF\xBF\xBD \xC3\xA9\"}\n");
}

TEST(TextExportTest, NumbersReadBackExactly) {
  Random random(1);
  for (int i = 0; i < 100000; ++i) {
    const double value = std::bit_cast<double>(random.next_u64());
    if (!std::isfinite(value)) continue;
    const std::string text = shortest_number(value);
    double back = 0.0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_EQ(code, std::errc());
    ASSERT_EQ(end, text.data() + text.size());
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << text;
  }
  EXPECT_EQ(shortest_number(5.0), "5");
  EXPECT_EQ(shortest_number(0.1 + 0.2), "0.30000000000000004");
}

TEST(TextExportTest, WhatIsWrittenIsReadBack) {
  Random random(2);
  const std::string alphabet = "ab,\"\n\r;\t ";
  Table table({"t", "row", "", {{"a", ColumnType::kString, ""}, {"b", ColumnType::kString, ""}}});
  for (int i = 0; i < 2000; ++i) {
    std::vector<Cell> row(2);
    for (Cell& cell : row) {
      if (random.below(6) == 0) continue;
      std::string text;
      for (std::uint64_t k = random.below(6); k > 0; --k) {
        text += alphabet[random.below(alphabet.size())];
      }
      cell = text;
    }
    table.append(row);
  }
  std::string out = csv_header(table.schema());
  append_csv(table, out);
  const Result<Table> back = parse_list(out, "round.csv");
  ASSERT_TRUE(back.ok()) << back.error().message;
  ASSERT_EQ(back->rows(), table.rows());
  for (std::size_t r = 0; r < table.rows(); ++r) {
    for (std::size_t c = 0; c < 2; ++c) {
      ASSERT_EQ(back->column(c).at(r), table.column(c).at(r)) << r;
    }
  }
}

}  // namespace
}  // namespace mien
