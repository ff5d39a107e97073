// How far raters agree on one label, from first judgements: Krippendorff's alpha, Fleiss' kappa and
// the reliability of the clips' mean ratings, all under weights, so that a resampled study is the
// same computation.
//
// Weights say how often a clip and a rater were drawn (1 each: the data as they are). Two copies of
// one rater do not form a pair: nobody agrees with himself.
//
// alpha = 1 - D_observed / D_expected (Krippendorff 2011, "Computing Krippendorff's
// alpha-reliability"), with his difference functions for nominal, ordinal, interval and ratio data;
// clips with one rating do not count. Ratio needs values that are not negative, and at most
// kMostRatioValues distinct ones.
// kappa: Fleiss (1971), for any number of ratings a clip of at least 2 (categories' shares pooled
// over ratings).
// reliability = s2_clip / (s2_clip + mean(s2_error / n_i)), the components by one-way analysis of
// variance (clips random, any number of ratings a clip), the mean over all clips rated, n_i as the
// study has them: with a resample's own, reliability would shrink a second time.
// NaN: not estimable (no clip rated twice, no variation).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rating/ratings.h"

namespace mien {

constexpr std::size_t kMostRatioValues = 1000;

struct ResampleWeights {
  std::vector<double> clip;   // of every clip of the study
  std::vector<double> rater;  // of every rater
};

// Of each unit of a design under weights: the sum of its raters' weights and of their squares. The
// clip's own weight multiplies whole units.
struct UnitWeights {
  std::vector<double> sum, squares;
  UnitWeights(const RatingDesign& design, const ResampleWeights& weights);
};

struct Agreement {
  double mean = 0;  // of all ratings; in choice data the share of raters who chose the label
  double nominal = 0, ordinal = 0, interval = 0, ratio = 0;  // alpha
  double kappa = 0;                                          // Fleiss
  double clip_variance = 0, error_variance = 0;
  double reliability = 0;  // of the clips' mean ratings; may be below 0 where sampling makes it so
};

class AgreementEstimator {
 public:
  // Keeps a reference: `ratings` must outlive it.
  explicit AgreementEstimator(const LabelRatings& ratings);

  Agreement estimate(const ResampleWeights& weights, const UnitWeights& units) const;

  std::size_t distinct_values() const { return values_.size(); }
  bool has_negative_values() const { return !values_.empty() && values_.front() < 0; }

 private:
  struct Sums;
  void add_marginals(const ResampleWeights& weights, const UnitWeights& units, Sums& sums) const;
  void add_disagreements(const ResampleWeights& weights, const UnitWeights& units,
                         Sums& sums) const;
  double ratio_difference(std::size_t a, std::size_t b) const;
  double expected_ratio(const std::vector<double>& marginals) const;

  const LabelRatings& ratings_;
  std::vector<double> values_;           // distinct, ascending
  std::vector<std::uint32_t> category_;  // of each rating: its place in values_
  std::size_t rest_ = 0;                 // the commonest value's place
};

// All weights 1.
ResampleWeights no_resampling(std::size_t clips, std::size_t raters);

}  // namespace mien
