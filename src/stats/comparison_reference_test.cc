// The comparison of maps against independent implementations: tests/reference/compare/expected.py
// made the inputs and the expected values with numpy, scipy, scikit-learn, statsmodels and mvlearn.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/paths.h"

#include "base/missing.h"
#include "stats/canonical_correlations.h"
#include "stats/clustering.h"
#include "stats/correlation.h"
#include "stats/generalised_correlations.h"
#include "stats/geography.h"
#include "stats/heterogeneity.h"
#include "stats/multiple_testing.h"
#include "stats/noise_correction.h"
#include "stats/preserved_components.h"
#include "stats/rotation.h"
#include "stats/similarity.h"

namespace mien {
namespace {

using Json = nlohmann::json;
constexpr double kAgreement = 1e-9;

const Json& reference() {
  static const Json kExpected = [] {
    std::ifstream file(testing::source_dir() / "tests" / "reference" / "compare" / "expected.json");
    return Json::parse(file);
  }();
  return kExpected;
}

double number(const Json& value) {
  return value.is_null() ? kNaN : value.get<double>();
}

std::vector<double> list(const Json& values) {
  std::vector<double> result;
  for (const Json& value : values) result.push_back(number(value));
  return result;
}

Matrix matrix(const Json& rows) {
  Matrix result(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows[0].size()));
  for (Eigen::Index r = 0; r < result.rows(); ++r) {
    for (Eigen::Index c = 0; c < result.cols(); ++c) {
      result(r, c) = number(rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]);
    }
  }
  return result;
}

std::vector<std::string> named(const std::string& what, Eigen::Index count) {
  std::vector<std::string> names;
  for (Eigen::Index i = 0; i < count; ++i) names.push_back(what + std::to_string(i));
  return names;
}

ContextMaps maps_of(const std::vector<Matrix>& cells, const std::vector<Matrix>& se) {
  return {named("region", static_cast<Eigen::Index>(cells.size())),
          named("context", cells[0].rows()),
          named("expression", cells[0].cols()),
          cells,
          se,
          {}};
}

ContextMaps reference_maps() {
  std::vector<Matrix> cells;
  std::vector<Matrix> se;
  for (const Json& region : reference()["cells"]) cells.push_back(matrix(region));
  for (const Json& region : reference()["se"]) se.push_back(matrix(region));
  return maps_of(cells, se);
}

void expect_agree(const std::vector<double>& ours, const Json& theirs, const std::string& what) {
  ASSERT_EQ(ours.size(), theirs.size()) << what;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], number(theirs[i]), kAgreement) << what << " " << i;
  }
}

// 1 where the two point the same way or opposite ways.
void expect_same_axis(const std::vector<double>& ours, const Json& theirs,
                      const std::string& what) {
  const std::vector<double> other = list(theirs);
  ASSERT_EQ(ours.size(), other.size()) << what;
  const double sign = ours[0] * other[0] < 0 ? -1 : 1;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], sign * other[i], kAgreement) << what << " " << i;
  }
}

TEST(ComparisonReference, Similarity) {
  const ContextMaps maps = reference_maps();
  const Json& expected = reference()["similarity"];
  const PairwiseSimilarity pairwise = pairwise_similarity(maps);
  std::vector<double> r;
  std::vector<double> rank;
  std::vector<double> robust;
  std::vector<double> in_size;
  for (const RegionPair& pair : pairwise.pairs) {
    r.push_back(pair.r);
    rank.push_back(pair.spearman);
    robust.push_back(pair.r_winsorised);
    in_size.push_back(pair.concordance);
  }
  expect_agree(r, expected["r"], "r");
  expect_agree(rank, expected["spearman"], "Spearman");
  expect_agree(robust, expected["winsorised"], "winsorised");
  expect_agree(in_size, expected["concordance"], "concordance");
  EXPECT_NEAR(pairwise.mean_r, number(expected["mean_r"]), kAgreement);
  EXPECT_NEAR(pairwise.min, number(expected["min"]), kAgreement);
  EXPECT_NEAR(pairwise.max, number(expected["max"]), kAgreement);
  std::vector<double> rest;
  for (const RegionAgainstRest& region : region_against_rest(maps, similarity_matrix(maps))) {
    rest.push_back(region.r);
  }
  expect_agree(rest, expected["against_rest"], "against the rest");
  std::vector<double> parts;
  for (const PartSimilarity& part : similarity_per_expression(maps)) {
    parts.push_back(part.similarity);
  }
  expect_agree(parts, expected["per_expression"], "per expression");
  parts.clear();
  for (const PartSimilarity& part : similarity_per_context(maps)) parts.push_back(part.similarity);
  expect_agree(parts, expected["per_context"], "per context");
}

