#include "store/list_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "support/paths.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListRowsTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_.path() / name, std::ios::binary) << bytes;
    return folder_.path() / name;
  }

  // "line|problem|c0|c1..." a row; nothing stands for null.
  std::vector<std::string> rows(const std::string& name, const std::string& bytes) {
    ListRows list = ListRows::open(write(name, bytes)).value();
    std::vector<std::string> result;
    BulkBatch batch;
    while (list.next(batch).value()) {
      for (std::size_t r = 0; r < batch.rows; ++r) {
        std::string text = std::to_string(batch.columns[0].integers[r]);
        for (std::size_t c = 1; c < batch.columns.size(); ++c) {
          if (c == 2) continue;
          const std::uint32_t code = batch.columns[c].codes[r];
          text += "|" + (code == BulkColumn::kNull ? "" : batch.columns[c].words[code]);
        }
        result.push_back(text);
      }
    }
    return result;
  }

  std::string error(const std::string& name, const std::string& bytes) {
    const auto list = ListRows::open(write(name, bytes));
    return list.ok() ? "" : list.error().message;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ListRowsTest, ReadsQuotesLineEndsAndMarks) {
  EXPECT_THAT(
      rows("a.csv",
           "\xEF\xBB\xBFid,title\r\n1,\"a \"\"b\"\", c\"\r\n\r\n2,\"two\nlines\"\r\n3,\n4,x"),
      ElementsAre("2||1|a \"b\", c", "4||2|two\nlines", "6||3|", "7||4|x"));
  EXPECT_THAT(rows("a.tsv", "id\ttitle\n1\ta,b\n"), ElementsAre("2||1|a,b"));
  EXPECT_THAT(rows("b.csv", "id;title\n1;a,b\n"), ElementsAre("2||1|a,b"));
  // Semicolons in a quoted name are no separators.
  EXPECT_THAT(rows("c.csv", "id,\"title; long; full\"\n1,a\n"), ElementsAre("2||1|a"));
}

TEST_F(ListRowsTest, AnUnreadableRowIsARowWithAProblemAndTheNextOneReads) {
  EXPECT_THAT(
      rows("a.csv",
           "id,t\n1,a\"b\n2,ok\n3,\"x\"y\n4,ok\n5\n6,a,b\n7,\xE9\n8,ok\n9,\"open\n10,ok\n"),
      ElementsAre("2|bad_quotes||", "3||2|ok", "4|bad_quotes||", "5||4|ok", "6|field_count||",
                  "7|field_count||", "8|not_utf8||", "9||8|ok", "10|bad_quotes||", "11||10|ok"));
}

TEST_F(ListRowsTest, ReadsJsonLines) {
  EXPECT_THAT(
      rows("a.jsonl",
           "{\"id\":\"a\",\"n\":1.5,\"on\":true}\n{\"id\":null,\"extra\":[1]}\nnonsense\n\n[1]\n"
           "{\"id\":\"z\"}"),
      ElementsAre("1||a|1.5|true|", "2|||||[1]", "3|bad_json||||", "5|bad_json||||", "6||z|||"));
  std::string late;
  for (int i = 0; i < 10000; ++i) late += "{\"id\":1}\n";
  const auto given = rows("b.jsonl", late + "{\"id\":1,\"new\":2}\n");
  EXPECT_EQ(given.back(), "10001|bad_json|");
}

TEST_F(ListRowsTest, ValuesDeepInEachOtherCostTheirRowAlone) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_THAT(rows("a.jsonl",
                   "{\"id\":\"a\",\"x\":1}\n{\"id\":\"b\",\"x\":" + deep + "}\n{\"id\":\"c\"}\n"),
              ElementsAre("1||a|1", "2|bad_json||", "3||c|"));
}

TEST_F(ListRowsTest, RefusesMoreColumnsThanAListHas) {
  std::string names = "id";
  std::string keys = "{\"id\":1";
  for (int i = 0; i < 200'000; ++i) {
    names += ",c" + std::to_string(i);
    keys += ",\"k" + std::to_string(i) + "\":1";
  }
  EXPECT_THAT(error("a.csv", names.substr(0, 900'000) + "\n"), HasSubstr("more than 2000 columns"));
  EXPECT_THAT(error("a.jsonl", keys + "}\n"), HasSubstr("more than 2000 columns"));
}

TEST_F(ListRowsTest, RowsFarApartKeepTheirLines) {
  std::string bytes = "id,t\n";
  const std::string long_text(900, 'x');
  for (int i = 0; i < 30000; ++i) bytes += std::to_string(i) + "," + long_text + "\n";
  const auto given = rows("a.csv", bytes);
  ASSERT_EQ(given.size(), 30000U);
  for (std::size_t i = 0; i < given.size(); i += 997) {
    EXPECT_EQ(given[i], std::to_string(i + 2) + "||" + std::to_string(i) + "|" + long_text);
  }
}

TEST_F(ListRowsTest, RefusesFilesWithoutColumns) {
  EXPECT_THAT(error("a.csv", ""), HasSubstr("empty"));
  EXPECT_THAT(error("a.csv", "id,,t\n"), HasSubstr("column 2 has no name"));
  EXPECT_THAT(error("a.csv", "id,ID\n"), HasSubstr("two columns are called"));
  EXPECT_THAT(error("a.csv", "\xFF\xFEi\0d\0"), HasSubstr("UTF-16"));
  EXPECT_THAT(error("a.csv", "id,titr\xE9\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error("a.csv", "id,\"t\n"), HasSubstr("never closed"));
  EXPECT_THAT(error("a.jsonl", "[]\n"), HasSubstr("no line holds"));
  EXPECT_EQ(ListRows::open(folder_.path() / "none.csv").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace mien
