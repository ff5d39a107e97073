#include "training/rated_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace mien {

namespace {

struct LabelRange {
  float lowest = 2, highest = -1;
  double sum = 0, raters = 0;
  std::size_t above = 0, not_above = 0;  // the mean: clips
};

LabelRange range_of(const Targets& targets, std::size_t label) {
  LabelRange range;
  for (std::size_t i = label; i < targets.mean.size(); i += targets.labels) {
    if (targets.raters[i] == 0) continue;
    range.lowest = std::min(range.lowest, targets.mean[i]);
    range.highest = std::max(range.highest, targets.mean[i]);
    range.sum += static_cast<double>(targets.mean[i]) * static_cast<double>(targets.raters[i]);
    range.raters += static_cast<double>(targets.raters[i]);
  }
  if (range.raters == 0) return range;
  const double mean = range.sum / range.raters;
  for (std::size_t i = label; i < targets.mean.size(); i += targets.labels) {
    if (targets.raters[i] == 0) continue;
    ++(static_cast<double>(targets.mean[i]) > mean ? range.above : range.not_above);
  }
  return range;
}

std::string why_not(const LabelRange& range, RatingMode mode) {
  if (range.raters == 0) return "nobody rated it; remedy: offer it to raters, or take it off";
  if (range.highest <= 0 && mode == RatingMode::kChoice)
    return "nobody chose it; remedy: add clips that show it, or take it off the list";
  if (range.lowest == range.highest) {
    return fmt::format("every rating of it is {}; remedy: rate clips that differ",
                       mode == RatingMode::kChoice ? "the same" : "one value");
  }
  if (const auto fewest = static_cast<double>(std::min(range.above, range.not_above));
      fewest < kFewestChosen) {
    return fmt::format(
        "only {} clips differ from the rest; at least {} are needed; remedy: add "
        "clips that show it",
        fewest, kFewestChosen);
  }
  return "";
}

}  // namespace

Result<LabelChoice> labels_to_learn(const Ratings& ratings, const Targets& targets) {
  LabelChoice choice;
  for (std::size_t l = 0; l < targets.labels; ++l) {
    const std::string reason = why_not(range_of(targets, l), ratings.mode);
    if (reason.empty()) {
      choice.labels.push_back(l);
    } else {
      choice.left_out.push_back(ratings.labels[l] + ": " + reason);
    }
  }
  if (choice.labels.empty()) {
    std::string all;
    for (const std::string& label : choice.left_out) all += "; " + label;
    return Error{ErrorCode::kUsage, "no label can be learned" + all};
  }
  std::set<std::uint32_t> raters;
  for (const Judgement& judgement : ratings.judgements) raters.insert(judgement.rater);
  if (raters.size() < 2) {
    choice.warnings.push_back(
        "one rater gave all ratings: what is learned is that person's view, and how far raters "
        "agree is not known; remedy: let others rate some of the clips too");
  }
  return choice;
}

Targets only_labels(const Targets& targets, std::span<const std::size_t> labels) {
  Targets only{targets.clips, labels.size(), {}, {}};
  for (std::size_t clip = 0; clip < targets.clips; ++clip) {
    for (const std::size_t label : labels) {
      only.mean.push_back(targets.mean[clip * targets.labels + label]);
      only.raters.push_back(targets.raters[clip * targets.labels + label]);
    }
  }
  return only;
}

namespace {

// The mean rating of each label over the clips, weighted by raters; NaN where nobody rated it.
std::vector<double> rates_of(const Targets& targets, std::span<const std::uint32_t> clips) {
  std::vector<double> sum(targets.labels, 0), raters(targets.labels, 0);
  for (const std::uint32_t clip : clips) {
    for (std::size_t l = 0; l < targets.labels; ++l) {
      const auto n = static_cast<double>(targets.raters[clip * targets.labels + l]);
      if (n == 0) continue;
      sum[l] += n * static_cast<double>(targets.mean[clip * targets.labels + l]);
      raters[l] += n;
    }
  }
  for (std::size_t l = 0; l < targets.labels; ++l) sum[l] /= raters[l];
  return sum;
}

}  // namespace