TEST(ComparisonReference, PreservedComponents) {
  const Json& expected = reference()["preserved"];
  const PreservedComponents ours = preserved_components(winsorised_maps(reference_maps()));
  EXPECT_EQ(ours.kept_contexts.size(), expected["contexts"].get<std::size_t>());
  ASSERT_EQ(ours.components.size(), expected["eigenvalues"].size());
  std::vector<double> p;
  Matrix loadings(static_cast<Eigen::Index>(ours.kept_expressions.size()), 3);
  for (std::size_t k = 0; k < ours.components.size(); ++k) {
    const PreservedComponent& component = ours.components[k];
    EXPECT_NEAR(component.eigenvalue, number(expected["eigenvalues"][k]), 1e-12);
    expect_same_axis(component.weights, expected["weights"][k], "weights");
    expect_agree(component.heldout_spearman, expected["heldout"][k], "held out");
    EXPECT_NEAR(component.p, number(expected["p"][k]), 1e-15);
    EXPECT_NEAR(component.p_adjusted, number(expected["p_holm"][k]), 1e-15);
    const bool reached = k < expected["p_sign_flip"].size();
    EXPECT_EQ(std::isnan(component.p_sign_flip), !reached);
    if (reached) {
      EXPECT_NEAR(component.p_sign_flip, number(expected["p_sign_flip"][k]), 1e-15);
    }
    p.push_back(component.p);
    for (std::size_t e = 0; e < component.weights.size() && k < 3; ++e) {
      loadings(static_cast<Eigen::Index>(e), static_cast<Eigen::Index>(k)) =
          component.weights[e] * std::sqrt(component.eigenvalue);
    }
  }
  expect_agree(benjamini_hochberg(p), expected["p_bh"], "Benjamini-Hochberg");
  expect_agree(benjamini_yekutieli(p), expected["p_by"], "Benjamini-Yekutieli");
  const Varimax turned = varimax(loadings);
  const auto squares = turned.loadings.array().square();
  const double criterion = squares.square().sum() - squares.colwise().sum().square().sum() /
                                                        static_cast<double>(turned.loadings.rows());
  EXPECT_NEAR(criterion / number(expected["varimax_criterion"]), 1, kAgreement);
  EXPECT_LT((turned.rotation * turned.rotation.transpose() - Matrix::Identity(3, 3)).norm(), 1e-12);
}

TEST(ComparisonReference, NoiseCorrection) {
  const Json& expected = reference()["noise"];
  const NoiseCorrection ours = correct_for_noise(reference_maps());
  expect_agree(ours.reliability, expected["reliability"], "reliability");
  std::vector<double> rho;
  for (const CorrectedPair& pair : ours.pairs) {
    rho.push_back(pair.rho.value);
    EXPECT_TRUE(std::isnan(pair.rho.se)) << "no replicates, no interval";
  }
  expect_agree(rho, expected["rho"], "rho");
  EXPECT_NEAR(ours.mean_rho.value, number(expected["mean_rho"]), kAgreement);
  EXPECT_NEAR(ours.mean_rho_squared.value, number(expected["mean_rho_squared"]), kAgreement);
  EXPECT_NEAR(ours.variance_preserved.value, number(expected["variance_preserved"]), kAgreement);
}

TEST(ComparisonReference, Jackknife) {
  ContextMaps maps;
  maps.regions = named("region", 3);
  maps.contexts = named("context", 6);
  maps.expressions = named("expression", 4);
  for (const Json& region : reference()["jackknife"]["blocks"]) {
    std::vector<Matrix> blocks;
    Matrix sum = Matrix::Zero(6, 4);
    for (const Json& block : region) {
      blocks.push_back(matrix(block));
      sum += blocks.back();
    }
    const auto count = static_cast<double>(blocks.size());
    Matrix squares = Matrix::Zero(6, 4);
    std::vector<Matrix> deleted;
    for (const Matrix& block : blocks) {
      squares += (block - sum / count).cwiseAbs2();
      deleted.push_back((sum - block) / (count - 1));
    }
    maps.cells.emplace_back(sum / count);
    maps.se.emplace_back((squares / (count - 1) / count).cwiseSqrt());
    maps.replicates.push_back(std::move(deleted));
  }
  const Json& expected = reference()["jackknife"]["expected"];
  const NoiseCorrection ours = correct_for_noise(maps);
  std::vector<double> se = {ours.mean_rho.se, ours.mean_rho_squared.se, ours.variance_preserved.se};
  std::vector<double> values = {ours.mean_rho.value, ours.mean_rho_squared.value,
                                ours.variance_preserved.value};
  for (const CorrectedPair& pair : ours.pairs) {
    se.push_back(pair.rho.se);
    values.push_back(pair.rho.value);
  }
  expect_agree(se, expected["se"], "standard errors");
  expect_agree(values, expected["values"], "values");
  EXPECT_EQ(ours.mean_rho.df, 4);
}

