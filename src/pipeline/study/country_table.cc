#include "pipeline/study/country_table.h"

#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "store/csv_import.h"
#include "store/durable_file.h"
#include "store/text_key.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// A CSV file whose columns are all there.
Result<Table> read_columns(const fs::path& path, std::initializer_list<const char*> columns) {
  MIEN_TRY(bytes, read_whole_file(path));
  MIEN_TRY(table, parse_list(bytes, path));
  for (const char* column : columns) {
    if (!table.has(column)) {
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: line 1: there is no column '{}'; remedy: add it", path.string(),
                               column)};
    }
  }
  return table;
}

const std::string& text_at(const Table& table, std::size_t row, const char* column) {
  return table.column(column).strings()[row];
}

double number_at(const Table& table, std::size_t row, const char* column) {
  return std::strtod(text_at(table, row, column).c_str(), nullptr);
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size() && !text.empty()) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

Result<CountryTable> CountryTable::load(const fs::path& data, const fs::path& regions) {
  CountryTable table;
  MIEN_TRY_VOID(table.load_countries(data / "countries.csv"));
  MIEN_TRY_VOID(table.load_historical(data / "historical_countries.csv"));
  MIEN_TRY_VOID(table.load_regions(regions.empty() ? data / "regions.csv" : regions));
  MIEN_TRY_VOID(table.load_places(data / "region_centroids.csv"));
  table.regions_source_ = regions.empty() ? "Mien" : regions.filename().string();
  return table;
}

// A name of a present country outweighs the same name of a former one.
Status CountryTable::add_name(const std::string& text, std::size_t country,
                              const std::string& note) {
  const auto [it, added] = names_.emplace(name_key(text), Entry{country, note});
  if (!added && it->second.country != country && note.empty()) {
    return Error{ErrorCode::kCorrupt, "countries.csv: two countries are called '" + text +
                                          "'; remedy: restore the file"};
  }
  return Ok{};
}

Status CountryTable::load_countries(const fs::path& path) {
  MIEN_TRY(rows,
           read_columns(path, {"alpha2", "alpha3", "numeric", "name", "variants", "area_km2"}));
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const std::size_t index = countries_.size();
    countries_.push_back(
        {text_at(rows, r, "alpha2"), text_at(rows, r, "name"), "", number_at(rows, r, "area_km2")});
    std::vector<std::string> names = parts_of(text_at(rows, r, "variants"));
    for (const char* column : {"alpha2", "alpha3", "numeric", "name"}) {
      names.push_back(text_at(rows, r, column));
    }
    for (const std::string& name : names) {
      if (!name.empty()) MIEN_TRY_VOID(add_name(name, index, ""));
    }
  }
  return Ok{};
}

Status CountryTable::load_historical(const fs::path& path) {
  MIEN_TRY(rows, read_columns(path, {"code", "names", "country", "note"}));
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto found = names_.find(name_key(text_at(rows, r, "country")));
    if (found == names_.end()) {
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: '{}' is no country; remedy: restore the file", path.string(),
                               text_at(rows, r, "country"))};
    }
    const std::size_t country = found->second.country;
    std::vector<std::string> names = parts_of(text_at(rows, r, "names"));
    names.push_back(text_at(rows, r, "code"));
    for (const std::string& name : names) {
      MIEN_TRY_VOID(add_name(name, country, text_at(rows, r, "note")));
    }
  }
  return Ok{};
}

Status CountryTable::load_regions(const fs::path& path) {
  MIEN_TRY(rows, read_columns(path, {"country", "region"}));
  std::unordered_map<std::size_t, std::string> given;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const std::string& name = text_at(rows, r, "country");
    const auto found = names_.find(name_key(name));
    if (found == names_.end()) {
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: line {}: '{}' is no country; remedy: give an ISO 3166-1 code "
                               "or English name",
                               path.string(), r + 2, name)};
    }
    const std::string& region = text_at(rows, r, "region");
    const auto [it, added] = given.emplace(found->second.country, region);
    if (!added && it->second != region) {
      return Error{
          ErrorCode::kMismatch,
          fmt::format("{}: line {}: {} belongs to '{}' here and to '{}' above; remedy: give "
                      "every country one region",
                      path.string(), r + 2, name, region, it->second)};
    }
    countries_[found->second.country].region = region;
  }
  return Ok{};
}

Status CountryTable::load_places(const fs::path& path) {
  MIEN_TRY(rows, read_columns(path, {"region", "latitude_deg", "longitude_deg"}));
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    places_.push_back({text_at(rows, r, "region"), number_at(rows, r, "latitude_deg"),
                       number_at(rows, r, "longitude_deg")});
  }
  return Ok{};
}

std::optional<CountryMatch> CountryTable::find(const std::string& text) const {
  const auto found = names_.find(name_key(text));
  if (found == names_.end()) return std::nullopt;
  return CountryMatch{&countries_[found->second.country], found->second.note};
}

}  // namespace mien
