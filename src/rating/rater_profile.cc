#include "rating/rater_profile.h"

#include <algorithm>
#include <cmath>

#include "base/missing.h"

namespace mien {

namespace {

constexpr double kPer = 100;  // judgements that drift is told for

struct Sums {  // of x and y, for a slope and a correlation
  double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  void add(double a, double b) {
    n += 1;
    x += a;
    y += b;
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  double sxx() const { return xx - x * x / n; }
  double syy() const { return yy - y * y / n; }
  double sxy() const { return xy - x * y / n; }
  double correlation() const {
    return n >= 3 && sxx() > 0 && syy() > 0 ? sxy() / std::sqrt(sxx() * syy()) : kNaN;
  }
  double slope() const { return n >= 3 && sxx() > 0 ? sxy() / sxx() : kNaN; }
  double slope_se() const {
    const double rest = syy() - sxy() * sxy() / sxx();
    return n >= 3 && sxx() > 0 ? std::sqrt(std::max(0.0, rest) / ((n - 2) * sxx())) : kNaN;
  }
};

// First and second judgements of one clip stand side by side.
void add_repeats(const Ratings& ratings, std::vector<RaterProfile>& profiles) {
  const std::size_t judgements = ratings.judgements.size();
  std::vector<double> value(judgements);
  for (const auto& of_label : ratings.values) {
    std::ranges::fill(value, ratings.mode == RatingMode::kChoice ? 0 : kNaN);
    for (const LabelValue& given : of_label) value[given.judgement] = given.value;
    for (std::size_t j = 1; j < judgements; ++j) {
      const Judgement& first = ratings.judgements[j - 1];
      const Judgement& second = ratings.judgements[j];
      const bool repeated =
          first.clip == second.clip && first.rater == second.rater && first.repeat == 0;
      if (!repeated || std::isnan(value[j - 1]) || std::isnan(value[j])) continue;
      RaterProfile& profile = profiles[second.rater];
      profile.repeats += 1;
      profile.consistency += value[j - 1] == value[j] ? 1 : 0;
      profile.repeat_difference += std::abs(value[j - 1] - value[j]);
    }
  }
  for (RaterProfile& profile : profiles) {
    const auto n = static_cast<double>(profile.repeats);
    profile.consistency = n > 0 ? profile.consistency / n : kNaN;
    profile.repeat_difference = n > 0 ? profile.repeat_difference / n : kNaN;
  }
}

}  // namespace

std::vector<RaterProfile> rater_profiles(const Ratings& ratings,
                                         const std::vector<LabelRatings>& labels) {
  std::vector<RaterProfile> profiles(ratings.raters.size());
  std::vector<Sums> beside(profiles.size());
  std::vector<Sums> in_time(profiles.size());
  for (RaterProfile& profile : profiles) profile.bias.assign(labels.size(), kNaN);

  std::vector<const Judgement*> first;  // in the order of designs that hold all judgements
  for (const Judgement& judgement : ratings.judgements) {
    if (judgement.repeat != 0) continue;
    first.push_back(&judgement);
    ++profiles[judgement.rater].clips;
  }
  std::vector<double> bias(profiles.size());
  std::vector<double> compared(profiles.size());
  for (std::size_t l = 0; l < labels.size(); ++l) {
    const RatingDesign& design = *labels[l].design;
    std::ranges::fill(bias, 0);
    std::ranges::fill(compared, 0);
    std::size_t at = 0;  // walks `first`, of which the design's ratings are a part
    for (std::size_t u = 0; u < design.units(); ++u) {
      const std::uint32_t begin = design.start[u];
      const std::uint32_t end = design.start[u + 1];
      double sum = 0;
      for (std::uint32_t i = begin; i < end; ++i) sum += labels[l].value[i];
      for (std::uint32_t i = begin; i < end; ++i) {
        const std::uint32_t rater = design.rater[i];
        while (first[at]->clip != design.clip[u] || first[at]->rater != rater) ++at;
        if (end - begin < 2) continue;
        const double own = labels[l].value[i];
        const double others = (sum - own) / (end - begin - 1);
        bias[rater] += own - others;
        compared[rater] += 1;
        beside[rater].add(own, others);
        in_time[rater].add(first[at]->order / kPer, std::abs(own - others));
      }
    }
    for (std::size_t r = 0; r < profiles.size(); ++r) {
      if (compared[r] > 0) profiles[r].bias[l] = bias[r] / compared[r];
      profiles[r].compared += static_cast<std::size_t>(compared[r]);
    }
  }
  for (std::size_t r = 0; r < profiles.size(); ++r) {
    profiles[r].agreement = beside[r].correlation();
    profiles[r].drift = in_time[r].slope();
    profiles[r].drift_se = in_time[r].slope_se();
  }
  add_repeats(ratings, profiles);
  return profiles;
}

}  // namespace mien
