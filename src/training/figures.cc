#include "training/figures.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/missing.h"
#include "stats/distributions.h"
#include "training/dataset.h"
#include "training/splits.h"

namespace mien {

namespace {

constexpr std::size_t kBlocks = 20;
constexpr std::size_t kFewestBlocks = 3;
constexpr double kUpperTail = 0.975;

// One label's clips that have both.
struct Pairs {
  std::vector<std::uint32_t> clip;
  std::vector<double> score, mean, raters;
  std::size_t size() const { return clip.size(); }
};

Pairs pairs_of(std::span<const float> scores, std::size_t labels, std::size_t label,
               const Targets& targets, std::size_t target_label) {
  Pairs pairs;
  for (std::uint32_t clip = 0; clip < targets.clips; ++clip) {
    const float score = scores[clip * labels + label];
    const std::size_t at = clip * targets.labels + target_label;
    if (std::isnan(score) || targets.raters[at] == 0) continue;
    pairs.clip.push_back(clip);
    pairs.score.push_back(static_cast<double>(score));
    pairs.mean.push_back(static_cast<double>(targets.mean[at]));
    pairs.raters.push_back(static_cast<double>(targets.raters[at]));
  }
  return pairs;
}

// Pearson's correlation without the pairs of one block (none left out: kBlocks or more).
double correlation_without(const Pairs& pairs, std::span<const std::uint8_t> block,
                           std::size_t left_out) {
  const auto in = [&](std::size_t i) { return block.empty() || block[pairs.clip[i]] != left_out; };
  double n = 0, mx = 0, my = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!in(i)) continue;
    ++n;
    mx += pairs.score[i];
    my += pairs.mean[i];
  }
  mx /= n;
  my /= n;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!in(i)) continue;
    const double x = pairs.score[i] - mx, y = pairs.mean[i] - my;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  return n > 2 && xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kNaN;
}

Measure correlation_of(const Pairs& pairs, std::span<const std::uint8_t> block,
                       std::size_t blocks) {
  Measure measure{correlation_without(pairs, {}, kBlocks), kNaN, kNaN, ""};
  if (std::isnan(measure.estimate)) {
    measure.reason = pairs.size() < 3 ? "too_few_clips" : "no_variation";
    return measure;
  }
  if (blocks < kFewestBlocks || std::fabs(measure.estimate) >= 1) {
    measure.reason = "interval_not_estimable";
    return measure;
  }
  std::vector<double> z;
  for (std::size_t b = 0; b < blocks; ++b)
    z.push_back(std::atanh(correlation_without(pairs, block, b)));
  const auto count = static_cast<double>(blocks);
  const double centre = std::accumulate(z.begin(), z.end(), 0.0) / count;
  double squares = 0;
  for (const double value : z) squares += (value - centre) * (value - centre);
  const double reach = t_quantile(kUpperTail, count - 1) * std::sqrt((count - 1) / count * squares);
  measure.lower = std::tanh(std::atanh(measure.estimate) - reach);
  measure.upper = std::tanh(std::atanh(measure.estimate) + reach);
  return measure;
}

Measure corrected_of(const Measure& correlation, const Measure& reliability,
                     const Measure& ceiling) {
  Measure corrected{kNaN, kNaN, kNaN, ceiling.reason};
  if (std::isnan(ceiling.estimate) || std::isnan(correlation.estimate)) {
    if (corrected.reason.empty()) corrected.reason = correlation.reason;
    return corrected;
  }
  corrected.estimate = correlation.estimate / ceiling.estimate;
  const double normal = normal_quantile(kUpperTail);
  const double se_r = (correlation.upper - correlation.lower) / (2 * normal);
  const double se_rel = (reliability.upper - reliability.lower) / (2 * normal);
  // var(r / sqrt(rel)) to first order.
  const double reach = normal / ceiling.estimate *
                       std::hypot(se_r, correlation.estimate * se_rel / (2 * reliability.estimate));
  corrected.lower = corrected.estimate - reach;
  corrected.upper = corrected.estimate + reach;
  if (std::isnan(reach)) corrected.reason = "interval_not_estimable";
  return corrected;
}

std::vector<std::size_t> by_score(const Pairs& pairs) {
  std::vector<std::size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return pairs.score[i]; });
  return order;
}

