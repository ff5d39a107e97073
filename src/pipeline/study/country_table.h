// Countries as Mien knows them (data/countries.csv, historical_countries.csv, regions.csv): what a
// country is called, which one a former country stands for now, and which region it belongs to.
// docs/regions.md tells where the tables come from; the regions are Mien's own choice.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace mien {

struct Country {
  std::string alpha2;
  std::string name;
  std::string region;   // empty: none of the regions
  double area_km2 = 0;  // on the map; 0 where the map lacks it
};

struct RegionPlace {
  std::string name;
  double latitude_deg = 0;
  double longitude_deg = 0;
};

struct CountryMatch {
  const Country* country = nullptr;
  std::string note;  // of a former country; else empty
};

class CountryTable {
 public:
  // `data` is the program's data folder. `regions` puts another table of regions in the place of
  // data/regions.csv: columns country (a code or name) and region; kMismatch where it gives a
  // country two regions, kCorrupt for a country that does not exist, both naming the line.
  static Result<CountryTable> load(const std::filesystem::path& data,
                                   const std::filesystem::path& regions = {});

  // By ISO code (2 or 3 letters, 3 digits) or name, whatever its case, accents and punctuation;
  // nothing where no country or former country is called that.
  std::optional<CountryMatch> find(const std::string& text) const;

  const std::vector<Country>& countries() const { return countries_; }  // by alpha-2

  // Regions of data/regions.csv with their centroids, by name.
  const std::vector<RegionPlace>& places() const { return places_; }
  const std::string& regions_source() const {
    return regions_source_;
  }  // "Mien" or the file's name

 private:
  Status load_countries(const std::filesystem::path& data);
  Status load_historical(const std::filesystem::path& path);
  Status load_regions(const std::filesystem::path& path);
  Status load_places(const std::filesystem::path& path);
  Status add_name(const std::string& text, std::size_t country, const std::string& note);

  std::vector<Country> countries_;
  std::vector<RegionPlace> places_;
  std::string regions_source_;
  struct Entry {
    std::size_t country;
    std::string note;
  };
  std::unordered_map<std::string, Entry> names_;  // by name_key
};

}  // namespace mien
