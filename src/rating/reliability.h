// Inter-rater reliability of a rating study: every measure of docs/rating-reliability.md, label by
// label and over all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rating/group_agreement.h"
#include "rating/intraclass.h"
#include "rating/rater_profile.h"
#include "rating/ratings.h"
#include "stats/crossed_components.h"

namespace mien {

struct ReliabilityOptions {
  int replicates = 0;  // of the bootstrap; 0: 1000, fewer (at least 100) for very large tables
  std::uint64_t seed = 1;
  int threads = 1;  // changes no number
};

// A measure with its 95% interval; what is not estimable is NaN, and why is a code.
struct Measure {
  double estimate = 0, lower = 0, upper = 0;
  std::string reason;
};

// Percentiles of the replicates in which the measure could be estimated (NaN: not); none where
// these are fewer than 80%.
void set_interval(Measure& measure, std::vector<double> replicates);

struct LabelReliability {
  std::string label;
  std::size_t ratings = 0, clips = 0, raters = 0;
  std::size_t clips_rated_twice = 0;  // by at least two raters
  Measure mean;                       // in choice data the proportion of raters
  Measure alpha_nominal, alpha_ordinal, alpha_interval, alpha_ratio;
  Measure kappa_fleiss;
  double kappa_cohen = 0;  // mean over pairs of raters
  std::size_t rater_pairs = 0;
  std::string kappa_cohen_reason;
  std::size_t block_clips = 0, block_raters = 0;  // the complete block of the ICC
  IntraclassCorrelations icc;
  std::string icc_reason;
  Measure split_half;
  Measure reliability;  // of the clips' mean ratings
  Measure ceiling;      // its square root: the highest correlation to be had with those means
  CrossedComponents components;  // row: clip, column: rater
};

struct ReliabilityReport {
  RatingMode mode = RatingMode::kChoice;
  std::size_t judgements = 0, repeats = 0;
  std::vector<std::string> raters, clips, groups;
  std::vector<LabelReliability> labels;
  // Of single-choice data: the label chosen as one nominal variable; else label is empty.
  LabelReliability overall;
  std::vector<RaterProfile> profiles;  // one a rater
  std::vector<GroupAgreement> group_agreements;
  int replicates = 0;
  std::uint64_t seed = 0;
};

ReliabilityReport reliability_of(const Ratings& ratings, const ReliabilityOptions& options);

}  // namespace mien
