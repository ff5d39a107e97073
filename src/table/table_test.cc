#include "table/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace mien {
namespace {

TEST(TableTest, MissingIsNullAndNeverNan) {
  Table table({"t", "row", "", {{"a", ColumnType::kDouble, ""}, {"b", ColumnType::kString, ""}}});
  RowBuilder row(table.schema());
  row.set("a", std::numeric_limits<double>::quiet_NaN()).set("b", std::string("x"));
  table.append(row.finish());
  row.set("a", std::int64_t{3}).set_null("b");
  table.append(row.finish());
  EXPECT_TRUE(table.column("a").is_null(0));
  EXPECT_EQ(std::get<double>(table.at(1, "a")), 3.0);
  EXPECT_TRUE(table.column("b").is_null(1));
}

TEST(TableDeathTest, MisuseEndsTheProgram) {
  Table table({"t", "row", "", {{"a", ColumnType::kInt64, ""}}});
  RowBuilder row(table.schema());
  EXPECT_DEATH(row.finish(), "a");
  EXPECT_DEATH(row.set("nosuch", 1.0), "nosuch");
  EXPECT_DEATH(table.append(row.set("a", 1.5).finish()), "integers");
}

TEST(SchemaTest, NamesAreUniqueLowerCaseAndDescribed) {
  const std::vector<ColumnSpec> channels{{"basic7_happy", ColumnType::kDouble, "d"}};
  for (const TableSchema& schema :
       {media_schema(), tracks_schema(), frames_schema(channels), windows_schema(channels),
        expressions_schema(channels), corpus_schema()}) {
    std::set<std::string> names;
    for (const ColumnSpec& column : schema.columns) {
      EXPECT_TRUE(names.insert(column.name).second) << schema.name << "." << column.name;
      EXPECT_FALSE(column.description.empty()) << schema.name << "." << column.name;
      for (const char c : column.name) EXPECT_FALSE(c >= 'A' && c <= 'Z') << column.name;
    }
  }
}

}  // namespace
}  // namespace mien
