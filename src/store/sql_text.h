// Names and files as they stand in SQL.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace mien {

std::string sql_quote(std::string_view text);       // 'it''s'
std::string sql_identifier(std::string_view name);  // "na""me"

// "read_parquet([...], ...)" for a FROM clause: these files in this order, their names taken
// literally (no patterns, no partition columns read out of folder names). Its rows have the further
// column file_row_number (BIGINT), from 0 in each file, for those who ask for it.
std::string sql_read_parquet(std::span<const std::filesystem::path> paths);
std::string sql_read_parquet(const std::filesystem::path& path);

}  // namespace mien
