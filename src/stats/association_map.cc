#include "stats/association_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "base/check.h"
#include "base/missing.h"
#include "stats/distributions.h"
#include "stats/multiple_testing.h"
#include "stats/parallel.h"
#include "stats/resampling.h"
#include "stats/suppression.h"
#include "stats/vector_widths.h"

namespace mien {

namespace {

constexpr std::size_t kLeastCountries = 10;
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

// Spread of replicates about the estimates of some cells, added in the order of the replicates;
// those without an estimate are left out.
struct Spreads {
  std::vector<double> count;
  std::vector<double> sum;
  std::vector<double> squares;

  explicit Spreads(std::size_t cells) : count(cells), sum(cells), squares(cells) {}
  double about_mean(std::size_t i) const {
    return std::max(0.0, squares[i] - sum[i] * sum[i] / count[i]);
  }
};

MIEN_VECTOR_WIDTHS
void add_replicate(const double* replicate, const double* estimate, std::size_t cells,
                   double* count, double* sum, double* squares) {
  for (std::size_t i = 0; i < cells; ++i) {
    const double difference = replicate[i] - estimate[i];
    const bool is_finite = std::abs(difference) <= std::numeric_limits<double>::max();
    const double counted = is_finite ? difference : 0.0;
    count[i] += is_finite ? 1.0 : 0.0;
    sum[i] += counted;
    squares[i] += counted * counted;
  }
}

// A cell whose replicates have no estimate this often has no standard error.
constexpr double kLeastEstimable = 0.95;

class StandardErrors {
 public:
  StandardErrors(const AssociationEstimator& estimator, const AssociationReplicates& replicates,
                 ClusterBy cluster)
      : estimator_(&estimator), replicates_(&replicates), cluster_(cluster) {}

  // Fills se of the contexts listed; NaN and kOneBlock where there is none.
  void run(std::span<const std::uint32_t> contexts, GroupMap& map) const {
    constexpr std::size_t kAtOnce = AssociationReplicates::kContextsAtOnce;
    const std::size_t expressions = estimator_->expressions();
    const std::size_t cells = expressions * kAtOnce;
    std::vector<double> estimates(cells, 0.0);
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      for (std::size_t e = 0; e < expressions; ++e) {
        estimates[e * kAtOnce + c] = map.estimate[contexts[c] * expressions + e];
      }
    }
    Spreads spreads(cells);
    replicates_->each_set(contexts, [&](std::size_t, const double* replicate) {
      add_replicate(replicate, estimates.data(), cells, spreads.count.data(), spreads.sum.data(),
                    spreads.squares.data());
    });
    const auto count = static_cast<double>(replicates_->count());
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      for (std::size_t e = 0; e < expressions; ++e) {
        const std::size_t cell = contexts[c] * expressions + e;
        if (map.reason[cell] != NullReason::kNone) continue;
        map.se[cell] = standard_error(spreads, e * kAtOnce + c, count);
        if (!std::isfinite(map.se[cell])) map.reason[cell] = NullReason::kOneBlock;
      }
    }
  }

 private:
  double standard_error(const Spreads& spreads, std::size_t i, double sets) const {
    const double n = spreads.count[i];
    if (n < 2 || n < kLeastEstimable * sets) return kNaN;
    if (cluster_ == ClusterBy::kCountry) {
      return n == sets ? std::sqrt((n - 1) / n * spreads.about_mean(i)) : kNaN;
    }
    return std::sqrt(spreads.about_mean(i) / (n - 1));
  }

  const AssociationEstimator* estimator_;
  const AssociationReplicates* replicates_;
  ClusterBy cluster_;
};

// Of the cells of one context, which share their degrees of freedom.
void add_intervals(double df, std::size_t first, std::size_t cells, GroupMap& map) {
  const double quantile = t_quantile(kUpperTail, df);
  for (std::size_t cell = first; cell < first + cells; ++cell) {
    const double se = map.se[cell];
    if (!std::isfinite(se)) continue;
    map.df[cell] = df;
    map.lower[cell] = map.estimate[cell] - quantile * se;
    map.upper[cell] = map.estimate[cell] + quantile * se;
    if (se > 0) map.p[cell] = t_two_sided(map.estimate[cell] / se, df);
  }
}

