#include "pipeline/compare.h"

#include <algorithm>

#include "pipeline/published_maps.h"
#include "stats/correlation.h"

namespace mien {

namespace {

MapsOrigin origin_of_experiment(int experiment) {
  MapsOrigin origin{"published maps, experiment " + std::to_string(experiment),
                    "",
                    "semipartial",
                    {"Noise was added to these correlations for differential privacy; they come without "
                     "counts and standard errors, so nothing here is corrected for noise.",
                     "Contexts are known by their row, since published names repeat."}};
  if (experiment == 1) origin.source = "visual";
  if (experiment == 2) origin.source = "text";
  return origin;
}

}  // namespace

Comparison compare_maps(ContextMaps maps, MapsOrigin origin, const CompareOptions& options) {
  Comparison result;
  result.origin = std::move(origin);
  result.options = options;
  result.maps = std::move(maps);
  result.dropped_rows = missing_rows(result.maps);
  result.pairwise = pairwise_similarity(result.maps);
  result.similarity = similarity_matrix(result.maps);
  result.per_expression = similarity_per_expression(result.maps);
  result.per_context = similarity_per_context(result.maps);
  result.against_rest = region_against_rest(result.maps, result.similarity);
  std::vector<double> against;
  for (const RegionAgainstRest& region : result.against_rest) against.push_back(region.r);
  result.mean_against_rest = mean_of(against);
  result.expected_against_rest =
      expected_against_mean(result.pairwise.mean_r, result.maps.regions.size() - 1);
  result.preserved = preserved_components(winsorised_maps(result.maps), options.alpha);
  return result;
}

Result<Comparison> compare_published(const std::filesystem::path& folder, int experiment,
                                     const CompareOptions& options) {
  MIEN_TRY(published, read_published_maps(folder, experiment));
  Comparison comparison =
      compare_maps(std::move(published.maps), origin_of_experiment(experiment), options);
  comparison.repeated_contexts = std::move(published.repeated_contexts);
  return comparison;
}

}  // namespace mien
