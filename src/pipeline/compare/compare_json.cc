#include "pipeline/compare/compare.h"
#include "pipeline/study/json_values.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

Json names(const std::vector<std::size_t>& which, const std::vector<std::string>& of) {
  Json list = Json::array();
  for (const std::size_t i : which) list.push_back(of[i]);
  return list;
}

Json pairwise_json(const Comparison& comparison) {
  Json regions = Json::array();
  for (const RegionPair& pair : comparison.pairwise.pairs) {
    regions.push_back({{"a", comparison.maps.regions[pair.a]},
                       {"b", comparison.maps.regions[pair.b]},
                       {"r", number(pair.r)},
                       {"spearman", number(pair.spearman)},
                       {"r_winsorised", number(pair.r_winsorised)},
                       {"concordance", number(pair.concordance)},
                       {"cells", pair.cells}});
  }
  return {{"mean_r", number(comparison.pairwise.mean_r)},
          {"min", number(comparison.pairwise.min)},
          {"max", number(comparison.pairwise.max)},
          {"mean_spearman", number(comparison.pairwise.mean_spearman)},
          {"mean_r_winsorised", number(comparison.pairwise.mean_r_winsorised)},
          {"mean_concordance", number(comparison.pairwise.mean_concordance)},
          {"regions", std::move(regions)}};
}

Json parts_json(const std::vector<PartSimilarity>& parts, const std::vector<std::string>& of) {
  Json map = Json::object();
  for (std::size_t i = 0; i < parts.size(); ++i) map[of[i]] = number(parts[i].similarity);
  return map;
}

Json rows_json(const std::vector<PartSimilarity>& parts, const std::vector<std::string>& of) {
  Json list = Json::array();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    list.push_back({{"row", i + 1},
                    {"context", of[i]},
                    {"similarity", number(parts[i].similarity)},
                    {"pairs", parts[i].pairs}});
  }
  return list;
}

Json rotated_json(const Comparison& comparison) {
  Json factors = Json::array();
  for (Eigen::Index k = 0; k < comparison.rotated.loadings.cols(); ++k) {
    Json loadings = Json::object();
    for (Eigen::Index e = 0; e < comparison.rotated.loadings.rows(); ++e) {
      const std::size_t expression =
          comparison.preserved.kept_expressions[static_cast<std::size_t>(e)];
      loadings[comparison.maps.expressions[expression]] = comparison.rotated.loadings(e, k);
    }
    factors.push_back(std::move(loadings));
  }
  return factors;
}

Json preserved_json(const Comparison& comparison) {
  const PreservedComponents& preserved = comparison.preserved;
  Json components = Json::array();
  for (std::size_t k = 0; k < preserved.components.size(); ++k) {
    const PreservedComponent& component = preserved.components[k];
    Json weights = Json::object();
    for (std::size_t e = 0; e < component.weights.size(); ++e) {
      weights[comparison.maps.expressions[preserved.kept_expressions[e]]] = component.weights[e];
    }
    Json heldout = Json::object();
    for (std::size_t g = 0; g < component.heldout_spearman.size(); ++g) {
      heldout[comparison.maps.regions[g]] = number(component.heldout_spearman[g]);
    }
    components.push_back({{"index", k + 1},
                          {"eigenvalue", number(component.eigenvalue)},
                          {"heldout_positive_regions", component.heldout_positive},
                          {"mean_partial_spearman", number(component.mean_partial_spearman)},
                          {"p", number(component.p)},
                          {"p_adjusted", number(component.p_adjusted)},
                          {"p_sign_flip", number(component.p_sign_flip)},
                          {"heldout_spearman", std::move(heldout)},
                          {"weights", std::move(weights)}});
  }
  return {
      {"method",
       "principal preserved components of winsorised maps, all ordered pairs of regions; one "
       "region left out, partial Spearman, one-sided Wilcoxon, Holm (p, p_adjusted: too small, "
       "since folds share regions); counted by flipping the signs of whole regions' maps, in "
       "sequence (p_sign_flip)"},
      {"preserved", preserved.not_testable.empty() ? Json(preserved.preserved) : Json()},
      {"ceiling", preserved.kept_expressions.size()},
      {"not_testable", text_or_null(preserved.not_testable)},
      {"sign_flips", preserved.flips},
      {"preserved_held_out",
       preserved.held_out_not_testable.empty() ? Json(preserved.preserved_held_out) : Json()},
      {"held_out_not_testable", text_or_null(preserved.held_out_not_testable)},
      {"contexts", preserved.kept_contexts.size()},
      {"dropped_contexts", names(preserved.dropped_contexts, comparison.maps.contexts)},
      {"dropped_expressions", names(preserved.dropped_expressions, comparison.maps.expressions)},
      {"components", std::move(components)},
      {"varimax", rotated_json(comparison)}};
}

