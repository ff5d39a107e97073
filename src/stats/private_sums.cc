#include "stats/private_sums.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "base/check.h"
#include "stats/discrete_gaussian.h"

namespace mien {

namespace {

__extension__ using WideInt = __int128;

std::uint64_t clip_units(const PrivateDesign& design) {
  return static_cast<std::uint64_t>(design.clip * kLattice);
}

// A vector's sum over uploaders; the part of one uploader is gathered in blocks of `width`.
class UploaderSum {
 public:
  UploaderSum(PrivateVector vector, const PrivateDesign& design, std::size_t width)
      : total_(length_of(vector, design), 0),
        bound_(sensitivity2_of(vector, design)),
        width_(width) {}

  std::int64_t* block(std::size_t number) {
    const auto found = std::find(blocks_.begin(), blocks_.end(), number);
    const auto at = static_cast<std::size_t>(found - blocks_.begin());
    if (found == blocks_.end()) {
      blocks_.push_back(number);
      values_.resize(values_.size() + width_, 0);
    }
    return values_.data() + at * width_;
  }

  // Blocks of the uploader at hand and their values.
  std::span<const std::size_t> blocks() const { return blocks_; }
  const std::int64_t* values(std::size_t at) const { return values_.data() + at * width_; }

  void end_uploader() {
    WideInt length2 = 0;
    for (const std::int64_t value : values_) length2 += WideInt{value} * value;
    if (static_cast<double>(length2) <= bound_) {
      for (std::size_t i = 0; i < blocks_.size(); ++i) {
        for (std::size_t k = 0; k < width_; ++k) {
          total_[blocks_[i] * width_ + k] += values_[i * width_ + k];
        }
      }
    }
    blocks_.clear();
    values_.clear();
  }

  WholeNumbers take() { return std::move(total_); }

