// Videos, as columns, to association sums.
//
// Cost: one pass over the contexts of the videos; per video and context E + K + 2 additions for
// its block and 2 E for its group. Sums run over the videos of a block ordered by uploader and
// position, whatever the number of threads: the same videos give the same bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stats/association_sums.h"

namespace mien {

// One entry a video in all spans. Contexts of video i are entries first[i] to first[i + 1], each
// context at most once, in any order.
struct AssociationVideos {
  static constexpr std::uint32_t kLeftOut = 0xffffffff;

  std::span<const std::uint32_t> group;  // kLeftOut: the video is not in the analysis
  std::span<const std::uint32_t> country;
  std::span<const std::uint64_t> uploader;  // uploader_hash
  std::span<const double> values;           // layout.columns() a video: scores, then covariates
  std::span<const double> weight;           // positive; empty: all 1

  std::span<const std::uint64_t> first;
  std::span<const std::uint32_t> context;
  // Empty where x is 1 for every entry and every entry is above its threshold; else x in [0, 1]
  // and whether it is.
  std::span<const double> score;
  std::span<const std::uint8_t> above_threshold;
};

// Values of videos in the analysis are finite. Centres are those given, one a column; see
// association_centres.
AssociationSums accumulate_sums(const AssociationLayout& layout, const AssociationVideos& videos,
                                std::span<const double> centres, int threads);

// Means over the videos of the analysis, for columns of numbers; 0 for levels of categories, so
// that parts that lack a level agree.
std::vector<double> association_centres(const AssociationLayout& layout,
                                        const AssociationVideos& videos);

}  // namespace mien
