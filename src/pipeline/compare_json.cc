#include <cmath>

#include "pipeline/compare.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

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
                       {"cells", pair.cells}});
  }
  return {{"mean_r", number(comparison.pairwise.mean_r)},
          {"min", number(comparison.pairwise.min)},
          {"max", number(comparison.pairwise.max)},
          {"mean_spearman", number(comparison.pairwise.mean_spearman)},
          {"mean_r_winsorised", number(comparison.pairwise.mean_r_winsorised)},
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
    list.push_back({{"row", i + 1}, {"context", of[i]}, {"similarity", number(parts[i].similarity)},
                    {"pairs", parts[i].pairs}});
  }
  return list;
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
                          {"heldout_spearman", std::move(heldout)},
                          {"weights", std::move(weights)}});
  }
  Json testable = preserved.not_testable.empty() ? Json() : Json(preserved.not_testable);
  return {{"method",
           "principal preserved components of winsorised maps, all ordered pairs of regions; one "
           "region left out, partial Spearman, one-sided Wilcoxon, Holm (approximate: folds share "
           "regions)"},
          {"preserved", preserved.not_testable.empty() ? Json(preserved.preserved) : Json()},
          {"ceiling", preserved.kept_expressions.size()},
          {"not_testable", std::move(testable)},
          {"contexts", preserved.kept_contexts.size()},
          {"dropped_contexts", names(preserved.dropped_contexts, comparison.maps.contexts)},
          {"dropped_expressions", names(preserved.dropped_expressions, comparison.maps.expressions)},
          {"components", std::move(components)}};
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
          {"seed", comparison.options.seed},
          {"pairwise", pairwise_json(comparison)},
          {"region_vs_rest", std::move(against)},
          {"region_vs_rest_expected", std::move(expected)},
          {"region_vs_rest_summary",
           {{"mean", number(comparison.mean_against_rest)},
            {"expected_from_averaging", number(comparison.expected_against_rest)}}},
          {"per_expression", parts_json(comparison.per_expression, comparison.maps.expressions)},
          {"per_context", rows_json(comparison.per_context, comparison.maps.contexts)},
          {"preserved", preserved_json(comparison)},
          {"dropped_rows", dropped_json(comparison)}};
}

}  // namespace mien
