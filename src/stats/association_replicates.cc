#include <algorithm>
#include <utility>

#include "base/check.h"
#include "stats/association_estimator.h"
#include "stats/association_lanes.h"
#include "stats/association_projection.h"
#include "stats/fused_sums.h"
#include "stats/parallel.h"
#include "stats/weighted_sums.h"

namespace mien {

namespace {

// Sets handled together, so that the sums of a tile of contexts, of one unit and of all, stay in a
// core's second-level cache beside the tile's rows (32 sets of 16 contexts of 26 sums: 106 KB).
constexpr std::size_t kSetsPerStep = 32;
static_assert(AssociationReplicates::kContextsAtOnce == kContextLanes);

}  // namespace

AssociationReplicates::AssociationReplicates(const AssociationEstimator& estimator,
                                             std::vector<double> weights, std::size_t count,
                                             int threads)
    : estimator_(&estimator), weights_(std::move(weights)), count_(count), projections_(count) {
  MIEN_CHECK(weights_.size() == count * estimator.blocks(), "one weight a set and block");
  const AssociationEstimator::BlockSums sums = estimator.block_sums();
  const std::size_t steps = (count + kSetsPerStep - 1) / kSetsPerStep;
  for_each_piece(steps, threads, [&](std::size_t step) {
    const std::size_t first = step * kSetsPerStep;
    const std::size_t sets = std::min(kSetsPerStep, count - first);
    estimator.project(weights_.data() + first * estimator.blocks(), sets, sums,
                      projections_.data() + first);
  });
}

AssociationReplicates::~AssociationReplicates() = default;

// The rows of a few contexts, laid out to be summed: in lanes, a row a block, with zeros where a
// context does not occur, or, where that would be mostly zeros, context by context. Both add the
// same terms in the same order.
class AssociationReplicates::ContextRows {
 public:
  ContextRows(const AssociationEstimator& of, std::span<const std::uint32_t> contexts)
      : of_(&of), contexts_(contexts), width_(of.columns_ + 2), step_(rounded_up(width_)) {
    std::size_t occurring = 0;
    for (const std::uint32_t context : contexts) {
      occurring += of.context_first_[context + 1] - of.context_first_[context];
    }
    is_sparse_ = occurring * step_ < of.blocks() * width_ * kContextLanes;
    stride_ = kContextLanes * (is_sparse_ ? step_ : width_);
    rows_.assign(is_sparse_ ? occurring * step_ : of.blocks() * stride_, 0.0);
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      first_.push_back(places_.size());
      for (std::size_t at = of.context_first_[contexts[c]]; at < of.context_first_[contexts[c] + 1];
           ++at) {
        const auto [block, row] = of.context_rows_[at];
        const double* from = of.blocks_[block].rows.data() + row * width_;
        if (is_sparse_) {
          std::copy(from, from + width_, rows_.data() + places_.size() * step_);
        } else {
          double* to = rows_.data() + block * stride_ + c;
          for (std::size_t i = 0; i < width_; ++i) to[i * kContextLanes] = from[i];
        }
        places_.push_back(block);
      }
    }
    first_.push_back(places_.size());
  }

  // Sums of a set over the blocks of a unit take so many places.
  std::size_t stride() const { return stride_; }

  // Sums over the blocks of unit k.
  void sum(std::size_t k, const double* weights, std::size_t weights_stride, std::size_t sets,
           double* out) const {
    const auto [first, last] = of_->units_[k];
    if (!is_sparse_) {
      fused_sums(weights + first, weights_stride, sets, rows_.data() + first * stride_, stride_,
                 last - first, stride_, out, stride_);
      return;
    }
    for (std::size_t c = 0; c < contexts_.size(); ++c) {
      const auto begin = places_.begin() + static_cast<std::ptrdiff_t>(first_[c]);
      const auto end = places_.begin() + static_cast<std::ptrdiff_t>(first_[c + 1]);
      const auto from = std::lower_bound(begin, end, first);
      const auto to = std::lower_bound(from, end, last);
      const auto at = static_cast<std::size_t>(from - places_.begin());
      fused_sums_at(weights, weights_stride, sets, places_.data() + at, rows_.data() + at * step_,
                    step_, static_cast<std::size_t>(to - from), step_, out + c * step_, stride_);
    }
  }