Targets smoothed(const Targets& targets, std::span<const std::uint32_t> clips) {
  const std::vector<double> rates = rates_of(targets, clips);
  Targets result = targets;
  for (std::size_t i = 0; i < result.mean.size(); ++i) {
    const auto n = static_cast<double>(targets.raters[i]);
    const double rate = rates[i % targets.labels];
    if (n == 0 || std::isnan(rate)) continue;
    result.mean[i] =
        static_cast<float>((n * static_cast<double>(targets.mean[i]) + kSmoothingRaters * rate) /
                           (n + kSmoothingRaters));
  }
  return result;
}

Targets training_targets(const Targets& targets, std::span<const std::uint32_t> clips) {
  const std::vector<double> rates = rates_of(targets, clips);
  Targets result = smoothed(targets, clips);
  std::vector<double> factor(targets.clips, 1);
  double before = 0, after = 0;
  for (const std::uint32_t clip : clips) {
    double chosen = 0, evened = 0, weight = 0;
    for (std::size_t l = 0; l < targets.labels; ++l) {
      const std::size_t at = clip * targets.labels + l;
      if (targets.raters[at] == 0 || !(rates[l] > 0)) continue;
      chosen += static_cast<double>(targets.mean[at]);
      evened +=
          static_cast<double>(targets.mean[at]) / (static_cast<double>(targets.labels) * rates[l]);
      weight += static_cast<double>(targets.raters[at]);
    }
    if (chosen > 0) factor[clip] = std::clamp(evened / chosen, 1 / kMostBalance, kMostBalance);
    before += weight;
    after += weight * factor[clip];
  }
  for (const std::uint32_t clip : clips) {
    for (std::size_t l = 0; l < targets.labels; ++l)
      result.raters[clip * targets.labels + l] *= static_cast<float>(factor[clip] * before / after);
  }
  return result;
}

std::pair<double, double> value_range(const Ratings& ratings) {
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (const auto& of_label : ratings.values) {
    for (const LabelValue& value : of_label) {
      lowest = std::min(lowest, value.value);
      highest = std::max(highest, value.value);
    }
  }
  return {lowest, highest};
}

std::vector<std::uint32_t> rated_clips(const Targets& targets) {
  std::vector<std::uint32_t> clips;
  for (std::uint32_t clip = 0; clip < targets.clips; ++clip) {
    const auto first = targets.raters.begin() + static_cast<std::ptrdiff_t>(clip * targets.labels);
    if (std::any_of(first, first + static_cast<std::ptrdiff_t>(targets.labels),
                    [](float n) { return n > 0; }))
      clips.push_back(clip);
  }
  return clips;
}

Ratings only_clips(const Ratings& ratings, std::span<const std::uint32_t> clips) {
  constexpr std::uint32_t kGone = std::numeric_limits<std::uint32_t>::max();
  Ratings only;
  only.mode = ratings.mode;
  only.raters = ratings.raters;
  only.labels = ratings.labels;
  only.groups = ratings.groups;
  only.group_of_rater = ratings.group_of_rater;
  std::vector<std::uint32_t> number(ratings.clips.size(), kGone);
  for (std::uint32_t i = 0; i < clips.size(); ++i) {
    number[clips[i]] = i;
    only.clips.push_back(ratings.clips[clips[i]]);
  }
  std::vector<std::uint32_t> order;
  for (std::uint32_t j = 0; j < ratings.judgements.size(); ++j) {
    if (number[ratings.judgements[j].clip] != kGone) order.push_back(j);
  }
  std::ranges::stable_sort(order, {},
                           [&](std::uint32_t j) { return number[ratings.judgements[j].clip]; });
  std::vector<std::uint32_t> place(ratings.judgements.size(), kGone);
  for (const std::uint32_t j : order) {
    place[j] = static_cast<std::uint32_t>(only.judgements.size());
    only.judgements.push_back(ratings.judgements[j]);
    only.judgements.back().clip = number[ratings.judgements[j].clip];
  }
  for (const auto& of_label : ratings.values) {
    auto& values = only.values.emplace_back();
    for (const LabelValue& value : of_label) {
      if (place[value.judgement] != kGone) values.push_back({place[value.judgement], value.value});
    }
    std::ranges::sort(values, {}, &LabelValue::judgement);
  }
  return only;
}

}  // namespace mien
