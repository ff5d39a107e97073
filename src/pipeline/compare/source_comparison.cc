#include "pipeline/compare/source_comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/correlation.h"
#include "stats/rotation.h"

namespace mien {

namespace {

constexpr std::size_t kMostComponents = 8;

using Places = std::vector<std::pair<std::size_t, std::size_t>>;  // in a, in b

// Names that stand exactly once in both lists, in the order of the first.
Places shared_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::map<std::string, std::pair<int, std::size_t>> in_a;
  std::map<std::string, std::pair<int, std::size_t>> in_b;
  for (std::size_t i = 0; i < a.size(); ++i) in_a[a[i]] = {in_a[a[i]].first + 1, i};
  for (std::size_t i = 0; i < b.size(); ++i) in_b[b[i]] = {in_b[b[i]].first + 1, i};
  Places shared;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto other = in_b.find(a[i]);
    if (in_a[a[i]].first == 1 && other != in_b.end() && other->second.first == 1) {
      shared.emplace_back(i, other->second.second);
    }
  }
  return shared;
}

Matrix similarity_of(const Comparison& comparison, const Places& regions, bool first) {
  const auto n = static_cast<Eigen::Index>(regions.size());
  Matrix result(n, n);
  const auto at = [&](Eigen::Index i) {
    const auto& place = regions[static_cast<std::size_t>(i)];
    return static_cast<Eigen::Index>(first ? place.first : place.second);
  };
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) result(i, j) = comparison.similarity(at(i), at(j));
  }
  return result;
}

// Expressions x leading components, scaled by what they preserve; an expression that was left out
// has none, so only shared kept ones are taken.
Matrix loadings_of(const Comparison& comparison, const std::vector<std::string>& expressions,
                   std::size_t components) {
  const PreservedComponents& preserved = comparison.preserved;
  Matrix loadings(static_cast<Eigen::Index>(expressions.size()),
                  static_cast<Eigen::Index>(components));
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    for (std::size_t kept = 0; kept < preserved.kept_expressions.size(); ++kept) {
      if (comparison.maps.expressions[preserved.kept_expressions[kept]] != expressions[i]) continue;
      for (std::size_t k = 0; k < components; ++k) {
        const PreservedComponent& component = preserved.components[k];
        loadings(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) =
            component.weights[kept] * std::sqrt(std::max(0.0, component.eigenvalue));
      }
    }
  }
  return loadings;
}

std::vector<std::string> kept_names(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const std::size_t e : comparison.preserved.kept_expressions) {
    names.push_back(comparison.maps.expressions[e]);
  }
  return names;
}

}  // namespace

SourceComparison compare_sources(const Comparison& a, const Comparison& b) {
  SourceComparison result;
  result.a = a.origin.name;
  result.b = b.origin.name;
  const Places regions = shared_names(a.maps.regions, b.maps.regions);
  if (regions.size() < 2) {
    result.not_possible = "the two have fewer than 2 regions in common";
    return result;
  }
  for (const auto& [in_a, in_b] : regions) result.regions.push_back(a.maps.regions[in_a]);
  const Random seeds = Random(a.options.seed).fork(100);
  result.similarity = mantel(similarity_of(a, regions, true), similarity_of(b, regions, false),
                             Tail::kUpper, a.options.permutations, seeds.fork(1).next_u64());
  std::vector<std::string> expressions;
  const std::vector<std::string> of_a = kept_names(a);
  for (const auto& [in_a, in_b] : shared_names(of_a, kept_names(b))) {
    expressions.push_back(of_a[in_a]);
  }
  result.expressions = expressions.size();
  result.components =
      std::min({kMostComponents, a.preserved.components.size(), b.preserved.components.size()});
  if (result.components > 0 && expressions.size() >= 4) {
    result.loadings =
        procrustes_test(loadings_of(a, expressions, result.components),
                        loadings_of(b, expressions, result.components),
                        std::min(a.options.permutations, 999), seeds.fork(2).next_u64());
  } else {
    result.loadings = {NAN, NAN, 0, "fewer than 4 expressions, or no components"};
  }
  const Places contexts = shared_names(a.maps.contexts, b.maps.contexts);
  const Places columns = shared_names(a.maps.expressions, b.maps.expressions);
  for (const auto& [in_a, in_b] : contexts) result.shared_contexts.push_back(a.maps.contexts[in_a]);
  for (const auto& [region_a, region_b] : regions) {
    std::vector<double> x;
    std::vector<double> y;
    for (const auto& [context_a, context_b] : contexts) {
      for (const auto& [column_a, column_b] : columns) {
        x.push_back(a.maps.cells[region_a](static_cast<Eigen::Index>(context_a),
                                           static_cast<Eigen::Index>(column_a)));
        y.push_back(b.maps.cells[region_b](static_cast<Eigen::Index>(context_b),
                                           static_cast<Eigen::Index>(column_b)));
      }
    }
    result.shared_r.push_back(pearson(x, y).r);
  }
  return result;
}

nlohmann::ordered_json to_json(const SourceComparison& comparison) {
  if (!comparison.not_possible.empty()) {
    return {{"possible", false}, {"reason", comparison.not_possible}};
  }
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
  };
  const auto test = [&](const PermutationTest& of) {
    return nlohmann::ordered_json{
        {"observed", number(of.observed)},
        {"p", number(of.p)},
        {"permutations", of.permutations},
        {"reason",
         of.reason.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(of.reason)}};
  };
  nlohmann::ordered_json r = nlohmann::ordered_json::object();
  for (std::size_t g = 0; g < comparison.regions.size(); ++g) {
    r[comparison.regions[g]] = number(comparison.shared_r[g]);
  }
  return {{"possible", true},
          {"a", comparison.a},
          {"b", comparison.b},
          {"similarity_matrices", test(comparison.similarity)},
          {"loadings_disparity", test(comparison.loadings)},
          {"components", comparison.components},
          {"expressions", comparison.expressions},
          {"shared_contexts", comparison.shared_contexts},
          {"r_over_shared_contexts", std::move(r)}};
}

}  // namespace mien
