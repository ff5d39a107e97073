#include "rating/split_half.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/missing.h"
#include "rating/agreement.h"
#include "stats/distributions.h"
#include "stats/parallel.h"

namespace mien {

namespace {

constexpr std::size_t kBlocks = 20;
constexpr std::size_t kBlocsplits = 2;  // the same for all blocks, so that dealing adds no noise
constexpr double kLargest = 1 - 1e-9;   // a correlation of 1 has no place on Fisher's scale

// One split of a design under weights: what each rating counts in the mean of its half.
struct Deal {
  const RatingDesign& design;
  const ResampleWeights& weights;
  std::vector<std::uint8_t> half;
  std::vector<double> share;           // of the half's weight, beside half
  std::vector<std::uint8_t> complete;  // units with weight in both halves
  double clips = 0;                    // how many those are, by weight

  Deal(const RatingDesign& of, const ResampleWeights& with, const Random& random)
      : design(of),
        weights(with),
        half(of.rater.size(), 0),
        share(of.rater.size(), 0),
        complete(of.units(), 0) {
    std::vector<std::uint32_t> dealt;
    for (std::size_t u = 0; u < design.units(); ++u) {
      const std::uint32_t count = design.start[u + 1] - design.start[u];
      const double copies = weights.clip[design.clip[u]];
      if (copies == 0 || count < 2) continue;
      Random deal = random.fork(design.clip[u]);
      dealt.resize(count);
      for (std::uint32_t i = 0; i < count; ++i) dealt[i] = design.start[u] + i;
      for (std::uint32_t i = count - 1; i > 0; --i) std::swap(dealt[i], dealt[deal.below(i + 1)]);
      std::array<double, 2> sum{0, 0};
      for (std::uint32_t i = 0; i < count; ++i) {
        half[dealt[i]] = i % 2;
        share[dealt[i]] = weights.rater[design.rater[dealt[i]]];
        sum[i % 2] += share[dealt[i]];
      }
      if (sum[0] == 0 || sum[1] == 0) continue;
      for (std::uint32_t i = 0; i < count; ++i) share[dealt[i]] /= sum[i % 2];
      complete[u] = 1;
      clips += copies;
    }
  }
};

// Between the halves' means. Values count from the commonest one, so that only active units do.
double correlation(const LabelRatings& label, const Deal& deal) {
  const RatingDesign& design = deal.design;
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (const std::uint32_t u : label.active) {
    if (deal.complete[u] == 0) continue;
    const double copies = deal.weights.clip[design.clip[u]];
    std::array<double, 2> mean{0, 0};
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      mean[deal.half[i]] += deal.share[i] * (label.value[i] - label.commonest);
    }
    a += copies * mean[0];
    b += copies * mean[1];
    aa += copies * mean[0] * mean[0];
    bb += copies * mean[1] * mean[1];
    ab += copies * mean[0] * mean[1];
  }
  const double n = deal.clips;
  const double va = n * aa - a * a;
  const double vb = n * bb - b * b;
  if (!(va > 1e-12 * n * aa) || !(vb > 1e-12 * n * bb)) return kNaN;
  return (n * ab - a * b) / std::sqrt(va * vb);
}

// Averaged over what could be estimated, stepped up once.
double stepped_up_mean(const double* r, std::size_t count) {
  double sum = 0;
  std::size_t used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isnan(r[i])) continue;
    sum += r[i];
    ++used;
  }
  const double mean = used == 0 ? kNaN : sum / static_cast<double>(used);
  return 2 * mean / (1 + mean);
}

double on_scale(double r) {
  return std::atanh(std::clamp(r, -kLargest, kLargest));
}

double jackknife_variance(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  const auto n = static_cast<double>(values.size());
  if (n < 2) return kNaN;
  double mean = 0;
  for (const double value : values) mean += value / n;
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum * (n - 1) / n;
}

}  // namespace

std::vector<Interval> split_halves(const std::vector<LabelRatings>& labels, std::size_t clips,
                                   std::size_t raters, std::size_t splits, const Random& random,
                                   int threads) {
  // Everybody first, then each block of clips left out, then each of raters.
  const std::size_t clip_blocks = std::min(kBlocks, clips);
  const std::size_t rater_blocks = std::min(kBlocks, raters);
  std::vector<ResampleWeights> weights(1 + clip_blocks + rater_blocks,
                                       no_resampling(clips, raters));
  for (std::size_t i = 0; i < clips; ++i) weights[1 + i % clip_blocks].clip[i] = 0;
  for (std::size_t i = 0; i < raters; ++i) weights[1 + clip_blocks + i % rater_blocks].rater[i] = 0;

  const std::size_t pieces = splits + (weights.size() - 1) * kBlocsplits;
  std::vector<std::vector<double>> r(labels.size(), std::vector<double>(pieces, kNaN));
  for_each_piece(pieces, threads, [&](std::size_t piece) {
    const bool whole = piece < splits;
    const std::size_t set = whole ? 0 : 1 + (piece - splits) / kBlocsplits;
    const std::size_t split = whole ? piece : (piece - splits) % kBlocsplits;
    std::optional<Deal> deal;
    for (std::size_t l = 0; l < labels.size(); ++l) {
      if (l == 0 || labels[l].design != labels[l - 1].design) {
        deal.emplace(*labels[l].design, weights[set], random.fork(split));
      }
      r[l][piece] = correlation(labels[l], *deal);
    }
  });

  std::vector<Interval> intervals(labels.size());
  const double quantile = t_quantile(0.975, kBlocks - 1);
  for (std::size_t l = 0; l < labels.size(); ++l) {
    const auto left_out = [&](std::size_t first_set, std::size_t sets) {
      std::vector<double> values;
      for (std::size_t set = first_set; set < first_set + sets; ++set) {
        const double* of_set = r[l].data() + splits + (set - 1) * kBlocsplits;
        values.push_back(on_scale(stepped_up_mean(of_set, kBlocsplits)));
      }
      return jackknife_variance(values);
    };
    intervals[l].estimate = stepped_up_mean(r[l].data(), splits);
    const double variance = left_out(1, clip_blocks) + left_out(1 + clip_blocks, rater_blocks);
    const double centre = on_scale(intervals[l].estimate);
    intervals[l].lower = std::tanh(centre - quantile * std::sqrt(variance));
    intervals[l].upper = std::tanh(centre + quantile * std::sqrt(variance));
  }
  return intervals;
}

}  // namespace mien