Json rows_of(const std::vector<std::size_t>& contexts) {
  Json rows = Json::array();
  for (const std::size_t context : contexts) rows.push_back(context + 1);
  return rows;
}

Json generalised_json(const Comparison& comparison) {
  const GeneralisedCorrelations& generalised = comparison.generalised;
  if (!generalised.not_estimable.empty()) {
    return {{"estimable", false}, {"reason", generalised.not_estimable}};
  }
  Json weights = Json::object();
  for (std::size_t g = 0; g < generalised.weights.size(); ++g) {
    Json dimensions = Json::array();
    for (Eigen::Index k = 0; k < generalised.weights[g].cols(); ++k) {
      const auto column = generalised.weights[g].col(k);
      dimensions.push_back(std::vector<double>(column.begin(), column.end()));
    }
    weights[comparison.maps.regions[g]] = std::move(dimensions);
  }
  return {{"estimable", true},
          {"method", "MAXVAR of winsorised maps; an eigenvalue is at most the number of regions"},
          {"lambda", generalised.lambda},
          {"eigenvalues", generalised.eigenvalues},
          {"expressions", names(generalised.kept_expressions, comparison.maps.expressions)},
          {"weights", std::move(weights)}};
}

Json embedding_json(const Comparison& comparison) {
  if (comparison.embedding.size() == 0) return {};
  Json points = Json::array();
  for (std::size_t i = 0; i < comparison.colours.size(); ++i) {
    const std::size_t context = comparison.preserved.kept_contexts[i];
    points.push_back({{"row", context + 1},
                      {"context", comparison.maps.contexts[context]},
                      {"x", comparison.embedding(static_cast<Eigen::Index>(i), 0)},
                      {"y", comparison.embedding(static_cast<Eigen::Index>(i), 1)},
                      {"colour", comparison.colours[i]}});
  }
  return {
      {"method", "t-SNE of component scores, perplexity 30; only neighbourhoods mean something"},
      {"points", std::move(points)}};
}

Json estimate_json(const Estimate& estimate) {
  return {{"estimate", number(estimate.value)},
          {"se", number(estimate.se)},
          {"lower", number(estimate.lower)},
          {"upper", number(estimate.upper)},
          {"df", number(estimate.df)},
          {"method", "delete-one-block jackknife of the corrected statistic"}};
}

Json noise_json(const Comparison& comparison) {
  const NoiseCorrection& noise = comparison.noise;
  if (!noise.not_estimable.empty()) {
    return {{"estimable", false}, {"reason", noise.not_estimable}};
  }
  Json reliability = Json::object();
  for (std::size_t g = 0; g < noise.reliability.size(); ++g) {
    reliability[comparison.maps.regions[g]] = number(noise.reliability[g]);
  }
  Json pairs = Json::array();
  for (const CorrectedPair& pair : noise.pairs) {
    Json entry = {{"a", comparison.maps.regions[pair.a]},
                  {"b", comparison.maps.regions[pair.b]},
                  {"r", number(pair.r)}};
    entry.update(estimate_json(pair.rho));
    entry["reason"] = text_or_null(pair.reason);
    pairs.push_back(std::move(entry));
  }
  return {{"estimable", true},
          {"removes", "sampling noise only; errors that the networks make everywhere stay"},
          {"reliability", std::move(reliability)},
          {"mean_rho", estimate_json(noise.mean_rho)},
          {"mean_rho_squared", estimate_json(noise.mean_rho_squared)},
          {"variance_preserved", estimate_json(noise.variance_preserved)},
          {"variance_preserved_estimator",
           "mean over pairs of cov(A_g, A_h) / mean over regions of (Var(A_g) - mean SE^2)"},
          {"regions", std::move(pairs)}};
}

Json heterogeneity_json(const Comparison& comparison) {
  if (!comparison.heterogeneity) {
    return {{"estimable", false}, {"reason", "it rests on the standard errors of the cells"}};
  }
  const Heterogeneity& cells = *comparison.heterogeneity;
  return {{"estimable", true},
          {"method",
           "random effects (Paule-Mandel, Knapp-Hartung), Cochran's Q and equivalence tests, each "
           "adjusted by Benjamini-Hochberg"},
          {"margin", cells.margin},
          {"alike", cells.alike},
          {"different", cells.different},
          {"undecided", cells.undecided},
          {"not_estimable", cells.not_estimable}};
}

