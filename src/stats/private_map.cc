#include "stats/private_map.h"

#include <algorithm>
#include <cmath>

#include "base/missing.h"
#include "stats/distributions.h"
#include "stats/private_centring.h"

namespace mien {

namespace {

// Of one region, in real numbers.
struct RegionSums {
  double videos = 0;
  std::vector<double> score_sums, score_squares;       // an expression
  std::vector<double> context_videos, context_spread;  // a context
  std::vector<double> context_scores;                  // contexts x expressions
};

// Variances of the noise on them.
struct NoiseVariances {
  double score_sums, score_squares, context_videos, context_scores, context_spread;
};

const NoiseScale& of(const PrivatePlan& plan, PrivateVector vector) {
  return plan[static_cast<std::size_t>(vector)];
}

std::vector<double> part(const WholeNumbers& numbers, std::size_t region, std::size_t width,
                         double lattice) {
  std::vector<double> values(width);
  for (std::size_t i = 0; i < width; ++i) {
    values[i] = static_cast<double>(numbers[region * width + i]) / lattice;
  }
  return values;
}

RegionSums region_sums(const PrivateDesign& design, const PrivateContextSums& sums,
                       std::size_t region) {
  return {static_cast<double>(sums.videos[region]),
          part(sums.score_sums, region, design.expressions, kLattice),
          part(sums.score_squares, region, design.expressions, kLattice),
          part(sums.context_videos, region, design.contexts, 1),
          part(sums.context_spread, region, design.contexts, kLattice),
          part(sums.context_scores, region, design.contexts * design.expressions, kLattice)};
}

// A context's d, see private_map.h.
std::vector<double> design_effects(const RegionSums& sums, const std::vector<bool>& suppressed,
                                   double mean_square, double spread_variance) {
  constexpr double kLeast = 0.25;
  double videos = 0;
  double spread = 0;
  for (std::size_t c = 0; c < suppressed.size(); ++c) {
    if (suppressed[c]) continue;
    videos += sums.context_videos[c];
    spread += sums.context_spread[c];
  }
  std::vector<double> effects(suppressed.size(), 1);
  if (!(videos > 0 && mean_square > 0)) return effects;
  const double whole = std::max(kLeast, spread / videos / mean_square);
  const auto own = [&](std::size_t c) {
    return sums.context_spread[c] / sums.context_videos[c] / mean_square;
  };
  const auto error = [&](std::size_t c) {
    return spread_variance / std::pow(sums.context_videos[c] * mean_square, 2);
  };
  double between = 0;
  for (std::size_t c = 0; c < suppressed.size(); ++c) {
    if (suppressed[c]) continue;
    between += sums.context_videos[c] / videos * (std::pow(own(c) - whole, 2) - error(c));
  }
  between = std::max(0.0, between);
  for (std::size_t c = 0; c < suppressed.size(); ++c) {
    if (suppressed[c]) continue;
    const double weight = between > 0 ? between / (between + error(c)) : 0;
    effects[c] = std::max(kLeast * whole, whole + weight * (own(c) - whole));
  }
  return effects;
}

PrivateRegionMap map_of(const PrivateDesign& design, const RegionSums& sums,
                        const NoiseVariances& noise, double minimum) {
  const double n = std::max(1.0, sums.videos);
  PrivateRegionMap map;
  map.videos = sums.videos;
  map.context_videos = sums.context_videos;
  const double least = std::max(minimum, kAboveNoise * std::sqrt(noise.context_videos));
  for (const double videos : sums.context_videos) {
    map.suppressed.push_back(videos < least || n - videos < least);
  }
  std::vector<double> squares(design.expressions);  // S_rr
  double mean_square = 0;
  std::size_t shown = 0;
  for (std::size_t e = 0; e < design.expressions; ++e) {
    squares[e] = sums.score_squares[e] - sums.score_sums[e] * sums.score_sums[e] / n;
    if (!(squares[e] > kAboveNoise * std::sqrt(noise.score_squares))) squares[e] = kNaN;
    if (std::isnan(squares[e])) continue;
    mean_square += squares[e] / n;
    ++shown;
  }
  mean_square /= static_cast<double>(std::max<std::size_t>(1, shown));
  const std::vector<double> effects =
      design_effects(sums, map.suppressed, mean_square, noise.context_spread);
  const std::size_t cells = design.contexts * design.expressions;
  for (std::vector<double>* values : {&map.estimate, &map.se, &map.lower, &map.upper, &map.p}) {
    values->assign(cells, kNaN);
  }
  map.reason.assign(cells, PrivateReason::kNone);
  const double reach = normal_quantile(kUpperTail);
  for (std::size_t c = 0; c < design.contexts; ++c) {
    const double share = sums.context_videos[c] / n;
    const double xx = sums.context_videos[c] * (1 - share);
    for (std::size_t e = 0; e < design.expressions; ++e) {
      const std::size_t i = c * design.expressions + e;
      if (map.suppressed[c] || std::isnan(squares[e])) {
        map.reason[i] = map.suppressed[c] ? PrivateReason::kContextWithinNoise
                                          : PrivateReason::kScoreWithinNoise;
        continue;
      }
      const double scale = xx * squares[e];
      const double raw = (sums.context_scores[i] - share * sums.score_sums[e]) / std::sqrt(scale);
      const double estimate = std::clamp(raw, -1.0, 1.0);  // as a matrix of two must have it
      const double of_sums = xx * effects[c] * squares[e] / n + noise.context_scores +
                             share * share * noise.score_sums;
      const double of_scale =
          noise.context_videos / (4 * sums.context_videos[c] * sums.context_videos[c]) +
          noise.score_squares / (4 * squares[e] * squares[e]);
      const double se = std::sqrt(of_sums / scale + estimate * estimate * of_scale);
      map.estimate[i] = estimate;
      map.se[i] = se;
      map.lower[i] = estimate - reach * se;
      map.upper[i] = estimate + reach * se;
      map.p[i] = 2 * normal_upper(std::fabs(estimate) / se);
    }
  }
  return map;
}

}  // namespace

std::string_view to_string(PrivateReason reason) {
  switch (reason) {
    case PrivateReason::kNone:
      return "";
    case PrivateReason::kContextWithinNoise:
      return "context_within_noise";
    case PrivateReason::kScoreWithinNoise:
      return "score_within_noise";
  }
  return "";
}

void SystemNoise::add_to(WholeNumbers& numbers, const NoiseScale& scale) {
  DiscreteGaussian noise(scale.variance, words_);
  for (std::int64_t& number : numbers) number += noise.draw();
}

std::vector<PrivateRegionMap> private_maps(const PrivateDesign& design, const PrivateVideos& videos,
                                           const PrivatePlan& plan, double minimum, Noise& noise) {
  using enum PrivateVector;
  WholeNumbers noisy_scale = scale_sums(design, videos);
  noise.add_to(noisy_scale, of(plan, kScale));
  const ScoreScale scale = scale_of(design, noisy_scale, of(plan, kScale));

  UnitSums units = unit_sums(design, videos, scale);
  noise.add_to(units.units, of(plan, kUnits));
  if (design.covariates() > 0) noise.add_to(units.products, of(plan, kProducts));
  const ScoreCentring centring = centring_of(design, units, of(plan, kUnits), of(plan, kProducts));

  PrivateContextSums sums = context_sums(design, videos, scale, centring);
  noise.add_to(sums.videos, of(plan, kVideos));
  noise.add_to(sums.score_sums, of(plan, kScoreSums));
  noise.add_to(sums.score_squares, of(plan, kScoreSquares));
  noise.add_to(sums.context_videos, of(plan, kContextVideos));
  noise.add_to(sums.context_scores, of(plan, kContextScores));
  noise.add_to(sums.context_spread, of(plan, kContextSpread));

  const auto variance = [&](PrivateVector vector, double lattice) {
    return static_cast<double>(of(plan, vector).variance) / (lattice * lattice);
  };
  const NoiseVariances variances{variance(kScoreSums, kLattice), variance(kScoreSquares, kLattice),
                                 variance(kContextVideos, 1), variance(kContextScores, kLattice),
                                 variance(kContextSpread, kLattice)};
  std::vector<PrivateRegionMap> maps;
  for (std::size_t region = 0; region < design.regions; ++region) {
    maps.push_back(map_of(design, region_sums(design, sums, region), variances, minimum));
  }
  return maps;
}

}  // namespace mien
