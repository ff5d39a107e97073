#include "rating/reliability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "base/missing.h"
#include "base/random.h"
#include "rating/agreement.h"
#include "rating/cohen_kappa.h"
#include "rating/split_half.h"
#include "stats/parallel.h"

namespace mien {

namespace {

constexpr int kReplicates = 1000;
constexpr int kFewestReplicates = 100;
constexpr std::size_t kFewestSplits = 20;
constexpr std::size_t kSplits = 100;
constexpr double kMostValues = 1e9;    // of values looked at by all replicates together
constexpr double kFewestFinite = 0.8;  // share of replicates in which a measure must be estimable
constexpr std::size_t kMeasures = 7;   // of an Agreement that get intervals

std::array<double, kMeasures> in_row(const Agreement& a) {
  return {a.mean, a.nominal, a.ordinal, a.interval, a.ratio, a.kappa, a.reliability};
}

// One study drawn with replacement: clips and raters, each for themselves (Owen 2007, "The
// pigeonhole bootstrap").
ResampleWeights resample(std::size_t clips, std::size_t raters, Random random) {
  ResampleWeights weights{std::vector<double>(clips, 0), std::vector<double>(raters, 0)};
  for (std::size_t i = 0; i < clips; ++i) weights.clip[random.below(clips)] += 1;
  for (std::size_t i = 0; i < raters; ++i) weights.rater[random.below(raters)] += 1;
  return weights;
}

int replicates_for(const std::vector<LabelRatings>& labels, const ReliabilityOptions& options) {
  if (options.replicates > 0) return options.replicates;
  double values = 1;
  for (const LabelRatings& label : labels) values += static_cast<double>(label.value.size());
  return static_cast<int>(std::clamp<double>(kMostValues / values, kFewestReplicates, kReplicates));
}

std::string reason_of_missing(const LabelReliability& label, const AgreementEstimator& estimator) {
  if (label.raters < 2) return "one_rater";
  if (label.clips_rated_twice == 0) return "no_clip_rated_twice";
  if (estimator.distinct_values() < 2) return "no_variation";
  return "not_estimable";
}

LabelReliability counted(const std::string& name, const LabelRatings& label) {
  LabelReliability result;
  const RatingDesign& design = *label.design;
  result.label = name;
  result.ratings = design.rater.size();
  result.clips = design.units();
  result.raters = std::set<std::uint32_t>(design.rater.begin(), design.rater.end()).size();
  for (std::size_t u = 0; u < design.units(); ++u) {
    result.clips_rated_twice += design.start[u + 1] - design.start[u] >= 2 ? 1 : 0;
  }
  return result;
}

// All that needs no resampling.
void add_point_measures(const Ratings& ratings, const LabelRatings& label,
                        const AgreementEstimator& estimator, const Interval& half,
                        LabelReliability& result) {
  const std::string missing = reason_of_missing(result, estimator);
  const CohenKappa cohen = cohen_kappa(label);
  result.kappa_cohen = cohen.mean;
  result.rater_pairs = cohen.pairs;
  if (std::isnan(cohen.mean)) {
    result.kappa_cohen_reason = cohen.too_many                    ? "too_many_pairs"
                                : result.clips_rated_twice == 0   ? missing
                                : estimator.distinct_values() < 2 ? missing
                                                                  : "too_few_common_clips";
  }
  const CompleteBlock block = complete_block(label, ratings.raters.size());
  result.block_clips = block.clips;
  result.block_raters = block.raters;
  result.icc = intraclass_correlations(block);
  if (std::isnan(result.icc.icc1.estimate)) {
    result.icc_reason = block.clips < 2 ? "no_complete_block" : "no_variation";
  }
  result.split_half = {half.estimate, half.lower, half.upper,
                       std::isnan(half.estimate) ? missing : ""};
  const RatingDesign& design = *label.design;
  std::vector<std::uint32_t> clip_of(design.rater.size());
  for (std::uint32_t u = 0; u < design.units(); ++u) {
    std::fill(clip_of.begin() + design.start[u], clip_of.begin() + design.start[u + 1], u);
  }
  result.components =
      crossed_components(clip_of, design.rater, label.value, design.units(), ratings.raters.size());
}

void set_measures(const Agreement& point, const std::vector<std::vector<double>>& replicates,
                  const AgreementEstimator& estimator, LabelReliability& label) {
  const std::array<Measure*, kMeasures> measures{
      &label.mean,        &label.alpha_nominal, &label.alpha_ordinal, &label.alpha_interval,
      &label.alpha_ratio, &label.kappa_fleiss,  &label.reliability};
  const auto values = in_row(point);
  for (std::size_t m = 0; m < kMeasures; ++m) {
    measures[m]->estimate = values[m];
    if (std::isnan(values[m])) measures[m]->reason = reason_of_missing(label, estimator);
    set_interval(*measures[m], replicates[m]);
  }
  if (estimator.has_negative_values()) {
    label.alpha_ratio.reason = "negative_values";
  } else if (estimator.distinct_values() > kMostRatioValues) {
    label.alpha_ratio.reason = "too_many_values";
  }
  label.ceiling = {kNaN, kNaN, kNaN, label.reliability.reason};
  if (label.reliability.lower > 0) {
    label.ceiling.estimate = std::sqrt(label.reliability.estimate);
    label.ceiling.lower = std::sqrt(label.reliability.lower);
    label.ceiling.upper = std::sqrt(label.reliability.upper);
  } else if (label.ceiling.reason.empty()) {
    label.ceiling.reason = "reliability_interval_reaches_0";
  }
}

// Amounts and orders of a label's number in the list mean nothing.
void keep_nominal_only(LabelReliability& overall) {
  const Measure none{kNaN, kNaN, kNaN, "labels_are_nominal"};
  overall.mean = overall.alpha_ordinal = overall.alpha_interval = overall.alpha_ratio = none;
  overall.split_half = overall.reliability = overall.ceiling = none;
  overall.icc = intraclass_correlations({});
  overall.icc_reason = none.reason;
  overall.components = {kNaN, kNaN, kNaN, "", none.reason};
}

}  // namespace

void set_interval(Measure& measure, std::vector<double> values) {
  const auto all = static_cast<double>(values.size());
  std::erase_if(values, [](double value) { return std::isnan(value); });
  measure.lower = measure.upper = kNaN;
  if (std::isnan(measure.estimate)) return;
  const auto n = static_cast<double>(values.size());
  if (n < 2 || n < kFewestFinite * all) {
    measure.reason = "interval_not_estimable";
    return;
  }
  std::ranges::sort(values);
  const auto quantile = [&](double prob) {
    const double at = prob * (n - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
  };
  measure.lower = quantile(0.025);
  measure.upper = quantile(0.975);
}

ReliabilityReport reliability_of(const Ratings& ratings, const ReliabilityOptions& options) {
  ReliabilityReport report;
  report.mode = ratings.mode;
  report.judgements = ratings.judgements.size();
  for (const Judgement& judgement : ratings.judgements) report.repeats += judgement.repeat > 0;
  report.raters = ratings.raters;
  report.clips = ratings.clips;
  report.groups = ratings.groups;
  report.seed = options.seed;

  std::vector<LabelRatings> labels = first_judgements(ratings);
  report.profiles = rater_profiles(ratings, labels);
  report.group_agreements = group_agreements(ratings, labels);
  const bool with_overall = ratings.single_choice();
  if (with_overall) labels.push_back(chosen_labels(ratings));
  report.replicates = replicates_for(labels, options);
  const auto count = static_cast<std::size_t>(report.replicates);

  const std::size_t clips = ratings.clips.size();
  const std::size_t raters = ratings.raters.size();
  const ResampleWeights ones = no_resampling(clips, raters);
  const Random random(options.seed);
  std::vector<AgreementEstimator> estimators;
  estimators.reserve(labels.size());
  for (const LabelRatings& label : labels) estimators.emplace_back(label);

  const std::vector<Interval> halves =
      split_halves(labels, clips, raters, std::clamp(count / 10, kFewestSplits, kSplits),
                   random.fork(0), options.threads);
  std::vector<LabelReliability> results(labels.size());
  for_each_piece(labels.size(), options.threads, [&](std::size_t l) {
    results[l] = counted(l < ratings.labels.size() ? ratings.labels[l] : "chosen label", labels[l]);
    add_point_measures(ratings, labels[l], estimators[l], halves[l], results[l]);
  });

  // replicates x labels x measures, by label for the percentiles.
  std::vector<std::vector<std::vector<double>>> replicates(
      labels.size(), std::vector<std::vector<double>>(kMeasures, std::vector<double>(count)));
  for_each_piece(count, options.threads, [&](std::size_t b) {
    const ResampleWeights weights = resample(clips, raters, random.fork(1 + b));
    const RatingDesign* design = nullptr;
    std::optional<UnitWeights> units;
    for (std::size_t l = 0; l < labels.size(); ++l) {
      if (labels[l].design.get() != design) {
        design = labels[l].design.get();
        units.emplace(*design, weights);
      }
      const auto values = in_row(estimators[l].estimate(weights, *units));
      for (std::size_t m = 0; m < kMeasures; ++m) replicates[l][m][b] = values[m];
    }
  });
  for_each_piece(labels.size(), options.threads, [&](std::size_t l) {
    const UnitWeights units(*labels[l].design, ones);
    set_measures(estimators[l].estimate(ones, units), replicates[l], estimators[l], results[l]);
  });
  if (with_overall) {
    keep_nominal_only(results.back());
    report.overall = std::move(results.back());
    results.pop_back();
  }
  report.labels = std::move(results);
  return report;
}

}  // namespace mien
