// The closed forms of true_map.h against moments of a large sample, and what the model promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>

#include "stats/correlation.h"
#include "stats/decomposition.h"
#include "stats/simulated_videos.h"
#include "stats/true_map.h"

namespace mien {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

SimulationDesign small_design() {
  SimulationDesign design;
  design.videos = 300000;
  design.contexts = 10;
  design.expressions = 3;
  design.covariates = 4;
  design.seed = 11;
  design.regions = {{"North", 60, 10, {"A", "B", "C"}}, {"South", -20, 20, {"D", "E"}}};
  design.effect = 0.6;
  design.covariate_effect = 0.4;
  design.confounding = 1;
  design.country_slopes = 0.5;
  design.country_prevalence = 0.2;
  design.country_level = 1;
  design.contexts_per_video = 1.5;
  design.rarity = 1;
  design.context_false = 0.2;
  return design;
}

GenerativeModel model_of(SimulationDesign design) {
  EXPECT_TRUE(complete_design(design).ok());
  return make_generative_model(design);
}

// Columns of one region's sample: contexts as present, contexts as scores, scores, covariates.
struct Sample {
  std::vector<std::vector<double>> rows;
  std::vector<std::uint32_t> country;
};

Sample sample_of(const GenerativeModel& model, int region) {
  const SimulatedVideos videos(model);
  const auto contexts = static_cast<std::size_t>(model.contexts);
  Sample sample;
  VideoChunk chunk;
  for (std::size_t i = 0; i < videos.chunks(); ++i) {
    videos.draw(i, {.covariates = true, .scores = true, .contexts = true}, chunk);
    std::vector<std::vector<double>> rows(chunk.videos, std::vector<double>(2 * contexts));
    for (const ContextRow& row : chunk.contexts) {
      rows[row.video][row.context] = row.above_threshold ? 1 : 0;
      rows[row.video][contexts + row.context] = row.score_prob;
    }
    for (std::size_t v = 0; v < chunk.videos; ++v) {
      if (model.countries[chunk.country[v]].region != region) continue;
      for (int e = 0; e < model.expressions; ++e) {
        rows[v].push_back(chunk.scores[v * static_cast<std::size_t>(model.expressions) +
                                       static_cast<std::size_t>(e)]);
      }
      for (int k = 0; k < model.covariates; ++k) {
        rows[v].push_back(chunk.covariates[v * static_cast<std::size_t>(model.covariates) +
                                           static_cast<std::size_t>(k)]);
      }
      sample.rows.push_back(rows[v]);
      sample.country.push_back(chunk.country[v]);
    }
  }
  return sample;
}

// Cross-products centred within country, or within the region.
Matrix covariance(const Sample& sample, bool within_country, std::size_t countries) {
  const auto columns = static_cast<Eigen::Index>(sample.rows.front().size());
  Matrix means = Matrix::Zero(static_cast<Eigen::Index>(countries), columns);
  Vector counts = Vector::Zero(static_cast<Eigen::Index>(countries));
  const auto row_of = [&](std::size_t i) { return within_country ? sample.country[i] : 0U; };
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    means.row(row_of(i)) += Eigen::Map<const Vector>(sample.rows[i].data(), columns).transpose();
    counts(row_of(i)) += 1;
  }
  for (Eigen::Index j = 0; j < means.rows(); ++j) means.row(j) /= std::max(1.0, counts(j));
  Matrix sums = Matrix::Zero(columns, columns);
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    const Vector centred =
        Eigen::Map<const Vector>(sample.rows[i].data(), columns) - means.row(row_of(i)).transpose();
    sums += centred * centred.transpose();
  }
  return sums / static_cast<double>(sample.rows.size());
}

