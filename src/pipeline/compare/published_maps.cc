#include "pipeline/compare/published_maps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "store/csv_import.h"
#include "store/durable_file.h"

namespace mien {

namespace {

struct RegionFile {
  std::string region;
  std::filesystem::path path;
};

// "Exp1_East Asia.csv" -> 1 and "East Asia".
std::optional<std::pair<int, std::string>> parse_name(const std::filesystem::path& path) {
  const std::string stem = path.stem().string();
  if (path.extension() != ".csv" || !stem.starts_with("Exp")) return std::nullopt;
  int experiment = 0;
  const char* end = stem.data() + stem.size();
  const auto [after, error] = std::from_chars(stem.data() + 3, end, experiment);
  if (error != std::errc() || after == end || *after != '_' || after + 1 == end) {
    return std::nullopt;
  }
  return std::pair(experiment, std::string(after + 1, end));
}

std::map<int, std::vector<RegionFile>> files_of(const std::filesystem::path& folder) {
  std::map<int, std::vector<RegionFile>> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (auto name = parse_name(entry.path())) {
      files[name->first].push_back({std::move(name->second), entry.path()});
    }
  }
  for (auto& [experiment, regions] : files) {
    std::sort(regions.begin(), regions.end(),
              [](const RegionFile& a, const RegionFile& b) { return a.region < b.region; });
  }
  return files;
}

// The corner of the table has no name in the release; the reader of lists wants one.
std::string with_named_corner(std::string bytes) {
  const std::size_t start = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const std::string_view rest = std::string_view(bytes).substr(start);
  if (rest.starts_with("\"\"")) return "context" + bytes.substr(start + 2);
  if (rest.starts_with(',') || rest.starts_with(';') || rest.starts_with('\t')) {
    return "context" + bytes.substr(start);
  }
  return bytes;
}

bool is_missing(std::string_view text) {
  return text.empty() || text == "NaN" || text == "nan" || text == "NA";
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || after != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

struct RegionMap {
  std::vector<std::string> contexts;
  std::vector<std::string> expressions;
  Matrix cells;
};

Result<RegionMap> read_region(const std::filesystem::path& path) {
  MIEN_TRY(bytes, read_whole_file(path));
  MIEN_TRY(table, parse_list(with_named_corner(std::move(bytes)), path));
  const auto columns = static_cast<Eigen::Index>(table.schema().columns.size()) - 1;
  if (table.rows() == 0 || columns < 1) {
    return Error{ErrorCode::kCorrupt, path.string() +
                                          ": no context or no expression; remedy: a first column "
                                          "of contexts and one column an expression"};
  }
  RegionMap region;
  region.cells.resize(static_cast<Eigen::Index>(table.rows()), columns);
  for (Eigen::Index e = 0; e < columns; ++e) {
    region.expressions.push_back(table.schema().columns[static_cast<std::size_t>(e) + 1].name);
  }
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.column(0).is_null(row)) {
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: row {}: the context has no name", path.string(), row + 1)};
    }
    region.contexts.push_back(table.column(0).strings()[row]);
    for (Eigen::Index e = 0; e < columns; ++e) {
      const std::string& text = table.column(static_cast<std::size_t>(e) + 1).strings()[row];
      double& cell = region.cells(static_cast<Eigen::Index>(row), e);
      if (is_missing(text)) {
        cell = std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      const auto value = parse_number(text);
      if (!value) {
        return Error{
            ErrorCode::kCorrupt,
            fmt::format("{}: row {} ({}), column {}: '{}' is not a finite number; remedy: write it "
                        "with a decimal point, or NaN where there is none",
                        path.string(), row + 1, region.contexts.back(),
                        region.expressions[static_cast<std::size_t>(e)], text)};
      }
      cell = *value;
    }
  }
  return region;
}

// The first place where two files' names differ, in words; empty where they agree.
std::string first_difference(const std::string& what, const std::vector<std::string>& expected,
                             const std::vector<std::string>& found) {
  for (std::size_t i = 0; i < std::min(expected.size(), found.size()); ++i) {
    if (expected[i] != found[i]) {
      return fmt::format("{} {} is '{}' where it was '{}'", what, i + 1, found[i], expected[i]);
    }
  }
  if (expected.size() == found.size()) return {};
  return fmt::format("{} {}s where there were {}", found.size(), what, expected.size());
}

std::vector<std::string> repeated(const std::vector<std::string>& names) {
  std::map<std::string, int> seen;
  std::vector<std::string> result;
  for (const std::string& name : names) {
    if (++seen[name] == 2) result.push_back(name);
  }
  return result;
}

Error no_files(const std::filesystem::path& folder, int experiment,
               const std::map<int, std::vector<RegionFile>>& files) {
  std::string there;
  for (const auto& [number, regions] : files) {
    there += (there.empty() ? "" : ", ") + std::to_string(number);
  }
  return {ErrorCode::kNotFound,
          fmt::format("{}: no file Exp{}_REGION.csv; {}", folder.string(), experiment,
                      there.empty() ? "remedy: name the folder of the published maps"
                                    : "experiments there: " + there)};
}

}  // namespace

std::vector<int> published_experiments(const std::filesystem::path& folder) {
  std::vector<int> experiments;
  for (const auto& [experiment, regions] : files_of(folder)) experiments.push_back(experiment);
  return experiments;
}

Result<PublishedMaps> read_published_maps(const std::filesystem::path& folder, int experiment) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return Error{ErrorCode::kNotFound, folder.string() + ": no such folder"};
  }
  const auto files = files_of(folder);
  const auto found = files.find(experiment);
  if (found == files.end()) return no_files(folder, experiment, files);
  PublishedMaps result;
  for (const RegionFile& file : found->second) {
    MIEN_TRY(region, read_region(file.path));
    if (result.maps.regions.empty()) {
      result.maps.contexts = region.contexts;
      result.maps.expressions = region.expressions;
    }
    for (const std::string& difference :
         {first_difference("context", result.maps.contexts, region.contexts),
          first_difference("expression", result.maps.expressions, region.expressions)}) {
      if (difference.empty()) continue;
      return Error{ErrorCode::kMismatch,
                   fmt::format("{}: {} in {}; remedy: all files of an experiment need the same "
                               "contexts and expressions in the same order",
                               file.path.string(), difference,
                               found->second.front().path.filename().string())};
    }
    result.maps.regions.push_back(file.region);
    result.maps.cells.push_back(std::move(region.cells));
  }
  MIEN_TRY_VOID(check_maps(result.maps));
  result.repeated_contexts = repeated(result.maps.contexts);
  return result;
}

}  // namespace mien
