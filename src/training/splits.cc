#include "training/splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <string>
#include <unordered_map>

#include "base/random.h"

namespace mien {

namespace {

constexpr std::array kSplits = {Split::kTrain, Split::kValidation, Split::kTest};
constexpr std::array kShares = {kTrainShare, kValidationShare, 1 - kTrainShare - kValidationShare};

std::uint32_t root_of(std::vector<std::uint32_t>& parent, std::uint32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

// Clusters in a random order, the large ones (above a hundredth of all clips) first, so that they
// find room.
struct Dealing {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> size;  // of each cluster, clips
  std::size_t all = 0;
};

Dealing dealing_of(std::span<const std::uint32_t> clusters, std::uint64_t seed) {
  Dealing dealing;
  dealing.all = clusters.size();
  for (const std::uint32_t cluster : clusters) {
    if (cluster >= dealing.size.size()) dealing.size.resize(cluster + 1, 0);
    ++dealing.size[cluster];
  }
  const Random random(seed);
  std::vector<std::uint64_t> key(dealing.size.size());
  for (std::uint32_t c = 0; c < dealing.size.size(); ++c) {
    key[c] = random.fork(c).next_u64();
    if (dealing.size[c] > 0) dealing.order.push_back(c);
  }
  const auto large = [&](std::uint32_t c) {
    return dealing.size[c] * 100 > dealing.all ? dealing.size[c] : 0;
  };
  std::ranges::sort(dealing.order, [&](std::uint32_t a, std::uint32_t b) {
    return large(a) != large(b) ? large(a) > large(b) : key[a] < key[b];
  });
  return dealing;
}

Error too_few(std::size_t clusters, std::size_t needed) {
  return {ErrorCode::kUsage,
          fmt::format("clips hang together in {} groups of shared persons and sources; at least {} "
                      "are needed to keep training and test apart; remedy: rate clips of more "
                      "people, from more sources",
                      clusters, needed)};
}

// The first name (person or source) that stands in two parts.
template <typename Part>
Status check_parts(std::span<const DatasetClip> clips, std::span<const Part> parts,
                   const std::function<std::string(Part)>& named) {
  for (const auto& [what, name] :
       {std::pair("person", &DatasetClip::person), std::pair("source", &DatasetClip::source)}) {
    std::unordered_map<std::string_view, Part> part_of;
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const auto [known, is_new] = part_of.emplace(clips[i].*name, parts[i]);
      if (is_new || known->second == parts[i]) continue;
      return Error{ErrorCode::kMismatch,
                   fmt::format("{} '{}' stands in {} and in {}, so what is learned would leak into "
                               "what is measured; remedy: one split for all clips of a person and "
                               "of a source, or leave splits to Mien",
                               what, clips[i].*name, named(known->second), named(parts[i]))};
    }
  }
  return Ok{};
}

}  // namespace

std::vector<std::uint32_t> clusters_of(std::span<const DatasetClip> clips) {
  std::vector<std::uint32_t> parent(clips.size());
  std::iota(parent.begin(), parent.end(), 0U);
  for (const auto& name : {&DatasetClip::person, &DatasetClip::source}) {
    std::unordered_map<std::string_view, std::uint32_t> first;
    for (std::uint32_t i = 0; i < clips.size(); ++i) {
      const auto [known, is_new] = first.emplace(clips[i].*name, i);
      if (is_new) continue;
      const std::uint32_t a = root_of(parent, known->second);
      const std::uint32_t b = root_of(parent, i);
      parent[std::max(a, b)] = std::min(a, b);
    }
  }
  std::vector<std::uint32_t> number(clips.size()), cluster;
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < clips.size(); ++i) {
    const std::uint32_t root = root_of(parent, i);
    if (root == i) number[i] = next++;
    cluster.push_back(number[root]);
  }
  return cluster;
}

Result<std::vector<Split>> settle_splits(std::span<const DatasetClip> clips, std::uint64_t seed) {
  std::vector<Split> splits;
  for (const DatasetClip& clip : clips) splits.push_back(clip.split);
  const auto given = static_cast<std::size_t>(
      std::ranges::count_if(splits, [](Split s) { return s != Split::kUnassigned; }));
  if (given != 0 && given != clips.size()) {
    return Error{ErrorCode::kUsage, fmt::format("{} of {} clips have a split; remedy: give every "
                                                "clip one, or none",
                                                given, clips.size())};
  }
  if (given == 0) {
    const std::vector<std::uint32_t> clusters = clusters_of(clips);
    const Dealing dealing = dealing_of(clusters, seed);
    if (dealing.order.size() < kSplits.size()) return too_few(dealing.order.size(), kSplits.size());
    std::array<double, kSplits.size()> lacks{};
    for (std::size_t s = 0; s < kSplits.size(); ++s)
      lacks[s] = kShares[s] * static_cast<double>(dealing.all);
    std::vector<Split> of_cluster(dealing.size.size(), Split::kUnassigned);
    for (const std::uint32_t cluster : dealing.order) {
      const auto most = std::ranges::max_element(lacks);
      of_cluster[cluster] = kSplits[static_cast<std::size_t>(most - lacks.begin())];
      *most -= static_cast<double>(dealing.size[cluster]);
    }
    for (std::size_t i = 0; i < splits.size(); ++i) splits[i] = of_cluster[clusters[i]];
  }
  for (const Split split : kSplits) {
    if (std::ranges::find(splits, split) != splits.end()) continue;
    return Error{ErrorCode::kUsage,
                 fmt::format("no clip is left for '{}': clips hang together in too few groups of "
                             "shared persons and sources; remedy: rate clips of more people, from "
                             "more sources",
                             to_string(split))};
  }
  MIEN_TRY_VOID(check_leaks(clips, splits));
  return splits;
}

Status check_leaks(std::span<const DatasetClip> clips, std::span<const Split> splits) {
  return check_parts<Split>(clips, splits, [](Split s) { return std::string(to_string(s)); });
}

Result<std::vector<std::uint8_t>> deal_folds(std::span<const DatasetClip> clips, std::size_t folds,
                                             std::uint64_t seed) {
  MIEN_TRY(dealt, deal_clusters(clusters_of(clips), folds, seed));
  MIEN_TRY_VOID(check_fold_leaks(clips, dealt));
  return dealt;
}

Result<std::vector<std::uint8_t>> deal_clusters(std::span<const std::uint32_t> clusters,
                                                std::size_t folds, std::uint64_t seed) {
  const Dealing dealing = dealing_of(clusters, seed);
  if (dealing.order.size() < folds) return too_few(dealing.order.size(), folds);
  std::vector<std::size_t> filled(folds, 0);
  std::vector<std::uint8_t> of_cluster(dealing.size.size(), 0);
  for (const std::uint32_t cluster : dealing.order) {
    const auto least = std::ranges::min_element(filled);
    of_cluster[cluster] = static_cast<std::uint8_t>(least - filled.begin());
    *least += dealing.size[cluster];
  }
  std::vector<std::uint8_t> fold;
  for (const std::uint32_t cluster : clusters) fold.push_back(of_cluster[cluster]);
  return fold;
}

Status check_fold_leaks(std::span<const DatasetClip> clips, std::span<const std::uint8_t> folds) {
  return check_parts<std::uint8_t>(clips, folds, [](std::uint8_t f) {
    return "fold " + std::to_string(static_cast<int>(f) + 1);
  });
}

}  // namespace mien
