#include "rating/intraclass.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/missing.h"
#include "stats/distributions.h"

namespace mien {

namespace {

constexpr double kTail = 0.975;

struct MeanSquares {
  double clips = 0, raters = 0, within = 0, error = 0;
};

MeanSquares mean_squares(const CompleteBlock& block) {
  const auto n = static_cast<double>(block.clips);
  const auto k = static_cast<double>(block.raters);
  double grand = 0;
  std::vector<double> of_clip(block.clips, 0);
  std::vector<double> of_rater(block.raters, 0);
  for (std::size_t i = 0; i < block.clips; ++i) {
    for (std::size_t j = 0; j < block.raters; ++j) {
      const double value = block.value[i * block.raters + j];
      grand += value / (n * k);
      of_clip[i] += value / k;
      of_rater[j] += value / n;
    }
  }
  MeanSquares squares;
  for (std::size_t i = 0; i < block.clips; ++i) {
    squares.clips += k * (of_clip[i] - grand) * (of_clip[i] - grand) / (n - 1);
    for (std::size_t j = 0; j < block.raters; ++j) {
      const double value = block.value[i * block.raters + j];
      const double within = value - of_clip[i];
      const double error = within - of_rater[j] + grand;
      squares.within += within * within / (n * (k - 1));
      squares.error += error * error / ((n - 1) * (k - 1));
    }
  }
  for (const double mean : of_rater) {
    squares.raters += n * (mean - grand) * (mean - grand) / (k - 1);
  }
  return squares;
}

// Forms whose only sources are clips and one error: (F - 1) / (F + k - 1), and 1 - 1 / F of k.
void one_error_forms(double clips, double error, double df_clips, double df_error, double k,
                     Interval& single, Interval& mean_of_k) {
  const double f = clips / error;
  const double lower = f / f_quantile(kTail, df_clips, df_error);
  const double upper = f * f_quantile(kTail, df_error, df_clips);
  single = {(clips - error) / (clips + (k - 1) * error), (lower - 1) / (lower + k - 1),
            (upper - 1) / (upper + k - 1)};
  mean_of_k = {(clips - error) / clips, 1 - 1 / lower, 1 - 1 / upper};
}

// A complete block of the raters marked; empty where fewer than 2 clips hold them all.
CompleteBlock block_of(const LabelRatings& ratings, const std::vector<bool>& in,
                       std::size_t raters) {
  const RatingDesign& design = *ratings.design;
  CompleteBlock block;
  block.raters = raters;
  std::vector<std::pair<std::uint32_t, double>> row;
  for (std::size_t u = 0; u < design.units(); ++u) {
    row.clear();
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      if (in[design.rater[i]]) row.emplace_back(design.rater[i], ratings.value[i]);
    }
    if (row.size() != raters) continue;
    std::ranges::sort(row);
    for (const auto& [rater, value] : row) block.value.push_back(value);
    ++block.clips;
  }
  return block;
}

}  // namespace

CompleteBlock complete_block(const LabelRatings& ratings, std::size_t raters) {
  const RatingDesign& design = *ratings.design;
  std::vector<std::size_t> count(raters, 0);
  for (const std::uint32_t rater : design.rater) ++count[rater];
  std::vector<std::uint32_t> by_count(raters);
  std::iota(by_count.begin(), by_count.end(), 0U);
  std::ranges::stable_sort(by_count, std::greater<>(), [&](std::uint32_t r) { return count[r]; });
  while (!by_count.empty() && count[by_count.back()] == 0) by_count.pop_back();
  if (by_count.size() < 2) return {};

  // Clips held by the first r raters, for every r: a clip holds them up to the first that is
  // missing.
  std::vector<std::size_t> place(raters, 0);
  for (std::size_t p = 0; p < by_count.size(); ++p) place[by_count[p]] = p;
  std::vector<std::size_t> holds(by_count.size() + 1, 0);
  std::vector<std::size_t> places;
  for (std::size_t u = 0; u < design.units(); ++u) {
    places.clear();
    for (std::uint32_t i = design.start[u]; i < design.start[u + 1]; ++i) {
      places.push_back(place[design.rater[i]]);
    }
    std::ranges::sort(places);
    std::size_t first = 0;
    while (first < places.size() && places[first] == first) ++first;
    ++holds[first];
  }
  for (std::size_t r = by_count.size(); r > 0; --r) holds[r - 1] += holds[r];
  std::size_t best = holds[by_count.size()] >= 2 ? by_count.size() : 0;
  if (best == 0) {
    for (std::size_t r = 2; r < by_count.size(); ++r) {
      if (holds[r] >= 2 && (best == 0 || r * holds[r] > best * holds[best])) best = r;
    }
  }
  if (best == 0) return {};
  std::vector<bool> in(raters, false);
  for (std::size_t p = 0; p < best; ++p) in[by_count[p]] = true;
  return block_of(ratings, in, best);
}

IntraclassCorrelations intraclass_correlations(const CompleteBlock& block) {
  IntraclassCorrelations icc;
  const Interval none{kNaN, kNaN, kNaN};
  icc = {none, none, none, none, none, none};
  if (block.clips < 2 || block.raters < 2) return icc;
  const auto n = static_cast<double>(block.clips);
  const auto k = static_cast<double>(block.raters);
  const MeanSquares ms = mean_squares(block);
  if (!(ms.clips + ms.within > 0)) return icc;
  one_error_forms(ms.clips, ms.within, n - 1, n * (k - 1), k, icc.icc1, icc.icc1k);
  one_error_forms(ms.clips, ms.error, n - 1, (n - 1) * (k - 1), k, icc.icc3, icc.icc3k);

  icc.icc2.estimate =
      (ms.clips - ms.error) / (ms.clips + (k - 1) * ms.error + k * (ms.raters - ms.error) / n);
  icc.icc2k.estimate = (ms.clips - ms.error) / (ms.clips + (ms.raters - ms.error) / n);
  const double r = icc.icc2.estimate;
  const double f = ms.raters / ms.error;
  const double rest = n * (1 + (k - 1) * r) - k * r;
  const double top = k * r * f + rest;
  const double df = (k - 1) * (n - 1) * top * top / ((n - 1) * k * k * r * r * f * f + rest * rest);
  const double f_upper = f_quantile(kTail, n - 1, df);
  const double f_lower = f_quantile(kTail, df, n - 1);
  const double others = k * ms.raters + (k * n - k - n) * ms.error;
  icc.icc2.lower = n * (ms.clips - f_upper * ms.error) / (f_upper * others + n * ms.clips);
  icc.icc2.upper = n * (f_lower * ms.clips - ms.error) / (others + n * f_lower * ms.clips);
  const auto stepped_up = [&](double single) { return single * k / (1 + single * (k - 1)); };
  icc.icc2k.lower = stepped_up(icc.icc2.lower);
  icc.icc2k.upper = stepped_up(icc.icc2.upper);
  return icc;
}

}  // namespace mien
