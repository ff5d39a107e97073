// Who trains, who is validated on and who is held out: by person and source, never by frame.
//
// Clips that share a person or a source, directly or over other clips, hang together; such a
// cluster is never divided. The seed alone decides where a cluster goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "training/dataset.h"

namespace mien {

inline constexpr double kTrainShare = 0.7;
inline constexpr double kValidationShare = 0.15;  // the rest is held out

// The number of each clip's cluster, counted from 0 in the order of the clips.
std::vector<std::uint32_t> clusters_of(std::span<const DatasetClip> clips);

// Splits as given, where every clip has one; drawn, where none has. Clusters are dealt in a random
// order, each to the split that lacks most, so that shares are met as nearly as clusters let.
// kUsage: some clips have a split and others not, fewer than 3 clusters, or a split remains empty.
// kMismatch: a leak (see check_leaks).
Result<std::vector<Split>> settle_splits(std::span<const DatasetClip> clips, std::uint64_t seed);

// kMismatch, naming person or source and both splits, where one stands in two splits.
Status check_leaks(std::span<const DatasetClip> clips, std::span<const Split> splits);

// 0..folds-1 for each clip, clusters whole, folds as equal as clusters let. kUsage: fewer clusters
// than folds.
Result<std::vector<std::uint8_t>> deal_folds(std::span<const DatasetClip> clips, std::size_t folds,
                                             std::uint64_t seed);

// The same of a part of the clips: clusters as clusters_of() numbers them, for a fold within folds.
Result<std::vector<std::uint8_t>> deal_clusters(std::span<const std::uint32_t> clusters,
                                                std::size_t folds, std::uint64_t seed);

// kMismatch where a person or a source stands in two folds.
Status check_fold_leaks(std::span<const DatasetClip> clips, std::span<const std::uint8_t> folds);

}  // namespace mien
