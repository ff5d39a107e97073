#include "store/sql_text.h"

#include "store/parquet_paths.h"

namespace mien {

std::string sql_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string sql_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string sql_read_parquet(std::span<const std::filesystem::path> paths) {
  std::string sql = "read_parquet([";
  const char* comma = "";
  for (const std::filesystem::path& path : paths) {
    sql += comma + sql_quote(literal_pattern(path));
    comma = ", ";
  }
  return sql + "], hive_partitioning = false, union_by_name = false)";
}

std::string sql_read_parquet(const std::filesystem::path& path) {
  return sql_read_parquet({&path, 1});
}

}  // namespace mien
