#include "stats/association_uncertainty.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/missing.h"
#include "stats/distributions.h"
#include "stats/parallel.h"
#include "stats/resampling.h"
#include "stats/vector_widths.h"

namespace mien {

namespace {

constexpr std::size_t kLeastCountries = 10;

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

}  // namespace

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

}  // namespace mien