// The kinds, computed the plain way from covariances.
TrueMap empirical_map(const Matrix& s, const Matrix& t, const GenerativeModel& model, int first_x) {
  const int first_y = 2 * model.contexts;
  const int first_z = first_y + model.expressions;
  const Matrix zz = s.bottomRightCorner(model.covariates, model.covariates);
  const Matrix left =
      s - s.rightCols(model.covariates) * Cholesky(zz).solve(s.bottomRows(model.covariates));
  const auto free_of_z = [&](int a, int b) { return left(a, b); };
  EXPECT_EQ(first_z + model.covariates, s.rows());
  TrueMap map;
  for (int x = first_x; x < first_x + model.contexts; ++x) {
    for (int y = first_y; y < first_z; ++y) {
      const double rest = free_of_z(x, y);
      map.correlation.push_back(s(x, y) / std::sqrt(s(x, x) * s(y, y)));
      map.partial.push_back(rest / std::sqrt(free_of_z(x, x) * free_of_z(y, y)));
      map.semipartial.push_back(rest / std::sqrt(t(x, x) * free_of_z(y, y)));
      map.slope.push_back(rest / free_of_z(x, x));
      map.standardised_slope.push_back(map.slope.back() / std::sqrt(t(y, y)));
    }
  }
  return map;
}

// Root mean square of the differences in units of 1 / sqrt(n): about 1 for correlations when the
// closed form holds (a little more for the clusters), and far from it when a term is wrong, since
// effects of some 0.1 to 0.3 make up hundreds of such units.
double distance(const std::vector<double>& truth, const std::vector<double>& sample, double n,
                const std::vector<double>& unit_of_cell) {
  double sum = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double unit = unit_of_cell[i] / std::sqrt(n);
    sum += (truth[i] - sample[i]) * (truth[i] - sample[i]) / (unit * unit);
  }
  return std::sqrt(sum / static_cast<double>(truth.size()));
}

// Root mean squares of truth minus sample, in those units, of all kinds in both uses and both
// regions.
std::vector<double> distances(const SimulationDesign& design) {
  const GenerativeModel model = model_of(design);
  std::vector<double> all;
  for (int region = 0; region < 2; ++region) {
    const Sample sample = sample_of(model, region);
    const auto n = static_cast<double>(sample.rows.size());
    const Matrix total = covariance(sample, false, model.countries.size());
    const Matrix country = covariance(sample, true, model.countries.size());
    for (const TrueWithin within : {TrueWithin::kCountry, TrueWithin::kNone}) {
      for (const TrueContexts use : {TrueContexts::kPresent, TrueContexts::kScore}) {
        const TrueMap truth = true_map(model, region, {.contexts = use, .within = within});
        const int first_x = use == TrueContexts::kPresent ? 0 : model.contexts;
        const TrueMap found =
            empirical_map(within == TrueWithin::kCountry ? country : total, total, model, first_x);
        std::vector<double> slopes;  // a slope's unit is SD(y) / SD(x); kinds of r have 1
        std::vector<double> standardised;
        for (int x = first_x; x < first_x + model.contexts; ++x) {
          for (int y = 2 * model.contexts; y < 2 * model.contexts + model.expressions; ++y) {
            standardised.push_back(1 / std::sqrt(country(x, x)));
            slopes.push_back(std::sqrt(country(y, y)) * standardised.back());
          }
        }
        const std::vector<double> ones(slopes.size(), 1.0);
        all.push_back(distance(truth.correlation, found.correlation, n, ones));
        all.push_back(distance(truth.partial, found.partial, n, ones));
        all.push_back(distance(truth.semipartial, found.semipartial, n, ones));
        all.push_back(distance(truth.slope, found.slope, n, slopes));
        all.push_back(
            distance(truth.standardised_slope, found.standardised_slope, n, standardised));
        EXPECT_GT(distance(truth.correlation, truth.partial, n, ones), 4);  // told apart
      }
    }
  }
  return all;
}

// 30 cells each: a root mean square of 1.4 would be chance once in 10^4 times.
TEST(TrueMap, EqualsALargeSampleOfIndependentVideosForEveryKind) {
  SimulationDesign design = small_design();
  design.uploader_tail = 100;  // one video an uploader
  EXPECT_THAT(distances(design), testing::Each(testing::AllOf(testing::Gt(0.5), testing::Lt(1.4))));
}

