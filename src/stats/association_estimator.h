// Associations of one group's contexts and expressions, from its blocks, under any weights of the
// blocks: all ones give the estimate, resampled ones a replicate, a zero leaves a block out.
//
// With S the weighted, centred cross-products (centred within each country, or within the group),
// and z the covariates:
//   S_xy.z = S_xy - S_xz S_zz^-1 S_zy, S_xx.z and S_yy.z alike (Yule 1907; Anderson 2003, 2.5)
//   correlation         S_xy / sqrt(S_xx S_yy)
//   partial             S_xy.z / sqrt(S_xx.z S_yy.z)
//   semipartial         S_xy.z / sqrt(T_xx S_yy.z), T_xx centred within the group alone, since only
//                       y is freed of covariates and countries
//   slope               S_xy.z / S_xx.z
//   standardised_slope  slope / SD of y in the group (divisor: the sum of weights)
// Other expressions partialled out: with W the inverse of S_yy.z, the residual of y_e on z and all
// other scores has covariance (W S_yx.z)_e / W_ee with x and variance 1 / W_ee.
//
// A covariate that is a linear function of those before it is left out: P_z stays the same.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stats/association_sums.h"

namespace mien {

enum class AssociationKind { kCorrelation, kPartial, kSemipartial, kSlope, kStandardisedSlope };
enum class Within { kCountry, kNone, kBetweenCountries };  // the last: over country means
enum class Control { kNone, kExpressions };

std::string_view to_string(AssociationKind kind);  // "standardised_slope"

struct EstimatorOptions {
  AssociationKind kind = AssociationKind::kPartial;
  Within within = Within::kCountry;
  Control control = Control::kNone;
};

// Why a cell, or a covariate, has no estimate; kNone: it has one.
enum class NullReason {
  kNone,
  kContextAbsent,         // no video of the group has the context
  kConstantContext,       // every video has it, or it does not vary within countries
  kConstantExpression,    // the score never varies, or not within countries
  kCollinearContext,      // a linear function of the covariates
  kCollinearExpression,   // of the covariates, or of the other expressions
  kTooFewVideos,          // not more videos than covariates and countries
  kTooFewCountries,       // fewer than 10 for --cluster country
  kOneBlock,              // all videos with the context lie in one block
  kNoBootstrap,           // --bootstrap 0
  kSuppressedVideos,      // fewer videos with (or without) the context than the minimum
  kSuppressedUploaders,   // fewer uploaders
  kSuppressedComplement,  // could be computed as a difference from other cells
  kConstantCovariate,
  kCollinearCovariate,
  kReferenceLevel,  // the level that stands against the others of its category
};

std::string_view to_string(NullReason reason);  // "context_absent"; kNone: ""

struct AssociationProjection;
struct CentredProducts;
struct ContextSums;

class AssociationEstimator {
 public:
  // `sums` must outlive the estimator.
  AssociationEstimator(const AssociationSums& sums, std::size_t group,
                       const EstimatorOptions& options);

  std::size_t blocks() const { return blocks_.size(); }
  std::size_t contexts() const { return sums_->layout.contexts.size(); }
  std::size_t expressions() const { return expressions_; }
  std::int64_t videos() const { return videos_; }

  // Per block, its position in the list of the group's countries.
  std::span<const std::uint32_t> country_of_block() const { return country_of_block_; }
  std::size_t countries() const { return country_ranges_.size(); }

  // Per covariate: kNone where it is used.
  std::span<const NullReason> covariates() const { return covariate_reasons_; }

  // Contexts x expressions, row-major; NaN where reasons() says why.
  std::span<const double> estimates() const { return estimates_; }
  std::span<const NullReason> reasons() const { return reasons_; }

  // Per context: the effective number of blocks it rests on, (sum v)^2 / sum v^2 with v the
  // block's share of S_xx (Satterthwaite 1946; the working model of Bell and McCaffrey 2002).
  std::span<const double> effective_blocks() const { return effective_blocks_; }
  std::span<const std::uint32_t> blocks_with_context() const { return blocks_with_context_; }

 private:
  friend class AssociationReplicates;

  struct BlockRange {
    std::size_t first;
    std::size_t last;
  };
  struct RowPlace {
    std::uint32_t block;
    std::uint32_t row;
  };
  // What blocks know of scores and covariates, as matrices with a row a block: weight and sums, and
  // packed products. Rows are padded for weighted_sums.
  struct BlockSums {
    std::size_t sums_stride;
    std::size_t products_stride;
    std::vector<double> sums;
    std::vector<double> products;
  };

  void find_units();
  void find_rows();
  void find_covariates();
  void estimate();
  void measure_blocks();
  BlockSums block_sums() const;
  // Fills a projection's sums for each set of weights; products of scores and covariates, a row a
  // set of the stride that `sums` has.
  std::vector<double> sum_blocks(const double* weights, std::size_t sets, const BlockSums& sums,
                                 AssociationProjection* projections) const;
  void project(const double* weights, std::size_t sets, const BlockSums& sums,
               AssociationProjection* projections) const;
  ContextSums context_sums(std::uint32_t context, const AssociationProjection& projection,
                           double* xv) const;

  const AssociationSums* sums_;
  EstimatorOptions options_;
  std::size_t expressions_;
  std::size_t covariates_;
  std::size_t columns_;
  std::span<const AssociationBlock> blocks_;
  std::vector<std::uint32_t> country_of_block_;
  std::vector<BlockRange> country_ranges_;
  std::vector<BlockRange> units_;  // what is centred: countries, or the whole group
  std::int64_t videos_ = 0;
  std::vector<NullReason> covariate_reasons_;
  std::vector<std::size_t> used_;  // covariates
  std::vector<double> estimates_;
  std::vector<NullReason> reasons_;
  std::vector<double> effective_blocks_;
  std::vector<std::uint32_t> blocks_with_context_;
  // Per context, where its rows stand: entries context_first_[c] to context_first_[c + 1].
  std::vector<std::size_t> context_first_;
  std::vector<RowPlace> context_rows_;
};

// Maps under several sets of weights.
class AssociationReplicates {
 public:
  // `weights`: `count` sets of estimator.blocks() weights, row-major, none negative. `estimator`
  // must outlive this. Memory: about 8 (E + K) (countries + K) bytes a set.
  AssociationReplicates(const AssociationEstimator& estimator, std::vector<double> weights,
                        std::size_t count, int threads);
  ~AssociationReplicates();

  std::size_t count() const { return count_; }

  // For at most kContextsAtOnce contexts: calls visit(set, cells) for sets 0, 1, ..., with cells
  // [expression * kContextsAtOnce + place of the context in the list], NaN where a set has no
  // estimate. Covariates that estimates() leaves out are left out. Thread-safe; cost per set,
  // context and expression about (blocks + countries + K) multiplications.
  static constexpr std::size_t kContextsAtOnce = 16;
  using Visit = std::function<void(std::size_t set, const double* cells)>;
  void each_set(std::span<const std::uint32_t> contexts, const Visit& visit) const;

  // The same for any number of contexts, all at once: count() x listed contexts x expressions,
  // row-major.
  void maps(std::span<const std::uint32_t> contexts, std::span<double> out) const;

 private:
  class ContextRows;
  const AssociationEstimator* estimator_;
  std::vector<double> weights_;
  std::size_t count_;
  std::vector<AssociationProjection> projections_;
};

}  // namespace mien