  // Adds a set's sums over a unit, centred.
  void add_unit(const double* unit, double unit_weight, const double* means, double* centred,
                double* raw_xx) const {
    const bool is_between = of_->options_.within == Within::kBetweenCountries;
    if (is_sparse_) {
      add_unit_rows(unit, step_, unit_weight, means, of_->columns_, contexts_.size(), is_between,
                    centred, raw_xx);
    } else {
      add_unit_lanes(unit, unit_weight, means, of_->columns_, is_between, centred, raw_xx);
    }
  }

  // What add_unit made of all units, in lanes.
  double* lanes(double* centred, double* scratch) const {
    if (!is_sparse_) return centred;
    to_lanes(centred, contexts_.size(), width_, scratch);
    return scratch;
  }

 private:
  const AssociationEstimator* of_;
  std::span<const std::uint32_t> contexts_;
  std::size_t width_;
  std::size_t step_;  // places of a context where they are sparse
  bool is_sparse_ = false;
  std::size_t stride_ = 0;
  std::vector<double> rows_;
  std::vector<std::uint32_t> places_;  // the block of each row, context by context
  std::vector<std::size_t> first_;     // per context, its first row
};

void AssociationReplicates::each_set(std::span<const std::uint32_t> contexts,
                                     const Visit& visit) const {
  const AssociationEstimator& of = *estimator_;
  const std::size_t blocks = of.blocks();
  MIEN_CHECK(contexts.size() <= kContextsAtOnce, "contexts have a lane each");

  const ContextRows rows(of, contexts);
  const std::size_t size = (of.columns_ + 2) * kContextLanes;
  std::vector<double> of_unit(kSetsPerStep * rows.stride());
  std::vector<double> centred(kSetsPerStep * size);  // sum of x; centred xx; centred xv
  std::vector<double> raw_xx(kSetsPerStep * kContextLanes);
  std::vector<double> scratch(size, 0.0);
  std::vector<double> u(of.covariates_ * kContextLanes);
  std::vector<double> cells(of.expressions_ * kContextLanes);
  for (std::size_t first = 0; first < count_; first += kSetsPerStep) {
    const std::size_t sets = std::min(kSetsPerStep, count_ - first);
    std::fill(centred.begin(), centred.end(), 0.0);
    std::fill(raw_xx.begin(), raw_xx.end(), 0.0);
    for (std::size_t k = 0; k < of.units_.size(); ++k) {
      rows.sum(k, weights_.data() + first * blocks, blocks, sets, of_unit.data());
      for (std::size_t s = 0; s < sets; ++s) {
        const AssociationProjection& projection = projections_[first + s];
        if (!(projection.unit_weights[k] > 0)) continue;
        rows.add_unit(of_unit.data() + s * rows.stride(), projection.unit_weights[k],
                      projection.unit_sums.data() + k * of.columns_, centred.data() + s * size,
                      raw_xx.data() + s * kContextLanes);
      }
    }
    for (std::size_t s = 0; s < sets; ++s) {
      associate_lanes(projections_[first + s], of.options_, of.expressions_, of.covariates_,
                      rows.lanes(centred.data() + s * size, scratch.data()),
                      raw_xx.data() + s * kContextLanes, u.data(), cells.data());
      visit(first + s, cells.data());
    }
  }
}

void AssociationReplicates::maps(std::span<const std::uint32_t> contexts,
                                 std::span<double> out) const {
  const std::size_t expressions = estimator_->expressions();
  MIEN_CHECK(out.size() == count_ * contexts.size() * expressions, "a place for every cell");
  for (std::size_t first = 0; first < contexts.size(); first += kContextsAtOnce) {
    const std::size_t listed = std::min(kContextsAtOnce, contexts.size() - first);
    each_set(contexts.subspan(first, listed), [&](std::size_t set, const double* cells) {
      double* map = out.data() + (set * contexts.size() + first) * expressions;
      for (std::size_t c = 0; c < listed; ++c) {
        for (std::size_t e = 0; e < expressions; ++e) {
          map[c * expressions + e] = cells[e * kContextsAtOnce + c];
        }
      }
    });
  }
}

}  // namespace mien
