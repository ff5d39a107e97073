// The tables of a study, declared once. Writer, reader, CSV export, data dictionary and report
// labels are all made from these declarations.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mien {

enum class ColumnType { kString, kInt64, kDouble, kBool };

std::string_view to_string(ColumnType type);  // "string", "int64", "double", "bool"

struct ColumnSpec {
  std::string name;  // lower case; the unit is its last part: `size_px`, `yaw_deg`, `start_us`
  ColumnType type = ColumnType::kDouble;
  std::string description;  // what it measures, its range, and when it is null
};

struct TableSchema {
  std::string name;  // "tracks"
  std::string row;   // what one row is: "face track"
  std::string description;
  std::vector<ColumnSpec> columns;

  // Position of a column, or -1.
  int index_of(std::string_view column) const;
};

// A study's expression channels, as columns: `basic7_happy`, `action_jaw_drop`, `label_awe`.
using ChannelColumns = std::span<const ColumnSpec>;

TableSchema media_schema();
TableSchema duplicates_schema();
TableSchema tracks_schema();
TableSchema frames_schema(ChannelColumns channels);
TableSchema windows_schema(ChannelColumns channels);
TableSchema expressions_schema(ChannelColumns channels);
TableSchema corpus_schema();
TableSchema contexts_schema();
TableSchema context_status_schema();
TableSchema context_frames_schema();
TableSchema scenes_schema();
TableSchema maps_schema();

// Columns of the corpus that an association uses as covariates unless others are named: numbers
// and truth values as they are, text as categories.
inline constexpr std::string_view kCovariatePrefix = "covariate_";

}  // namespace mien
