#include "pipeline/compare/region_places.h"

#include <charconv>
#include <map>
#include <optional>

#include "store/csv_import.h"
#include "store/durable_file.h"

namespace mien {

namespace {

std::string letters_of(const std::string& name) {
  std::string letters;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') letters += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) letters += c;
  }
  return letters;
}

Result<Table> read_columns(const std::filesystem::path& path,
                           const std::vector<std::string>& columns) {
  MIEN_TRY(bytes, read_whole_file(path));
  MIEN_TRY(table, parse_list(bytes, path));
  for (const std::string& column : columns) {
    if (!table.has(column)) {
      return Error{ErrorCode::kCorrupt, path.string() + ": no column '" + column + "'"};
    }
  }
  return table;
}

Result<double> degrees(const Table& table, std::size_t row, const std::string& column, double most,
                       const std::filesystem::path& path) {
  const std::string& text = table.column(column).strings()[row];
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= -most) ||
      !(value <= most)) {
    return Error{ErrorCode::kCorrupt, path.string() + ": row " + std::to_string(row + 1) + ": '" +
                                          text + "' is no " + column};
  }
  return value;
}

}  // namespace

Result<RegionPlaces> find_region_places(const std::filesystem::path& data,
                                        const std::vector<std::string>& regions) {
  const std::filesystem::path centroids = data / "region_centroids.csv";
  MIEN_TRY(places, read_columns(centroids, {"region", "latitude_deg", "longitude_deg"}));
  MIEN_TRY(borders, read_columns(data / "region_adjacency.csv", {"region_a", "region_b"}));
  std::map<std::string, PlaceOnEarth> known;
  for (std::size_t row = 0; row < places.rows(); ++row) {
    MIEN_TRY(latitude, degrees(places, row, "latitude_deg", 90, centroids));
    MIEN_TRY(longitude, degrees(places, row, "longitude_deg", 180, centroids));
    known[letters_of(places.column("region").strings()[row])] = {latitude, longitude};
  }
  RegionPlaces result;
  const auto n = static_cast<Eigen::Index>(regions.size());
  result.adjacent = Matrix::Zero(n, n);
  std::map<std::string, Eigen::Index> index;
  for (const std::string& region : regions) {
    const auto found = known.find(letters_of(region));
    if (found == known.end()) result.unknown.push_back(region);
    index[letters_of(region)] = static_cast<Eigen::Index>(result.places.size());
    result.places.push_back(found == known.end() ? PlaceOnEarth{} : found->second);
  }
  for (std::size_t row = 0; row < borders.rows(); ++row) {
    const auto a = index.find(letters_of(borders.column("region_a").strings()[row]));
    const auto b = index.find(letters_of(borders.column("region_b").strings()[row]));
    if (a == index.end() || b == index.end() || a->second == b->second) continue;
    result.adjacent(a->second, b->second) = result.adjacent(b->second, a->second) = 1;
  }
  return result;
}

}  // namespace mien
