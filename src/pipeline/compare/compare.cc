#include "pipeline/compare/compare.h"

#include <algorithm>
#include <cmath>

#include "pipeline/compare/published_maps.h"
#include "pipeline/compare/region_places.h"
#include "stats/context_colours.h"
#include "stats/context_order.h"
#include "stats/correlation.h"
#include "stats/embedding.h"

namespace mien {

namespace {

MapsOrigin origin_of_experiment(int experiment) {
  MapsOrigin origin{
      "published maps, experiment " + std::to_string(experiment),
      "",
      "semipartial",
      {"Noise was added to these correlations for differential privacy; they come without "
       "counts and standard errors, so nothing here is corrected for noise.",
       "Contexts are known by their row, since published names repeat."}};
  if (experiment == 1) origin.source = "visual";
  if (experiment == 2) origin.source = "text";
  return origin;
}

// Corrected similarities where every pair has one, else those as they are.
Result<GeographyComparison> compare_geography(const Comparison& comparison) {
  GeographyComparison result;
  if (comparison.options.data.empty()) {
    result.not_possible = "no files of region centroids and borders";
    return result;
  }
  MIEN_TRY(regions, find_region_places(comparison.options.data, comparison.maps.regions));
  if (!regions.unknown.empty()) {
    result.not_possible = "no centroid of";
    for (const std::string& region : regions.unknown) result.not_possible += " '" + region + "'";
    return result;
  }
  result.corrected = comparison.noise.rho.size() > 0 && comparison.noise.rho.allFinite();
  const Matrix& similarity = result.corrected ? comparison.noise.rho : comparison.similarity;
  const Random seeds(comparison.options.seed);
  const int permutations = comparison.options.permutations;
  result.distance = mantel(similarity, great_circle_km(regions.places), Tail::kLower, permutations,
                           seeds.fork(1).next_u64());
  result.adjacency =
      mantel(similarity, regions.adjacent, Tail::kUpper, permutations, seeds.fork(2).next_u64());
  result.world =
      world_or_neighbours(similarity, regions.adjacent, permutations, seeds.fork(3).next_u64());
  result.neighbours =
      compare_neighbours(comparison.maps, similarity, regions.adjacent, seeds.fork(4).next_u64());
  return result;
}

// Components to turn and to draw: the preserved ones; where none could be tested, those with a
// positive eigenvalue, at most 8.
std::size_t leading_components(const PreservedComponents& preserved) {
  if (preserved.not_testable.empty()) return preserved.preserved;
  std::size_t positive = 0;
  while (positive < std::min<std::size_t>(8, preserved.components.size()) &&
         preserved.components[positive].eigenvalue > 0) {
    ++positive;
  }
  return positive;
}

void turn_and_draw(Comparison& comparison) {
  const PreservedComponents& preserved = comparison.preserved;
  const auto leading = static_cast<Eigen::Index>(leading_components(preserved));
  if (leading == 0) return;
  Matrix loadings(static_cast<Eigen::Index>(preserved.kept_expressions.size()), leading);
  for (Eigen::Index k = 0; k < leading; ++k) {
    const PreservedComponent& component = preserved.components[static_cast<std::size_t>(k)];
    for (Eigen::Index e = 0; e < loadings.rows(); ++e) {
      loadings(e, k) = component.weights[static_cast<std::size_t>(e)] *
                       std::sqrt(std::max(0.0, component.eigenvalue));
    }
  }
  comparison.rotated = varimax(loadings);
  if (!comparison.options.embed || leading < 2) return;
  const Matrix scores = preserved.mean_scores.leftCols(leading);
  comparison.embedding = embed(scores);
  comparison.colours = context_colours(scores);
}

}  // namespace

Result<Comparison> compare_maps(ContextMaps maps, MapsOrigin origin,
                                const CompareOptions& options) {
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
  result.noise = correct_for_noise(result.maps);
  if (result.maps.has_se()) {
    result.heterogeneity = heterogeneity(result.maps, options.margin, options.alpha);
  }
  if (result.maps.regions.size() > 1 && result.similarity.allFinite()) {
    result.tree = average_linkage((1 - result.similarity.array()).matrix());
  }
  MIEN_TRY(geography, compare_geography(result));
  result.geography = std::move(geography);
  const ContextMaps drawn_in = winsorised_maps(result.maps);
  result.preserved = preserved_components(drawn_in, options.alpha);
  result.generalised = generalised_correlations(drawn_in, options.ridge);
  result.context_order = similar_contexts_together(result.maps);
  turn_and_draw(result);
  return result;
}

Result<Comparison> compare_published(const std::filesystem::path& folder, int experiment,
                                     const CompareOptions& options) {
  MIEN_TRY(published, read_published_maps(folder, experiment));
  MIEN_TRY(comparison,
           compare_maps(std::move(published.maps), origin_of_experiment(experiment), options));
  comparison.repeated_contexts = std::move(published.repeated_contexts);
  return comparison;
}

}  // namespace mien