double auc_of(const Pairs& pairs, const std::vector<std::size_t>& order) {
  double below = 0, won = 0, chosen = 0;  // others of lower score; pairs won; choices
  for (std::size_t first = 0; first < order.size();) {
    double here = 0, others = 0;
    std::size_t end = first;
    for (; end < order.size() && pairs.score[order[end]] == pairs.score[order[first]]; ++end) {
      here += pairs.raters[order[end]] * pairs.mean[order[end]];
      others += pairs.raters[order[end]] * (1 - pairs.mean[order[end]]);
    }
    won += here * (below + others / 2);
    below += others;
    chosen += here;
    first = end;
  }
  return chosen > 0 && below > 0 ? won / (chosen * below) : kNaN;
}

void calibration_of(const Pairs& pairs, const std::vector<std::size_t>& order,
                    LabelFigures& figures) {
  const double all = std::accumulate(pairs.raters.begin(), pairs.raters.end(), 0.0);
  double brier = 0, error = 0, seen = 0;
  for (const std::size_t i : order) {
    const double off = pairs.score[i] - pairs.mean[i];
    brier += pairs.raters[i] * off * off;
    const double end = all * static_cast<double>(figures.curve.size()) / kCalibrationBins;
    if (figures.curve.empty() || (seen >= end && figures.curve.size() < kCalibrationBins))
      figures.curve.emplace_back();
    CalibrationBin& bin = figures.curve.back();
    bin.score += pairs.raters[i] * pairs.score[i];
    bin.rating += pairs.raters[i] * pairs.mean[i];
    bin.raters += pairs.raters[i];
    seen += pairs.raters[i];
  }
  for (CalibrationBin& bin : figures.curve) {
    error += std::fabs(bin.score - bin.rating);
    bin.score /= bin.raters;
    bin.rating /= bin.raters;
  }
  figures.brier = all > 0 ? brier / all : kNaN;
  figures.calibration_error = all > 0 ? error / all : kNaN;
}

LabelVerdict verdict_of(const LabelFigures& figures) {
  const Measure& rel = figures.reliability;
  if (std::isnan(rel.estimate) || std::isnan(rel.lower)) return LabelVerdict::kNotEstimable;
  if (!(rel.lower > kLeastReliability)) return LabelVerdict::kUnreliable;
  if (!(figures.corrected.lower > kLeastCorrected)) return LabelVerdict::kInaccurate;
  return LabelVerdict::kKept;
}

// Confusion and accuracy; `number` says where a label of the scores stands among the targets'.
void confuse(const EvaluationInput& input, const Targets& targets,
             std::span<const std::size_t> number, Evaluation& evaluation) {
  const std::size_t labels = input.labels.size();
  evaluation.confusion.assign(labels * labels, 0);
  std::vector<double> right(labels, 0), decided(labels, 0);
  for (std::size_t clip = 0; clip < targets.clips; ++clip) {
    const auto scores = input.scores.subspan(clip * labels, labels);
    const bool scored = std::ranges::none_of(scores, [](float s) { return std::isnan(s); });
    const auto guess = static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
    evaluation.clips_without_score += scored ? 0 : 1;
    float most = 0;
    std::size_t first = labels, tied = 0;
    for (std::size_t l = 0; l < labels; ++l) {
      const std::size_t at = clip * targets.labels + number[l];
      if (targets.raters[at] == 0) continue;
      if (scored) {
        evaluation.confusion[l * labels + guess] +=
            static_cast<double>(targets.raters[at]) * static_cast<double>(targets.mean[at]);
      }
      if (targets.mean[at] > most) {
        most = targets.mean[at];
        first = l;
        tied = 1;
      } else if (targets.mean[at] == most) {
        ++tied;
      }
    }
    if (first == labels || tied != 1) continue;
    ++decided[first];
    right[first] += scored && guess == first ? 1 : 0;
  }
  double shares = 0, there = 0;
  for (std::size_t l = 0; l < labels; ++l) {
    if (decided[l] == 0) continue;
    shares += right[l] / decided[l];
    ++there;
  }
  const double all = std::accumulate(decided.begin(), decided.end(), 0.0);
  evaluation.decided_clips = static_cast<std::size_t>(all);
  evaluation.accuracy = all > 0 ? std::accumulate(right.begin(), right.end(), 0.0) / all : kNaN;
  evaluation.balanced_accuracy = there > 0 ? shares / there : kNaN;
}