TEST(ComparisonReference, RandomEffects) {
  const ContextMaps maps = reference_maps();
  for (const Json& expected : reference()["random_effects"]) {
    std::vector<double> y;
    std::vector<double> se;
    for (std::size_t g = 0; g < maps.regions.size(); ++g) {
      y.push_back(maps.cells[g](expected["context"].get<int>(), expected["expression"].get<int>()));
      se.push_back(maps.se[g](expected["context"].get<int>(), expected["expression"].get<int>()));
    }
    const RandomEffects ours = random_effects(y, se, 0.02);
    EXPECT_NEAR(ours.tau2, number(expected["tau2"]), 1e-12);
    EXPECT_NEAR(ours.mean, number(expected["mean"]), kAgreement);
    EXPECT_NEAR(ours.se, number(expected["se"]), kAgreement);
    EXPECT_NEAR(ours.lower, number(expected["lower"]), kAgreement);
    EXPECT_NEAR(ours.upper, number(expected["upper"]), kAgreement);
    EXPECT_NEAR(ours.q, number(expected["q"]), kAgreement);
    EXPECT_NEAR(ours.q_p, number(expected["q_p"]), kAgreement);
    EXPECT_NEAR(ours.i2, number(expected["i2"]), kAgreement);
    EXPECT_NEAR(ours.predicted_lower, number(expected["predicted"][0]), kAgreement);
    EXPECT_NEAR(ours.predicted_upper, number(expected["predicted"][1]), kAgreement);
    EXPECT_NEAR(ours.equivalence_p, number(expected["equivalence_p"]), kAgreement);
    for (std::size_t g = 0; g < y.size(); ++g) {
      EXPECT_NEAR(ours.deviations[g].shrunken, number(expected["shrunken"][g]), kAgreement);
      EXPECT_NEAR(ours.deviations[g].lower, number(expected["shrunken_lower"][g]), kAgreement);
    }
  }
}

TEST(ComparisonReference, Tree) {
  const Matrix similarity = similarity_matrix(reference_maps());
  const ClusterTree ours = average_linkage((1 - similarity.array()).matrix());
  const Json& expected = reference()["tree"];
  ASSERT_EQ(ours.merges.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(static_cast<double>(ours.merges[i].a), number(expected[i][0]));
    EXPECT_EQ(static_cast<double>(ours.merges[i].b), number(expected[i][1]));
    EXPECT_NEAR(ours.merges[i].height, number(expected[i][2]), kAgreement);
    EXPECT_EQ(static_cast<double>(ours.merges[i].size), number(expected[i][3]));
    EXPECT_EQ(static_cast<double>(ours.leaf_order[i]), number(reference()["leaf_order"][i]));
  }
}

TEST(ComparisonReference, ProcrustesAndDistances) {
  const Json& procrustes = reference()["procrustes"];
  EXPECT_NEAR(procrustes_disparity(matrix(procrustes["a"]), matrix(procrustes["b"])),
              number(procrustes["disparity"]), kAgreement);
  std::vector<PlaceOnEarth> places;
  for (const Json& place : reference()["places"]) {
    places.push_back({number(place[0]), number(place[1])});
  }
  EXPECT_LT((great_circle_km(places) - matrix(reference()["kilometres"])).norm(), 1e-8);
}

TEST(ComparisonReference, GeneralisedCorrelations) {
  for (const Json& expected : reference()["generalised"]) {
    const GeneralisedCorrelations ours =
        generalised_correlations(reference_maps(), number(expected["ridge"]));
    EXPECT_NEAR(ours.lambda, number(expected["lambda"]), kAgreement);
    expect_agree(ours.eigenvalues, expected["eigenvalues"], "eigenvalues");
    for (Eigen::Index k = 0; k < ours.scores.cols(); ++k) {
      const auto column = ours.scores.col(k);
      expect_same_axis({column.begin(), column.end()},
                       expected["scores"][static_cast<std::size_t>(k)], "scores");
    }
  }
}

TEST(ComparisonReference, CanonicalCorrelations) {
  std::vector<RegionCovariance> regions;
  for (const Json& region : reference()["canonical"]["regions"]) {
    regions.push_back(
        {matrix(region["xx"]), matrix(region["xy"]), matrix(region["yy"]), number(region["n"])});
  }
  const Json& expected = reference()["canonical"]["expected"];
  const CanonicalCorrelations ours = canonical_correlations(regions);
  EXPECT_EQ(ours.ridge, 0);
  ASSERT_EQ(ours.pairs.size(), 3U);
  for (std::size_t k = 0; k < 3; ++k) {
    const CanonicalPair& pair = ours.pairs[k];
    EXPECT_NEAR(pair.correlation, number(expected["correlations"][k]), kAgreement);
    expect_same_axis(pair.context_weights, expected["context_weights"][k], "contexts");
    expect_same_axis(pair.expression_weights, expected["expression_weights"][k], "expressions");
    EXPECT_NEAR(pair.bartlett / number(expected["bartlett"][k]), 1, kAgreement);
    EXPECT_EQ(pair.bartlett_df, number(expected["bartlett_df"][k]));
    EXPECT_NEAR(pair.bartlett_p, number(expected["bartlett_p"][k]), kAgreement);
    expect_agree(pair.heldout, expected["heldout"][k], "held out");
    EXPECT_NEAR(pair.p_adjusted, number(expected["p_holm"][k]), 1e-15);
  }
}

}  // namespace
}  // namespace mien
