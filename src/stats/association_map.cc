#include "stats/association_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/check.h"
#include "base/missing.h"
#include "stats/association_uncertainty.h"
#include "stats/distributions.h"
#include "stats/multiple_testing.h"
#include "stats/parallel.h"
#include "stats/suppression.h"

namespace mien {

namespace {

constexpr std::size_t kGroupsPerThread = 16;

NullReason reason_of(Suppression suppression) {
  switch (suppression) {
    case Suppression::kShown:
      return NullReason::kNone;
    case Suppression::kTooFewVideos:
      return NullReason::kSuppressedVideos;
    case Suppression::kTooFewUploaders:
      return NullReason::kSuppressedUploaders;
    case Suppression::kComplement:
      return NullReason::kSuppressedComplement;
  }
  return NullReason::kNone;
}

void resize_cells(GroupMap& map, std::size_t cells) {
  for (auto* column :
       {&map.estimate, &map.se, &map.lower, &map.upper, &map.df, &map.p, &map.smd, &map.superiority,
        &map.pooled, &map.between, &map.p_bh, &map.p_holm, &map.p_by}) {
    column->assign(cells, kNaN);
  }
  map.reason.assign(cells, NullReason::kNone);
}

// Score moments of a group, of sums over v - centre.
struct ScoreMoments {
  double weight = 0;
  std::vector<double> sums;
  std::vector<double> squares;
};

ScoreMoments score_moments(const AssociationSums& sums, std::size_t group) {
  const std::size_t expressions = sums.layout.expressions.size();
  const std::size_t columns = sums.layout.columns();
  ScoreMoments moments;
  moments.sums.assign(expressions, 0.0);
  moments.squares.assign(expressions, 0.0);
  for (const AssociationBlock& block : sums.blocks_of(group)) {
    moments.weight += block.weight;
    std::size_t diagonal = 0;
    for (std::size_t e = 0; e < expressions; ++e) {
      moments.sums[e] += block.sums[e];
      moments.squares[e] += block.products[diagonal];
      diagonal += columns - e;
    }
  }
  return moments;
}

void add_effect_sizes(const AssociationSums& sums, std::size_t group, GroupMap& map) {
  const std::size_t expressions = sums.layout.expressions.size();
  const ScoreMoments all = score_moments(sums, group);
  const auto n = static_cast<double>(map.videos);
  for (std::size_t c = 0; c < sums.layout.contexts.size(); ++c) {
    const PresenceSums& with = sums.present(group, c);
    const auto n1 = static_cast<double>(with.videos);
    const double n0 = n - n1;
    const double w0 = all.weight - with.weight;
    if (n1 < 1 || n0 < 1) continue;
    for (std::size_t e = 0; e < expressions; ++e) {
      const double mean1 = with.sums[e] / with.weight;
      const double sum0 = all.sums[e] - with.sums[e];
      const double mean0 = sum0 / w0;
      const double ss1 = std::max(0.0, with.squares[e] - with.sums[e] * mean1);
      const double ss0 = std::max(0.0, all.squares[e] - with.squares[e] - sum0 * mean0);
      const double pooled = (ss1 + ss0) / all.weight * n / (n - 2);
      const double total = all.squares[e] - all.sums[e] * all.sums[e] / all.weight;
      if (!(total > 1e-12 * all.squares[e])) continue;
      if (n > 2 && pooled > 0) map.smd[c * expressions + e] = (mean1 - mean0) / std::sqrt(pooled);
      if (n1 < 2 || n0 < 2) continue;
      const double spread = ss1 / with.weight * n1 / (n1 - 1) + ss0 / w0 * n0 / (n0 - 1);
      if (spread > 0) {
        map.superiority[c * expressions + e] = normal_upper(-(mean1 - mean0) / std::sqrt(spread));
      }
    }
  }
}

std::vector<double> estimates_with(const AssociationSums& sums, std::size_t group,
                                   const MapOptions& options, Within within) {
  EstimatorOptions other = options.estimator;
  other.within = within;
  const AssociationEstimator estimator(sums, group, other);
  return {estimator.estimates().begin(), estimator.estimates().end()};
}

void hold_back(GroupMap& map, std::size_t context, std::size_t expressions, NullReason reason) {
  for (std::size_t e = 0; e < expressions; ++e) {
    const std::size_t cell = context * expressions + e;
    for (auto* column : {&map.estimate, &map.smd, &map.superiority, &map.pooled, &map.between}) {
      (*column)[cell] = kNaN;
    }
    map.reason[cell] = reason;
  }
}

void correct_for_family(int threads, AssociationMap& map) {
  std::vector<double> all;
  for (const GroupMap& group : map.groups) all.insert(all.end(), group.p.begin(), group.p.end());
  constexpr std::size_t kCorrections = 3;
  std::array<std::vector<double>, kCorrections> corrected;
  for_each_piece(kCorrections, threads, [&](std::size_t i) {
    corrected.at(i) = i == 0   ? benjamini_hochberg(all)
                      : i == 1 ? benjamini_yekutieli(all)
                               : holm(all);
  });
  std::size_t next = 0;
  for (GroupMap& group : map.groups) {
    for (std::size_t i = 0; i < group.p.size(); ++i, ++next) {
      group.p_bh[i] = corrected[0][next];
      group.p_by[i] = corrected[1][next];
      group.p_holm[i] = corrected[2][next];
    }
  }
}

}  // namespace

std::string_view to_string(ClusterBy cluster) {
  return cluster == ClusterBy::kUploader ? "uploader" : "country";
}

UploaderCounts count_uploaders(const AssociationSums& sums, std::size_t group) {
  UploaderCounts counts;
  // An uploader's blocks are of one slot, so that slots divide them.
  std::map<std::uint32_t, UploaderSketch> of_slot;
  for (const AssociationBlock& block : sums.blocks_of(group)) {
    unite_uploaders(of_slot[block.slot], block.uploaders);
  }
  for (const auto& [slot, sketch] : of_slot) counts.all += distinct_uploaders(sketch);
  for (std::size_t c = 0; c < sums.layout.contexts.size(); ++c) {
    const PresenceSums& presence = sums.present(group, c);
    const std::int64_t most = std::min(counts.all, presence.videos);
    counts.with_context.push_back(std::min(most, distinct_uploaders(presence.uploaders)));
    counts.without_context.push_back(
        presence.videos == 0 ? counts.all
                             : std::min(counts.all, distinct_uploaders(presence.lacking)));
  }
  return counts;
}

AssociationMapper::AssociationMapper(const AssociationLayout& layout, const MapOptions& options)
    : layout_(&layout), options_(options), without_(layout.groups.size()) {
  MIEN_CHECK(options.minimum <= kLargestMinimum, "uploaders are counted exactly up to the minimum");
  map_.groups.resize(layout.groups.size());
}

void AssociationMapper::count(std::size_t g, const AssociationSums& sums, std::size_t at) {
  const std::size_t contexts = layout_->contexts.size();
  GroupMap& group = map_.groups[g];
  resize_cells(group, contexts * layout_->expressions.size());
  const UploaderCounts uploaders = count_uploaders(sums, at);
  group.uploaders = uploaders.all;
  group.context_uploaders = uploaders.with_context;
  without_[g] = uploaders.without_context;
  for (const AssociationBlock& block : sums.blocks_of(at)) group.videos += block.videos;
  for (std::size_t c = 0; c < contexts; ++c) {
    group.context_videos.push_back(sums.present(at, c).videos);
  }
  add_effect_sizes(sums, at, group);
  group.pooled = estimates_with(sums, at, options_, Within::kNone);
  group.between = estimates_with(sums, at, options_, Within::kBetweenCountries);
  group.suppression.assign(contexts, NullReason::kNone);
}

void AssociationMapper::suppress() {
  const auto& parents = layout_->parents;
  std::vector<CellCount> counts(map_.groups.size());
  for (std::size_t g = 0; g < counts.size(); ++g) {
    counts[g] = {map_.groups[g].videos, map_.groups[g].uploaders, 0, 0};
  }
  const std::vector<bool> held = suppressed_groups(counts, parents, options_.minimum);
  for (std::size_t g = 0; g < counts.size(); ++g) map_.groups[g].is_size_held_back = held[g];
  for (std::size_t c = 0; c < layout_->contexts.size(); ++c) {
    for (std::size_t g = 0; g < counts.size(); ++g) {
      counts[g] = {map_.groups[g].context_videos[c], map_.groups[g].context_uploaders[c],
                   map_.groups[g].videos, without_[g][c]};
    }
    const auto suppressed = suppressed_cells(counts, parents, options_.minimum);
    for (std::size_t g = 0; g < counts.size(); ++g) {
      map_.groups[g].suppression[c] = reason_of(suppressed[g]);
    }
  }
}

int AssociationMapper::groups_at_once() const {
  const auto threads = static_cast<std::size_t>(options_.threads);
  return map_.groups.size() >= kGroupsPerThread * threads ? options_.threads : 1;
}

void AssociationMapper::estimate(std::size_t g, const AssociationSums& sums, std::size_t at) {
  GroupMap& group = map_.groups[g];
  const AssociationEstimator estimator(sums, at, options_.estimator);
  group.blocks = estimator.blocks();
  group.countries = estimator.countries();
  group.covariates.assign(estimator.covariates().begin(), estimator.covariates().end());
  group.estimate.assign(estimator.estimates().begin(), estimator.estimates().end());
  group.reason.assign(estimator.reasons().begin(), estimator.reasons().end());
  for (std::size_t c = 0; c < layout_->contexts.size(); ++c) {
    if (group.suppression[c] == NullReason::kNone) continue;
    hold_back(group, c, layout_->expressions.size(), group.suppression[c]);
  }
  MapOptions inside = options_;
  if (groups_at_once() > 1) inside.threads = 1;
  add_uncertainty(estimator, layout_->groups[g], inside, group);
}

AssociationMap AssociationMapper::finish() {
  correct_for_family(options_.threads, map_);
  return std::move(map_);
}

AssociationMap association_map(const AssociationSums& sums, const MapOptions& options) {
  AssociationMapper mapper(sums.layout, options);
  const std::size_t groups = sums.layout.groups.size();
  for_each_piece(groups, options.threads, [&](std::size_t g) { mapper.count(g, sums, g); });
  mapper.suppress();
  for_each_piece(groups, mapper.groups_at_once(),
                 [&](std::size_t g) { mapper.estimate(g, sums, g); });
  return mapper.finish();
}

ToldExclusions shown_exclusions(const Exclusions& exclusions, std::int64_t minimum) {
  const auto reaches = [&](const ExcludedVideos& one) {
    return minimum <= 1 ||
           (one.videos >= minimum && static_cast<std::int64_t>(one.uploaders.size()) >= minimum);
  };
  ToldExclusions shown;
  std::vector<std::tuple<bool, std::int64_t, ExclusionKey>> by_size;  // the small ones first
  for (const auto& [key, excluded] : exclusions) {
    by_size.emplace_back(reaches(excluded), excluded.videos, key);
    shown[key] = excluded.videos;
  }
  std::sort(by_size.begin(), by_size.end());
  ExcludedVideos together;
  std::size_t count = 0;
  for (const auto& [is_enough, videos, key] : by_size) {
    if (is_enough && (count == 0 || (count >= 2 && reaches(together)))) break;
    together.add(exclusions.at(key));
    ++count;
    shown.erase(key);
  }
  if (count > 0 && reaches(together)) shown[{"", "", kHeldBackExclusions}] = together.videos;
  return shown;
}

ChannelName split_channel(std::string_view column) {
  const std::size_t end = column.find('_');
  if (end == std::string_view::npos) return {"", std::string(column)};
  return {std::string(column.substr(0, end)), std::string(column.substr(end + 1))};
}

}  // namespace mien