GroupFigures group_figures(const EvaluationInput& input, std::size_t group,
                           std::span<const std::size_t> number) {
  GroupFigures figures;
  figures.group = input.ratings->groups[group];
  std::vector<std::uint8_t> wanted;
  for (const std::uint32_t of : input.ratings->group_of_rater)
    wanted.push_back(of == group ? 1 : 0);
  const Targets targets =
      targets_of(*input.ratings, input.lowest_value, input.highest_value, wanted);
  figures.raters = static_cast<std::size_t>(std::ranges::count(wanted, 1));
  for (std::size_t l = 0; l < input.labels.size(); ++l) {
    const Pairs pairs = pairs_of(input.scores, input.labels.size(), l, targets, number[l]);
    double off = 0, squares = 0, raters = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const double difference = pairs.score[i] - pairs.mean[i];
      off += pairs.raters[i] * difference;
      squares += pairs.raters[i] * difference * difference;
      raters += pairs.raters[i];
    }
    GroupFigures::Label label;
    label.clips = pairs.size();
    label.correlation = correlation_without(pairs, {}, kBlocks);
    label.bias = input.probabilities && raters > 0 ? off / raters : kNaN;
    label.rmse = input.probabilities && raters > 0 ? std::sqrt(squares / raters) : kNaN;
    figures.labels.push_back(label);
  }
  return figures;
}

std::vector<std::size_t> numbers_of(const EvaluationInput& input) {
  std::vector<std::size_t> number;
  for (const std::string& label : input.labels) {
    const auto found = std::ranges::find(input.ratings->labels, label);
    MIEN_CHECK(found != input.ratings->labels.end(), "a score of no label of the ratings");
    number.push_back(static_cast<std::size_t>(found - input.ratings->labels.begin()));
  }
  return number;
}

}  // namespace

std::string_view to_string(LabelVerdict verdict) {
  switch (verdict) {
    case LabelVerdict::kKept:
      return "kept";
    case LabelVerdict::kNotEstimable:
      return "kept_not_estimable";
    case LabelVerdict::kUnreliable:
      return "dropped_unreliable";
    case LabelVerdict::kInaccurate:
      break;
  }
  return "dropped_inaccurate";
}

Evaluation evaluate(const EvaluationInput& input) {
  const Ratings& ratings = *input.ratings;
  const Targets targets = targets_of(ratings, input.lowest_value, input.highest_value);
  const std::vector<std::size_t> number = numbers_of(input);
  const ReliabilityReport report =
      reliability_of(ratings, {input.replicates, input.seed, input.threads});

  Evaluation evaluation;
  evaluation.clips = targets.clips;
  std::set<std::uint32_t> raters;
  for (const Judgement& judgement : ratings.judgements) {
    raters.insert(judgement.rater);
    evaluation.judgements += judgement.repeat == 0 ? 1 : 0;
  }
  evaluation.raters = raters.size();
  evaluation.clusters = std::set(input.clusters.begin(), input.clusters.end()).size();
  const std::size_t blocks = std::min(kBlocks, evaluation.clusters);
  const std::vector<std::uint8_t> block =
      deal_clusters(input.clusters, std::max<std::size_t>(blocks, 1), input.seed).value();

  for (std::size_t l = 0; l < input.labels.size(); ++l) {
    const Pairs pairs = pairs_of(input.scores, input.labels.size(), l, targets, number[l]);
    const std::vector<std::size_t> order = by_score(pairs);
    LabelFigures figures;
    figures.label = input.labels[l];
    figures.clips = pairs.size();
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      figures.ratings += pairs.raters[i];
      figures.mean_rating += pairs.raters[i] * pairs.mean[i];
      figures.mean_score += pairs.raters[i] * pairs.score[i];
    }
    figures.mean_rating /= figures.ratings;
    figures.mean_score /= figures.ratings;
    figures.correlation = correlation_of(pairs, block, blocks);
    figures.reliability = report.labels[number[l]].reliability;
    figures.ceiling = report.labels[number[l]].ceiling;
    figures.corrected = corrected_of(figures.correlation, figures.reliability, figures.ceiling);
    figures.auc = auc_of(pairs, order);
    figures.brier = figures.calibration_error = kNaN;
    if (input.probabilities) calibration_of(pairs, order, figures);
    figures.verdict = verdict_of(figures);
    evaluation.labels.push_back(std::move(figures));
  }
  confuse(input, targets, number, evaluation);
  for (std::size_t g = 0; g < ratings.groups.size(); ++g)
    evaluation.groups.push_back(group_figures(input, g, number));
  return evaluation;
}

}  // namespace mien
