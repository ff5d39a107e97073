// Do groups of raters read faces differently? One model a group and one of all, on equal n, against
// models of random groups (panel h).
//
// Each group gives as many judgements as the smallest has, drawn at random. On these a pooled head
// is fitted, cross-fitted over 5 folds of clusters of shared persons and sources, with the penalty
// of the head that was chosen. Distance of a label: 1 - the correlation over clips of two groups'
// models' held-out predictions, the mean over pairs of groups. The reference: raters dealt at
// random into groups of the same sizes, `replicates` times; p = (1 + replicates with at least that
// distance) / (1 + replicates), one-sided. So raters who merely differ from each other are no group
// difference.
//
// A model of all groups, on as many judgements, drawn over all, is measured on each group's ratings
// beside that group's own model: what a group loses by the common model.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "training/dataset.h"
#include "training/pooled_features.h"

namespace mien {

inline constexpr std::size_t kFewestGroupRaters = 2;
inline constexpr std::size_t kFewestGroupJudgements = 200;
inline constexpr std::size_t kMostGroupClips = 20000;  // beyond, clips at equal distances

struct GroupLabel {
  std::string label;
  double distance = 0;   // between the groups' models; NaN where one has nothing to learn from
  double reference = 0;  // mean distance of random groups
  double p = 0;
};

struct GroupTransfer {
  std::string group;
  std::size_t raters = 0;
  // Mean over labels of the correlation of held-out predictions with this group's mean ratings.
  double own = 0, pooled = 0;
};

struct GroupModels {
  std::string reason;          // why there are none: "fewer than two groups with ..."
  std::size_t judgements = 0;  // of each model
  std::size_t replicates = 0;
  std::vector<GroupLabel> labels;
  std::vector<GroupTransfer> groups;
};

struct GroupOptions {
  double penalty = 1;
  int replicates = 19;
  std::uint64_t seed = 1;
  int threads = 1;
};

// `labels` number the learned labels of the ratings; `clips` those with a rating.
Result<GroupModels> compare_groups(const Dataset& set, std::span<const std::size_t> labels,
                                   std::span<const std::uint32_t> clips,
                                   const GroupOptions& options);

nlohmann::ordered_json to_json(const GroupModels& models);

}  // namespace mien