Json tree_json(const Comparison& comparison) {
  if (!comparison.tree) return {};
  Json merges = Json::array();
  for (const TreeMerge& merge : comparison.tree->merges) {
    merges.push_back(
        {{"a", merge.a}, {"b", merge.b}, {"height", merge.height}, {"size", merge.size}});
  }
  return {{"method", "average linkage of 1 - r; below the number of regions: that region"},
          {"order", names(comparison.tree->leaf_order, comparison.maps.regions)},
          {"merges", std::move(merges)}};
}

Json test_json(const PermutationTest& test, const std::string& tail) {
  return {{"observed", number(test.observed)},
          {"p", number(test.p)},
          {"permutations", test.permutations},
          {"tail", tail},
          {"reason", text_or_null(test.reason)}};
}

Json geography_json(const Comparison& comparison) {
  const GeographyComparison& geography = comparison.geography;
  if (!geography.not_possible.empty()) {
    return {{"possible", false}, {"reason", geography.not_possible}};
  }
  Json regions = Json::object();
  for (std::size_t g = 0; g < geography.neighbours.size(); ++g) {
    const NeighbourComparison& region = geography.neighbours[g];
    regions[comparison.maps.regions[g]] = {
        {"neighbours", region.neighbours},
        {"similarity_to_neighbours", number(region.to_neighbours)},
        {"similarity_to_others", number(region.to_others)},
        {"r_with_averaged_neighbours", number(region.averaged_neighbours)},
        {"r_with_equally_many_others_averaged", number(region.averaged_others)}};
  }
  return {
      {"possible", true},
      {"similarity", geography.corrected ? "corrected for noise" : "raw"},
      {"distance", test_json(geography.distance, "less alike with distance")},
      {"adjacency", test_json(geography.adjacency, "more alike with a common border")},
      {"closer_to_world", test_json(geography.world.closer_to_world, "others above neighbours")},
      {"closer_to_neighbours",
       test_json(geography.world.closer_to_neighbours, "neighbours above others")},
      {"regions", std::move(regions)}};
}

Json dropped_json(const Comparison& comparison) {
  Json list = Json::array();
  for (const DroppedRow& row : comparison.dropped_rows) {
    list.push_back({{"region", comparison.maps.regions[row.region]},
                    {"row", row.context + 1},
                    {"context", comparison.maps.contexts[row.context]}});
  }
  return list;
}

}  // namespace

nlohmann::ordered_json to_json(const Comparison& comparison) {
  Json against = Json::object();
  Json expected = Json::object();
  for (std::size_t g = 0; g < comparison.against_rest.size(); ++g) {
    against[comparison.maps.regions[g]] = number(comparison.against_rest[g].r);
    expected[comparison.maps.regions[g]] = number(comparison.against_rest[g].expected);
  }
  return {{"maps",
           {{"name", comparison.origin.name},
            {"source", comparison.origin.source},
            {"kind", comparison.origin.kind},
            {"regions", comparison.maps.regions},
            {"expressions", comparison.maps.expressions},
            {"contexts", comparison.maps.contexts.size()},
            {"repeated_contexts", comparison.repeated_contexts},
            {"notes", comparison.origin.notes}}},
          {"options",
           {{"seed", comparison.options.seed},
            {"permutations", comparison.options.permutations},
            {"alpha", comparison.options.alpha},
            {"margin", comparison.options.margin}}},
          {"pairwise", pairwise_json(comparison)},
          {"region_vs_rest", std::move(against)},
          {"region_vs_rest_expected", std::move(expected)},
          {"region_vs_rest_summary",
           {{"mean", number(comparison.mean_against_rest)},
            {"expected_from_averaging", number(comparison.expected_against_rest)}}},
          {"per_expression", parts_json(comparison.per_expression, comparison.maps.expressions)},
          {"per_context", rows_json(comparison.per_context, comparison.maps.contexts)},
          {"noise_corrected", noise_json(comparison)},
          {"heterogeneity", heterogeneity_json(comparison)},
          {"tree", tree_json(comparison)},
          {"geography", geography_json(comparison)},
          {"preserved", preserved_json(comparison)},
          {"generalised_correlations", generalised_json(comparison)},
          {"similar_contexts_together", rows_of(comparison.context_order)},
          {"embedding", embedding_json(comparison)},
          {"dropped_rows", dropped_json(comparison)}};
}

}  // namespace mien
