#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pipeline/compare/compare.h"

namespace mien {

namespace {

std::string rounded(double value, int digits = 3) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

std::string p_value(double p) {
  if (!std::isfinite(p)) return "-";
  return p < 0.001 ? fmt::format("{:.1e}", p) : fmt::format("{:.3f}", p);
}

std::string title(const std::string& text) {
  return "\n" + text + "\n" + std::string(text.size(), '-') + "\n";
}

std::string test_line(const std::string& name, const PermutationTest& test) {
  if (!test.reason.empty()) {
    return fmt::format("  {:<44} {:>7}  not testable: {}\n", name, rounded(test.observed),
                       test.reason);
  }
  return fmt::format("  {:<44} {:>7}  p {} ({} permutations)\n", name, rounded(test.observed),
                     p_value(test.p), test.permutations);
}

// Positions by falling value, missing ones last.
std::vector<std::size_t> falling(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return (std::isnan(values[a]) ? -2 : values[a]) > (std::isnan(values[b]) ? -2 : values[b]);
  });
  return order;
}

std::string head_text(const Comparison& comparison) {
  std::string text = fmt::format(
      "{}: {} regions, {} contexts, {} expressions{}{}\n"
      "A label is what raters would call a face, never what a person feels.\n",
      comparison.origin.name, comparison.maps.regions.size(), comparison.maps.contexts.size(),
      comparison.maps.expressions.size(), comparison.origin.kind.empty() ? "" : "; ",
      comparison.origin.kind);
  for (const std::string& note : comparison.origin.notes) text += "note: " + note + "\n";
  for (const DroppedRow& row : comparison.dropped_rows) {
    text += fmt::format("missing: {} has no estimate for context {} ({})\n",
                        comparison.maps.regions[row.region], row.context + 1,
                        comparison.maps.contexts[row.context]);
    if (&row - comparison.dropped_rows.data() >= 9 && comparison.dropped_rows.size() > 11) {
      text += fmt::format("missing: {} more rows; --json names all\n",
                          comparison.dropped_rows.size() - 10);
      break;
    }
  }
  if (!comparison.repeated_contexts.empty()) {
    text += "several rows share a name: " +
            fmt::format("{}", fmt::join(comparison.repeated_contexts, ", ")) + "\n";
  }
  return text;
}

std::string pairwise_text(const Comparison& comparison) {
  const PairwiseSimilarity& pairwise = comparison.pairwise;
  std::string text = title(
      fmt::format("Similarity of regions ({} pairs, arithmetic means)", pairwise.pairs.size()));
  if (pairwise.pairs.empty()) return text + "  one region: no pair\n";
  text += fmt::format("  r                      {}  (least {}, most {})\n",
                      rounded(pairwise.mean_r), rounded(pairwise.min), rounded(pairwise.max));
  text += fmt::format("  Spearman               {}\n", rounded(pairwise.mean_spearman));
  text += fmt::format("  r, cells winsorised    {}\n", rounded(pairwise.mean_r_winsorised));
  text += fmt::format("  concordance            {}  (alike in size too)\n",
                      rounded(pairwise.mean_concordance));
  std::vector<double> r;
  for (const RegionPair& pair : pairwise.pairs) r.push_back(pair.r);
  const std::vector<std::size_t> order = falling(r);
  const auto pair_line = [&](const std::string& what, std::size_t i) {
    const RegionPair& pair = pairwise.pairs[i];
    return fmt::format("  {:<10} {} and {}: {}\n", what, comparison.maps.regions[pair.a],
                       comparison.maps.regions[pair.b], rounded(pair.r));
  };
  text += pair_line("most", order.front());
  if (order.size() > 1) text += pair_line("least", order.back());
  return text;
}

std::string rest_text(const Comparison& comparison) {
  std::string text = title("Each region against the mean of the others");
  text += fmt::format("  {:<28} {:>7} {:>26}\n", "", "r", "expected from averaging");
  std::vector<double> r;
  for (const RegionAgainstRest& region : comparison.against_rest) r.push_back(region.r);
  for (const std::size_t g : falling(r)) {
    text += fmt::format("  {:<28} {:>7} {:>26}\n", comparison.maps.regions[g],
                        rounded(comparison.against_rest[g].r),
                        rounded(comparison.against_rest[g].expected));
  }
  return text + fmt::format("  {:<28} {:>7} {:>26}\n", "mean",
                            rounded(comparison.mean_against_rest),
                            rounded(comparison.expected_against_rest));
}

std::string expressions_text(const Comparison& comparison) {
  std::string text = title("Each expression, over contexts (Fisher mean over pairs of regions)");
  std::vector<double> r;
  for (const PartSimilarity& part : comparison.per_expression) r.push_back(part.similarity);
  for (const std::size_t e : falling(r)) {
    text += fmt::format("  {:<28} {:>7}\n", comparison.maps.expressions[e], rounded(r[e]));
  }
  return text;
}

