#include "app/suggestion.h"

#include <algorithm>
#include <numeric>

namespace mien {

namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_word(const std::string& typed,
                                        const std::vector<std::string>& known) {
  std::optional<std::string> nearest;
  std::size_t best = 0;
  for (const std::string& word : known) {
    const std::size_t distance = edit_distance(typed, word);
    if (distance * 3 > std::max(word.size(), typed.size())) continue;
    if (!nearest.has_value() || distance < best) {
      nearest = word;
      best = distance;
    }
  }
  return nearest;
}

}  // namespace mien
