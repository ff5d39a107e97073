// Every number that files and texts tell, for a search: text, JSON, Parquet, and the base64 arrays
// of a report's pages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/database.h"

namespace mien::testing {

class ToldNumbers {
 public:
  void add_text(const std::string& place, const std::string& text);
  void add_parquet(Database& database, const std::filesystem::path& file);
  // Every file below, but for programs and styles of pages, and sums (which are for machines).
  void add_folder(Database& database, const std::filesystem::path& folder);

  // Where it is told: as a whole number; or as a number of at least eight digits that differs from
  // it by less than 1e-9 of it (in pages: 1e-7). Empty: nowhere.
  std::string place_of(std::int64_t count) const;
  std::string place_of(double value) const;
  std::size_t size() const { return numbers_.size() + floats_.size(); }

 private:
  std::string place_near(const std::map<double, std::string>& numbers, double value,
                         double share) const;

  std::map<std::int64_t, std::string> counts_;
  std::map<double, std::string> numbers_;
  std::map<double, std::string> floats_;  // of single precision
};

}  // namespace mien::testing
