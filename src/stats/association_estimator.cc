#include "stats/association_estimator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/missing.h"
#include "stats/association_projection.h"
#include "stats/weighted_sums.h"

namespace mien {

namespace {

std::string factor_of(const std::string& covariate) {
  const std::size_t end = covariate.find('=');
  return end == std::string::npos ? std::string() : covariate.substr(0, end);
}

}  // namespace

std::string_view to_string(AssociationKind kind) {
  switch (kind) {
    case AssociationKind::kCorrelation:
      return "correlation";
    case AssociationKind::kPartial:
      return "partial";
    case AssociationKind::kSemipartial:
      return "semipartial";
    case AssociationKind::kSlope:
      return "slope";
    case AssociationKind::kStandardisedSlope:
      return "standardised_slope";
  }
  return "";
}

std::string_view to_string(NullReason reason) {
  switch (reason) {
    case NullReason::kNone:
      return "";
    case NullReason::kContextAbsent:
      return "context_absent";
    case NullReason::kConstantContext:
      return "constant_context";
    case NullReason::kConstantExpression:
      return "constant_expression";
    case NullReason::kCollinearContext:
      return "collinear_context";
    case NullReason::kCollinearExpression:
      return "collinear_expression";
    case NullReason::kTooFewVideos:
      return "too_few_videos";
    case NullReason::kTooFewCountries:
      return "too_few_countries";
    case NullReason::kOneBlock:
      return "one_block";
    case NullReason::kNoBootstrap:
      return "no_bootstrap";
    case NullReason::kSuppressedVideos:
      return "suppressed_videos";
    case NullReason::kSuppressedUploaders:
      return "suppressed_uploaders";
    case NullReason::kSuppressedComplement:
      return "suppressed_complement";
    case NullReason::kConstantCovariate:
      return "constant_covariate";
    case NullReason::kCollinearCovariate:
      return "collinear_covariate";
    case NullReason::kReferenceLevel:
      return "reference_level";
  }
  return "";
}

AssociationEstimator::AssociationEstimator(const AssociationSums& sums, std::size_t group,
                                           const EstimatorOptions& options)
    : sums_(&sums),
      options_(options),
      expressions_(sums.layout.expressions.size()),
      covariates_(sums.layout.covariates.size()),
      columns_(sums.layout.columns()),
      blocks_(sums.blocks_of(group)) {
  MIEN_CHECK(expressions_ > 0, "an association has expressions");
  find_units();
  find_rows();
  find_covariates();
  estimate();
  measure_blocks();
}

void AssociationEstimator::find_units() {
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    videos_ += blocks_[b].videos;
    if (b == 0 || blocks_[b].country != blocks_[b - 1].country) country_ranges_.push_back({b, b});
    country_ranges_.back().last = b + 1;
    country_of_block_.push_back(static_cast<std::uint32_t>(country_ranges_.size() - 1));
  }
  units_ = country_ranges_;
  if (options_.within == Within::kNone && !blocks_.empty()) units_ = {{0, blocks_.size()}};
}

void AssociationEstimator::find_rows() {
  context_first_.assign(contexts() + 1, 0);
  for (const AssociationBlock& block : blocks_) {
    for (const std::uint32_t context : block.contexts) ++context_first_[context + 1];
  }
  std::partial_sum(context_first_.begin(), context_first_.end(), context_first_.begin());
  context_rows_.resize(context_first_.back());
  std::vector<std::size_t> next(context_first_.begin(), context_first_.end() - 1);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    for (std::size_t r = 0; r < blocks_[b].contexts.size(); ++r) {
      context_rows_[next[blocks_[b].contexts[r]]++] = {static_cast<std::uint32_t>(b),
                                                       static_cast<std::uint32_t>(r)};
    }
  }
}

void AssociationEstimator::find_covariates() {
  covariate_reasons_.assign(covariates_, NullReason::kNone);
  if (options_.kind == AssociationKind::kCorrelation || blocks_.empty()) return;
  const std::vector<double> ones(blocks_.size(), 1.0);
  AssociationProjection projection;
  const std::vector<double> products = sum_blocks(ones.data(), 1, block_sums(), &projection);
  const CentredProducts centred =
      centre_products(products.data(), columns_, options_.within, projection);
  const std::vector<bool> kept =
      factor_covariates(centred, expressions_, std::vector<bool>(covariates_, true), projection);
  const auto& names = sums_->layout.covariates;
  const auto varies = [&](std::size_t k) {
    const std::size_t at = expressions_ + k;
    return centred.products[at * columns_ + at] > kLeftOver * centred.total_diagonal[at];
  };
  for (std::size_t k = 0; k < covariates_; ++k) {
    if (kept[k]) {
      used_.push_back(k);
      continue;
    }
    const std::string factor = factor_of(names[k]);
    bool is_last_level = !factor.empty();
    for (std::size_t other = k + 1; other < covariates_; ++other) {
      if (factor_of(names[other]) == factor && varies(other)) is_last_level = false;
    }
    covariate_reasons_[k] = !varies(k)      ? NullReason::kConstantCovariate
                            : is_last_level ? NullReason::kReferenceLevel
                                            : NullReason::kCollinearCovariate;
  }
}