// Clusters add noise, not bias: the squared distance grows with their size, and no term is off by
// much.
TEST(TrueMap, EqualsALargeSampleOfClusteredVideosWithinTheirNoise) {
  SimulationDesign design = small_design();
  design.uploader_tail = 2;
  EXPECT_THAT(distances(design), testing::Each(testing::Lt(2.0)));
}

TEST(TrueMap, WithoutCovariatesOrCountriesTheKindsAreOne) {
  SimulationDesign design = small_design();
  design.covariates = 0;
  design.regions = {{"Only", 0, 0, {"A"}}};
  const TrueMap map = true_map(model_of(design), 0, {});
  for (std::size_t i = 0; i < map.partial.size(); ++i) {
    EXPECT_NEAR(map.correlation[i], map.partial[i], 1e-14);
    EXPECT_NEAR(map.semipartial[i], map.partial[i], 1e-14);
  }
}

// Over many countries, the truth for these countries tends to the truth for a sample of them.
TEST(TrueMap, ASampleOfCountriesIsTheMeanOverManyCountries) {
  SimulationDesign design = small_design();
  design.regions = {{"World", 0, 0, std::vector<std::string>(3000, "X")}};
  design.videos = 3000000;
  const GenerativeModel model = model_of(design);
  const TrueMap given = true_map(model, 0, {});
  const TrueMap sample = true_map(model, 0, {.countries = TrueCountries::kAsSample});
  const auto compare = [](const std::vector<double>& a, const std::vector<double>& b,
                          double scale) {
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], scale * 0.03) << i;
  };
  compare(given.correlation, sample.correlation, 1);
  compare(given.partial, sample.partial, 1);
  compare(given.semipartial, sample.semipartial, 1);
  compare(given.slope, sample.slope, 0.1);
  compare(given.standardised_slope, sample.standardised_slope, 2);
  EXPECT_GT(pearson(given.partial, sample.partial).r, 0.995);
}

TEST(TrueMap, CellsWithoutEffectAreExactlyZero) {
  SimulationDesign design = small_design();
  design.contexts = 200;
  design.zero_contexts = 0.3;
  design.zero_cells = 0.5;
  design.absent_cells = 0.1;
  const GenerativeModel model = model_of(design);
  const TrueMap map = true_map(model, 1, {});
  int zero = 0;
  int absent = 0;
  for (std::size_t i = 0; i < map.partial.size(); ++i) {
    absent += std::isnan(map.partial[i]) ? 1 : 0;
    if (std::isnan(map.partial[i])) continue;
    EXPECT_EQ(map.partial[i] == 0, model.is_zero[i] != 0);
    zero += map.partial[i] == 0 ? 1 : 0;
  }
  EXPECT_NEAR(zero / 540.0, 1 - 0.7 * 0.5, 0.1);
  EXPECT_NEAR(absent / 600.0, 0.1, 0.06);
}

Matrix as_matrix(const std::vector<double>& map, int expressions) {
  using RowMajor = Eigen::Matrix<double, -1, -1, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(map.data(), static_cast<Eigen::Index>(map.size()) / expressions,
                                    expressions);
}

TEST(GenerativeModel, PlantsTheDimensionsAndTheLikenessThatTheDesignSays) {
  SimulationDesign design;
  design.regions.clear();
  for (int g = 0; g < 6; ++g) {
    design.regions.push_back({"R" + std::to_string(g), 0, 60.0 * g, {"A", "B"}});
  }
  design.contexts = 3000;
  design.contexts_per_video = 10;
  design.preserved = 4;
  design.shared = 0.6;
  design.geography = 0;
  design.country_slopes = 0;
  const GenerativeModel model = model_of(design);
  const std::size_t cells = 3000U * 16U;
  std::vector<Matrix> maps;
  double mean_r = 0;
  for (std::size_t g = 0; g < 6; ++g) {
    maps.push_back(as_matrix({model.effects.begin() + static_cast<std::ptrdiff_t>(g * cells),
                              model.effects.begin() + static_cast<std::ptrdiff_t>((g + 1) * cells)},
                             16));
    if (g == 0) continue;
    mean_r += pearson(std::span(maps[0].data(), cells), std::span(maps[g].data(), cells)).r / 5;
  }
  EXPECT_NEAR(mean_r, 0.6, 0.02);
  Matrix cross = Matrix::Zero(16, 16);
  for (std::size_t g = 0; g < 6; ++g) {
    for (std::size_t h = 0; h < 6; ++h) {
      if (g != h) cross += maps[g].transpose() * maps[h];
    }
  }
  const Vector values = symmetric_eigen(cross).values;
  EXPECT_GT(values(3), 4 * std::abs(values(4)));  // four stand out
}