// The three expressions with the largest weights, with their signs.
std::string leading(const PreservedComponent& component, const PreservedComponents& preserved,
                    const std::vector<std::string>& expressions) {
  std::vector<double> sizes;
  for (const double weight : component.weights) sizes.push_back(std::abs(weight));
  const std::vector<std::size_t> order = falling(sizes);
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, order.size()); ++i) {
    text += fmt::format("{}{}{}", i > 0 ? " " : "", component.weights[order[i]] < 0 ? "-" : "+",
                        expressions[preserved.kept_expressions[order[i]]]);
  }
  return text;
}

std::string preserved_text(const Comparison& comparison) {
  const PreservedComponents& preserved = comparison.preserved;
  std::string text = title("Dimensions that regions share (winsorised maps)");
  if (!preserved.not_testable.empty()) text += "  not testable: " + preserved.not_testable + "\n";
  if (preserved.components.empty()) return text;
  text += fmt::format("  {:>2} {:>11} {:>9} {:>9} {:>8} {:>8}  {}\n", "", "eigenvalue", "positive",
                      "Spearman", "p, Holm", "p, flips", "largest weights");
  for (std::size_t k = 0; k < preserved.components.size(); ++k) {
    const PreservedComponent& component = preserved.components[k];
    text += fmt::format("  {:>2} {:>11.3e} {:>4} of {:<2} {:>8} {:>8} {:>8}  {}\n", k + 1,
                        component.eigenvalue, component.heldout_positive,
                        comparison.maps.regions.size(), rounded(component.mean_partial_spearman),
                        p_value(component.p_adjusted), p_value(component.p_sign_flip),
                        leading(component, preserved, comparison.maps.expressions));
  }
  if (preserved.not_testable.empty()) {
    text += fmt::format(
        "  preserved in sequence: {} (at most {}, the number of expressions), by {} sign flips of "
        "whole regions\n",
        preserved.preserved, preserved.kept_expressions.size(), preserved.flips);
  }
  if (preserved.held_out_not_testable.empty()) {
    text += fmt::format("  by regions left out, whose folds are not independent: {}\n",
                        preserved.preserved_held_out);
  } else {
    text += "  by regions left out: not testable, " + preserved.held_out_not_testable + "\n";
  }
  return text + fmt::format("  on {} contexts; {} left out, missing in a region\n",
                            preserved.kept_contexts.size(), preserved.dropped_contexts.size());
}

std::string geography_text(const Comparison& comparison) {
  std::string text = title("Geography");
  const GeographyComparison& geography = comparison.geography;
  if (!geography.not_possible.empty())
    return text + "  not possible: " + geography.not_possible + "\n";
  text += test_line("similarity and distance between centroids", geography.distance);
  text += test_line("similarity and common borders", geography.adjacency);
  text += test_line("others less neighbours: closer to the world", geography.world.closer_to_world);
  text += test_line("others less neighbours: closer to neighbours",
                    geography.world.closer_to_neighbours);
  text += fmt::format("  {:<28} {:>10} {:>10} {:>8} {:>14}\n", "", "neighbours", "r to them",
                      "others", "equal averages");
  for (std::size_t g = 0; g < geography.neighbours.size(); ++g) {
    const NeighbourComparison& region = geography.neighbours[g];
    text += fmt::format("  {:<28} {:>10} {:>10} {:>8} {:>6} {:>7}\n", comparison.maps.regions[g],
                        region.neighbours, rounded(region.to_neighbours), rounded(region.to_others),
                        rounded(region.averaged_neighbours), rounded(region.averaged_others));
  }
  return text;
}

std::string noise_text(const Comparison& comparison) {
  std::string text = title("Without sampling noise");
  const NoiseCorrection& noise = comparison.noise;
  if (!noise.not_estimable.empty()) return text + "  not estimable: " + noise.not_estimable + "\n";
  const auto line = [](const std::string& name, const Estimate& estimate) {
    return fmt::format("  {:<28} {:>7}  [{}, {}]\n", name, rounded(estimate.value),
                       rounded(estimate.lower), rounded(estimate.upper));
  };
  text += line("mean corrected r", noise.mean_rho);
  text += line("mean corrected r, squared", noise.mean_rho_squared);
  text += line("variance preserved", noise.variance_preserved);
  for (std::size_t g = 0; g < noise.reliability.size(); ++g) {
    text += fmt::format("  reliability of {:<28} {:>7}\n", comparison.maps.regions[g],
                        rounded(noise.reliability[g]));
  }
  return text;
}

std::string heterogeneity_text(const Comparison& comparison) {
  std::string text = title("Where regions differ");
  if (!comparison.heterogeneity) {
    return text + "  not possible: it rests on the standard errors of the cells\n";
  }
  const Heterogeneity& cells = *comparison.heterogeneity;
  return text + fmt::format(
                    "  cells alike within {}: {}; different: {}; undecided: {}; not "
                    "estimable: {}\n",
                    cells.margin, cells.alike, cells.different, cells.undecided,
                    cells.not_estimable);
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  return head_text(comparison) + pairwise_text(comparison) + noise_text(comparison) +
         rest_text(comparison) + expressions_text(comparison) + heterogeneity_text(comparison) +
         geography_text(comparison) + preserved_text(comparison);
}

}  // namespace mien
