#include "rating/group_agreement.h"

#include <cmath>

#include "base/missing.h"
#include "rating/agreement.h"
#include "stats/correlation.h"

namespace mien {

namespace {

struct GroupMeans {
  std::vector<double> of_clip;  // NaN: not rated by the group
  double reliability = kNaN;    // of those means
};

GroupMeans group_means(const Ratings& ratings, const LabelRatings& label, std::uint32_t group) {
  const RatingDesign& design = *label.design;
  GroupMeans means;
  means.of_clip.assign(ratings.clips.size(), kNaN);
  RatingDesign own;
  std::vector<double> value;
  for (std::size_t u = 0; u < design.units(); ++u) {
    double sum = 0;
    double n = 0;
    const std::size_t begin = own.rater.size();
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      if (ratings.group_of_rater[design.rater[i]] != group) continue;
      own.rater.push_back(design.rater[i]);
      value.push_back(label.value[i]);
      sum += label.value[i];
      n += 1;
    }
    if (n == 0) continue;
    own.clip.push_back(design.clip[u]);
    own.start.push_back(static_cast<std::uint32_t>(begin));
    means.of_clip[design.clip[u]] = sum / n;
  }
  own.start.push_back(static_cast<std::uint32_t>(own.rater.size()));
  const LabelRatings part(std::make_shared<const RatingDesign>(std::move(own)), std::move(value));
  const ResampleWeights ones = no_resampling(ratings.clips.size(), ratings.raters.size());
  means.reliability =
      AgreementEstimator(part).estimate(ones, UnitWeights(*part.design, ones)).reliability;
  return means;
}

}  // namespace

std::vector<GroupAgreement> group_agreements(const Ratings& ratings,
                                             const std::vector<LabelRatings>& labels) {
  std::vector<GroupAgreement> agreements;
  for (std::size_t l = 0; l < labels.size(); ++l) {
    std::vector<GroupMeans> means;
    for (std::uint32_t g = 0; g < ratings.groups.size(); ++g) {
      means.push_back(group_means(ratings, labels[l], g));
    }
    for (std::size_t a = 0; a < means.size(); ++a) {
      for (std::size_t b = a + 1; b < means.size(); ++b) {
        const Correlation both = pearson(means[a].of_clip, means[b].of_clip);
        GroupAgreement agreement{a, b, l, both.n, both.r, kNaN, ""};
        const bool reliable = means[a].reliability >= kLeastGroupReliability &&
                              means[b].reliability >= kLeastGroupReliability;
        if (both.n < kFewestPairs) {
          agreement.reason = "too_few_clips";
        } else if (std::isnan(both.r)) {
          agreement.reason = "no_variation";
        } else if (!reliable) {
          agreement.reason = "reliability_too_low";
        } else {
          agreement.corrected = both.r / std::sqrt(means[a].reliability * means[b].reliability);
        }
        agreements.push_back(agreement);
      }
    }
  }
  return agreements;
}

}  // namespace mien
