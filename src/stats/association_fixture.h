// For tests: videos as columns that own their memory, and the same from a readable table.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "stats/association_accumulator.h"

namespace mien {

struct FixtureVideos {
  AssociationLayout layout;
  std::vector<std::uint32_t> group, country;
  std::vector<std::uint64_t> uploader;
  std::vector<double> values;
  std::vector<double> weight;
  std::vector<std::uint64_t> first{0};
  std::vector<std::uint32_t> context;
  std::vector<double> score;
  std::vector<std::uint8_t> above_threshold;

  AssociationVideos view() const {
    return {group, country, uploader, values, weight, first, context, score, above_threshold};
  }

  AssociationSums sums(int threads = 1) const {
    return accumulate_sums(layout, view(), association_centres(layout, view()), threads);
  }

  // The videos at these positions, in this order.
  FixtureVideos picked(const std::vector<std::size_t>& positions) const {
    FixtureVideos result;
    result.layout = layout;
    for (const std::size_t i : positions) {
      result.group.push_back(group[i]);
      result.country.push_back(country[i]);
      result.uploader.push_back(uploader[i]);
      for (std::size_t v = 0; v < layout.columns(); ++v) {
        result.values.push_back(values[i * layout.columns() + v]);
      }
      if (!weight.empty()) result.weight.push_back(weight[i]);
      for (std::uint64_t k = first[i]; k < first[i + 1]; ++k) {
        result.context.push_back(context[k]);
        if (!score.empty()) result.score.push_back(score[k]);
        if (!above_threshold.empty()) result.above_threshold.push_back(above_threshold[k]);
      }
      result.first.push_back(result.context.size());
    }
    return result;
  }
};

}  // namespace mien
