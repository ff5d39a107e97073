#include "stats/simulation_design.h"

#include <fmt/format.h>

#include <algorithm>

namespace mien {

namespace {

constexpr int kMostContexts = 60000;  // codes of a context are 16 bits wide
constexpr int kMostExpressions = 1000;
constexpr int kMostCovariates = 100;
constexpr std::int64_t kMostVideos = 2000000000;

template <typename T>
Status within(const char* option, T value, T least, T most) {
  if (value >= least && value <= most) return Ok{};
  return Error{ErrorCode::kUsage,
               fmt::format("--{} {}: must lie between {} and {}", option, value, least, most)};
}

}  // namespace

Status complete_design(SimulationDesign& d) {
  MIEN_CHECK(!d.regions.empty(), "a study has a region");
  for (const SimulatedRegion& region : d.regions) {
    MIEN_CHECK(!region.countries.empty(), "a region has a country");
  }
  MIEN_TRY_VOID(within<std::int64_t>("videos", d.videos, 1, kMostVideos));
  MIEN_TRY_VOID(within("contexts", d.contexts, 1, kMostContexts));
  MIEN_TRY_VOID(within("expressions", d.expressions, 1, kMostExpressions));
  MIEN_TRY_VOID(within("covariates", d.covariates, 0, kMostCovariates));
  if (d.preserved == -1) d.preserved = d.expressions;
  MIEN_TRY_VOID(within("preserved", d.preserved, 0, d.expressions));
  if (d.contexts_per_video == -1) d.contexts_per_video = std::min(10.0, 0.1 * d.contexts);
  MIEN_TRY_VOID(within("contexts-per-video", d.contexts_per_video, 1e-4, 0.2 * d.contexts));
  const struct {
    const char* option;
    double value, least, most;
  } ranges[] = {{"shared", d.shared, 0, 1},
                {"geography", d.geography, 0, 1},
                {"distance", d.distance_km, 1, 1e6},
                {"effect", d.effect, 0, 1},
                {"zero-contexts", d.zero_contexts, 0, 1},
                {"zero-cells", d.zero_cells, 0, 1},
                {"covariate-effect", d.covariate_effect, 0, 1},
                {"confounding", d.confounding, 0, 1},
                {"country-level", d.country_level, 0, 2},
                {"country-slopes", d.country_slopes, 0, 5},
                {"country-prevalence", d.country_prevalence, 0, 0.25},
                {"uploader-scores", d.uploader_scores, 0, 1},
                {"uploader-contexts", d.uploader_contexts, 0, 0.95},
                {"uploader-tail", d.uploader_tail, 1.05, 100},
                {"rarity", d.rarity, 0, 4},
                {"absent-cells", d.absent_cells, 0, 1},
                {"rater-noise", d.rater_noise, 0, 2},
                {"annotation-noise", d.annotation_noise, 0, 2},
                {"context-misses", d.context_misses, 0, 1},
                {"context-false", d.context_false, 0, 1},
                {"context-background", d.context_background, 0, 1},
                {"missing", d.missing, 0, 1}};
  for (const auto& range : ranges) {
    MIEN_TRY_VOID(within(range.option, range.value, range.least, range.most));
  }
  if (d.preserved == 0 && d.shared > 0) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--preserved 0 leaves nothing to share; give --shared 0 with it "
                             "(it is {})",
                             d.shared)};
  }
  return Ok{};
}

}  // namespace mien
