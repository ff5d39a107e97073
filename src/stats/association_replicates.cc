#include <algorithm>
#include <utility>

#include "base/check.h"
#include "stats/association_estimator.h"
#include "stats/association_projection.h"
#include "stats/parallel.h"
#include "stats/weighted_sums.h"

namespace mien {

namespace {

// Sets and contexts handled together, so that sums of a tile stay in a core's second-level cache
// (8 sets of 16 contexts of 26 sums: 27 KB twice, beside a tile of rows).
constexpr std::size_t kSetsPerStep = 32;

std::size_t rounded_up(std::size_t size) {
  return (size + kWeightedSumsStep - 1) / kWeightedSumsStep * kWeightedSumsStep;
}

}  // namespace

AssociationReplicates::AssociationReplicates(const AssociationEstimator& estimator,
                                             std::vector<double> weights, std::size_t count,
                                             int threads)
    : estimator_(&estimator), weights_(std::move(weights)), count_(count), projections_(count) {
  MIEN_CHECK(weights_.size() == count * estimator.blocks(), "one weight a set and block");
  for_each_piece(count, threads, [&](std::size_t set) {
    projections_[set] = estimator.project(weights_.data() + set * estimator.blocks());
  });
}

AssociationReplicates::~AssociationReplicates() = default;

void AssociationReplicates::maps(std::span<const std::uint32_t> contexts,
                                 std::span<double> out) const {
  const AssociationEstimator& of = *estimator_;
  const std::size_t columns = of.columns_;
  const std::size_t expressions = of.expressions_;
  const std::size_t width = columns + 2;
  const std::size_t blocks = of.blocks();
  const std::size_t stride = rounded_up(contexts.size() * width);
  const bool is_between = of.options_.within == Within::kBetweenCountries;
  MIEN_CHECK(out.size() == count_ * contexts.size() * expressions, "a place for every cell");

  std::vector<double> rows(blocks * stride, 0.0);
  for (std::size_t c = 0; c < contexts.size(); ++c) {
    for (std::size_t at = of.context_first_[contexts[c]]; at < of.context_first_[contexts[c] + 1];
         ++at) {
      const auto [block, row] = of.context_rows_[at];
      const double* from = of.blocks_[block].rows.data() + row * width;
      std::copy(from, from + width, rows.data() + block * stride + c * width);
    }
  }

  std::vector<double> of_unit(kSetsPerStep * stride);
  std::vector<double> centred(kSetsPerStep * stride);  // sum of x; centred xx; centred xv
  std::vector<double> raw_xx(kSetsPerStep * contexts.size());
  std::vector<double> u(of.covariates_);
  for (std::size_t first = 0; first < count_; first += kSetsPerStep) {
    const std::size_t sets = std::min(kSetsPerStep, count_ - first);
    std::fill(centred.begin(), centred.end(), 0.0);
    std::fill(raw_xx.begin(), raw_xx.end(), 0.0);
    for (std::size_t k = 0; k < of.units_.size(); ++k) {
      const auto [block, last] = of.units_[k];
      weighted_sums(weights_.data() + first * blocks + block, blocks, sets,
                    rows.data() + block * stride, stride, last - block, stride, of_unit.data(),
                    stride);
      for (std::size_t s = 0; s < sets; ++s) {
        const AssociationProjection& projection = projections_[first + s];
        if (!(projection.unit_weights[k] > 0)) continue;
        const double* means = projection.unit_sums.data() + k * columns;
        for (std::size_t c = 0; c < contexts.size(); ++c) {
          const double* unit = of_unit.data() + s * stride + c * width;
          double* to = centred.data() + s * stride + c * width;
          const double scale = unit[0] / projection.unit_weights[k];
          to[0] += unit[0];
          raw_xx[s * contexts.size() + c] += unit[1];
          if (is_between) {
            to[1] += scale * unit[0];
            for (std::size_t i = 0; i < columns; ++i) to[2 + i] += scale * means[i];
          } else {
            to[1] += unit[1] - scale * unit[0];
            for (std::size_t i = 0; i < columns; ++i) to[2 + i] += unit[2 + i] - scale * means[i];
          }
        }
      }
    }
    for (std::size_t s = 0; s < sets; ++s) {
      const AssociationProjection& projection = projections_[first + s];
      for (std::size_t c = 0; c < contexts.size(); ++c) {
        double* sums = centred.data() + s * stride + c * width;
        const double scale = projection.weight > 0 ? sums[0] / projection.weight : 0.0;
        if (is_between) {
          sums[1] -= scale * sums[0];
          for (std::size_t i = 0; i < columns; ++i) sums[2 + i] -= scale * projection.sums[i];
        }
        ContextSums context;
        const double raw = raw_xx[s * contexts.size() + c];
        context.total_xx = raw - scale * sums[0];
        if (context.total_xx <= kRounding * raw) context.total_xx = 0;
        context.xx = sums[1];
        if (is_between) {
          context.xx = between_or_zero(sums[1], context.total_xx);
          context.total_xx = context.xx;
        }
        context.xv = sums + 2;
        association_row(projection, of.options_, expressions, context, u.data(),
                        out.data() + ((first + s) * contexts.size() + c) * expressions);
      }
    }
  }
}

}  // namespace mien