void add_uncertainty(const AssociationEstimator& estimator, const std::string& group,
                     const MapOptions& options, GroupMap& map) {
  const std::size_t expressions = estimator.expressions();
  const bool by_country = options.cluster == ClusterBy::kCountry;
  NullReason missing = NullReason::kNone;
  if (by_country && estimator.countries() < kLeastCountries) missing = NullReason::kTooFewCountries;
  if (!by_country && options.bootstrap < 2) missing = NullReason::kNoBootstrap;

  std::vector<std::uint32_t> contexts;
  for (std::uint32_t c = 0; c < estimator.contexts(); ++c) {
    bool has_estimate = false;
    for (std::size_t e = 0; e < expressions; ++e) {
      NullReason& reason = map.reason[c * expressions + e];
      if (reason != NullReason::kNone) continue;
      if (missing == NullReason::kNone && !by_country && estimator.blocks_with_context()[c] < 2) {
        reason = NullReason::kOneBlock;
      } else if (missing != NullReason::kNone) {
        reason = missing;
      } else {
        has_estimate = true;
      }
    }
    if (has_estimate) contexts.push_back(c);
  }
  if (missing != NullReason::kNone || contexts.empty()) return;

  const std::vector<std::uint32_t> strata = resampling_strata(estimator.country_of_block());
  const std::size_t sets =
      by_country ? estimator.countries() : static_cast<std::size_t>(options.bootstrap);
  const AssociationReplicates replicates(
      estimator,
      by_country ? leave_one_out_weights(estimator.country_of_block(), sets)
                 : bootstrap_weights(strata, sets, Random(options.seed).fork(uploader_hash(group))),
      sets, options.threads);
  const StandardErrors errors(estimator, replicates, options.cluster);
  const std::size_t strata_count = std::size_t{*std::max_element(strata.begin(), strata.end())} + 1;
  const double free_share =
      1.0 - static_cast<double>(strata_count) / static_cast<double>(estimator.blocks());
  const std::size_t tiles = (contexts.size() + AssociationReplicates::kContextsAtOnce - 1) /
                            AssociationReplicates::kContextsAtOnce;
  for_each_piece(tiles, options.threads, [&](std::size_t tile) {
    const std::size_t first = tile * AssociationReplicates::kContextsAtOnce;
    const auto listed = std::span(contexts).subspan(
        first, std::min(AssociationReplicates::kContextsAtOnce, contexts.size() - first));
    errors.run(listed, map);
    for (const std::uint32_t c : listed) {
      const double df = by_country ? static_cast<double>(sets - 1)
                                   : std::max(1.0, estimator.effective_blocks()[c] * free_share);
      add_intervals(df, c * expressions, expressions, map);
    }
  });
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

AssociationMap association_map(const AssociationSums& sums, const MapOptions& options) {
  MIEN_CHECK(options.minimum <= kLargestMinimum, "uploaders are counted exactly up to the minimum");
  const AssociationLayout& layout = sums.layout;
  const std::size_t contexts = layout.contexts.size();
  const std::size_t expressions = layout.expressions.size();
  AssociationMap map;
  map.groups.resize(layout.groups.size());
  std::vector<std::vector<std::int64_t>> without(layout.groups.size());  // uploaders, a context
  for_each_piece(layout.groups.size(), options.threads, [&](std::size_t g) {
    GroupMap& group = map.groups[g];
    resize_cells(group, contexts * expressions);
    const UploaderCounts uploaders = count_uploaders(sums, g);
    group.uploaders = uploaders.all;
    group.context_uploaders = uploaders.with_context;
    without[g] = uploaders.without_context;
    for (const AssociationBlock& block : sums.blocks_of(g)) group.videos += block.videos;
    for (std::size_t c = 0; c < contexts; ++c) {
      group.context_videos.push_back(sums.present(g, c).videos);
    }
    add_effect_sizes(sums, g, group);
    group.pooled = estimates_with(sums, g, options, Within::kNone);
    group.between = estimates_with(sums, g, options, Within::kBetweenCountries);
    group.suppression.assign(contexts, NullReason::kNone);
  });

  std::vector<CellCount> counts(layout.groups.size());
  for (std::size_t g = 0; g < counts.size(); ++g) {
    counts[g] = {map.groups[g].videos, map.groups[g].uploaders, 0, 0};
  }
  const std::vector<bool> held = suppressed_groups(counts, layout.parents, options.minimum);
  for (std::size_t g = 0; g < counts.size(); ++g) map.groups[g].is_size_held_back = held[g];
  for (std::size_t c = 0; c < contexts; ++c) {
    for (std::size_t g = 0; g < counts.size(); ++g) {
      counts[g] = {map.groups[g].context_videos[c], map.groups[g].context_uploaders[c],
                   map.groups[g].videos, without[g][c]};
    }
    const auto suppressed = suppressed_cells(counts, layout.parents, options.minimum);
    for (std::size_t g = 0; g < counts.size(); ++g) {
      map.groups[g].suppression[c] = reason_of(suppressed[g]);
    }
  }

  // Threads share groups where there are enough of them, else the contexts of a group.
  const std::size_t groups = layout.groups.size();
  const bool by_group = groups >= kGroupsPerThread * static_cast<std::size_t>(options.threads);
  MapOptions inside = options;
  if (by_group) inside.threads = 1;
  for_each_piece(groups, by_group ? options.threads : 1, [&](std::size_t g) {
    GroupMap& group = map.groups[g];
    const AssociationEstimator estimator(sums, g, options.estimator);
    group.blocks = estimator.blocks();
    group.countries = estimator.countries();
    group.covariates.assign(estimator.covariates().begin(), estimator.covariates().end());
    group.estimate.assign(estimator.estimates().begin(), estimator.estimates().end());
    group.reason.assign(estimator.reasons().begin(), estimator.reasons().end());
    for (std::size_t c = 0; c < contexts; ++c) {
      if (group.suppression[c] == NullReason::kNone) continue;
      hold_back(group, c, expressions, group.suppression[c]);
    }
    add_uncertainty(estimator, layout.groups[g], inside, group);
  });
  correct_for_family(options.threads, map);
  return map;
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