AssociationEstimator::BlockSums AssociationEstimator::block_sums() const {
  const auto padded = [](std::size_t size) {
    return (size + kWeightedSumsStep - 1) / kWeightedSumsStep * kWeightedSumsStep;
  };
  const std::size_t products = columns_ * (columns_ + 1) / 2;
  BlockSums sums{padded(1 + columns_), padded(products), {}, {}};
  sums.sums.assign(blocks_.size() * sums.sums_stride, 0.0);
  sums.products.assign(blocks_.size() * sums.products_stride, 0.0);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    double* row = sums.sums.data() + b * sums.sums_stride;
    row[0] = blocks_[b].weight;
    std::copy(blocks_[b].sums.begin(), blocks_[b].sums.end(), row + 1);
    std::copy(blocks_[b].products.begin(), blocks_[b].products.end(),
              sums.products.data() + b * sums.products_stride);
  }
  return sums;
}

std::vector<double> AssociationEstimator::sum_blocks(const double* weights, std::size_t sets,
                                                     const BlockSums& sums,
                                                     AssociationProjection* projections) const {
  const std::size_t stride = sums.sums_stride;
  std::vector<double> of_unit(sets * stride);
  for (std::size_t set = 0; set < sets; ++set) {
    AssociationProjection& projection = projections[set];
    projection.unit_weights.resize(units_.size());
    projection.unit_sums.resize(units_.size() * columns_);
    projection.sums.assign(columns_, 0.0);
    projection.weight = 0;
  }
  for (std::size_t k = 0; k < units_.size(); ++k) {
    const auto [first, last] = units_[k];
    weighted_sums(weights + first, blocks_.size(), sets, sums.sums.data() + first * stride, stride,
                  last - first, stride, of_unit.data(), stride);
    for (std::size_t set = 0; set < sets; ++set) {
      AssociationProjection& projection = projections[set];
      const double* unit = of_unit.data() + set * stride;
      projection.unit_weights[k] = unit[0];
      projection.weight += unit[0];
      for (std::size_t i = 0; i < columns_; ++i) {
        projection.unit_sums[k * columns_ + i] = unit[1 + i];
        projection.sums[i] += unit[1 + i];
      }
    }
  }
  std::vector<double> products(sets * sums.products_stride);
  weighted_sums(weights, blocks_.size(), sets, sums.products.data(), sums.products_stride,
                blocks_.size(), sums.products_stride, products.data(), sums.products_stride);
  return products;
}

void AssociationEstimator::project(const double* weights, std::size_t sets, const BlockSums& sums,
                                   AssociationProjection* projections) const {
  const std::vector<double> products = sum_blocks(weights, sets, sums, projections);
  std::vector<bool> allowed(covariates_, false);
  for (const std::size_t k : used_) allowed[k] = true;
  for (std::size_t set = 0; set < sets; ++set) {
    AssociationProjection& projection = projections[set];
    const CentredProducts centred = centre_products(products.data() + set * sums.products_stride,
                                                    columns_, options_.within, projection);
    factor_covariates(centred, expressions_, allowed, projection);
    project_scores(centred, expressions_, options_.control, projection);
    scale_scores(options_.kind, expressions_, projection);
  }
}

void AssociationEstimator::estimate() {
  const std::size_t cells = contexts() * expressions_;
  estimates_.assign(cells, kNaN);
  reasons_.assign(cells, NullReason::kContextAbsent);
  if (blocks_.empty()) return;
  const std::vector<double> ones(blocks_.size(), 1.0);
  AssociationProjection projection;
  project(ones.data(), 1, block_sums(), &projection);

  // Degrees of freedom left for the context itself.
  const auto used = static_cast<std::int64_t>(used_.size());
  const auto controlled =
      static_cast<std::int64_t>(options_.control == Control::kExpressions ? expressions_ - 1 : 0);
  const auto units = static_cast<std::int64_t>(units_.size());
  const std::int64_t left = options_.within == Within::kBetweenCountries
                                ? units - 1 - used - controlled - 1
                                : videos_ - units - used - controlled - 1;
  std::vector<double> xv(columns_);
  std::vector<double> u(covariates_);
  for (std::size_t c = 0; c < contexts(); ++c) {
    if (context_first_[c] == context_first_[c + 1]) continue;
    ContextSums sums = context_sums(static_cast<std::uint32_t>(c), projection, xv.data());
    double* row = estimates_.data() + c * expressions_;
    association_row(projection, options_, expressions_, sums, u.data(), row);
    const double xx_z = project_context(projection, expressions_, sums, u.data());
    for (std::size_t e = 0; e < expressions_; ++e) {
      NullReason& reason = reasons_[c * expressions_ + e];
      if (left < 1) {
        reason = NullReason::kTooFewVideos;
      } else if (!(sums.total_xx > 0) || !(sums.xx > kLeftOver * sums.total_xx)) {
        reason = NullReason::kConstantContext;
      } else if (!(projection.yy[e] > kLeftOver * projection.total_yy[e])) {
        reason = NullReason::kConstantExpression;
      } else if (!(xx_z > kLeftOver * sums.xx)) {
        reason = NullReason::kCollinearContext;
      } else if (!projection.is_estimable[e]) {
        reason = NullReason::kCollinearExpression;
      } else {
        reason = std::isfinite(row[e]) ? NullReason::kNone : NullReason::kCollinearContext;
      }
      if (reason != NullReason::kNone) row[e] = kNaN;
    }
  }
}

