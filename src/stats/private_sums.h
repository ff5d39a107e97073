// What a differentially private map is made from: vectors of whole numbers, sums over uploaders,
// and for each a bound on how far adding or removing one uploader with all their videos can move
// it. docs/private-maps.md derives the bounds; here every uploader's part is measured in whole
// numbers before it is added, and a part that is longer than its bound is left out whole, so that
// the bound holds whatever the input.
//
// Of an uploader at most `most_videos` videos count (the first ones given), of a video at most
// `most_contexts` contexts. Scores are taken in three steps, each of which may use what the steps
// before it published:
//   scale     the mean and spread of every score, over the study
//   units     with u = (y - mean) / spread, drawn in to length `clip`: sums of u and covariates in
//             every country (or region), their products in every region
//   contexts  with r what is left of u beside the country and the covariates, drawn in to `clip`:
//             counts and sums of r for every region and context
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stats/privacy_cost.h"

namespace mien {

// All of it is declared, none of it read off the videos.
struct PrivateDesign {
  std::size_t regions = 0;
  std::vector<std::uint32_t> unit_region;  // of each country (or region) that is centred on its own
  std::size_t contexts = 0;
  std::size_t expressions = 0;
  std::size_t numbers = 0;     // covariates in [-1, 1]; they come first
  std::size_t categories = 0;  // covariates with levels
  std::size_t levels = 0;      // of all categories: columns of 0 and 1, one 1 a category at most
  std::uint32_t most_videos = 1;
  std::uint32_t most_contexts = 10;
  double clip = 4;  // length of a video's scores in spreads

  std::size_t covariates() const { return numbers + levels; }
};

// Videos uploader after uploader. Contexts of video i: entries first[i] to first[i + 1], distinct.
struct PrivateVideos {
  std::vector<std::uint32_t> uploader;  // equal for neighbours of one uploader
  std::vector<std::uint32_t> unit;
  std::vector<double> scores;      // expressions a video, in [0, 1]
  std::vector<double> covariates;  // covariates() a video
  std::vector<std::uint64_t> first{0};
  std::vector<std::uint16_t> context;

  std::size_t size() const { return uploader.size(); }
};

enum class PrivateVector : std::size_t {
  kScale,          // videos, sum of y - 1/2, sum of (y - 1/2)^2; the study
  kUnits,          // videos, sums of u and of covariates; a unit
  kProducts,       // of covariates, of covariates and u; a region
  kVideos,         // a region
  kScoreSums,      // of r; a region and expression
  kScoreSquares,   // of r^2
  kContextVideos,  // a region and context
  kContextScores,  // sums of r; a region, context and expression
  kContextSpread,  // sum over uploaders of (their sum of r)^2, mean over expressions
};
inline constexpr std::size_t kPrivateVectors = 9;

std::string_view to_string(PrivateVector vector);  // "context_scores"

// Whole numbers are real ones times these.
inline constexpr double kScaleLattice = 4096;  // kScale
inline constexpr double kLattice = 1024;       // all others but kVideos and kContextVideos

std::size_t length_of(PrivateVector vector, const PrivateDesign& design);

// Largest squared length of one uploader's part, in whole numbers.
double sensitivity2_of(PrivateVector vector, const PrivateDesign& design);

// How a release's cost is divided among the vectors; the shares that a design has no use for go to
// the others. kUsage where the noise would be too large to draw.
using PrivatePlan = std::array<NoiseScale, kPrivateVectors>;
Result<PrivatePlan> plan_private(const PrivateDesign& design, double rho);
double rho_of(const PrivatePlan& plan);

using WholeNumbers = std::vector<std::int64_t>;

struct ScoreScale {
  std::vector<double> mean, spread;  // expressions
};

struct ScoreCentring {
  std::vector<double> unit;   // units x expressions: what to take off u
  std::vector<double> slope;  // regions x covariates x expressions
};

// The exact sums. They are as private as the videos: nothing but noise may be done with them.
WholeNumbers scale_sums(const PrivateDesign& design, const PrivateVideos& videos);

struct UnitSums {
  WholeNumbers units, products;
};
UnitSums unit_sums(const PrivateDesign& design, const PrivateVideos& videos,
                   const ScoreScale& scale);

struct PrivateContextSums {
  WholeNumbers videos, score_sums, score_squares, context_videos, context_scores, context_spread;
};
PrivateContextSums context_sums(const PrivateDesign& design, const PrivateVideos& videos,
                                const ScoreScale& scale, const ScoreCentring& centring);

}  // namespace mien