 private:
  WholeNumbers total_;
  double bound_;  // a whole number below 2^53
  std::size_t width_;
  std::vector<std::size_t> blocks_;
  std::vector<std::int64_t> values_;
};

// The videos that count, uploader by uploader.
void each_uploader(const PrivateDesign& design, const PrivateVideos& videos,
                   const std::function<void(std::size_t video)>& each,
                   const std::function<void()>& end) {
  for (std::size_t first = 0; first < videos.size();) {
    std::size_t last = first;
    while (last < videos.size() && videos.uploader[last] == videos.uploader[first]) ++last;
    const std::size_t counted = std::min<std::size_t>(last, first + design.most_videos);
    for (std::size_t video = first; video < counted; ++video) each(video);
    end();
    first = last;
  }
}

std::int64_t whole(double value, double lattice) {
  return static_cast<std::int64_t>(std::trunc(value * lattice));
}

// `values` drawn in to the clip's length and cut to whole numbers, towards 0.
void draw_in(std::span<const double> values, std::uint64_t clip, std::vector<std::int64_t>& into) {
  double length2 = 0;
  for (const double value : values) length2 += value * value;
  const double length = std::sqrt(length2) * kLattice;
  double factor = length > static_cast<double>(clip) ? static_cast<double>(clip) / length : 1;
  if (!std::isfinite(length)) factor = 0;
  into.resize(values.size());
  while (true) {
    std::uint64_t whole2 = 0;
    for (std::size_t e = 0; e < values.size(); ++e) {
      into[e] = factor > 0 ? whole(values[e] * factor, kLattice) : 0;
      whole2 += static_cast<std::uint64_t>(into[e] * into[e]);
    }
    if (whole2 <= clip * clip) return;
    factor *= 1 - 1e-9;  // the length was rounded
  }
}

void standardise(const PrivateDesign& design, const PrivateVideos& videos, std::size_t video,
                 const ScoreScale& scale, std::vector<double>& u) {
  u.resize(design.expressions);
  for (std::size_t e = 0; e < design.expressions; ++e) {
    u[e] = (videos.scores[video * design.expressions + e] - scale.mean[e]) / scale.spread[e];
  }
}

// Largest squared length of a video's covariates.
double covariate_length2(const PrivateDesign& design) {
  return static_cast<double>(design.numbers + design.categories);
}

std::size_t product_width(const PrivateDesign& design) {
  const std::size_t k = design.covariates();
  return k * (k + 1) / 2 + k * design.expressions;
}

double share_of(PrivateVector vector, const PrivateDesign& design) {
  switch (vector) {
    case PrivateVector::kScale:
      return 0.05;
    case PrivateVector::kUnits:
      return 0.08;
    case PrivateVector::kProducts:
      return design.covariates() == 0 ? 0 : 0.07;
    case PrivateVector::kVideos:
      return 0.01;
    case PrivateVector::kScoreSums:
      return 0.03;
    case PrivateVector::kScoreSquares:
      return 0.04;
    case PrivateVector::kContextVideos:
      return 0.12;
    case PrivateVector::kContextScores:
      return 0.55;
    case PrivateVector::kContextSpread:
      return 0.05;
  }
  return 0;
}

}  // namespace

std::string_view to_string(PrivateVector vector) {
  constexpr std::array<std::string_view, kPrivateVectors> kNames = {
      "scale",         "units",          "products",       "videos",        "score_sums",
      "score_squares", "context_videos", "context_scores", "context_spread"};
  return kNames[static_cast<std::size_t>(vector)];
}

std::size_t length_of(PrivateVector vector, const PrivateDesign& design) {
  const std::size_t e = design.expressions;
  switch (vector) {
    case PrivateVector::kScale:
      return 1 + 2 * e;
    case PrivateVector::kUnits:
      return design.unit_region.size() * (1 + e + design.covariates());
    case PrivateVector::kProducts:
      return design.regions * product_width(design);
    case PrivateVector::kVideos:
      return design.regions;
    case PrivateVector::kScoreSums:
    case PrivateVector::kScoreSquares:
      return design.regions * e;
    case PrivateVector::kContextVideos:
    case PrivateVector::kContextSpread:
      return design.regions * design.contexts;
    case PrivateVector::kContextScores:
      return design.regions * design.contexts * e;
  }
  return 0;
}

double sensitivity2_of(PrivateVector vector, const PrivateDesign& design) {
  const auto e = static_cast<double>(design.expressions);
  const auto m = static_cast<double>(design.most_videos);
  const auto j = static_cast<double>(design.most_contexts);
  const auto clip = static_cast<double>(clip_units(design));
  const double z2 = covariate_length2(design);
  switch (vector) {
    case PrivateVector::kScale:
      return m * m * kScaleLattice * kScaleLattice * (1 + e / 4 + e / 16);
    case PrivateVector::kUnits:
      return m * m * (kLattice * kLattice * (1 + z2) + clip * clip);
    case PrivateVector::kProducts:
      return m * m * (kLattice * kLattice * z2 * z2 + z2 * clip * clip);
    case PrivateVector::kVideos:
      return m * m;
    case PrivateVector::kScoreSums:
      return m * m * clip * clip;
    case PrivateVector::kScoreSquares:
      return std::ceil(m * m * std::pow(clip * clip / kLattice, 2));
    case PrivateVector::kContextVideos:
      return m * m * j;
    case PrivateVector::kContextScores:
      return m * m * j * clip * clip;
    case PrivateVector::kContextSpread:
      return std::ceil(j * std::pow(m * m * clip * clip / (e * kLattice), 2));
  }
  return 0;
}

Result<PrivatePlan> plan_private(const PrivateDesign& design, double rho) {
  double shares = 0;
  for (std::size_t v = 0; v < kPrivateVectors; ++v) {
    shares += share_of(static_cast<PrivateVector>(v), design);
  }
  PrivatePlan plan{};
  for (std::size_t v = 0; v < kPrivateVectors; ++v) {
    const auto vector = static_cast<PrivateVector>(v);
    const double own = rho * share_of(vector, design) / shares;
    if (own == 0) continue;
    const double sensitivity2 = sensitivity2_of(vector, design);
    if (!(sensitivity2 / (2 * own) < 0x1p52)) {
      return Error{ErrorCode::kUsage,
                   "so small a budget needs noise that is too large to draw exactly; remedy: fewer "
                   "videos an uploader (--max-videos-per-uploader), or a larger --private-epsilon"};
    }
    plan[v] = noise_for(static_cast<std::uint64_t>(sensitivity2), own);
  }
  return plan;
}

double rho_of(const PrivatePlan& plan) {
  double rho = 0;
  for (const NoiseScale& scale : plan) {
    if (scale.variance > 0) rho += scale.rho();
  }
  return rho;
}

WholeNumbers scale_sums(const PrivateDesign& design, const PrivateVideos& videos) {
  const std::size_t expressions = design.expressions;
  UploaderSum sum(PrivateVector::kScale, design, 1 + 2 * expressions);
  each_uploader(
      design, videos,
      [&](std::size_t video) {
        std::int64_t* part = sum.block(0);
        part[0] += static_cast<std::int64_t>(kScaleLattice);
        for (std::size_t e = 0; e < expressions; ++e) {
          const double off = videos.scores[video * expressions + e] - 0.5;
          part[1 + e] += whole(off, kScaleLattice);
          part[1 + expressions + e] += whole(off * off, kScaleLattice);
        }
      },
      [&] { sum.end_uploader(); });
  return sum.take();
}

UnitSums unit_sums(const PrivateDesign& design, const PrivateVideos& videos,
                   const ScoreScale& scale) {
  const std::size_t expressions = design.expressions;
  const std::size_t covariates = design.covariates();
  const std::uint64_t clip = clip_units(design);
  UploaderSum units(PrivateVector::kUnits, design, 1 + expressions + covariates);
  UploaderSum products(PrivateVector::kProducts, design, product_width(design));
  std::vector<double> u;
  std::vector<std::int64_t> q;
  each_uploader(
      design, videos,
      [&](std::size_t video) {
        standardise(design, videos, video, scale, u);
        draw_in(u, clip, q);
        const double* z = videos.covariates.data() + video * covariates;
        const std::uint32_t unit = videos.unit[video];
        std::int64_t* sums = units.block(unit);
        *sums++ += static_cast<std::int64_t>(kLattice);
        for (const std::int64_t value : q) *sums++ += value;
        for (std::size_t k = 0; k < covariates; ++k) *sums++ += whole(z[k], kLattice);
        if (covariates == 0) return;
        std::int64_t* crossed = products.block(design.unit_region[unit]);
        for (std::size_t a = 0; a < covariates; ++a) {
          for (std::size_t b = a; b < covariates; ++b) *crossed++ += whole(z[a] * z[b], kLattice);
        }
        for (std::size_t k = 0; k < covariates; ++k) {
          for (const std::int64_t value : q) *crossed++ += whole(static_cast<double>(value), z[k]);
        }
      },
      [&] {
        units.end_uploader();
        products.end_uploader();
      });
  return {units.take(), products.take()};
}

PrivateContextSums context_sums(const PrivateDesign& design, const PrivateVideos& videos,
                                const ScoreScale& scale, const ScoreCentring& centring) {
  const std::size_t expressions = design.expressions;
  const std::size_t covariates = design.covariates();
  const std::uint64_t clip = clip_units(design);
  UploaderSum counts(PrivateVector::kVideos, design, 1);
  UploaderSum sums(PrivateVector::kScoreSums, design, expressions);
  UploaderSum squares(PrivateVector::kScoreSquares, design, expressions);
  UploaderSum present(PrivateVector::kContextVideos, design, 1);
  UploaderSum scores(PrivateVector::kContextScores, design, expressions);
  UploaderSum spread(PrivateVector::kContextSpread, design, 1);
  std::vector<double> r;
  std::vector<std::int64_t> q;
  const auto add_video = [&](std::size_t video) {
    standardise(design, videos, video, scale, r);
    const std::uint32_t unit = videos.unit[video];
    const std::size_t region = design.unit_region[unit];
    const double* z = videos.covariates.data() + video * covariates;
    const double* slope = centring.slope.data() + region * covariates * expressions;
    for (std::size_t e = 0; e < expressions; ++e) {
      r[e] -= centring.unit[unit * expressions + e];
      for (std::size_t k = 0; k < covariates; ++k) r[e] -= z[k] * slope[k * expressions + e];
    }
    draw_in(r, clip, q);
    *counts.block(region) += 1;
    std::int64_t* sum = sums.block(region);
    std::int64_t* square = squares.block(region);
    for (std::size_t e = 0; e < expressions; ++e) {
      sum[e] += q[e];
      square[e] += q[e] * q[e] / static_cast<std::int64_t>(kLattice);
    }
    const std::uint64_t last = std::min<std::uint64_t>(videos.first[video + 1],
                                                       videos.first[video] + design.most_contexts);
    for (std::uint64_t k = videos.first[video]; k < last; ++k) {
      const std::size_t cell = region * design.contexts + videos.context[k];
      *present.block(cell) += 1;
      std::int64_t* score = scores.block(cell);
      for (std::size_t e = 0; e < expressions; ++e) score[e] += q[e];
    }
  };
  const auto end_uploader = [&] {
    const auto divisor = static_cast<WideInt>(kLattice) * static_cast<WideInt>(expressions);
    for (std::size_t i = 0; i < scores.blocks().size(); ++i) {
      WideInt length2 = 0;
      for (std::size_t e = 0; e < expressions; ++e) {
        length2 += WideInt{scores.values(i)[e]} * scores.values(i)[e];
      }
      *spread.block(scores.blocks()[i]) = static_cast<std::int64_t>(length2 / divisor);
    }
    for (UploaderSum* vector : {&counts, &sums, &squares, &present, &scores, &spread}) {
      vector->end_uploader();
    }
  };
  each_uploader(design, videos, add_video, end_uploader);
  return {counts.take(), sums.take(), squares.take(), present.take(), scores.take(), spread.take()};
}

}  // namespace mien
