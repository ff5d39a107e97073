#include <algorithm>
#include <utility>

#include "base/check.h"
#include "stats/association_estimator.h"
#include "stats/association_projection.h"
#include "stats/parallel.h"
#include "stats/vector_widths.h"
#include "stats/weighted_sums.h"

namespace mien {

namespace {

// Sets and contexts handled together, so that sums of a tile stay in a core's second-level cache
// (8 sets of 16 contexts of 26 sums: 27 KB twice, beside a tile of rows).
constexpr std::size_t kSetsPerStep = 32;

std::size_t rounded_up(std::size_t size) {
  return (size + kWeightedSumsStep - 1) / kWeightedSumsStep * kWeightedSumsStep;
}

// One unit's sums of a context under one set of weights, centred by the unit's means and added to
// `to`: sum of x, centred xx, centred xv. With `is_between`: the means' own part instead.
MIEN_VECTOR_WIDTHS
void add_unit(const double* unit, double scale, const double* means, std::size_t columns,
              bool is_between, double* to) {
  to[0] += unit[0];
  if (is_between) {
    to[1] += scale * unit[0];
    for (std::size_t i = 0; i < columns; ++i) to[2 + i] += scale * means[i];
  } else {
    to[1] += unit[1] - scale * unit[0];
    for (std::size_t i = 0; i < columns; ++i) to[2 + i] += unit[2 + i] - scale * means[i];
  }
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

// The rows of a few contexts, laid out to be summed: beside each other in a row a block, with
// zeros where a context does not occur, or, where that would be mostly zeros, context by context.
// Both add the same terms in the same order.
class AssociationReplicates::ContextRows {
 public:
  ContextRows(const AssociationEstimator& of, std::span<const std::uint32_t> contexts)
      : of_(&of), contexts_(contexts), width_(of.columns_ + 2) {
    std::size_t occurring = 0;
    for (const std::uint32_t context : contexts) {
      occurring += of.context_first_[context + 1] - of.context_first_[context];
    }
    is_sparse_ =
        occurring * rounded_up(width_) < of.blocks() * rounded_up(contexts.size() * width_);
    step_ = is_sparse_ ? rounded_up(width_) : width_;
    stride_ = rounded_up(contexts.size() * step_);
    rows_.assign(is_sparse_ ? occurring * step_ : of.blocks() * stride_, 0.0);
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      first_.push_back(places_.size());
      for (std::size_t at = of.context_first_[contexts[c]]; at < of.context_first_[contexts[c] + 1];
           ++at) {
        const auto [block, row] = of.context_rows_[at];
        const double* from = of.blocks_[block].rows.data() + row * width_;
        std::copy(
            from, from + width_,
            rows_.data() + (is_sparse_ ? places_.size() * step_ : block * stride_ + c * width_));
        places_.push_back(block);
      }
    }
    first_.push_back(places_.size());
  }

  // Sums of a set lie stride() apart, those of a context step().
  std::size_t stride() const { return stride_; }
  std::size_t step() const { return step_; }

  // Sums over the blocks of unit k.
  void sum(std::size_t k, const double* weights, std::size_t weights_stride, std::size_t sets,
           double* out) const {
    const auto [first, last] = of_->units_[k];
    if (!is_sparse_) {
      weighted_sums(weights + first, weights_stride, sets, rows_.data() + first * stride_, stride_,
                    last - first, stride_, out, stride_);
      return;
    }
    for (std::size_t c = 0; c < contexts_.size(); ++c) {
      const auto begin = places_.begin() + static_cast<std::ptrdiff_t>(first_[c]);
      const auto end = places_.begin() + static_cast<std::ptrdiff_t>(first_[c + 1]);
      const auto from = std::lower_bound(begin, end, first);
      const auto to = std::lower_bound(from, end, last);
      const auto at = static_cast<std::size_t>(from - places_.begin());
      weighted_sums_at(weights, weights_stride, sets, places_.data() + at,
                       rows_.data() + at * step_, step_, static_cast<std::size_t>(to - from), step_,
                       out + c * step_, stride_);
    }
  }

 private:
  const AssociationEstimator* of_;
  std::span<const std::uint32_t> contexts_;
  std::size_t width_;
  bool is_sparse_ = false;
  std::size_t step_ = 0;
  std::size_t stride_ = 0;
  std::vector<double> rows_;
  std::vector<std::uint32_t> places_;  // the block of each row, context by context
  std::vector<std::size_t> first_;     // per context, its first row
};

void AssociationReplicates::maps(std::span<const std::uint32_t> contexts,
                                 std::span<double> out) const {
  const AssociationEstimator& of = *estimator_;
  const std::size_t columns = of.columns_;
  const std::size_t expressions = of.expressions_;
  const std::size_t width = columns + 2;
  const std::size_t blocks = of.blocks();
  const std::size_t stride = contexts.size() * width;
  const bool is_between = of.options_.within == Within::kBetweenCountries;
  MIEN_CHECK(out.size() == count_ * contexts.size() * expressions, "a place for every cell");

  const ContextRows rows(of, contexts);

  std::vector<double> of_unit(kSetsPerStep * rows.stride());
  std::vector<double> centred(kSetsPerStep * stride);  // sum of x; centred xx; centred xv
  std::vector<double> raw_xx(kSetsPerStep * contexts.size());
  std::vector<double> u(of.covariates_);
  for (std::size_t first = 0; first < count_; first += kSetsPerStep) {
    const std::size_t sets = std::min(kSetsPerStep, count_ - first);
    std::fill(centred.begin(), centred.end(), 0.0);
    std::fill(raw_xx.begin(), raw_xx.end(), 0.0);
    for (std::size_t k = 0; k < of.units_.size(); ++k) {
      rows.sum(k, weights_.data() + first * blocks, blocks, sets, of_unit.data());
      for (std::size_t s = 0; s < sets; ++s) {
        const AssociationProjection& projection = projections_[first + s];
        if (!(projection.unit_weights[k] > 0)) continue;
        const double* means = projection.unit_sums.data() + k * columns;
        for (std::size_t c = 0; c < contexts.size(); ++c) {
          const double* unit = of_unit.data() + s * rows.stride() + c * rows.step();
          raw_xx[s * contexts.size() + c] += unit[1];
          add_unit(unit, unit[0] / projection.unit_weights[k], means, columns, is_between,
                   centred.data() + s * stride + c * width);
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
