#include "rating/cohen_kappa.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace mien {

namespace {

struct CommonRating {
  std::uint32_t first = 0, second = 0;  // raters, the smaller number first
  double first_value = 0, second_value = 0;
};

// NaN where both always gave one and the same value, so that chance would agree as well.
double kappa_of(const std::vector<CommonRating>& common, std::size_t begin, std::size_t end) {
  std::map<double, std::pair<double, double>> share;
  const auto n = static_cast<double>(end - begin);
  double agreed = 0;
  for (std::size_t i = begin; i < end; ++i) {
    share[common[i].first_value].first += 1 / n;
    share[common[i].second_value].second += 1 / n;
    agreed += common[i].first_value == common[i].second_value ? 1 / n : 0;
  }
  double chance = 0;
  for (const auto& [value, of_both] : share) chance += of_both.first * of_both.second;
  if (share.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  return (agreed - chance) / (1 - chance);
}

}  // namespace

CohenKappa cohen_kappa(const LabelRatings& ratings) {
  const RatingDesign& design = *ratings.design;
  CohenKappa kappa;
  std::size_t count = 0;
  for (std::size_t u = 0; u < design.units(); ++u) {
    const std::size_t n = design.start[u + 1] - design.start[u];
    count += n * (n - 1) / 2;
  }
  kappa.mean = std::numeric_limits<double>::quiet_NaN();
  kappa.too_many = count > kMostRatingPairs;
  if (kappa.too_many || count == 0) return kappa;

  std::vector<CommonRating> common;
  common.reserve(count);
  for (std::size_t u = 0; u < design.units(); ++u) {
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      for (std::uint32_t j = design.start[u]; j < i; ++j) {
        CommonRating both{design.rater[j], design.rater[i], ratings.value[j], ratings.value[i]};
        if (both.first > both.second) {
          std::swap(both.first, both.second);
          std::swap(both.first_value, both.second_value);
        }
        common.push_back(both);
      }
    }
  }
  const auto raters = [](const CommonRating& both) { return std::tie(both.first, both.second); };
  std::ranges::sort(common, {}, raters);
  const bool one_pair = raters(common.front()) == raters(common.back());
  double sum = 0;
  for (std::size_t begin = 0; begin < common.size();) {
    std::size_t end = begin;
    while (end < common.size() && raters(common[end]) == raters(common[begin])) ++end;
    if (one_pair || end - begin >= kFewestCommonClips) {
      const double value = kappa_of(common, begin, end);
      if (value == value) {
        sum += value;
        ++kappa.pairs;
      }
    }
    begin = end;
  }
  if (kappa.pairs > 0) kappa.mean = sum / static_cast<double>(kappa.pairs);
  return kappa;
}

}  // namespace mien