ContextSums AssociationEstimator::context_sums(std::uint32_t context,
                                               const AssociationProjection& projection,
                                               double* xv) const {
  const std::size_t width = columns_ + 2;
  std::fill(xv, xv + columns_, 0.0);
  ContextSums sums;
  double x = 0;
  double raw_xx = 0;
  double xx_of_means = 0;
  std::size_t place = context_first_[context];
  const std::size_t end = context_first_[context + 1];
  std::vector<double> of_unit(columns_);
  for (std::size_t k = 0; k < units_.size() && place < end; ++k) {
    if (context_rows_[place].block >= units_[k].last) continue;
    double unit_x = 0;
    std::fill(of_unit.begin(), of_unit.end(), 0.0);
    for (; place < end && context_rows_[place].block < units_[k].last; ++place) {
      const double* row =
          blocks_[context_rows_[place].block].rows.data() + context_rows_[place].row * width;
      unit_x += row[0];
      raw_xx += row[1];
      for (std::size_t i = 0; i < columns_; ++i) of_unit[i] += row[2 + i];
    }
    const double scale = unit_x / projection.unit_weights[k];
    const double* means = projection.unit_sums.data() + k * columns_;
    const bool is_between = options_.within == Within::kBetweenCountries;
    for (std::size_t i = 0; i < columns_; ++i) {
      xv[i] += is_between ? scale * means[i] : of_unit[i] - scale * means[i];
    }
    x += unit_x;
    xx_of_means += scale * unit_x;
  }
  const double scale = x / projection.weight;
  sums.total_xx = raw_xx - scale * x;
  if (sums.total_xx <= kRounding * raw_xx) sums.total_xx = 0;
  if (options_.within == Within::kBetweenCountries) {
    for (std::size_t i = 0; i < columns_; ++i) xv[i] -= scale * projection.sums[i];
    sums.xx = between_or_zero(xx_of_means - scale * x, sums.total_xx);
    sums.total_xx = sums.xx;
  } else {
    sums.xx = raw_xx - xx_of_means;
  }
  sums.xv = xv;
  return sums;
}

void AssociationEstimator::measure_blocks() {
  const std::size_t width = columns_ + 2;
  effective_blocks_.assign(contexts(), 0.0);
  blocks_with_context_.assign(contexts(), 0);
  std::vector<double> unit_x(units_.size());
  std::vector<double> unit_weight(units_.size(), 0.0);
  std::vector<std::size_t> unit_of(blocks_.size());
  for (std::size_t k = 0; k < units_.size(); ++k) {
    for (std::size_t b = units_[k].first; b < units_[k].last; ++b) {
      unit_weight[k] += blocks_[b].weight;
      unit_of[b] = k;
    }
  }
  std::vector<double> share(blocks_.size());
  for (std::size_t c = 0; c < contexts(); ++c) {
    const auto first = context_rows_.begin() + static_cast<std::ptrdiff_t>(context_first_[c]);
    const auto last = context_rows_.begin() + static_cast<std::ptrdiff_t>(context_first_[c + 1]);
    if (first == last) continue;
    blocks_with_context_[c] = static_cast<std::uint32_t>(last - first);
    std::fill(unit_x.begin(), unit_x.end(), 0.0);
    for (auto at = first; at != last; ++at) {
      unit_x[unit_of[at->block]] += blocks_[at->block].rows[at->row * width];
    }
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const double mean = unit_x[unit_of[b]] / unit_weight[unit_of[b]];
      share[b] = mean * mean * blocks_[b].weight;
    }
    for (auto at = first; at != last; ++at) {
      const double* row = blocks_[at->block].rows.data() + at->row * width;
      const double mean = unit_x[unit_of[at->block]] / unit_weight[unit_of[at->block]];
      share[at->block] += row[1] - 2 * mean * row[0];
    }
    double sum = 0;
    double squares = 0;
    for (const double v : share) {
      sum += v;
      squares += v * v;
    }
    effective_blocks_[c] = squares > 0 ? sum * sum / squares : 0.0;
  }
}

}  // namespace mien