TEST(GenerativeModel, NearRegionsAreMoreAlike) {
  SimulationDesign design;
  design.regions = {{"A", 0, 0, {"A"}}, {"B", 0, 5, {"B"}}, {"C", 0, 170, {"C"}}};
  design.contexts = 2000;
  design.shared = 0.2;
  design.geography = 0.8;
  const GenerativeModel model = model_of(design);
  const std::size_t cells = 2000U * 16U;
  const auto likeness = [&](std::size_t g, std::size_t h) {
    return pearson(std::span(model.effects).subspan(g * cells, cells),
                   std::span(model.effects).subspan(h * cells, cells))
        .r;
  };
  const double km = 6371.0 * 5 * std::acos(-1.0) / 180;
  EXPECT_NEAR(likeness(0, 1), 0.2 + 0.8 * 0.8 * std::exp(-km / design.distance_km), 0.05);
  EXPECT_NEAR(likeness(0, 2), 0.2, 0.05);
}

TEST(SimulatedVideos, PartsAndOrderOfDrawingDoNotMatter) {
  SimulationDesign design = small_design();
  design.videos = 30000;
  design.missing = 0.1;
  const GenerativeModel model = model_of(design);
  const SimulatedVideos videos(model);
  ASSERT_GT(videos.chunks(), 2U);
  VideoChunk whole;
  VideoChunk part;
  for (std::size_t i = videos.chunks(); i-- > 0;) {
    videos.draw(i, {.covariates = true, .scores = true, .contexts = true}, whole);
    videos.draw(i, {.scores = true}, part);
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    EXPECT_TRUE(std::equal(whole.scores.begin(), whole.scores.end(), part.scores.begin(), same));
    videos.draw(i, {.contexts = true}, part);
    ASSERT_EQ(whole.contexts.size(), part.contexts.size());
    for (std::size_t r = 0; r < part.contexts.size(); ++r) {
      EXPECT_EQ(whole.contexts[r].context, part.contexts[r].context);
      EXPECT_EQ(whole.contexts[r].score_prob, part.contexts[r].score_prob);
    }
    EXPECT_EQ(whole.clipped, 0);
  }
}

TEST(SimulatedVideos, MissingIsMissingAndCountedAsAsked) {
  SimulationDesign design = small_design();
  design.videos = 40000;
  design.missing = 0.2;
  const GenerativeModel model = model_of(design);
  const SimulatedVideos videos(model);
  double no_face = 0;
  double no_context = 0;
  double no_covariate = 0;
  VideoChunk chunk;
  for (std::size_t i = 0; i < videos.chunks(); ++i) {
    videos.draw(i, {.covariates = true, .scores = true, .contexts = true}, chunk);
    for (const ContextRow& row : chunk.contexts) EXPECT_EQ(chunk.context_ok[row.video], 1);
    for (std::size_t v = 0; v < chunk.videos; ++v) {
      EXPECT_EQ(std::isnan(chunk.scores[v * 3]), chunk.face_ok[v] == 0);
      no_face += chunk.face_ok[v] == 0 ? 1 : 0;
      no_context += chunk.context_ok[v] == 0 ? 1 : 0;
    }
    for (const double z : chunk.covariates) no_covariate += std::isnan(z) ? 1 : 0;
  }
  EXPECT_NEAR(no_face / 40000, 0.2, 0.01);
  EXPECT_NEAR(no_context / 40000, 0.2, 0.01);
  EXPECT_NEAR(no_covariate / 160000, 0.2, 0.01);
}

TEST(SimulatedVideos, UploadersAreHeavyTailedAndKeepToTheirContexts) {
  SimulationDesign design = small_design();
  design.videos = 200000;
  design.contexts = 100;
  design.contexts_per_video = 3;
  const GenerativeModel model = model_of(design);
  const SimulatedVideos videos(model);
  VideoChunk chunk;
  std::vector<double> sizes(videos.uploaders());
  double together = 0;  // pairs of successive videos of one uploader that share a context
  double pairs = 0;
  double apart = 0;  // of successive videos of different uploaders
  double others = 0;
  for (std::size_t i = 0; i < videos.chunks(); ++i) {
    videos.draw(i, {.contexts = true}, chunk);
    std::vector<std::vector<std::uint16_t>> present(chunk.videos);
    for (const ContextRow& row : chunk.contexts) {
      if (row.above_threshold) present[row.video].push_back(row.context);
    }
    for (std::size_t v = 0; v < chunk.videos; ++v) {
      sizes[chunk.uploader[v]] += 1;
      if (v == 0) continue;
      std::vector<std::uint16_t> both;
      std::set_intersection(present[v].begin(), present[v].end(), present[v - 1].begin(),
                            present[v - 1].end(), std::back_inserter(both));
      const bool same = chunk.uploader[v] == chunk.uploader[v - 1];
      (same ? pairs : others) += 1;
      (same ? together : apart) += both.empty() ? 0 : 1;
    }
  }
  EXPECT_GT(together / pairs, 1.5 * apart / others);
  // A Pareto tail: the share of uploaders above ten times a size falls by about 10^-1.3.
  const auto above = [&](double least) {
    return static_cast<double>(
        std::count_if(sizes.begin(), sizes.end(), [&](double size) { return size >= least; }));
  };
  EXPECT_NEAR(std::log10(above(10) / above(100)), 1.3, 0.15);
  EXPECT_EQ(above(2001), 0);  // 2% of a region's videos
}

TEST(SimulationDesign, WhatCannotBeIsAUsageErrorThatNamesTheOption) {
  const auto refused = [](auto change) {
    SimulationDesign design = small_design();
    change(design);
    const Status status = complete_design(design);
    EXPECT_FALSE(status.ok());
    if (status.ok()) return std::string();
    EXPECT_EQ(status.error().code, ErrorCode::kUsage);
    return status.error().message;
  };
  using testing::HasSubstr;
  EXPECT_THAT(refused([](auto& d) { d.videos = 0; }), HasSubstr("--videos 0"));
  EXPECT_THAT(refused([](auto& d) { d.shared = 1.5; }), HasSubstr("--shared 1.5"));
  EXPECT_THAT(refused([](auto& d) { d.missing = std::nan(""); }), HasSubstr("--missing"));
  EXPECT_THAT(refused([](auto& d) { d.preserved = 4; }), HasSubstr("--preserved 4"));
  EXPECT_THAT(refused([](auto& d) { d.preserved = 0; }), HasSubstr("--preserved 0"));
  EXPECT_THAT(refused([](auto& d) { d.contexts_per_video = 5; }),
              HasSubstr("--contexts-per-video"));
}

TEST(SimulationDesign, TheSmallestStudyHasATruth) {
  SimulationDesign design;
  design.videos = 1;
  design.contexts = 1;
  design.expressions = 1;
  design.covariates = 0;
  design.regions = {{"Only", 0, 0, {"A"}}};
  const GenerativeModel model = model_of(design);
  EXPECT_EQ(true_map(model, 0, {}).partial.size(), 1U);
  VideoChunk chunk;
  const SimulatedVideos videos(model);
  ASSERT_EQ(videos.chunks(), 1U);
  videos.draw(0, {.covariates = true, .scores = true, .contexts = true}, chunk);
  EXPECT_EQ(chunk.videos, 1U);
  EXPECT_EQ(chunk.contexts.size(), 1U);  // the one context there is
}

}  // namespace
}  // namespace mien
