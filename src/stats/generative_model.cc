#include "stats/generative_model.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/random.h"
#include "stats/decomposition.h"

namespace mien {

namespace {

constexpr double kMostPrevalence = 0.3;
constexpr double kRegionPrevalence = 0.3;  // SD of a context's prevalence over regions, relative
constexpr double kMostSpecial = 0.02;      // uploaders keep to one context in fifty
constexpr double kStrengthSpread = 0.5;    // SD of the logarithm of a context's strength
constexpr double kWeakestDimension = 0.5;  // of the shared part, relative to the strongest
constexpr double kCountryShift = 0.5;      // SD of a covariate's mean over countries
constexpr double kEarthKm = 6371.0;
const double kSqrt3 = std::sqrt(3.0);

// Streams of the seed, one a group of parameters, so that a new one moves no other.
enum Stream : std::uint64_t {
  kPrevalenceStream = 1,
  kConfounderStream,
  kCountryStream,
  kSharedStream,
  kGeographyStream,
  kRegionStream,
  kCountryEffectStream,
  kZeroStream,
  kScoreStream,
};

std::vector<std::int64_t> videos_of_regions(const SimulationDesign& design) {
  return whole_shares(design.videos, std::vector<double>(design.regions.size(), 1.0));
}

void draw_countries(GenerativeModel& model, Random random) {
  const std::vector<std::int64_t> videos = videos_of_regions(model.design);
  for (int g = 0; g < model.regions; ++g) {
    const std::size_t count = model.design.regions[static_cast<std::size_t>(g)].countries.size();
    std::vector<double> weights;
    for (std::size_t j = 0; j < count; ++j) weights.push_back(std::exp(random.normal()));
    const std::vector<std::int64_t> parts =
        whole_shares(videos[static_cast<std::size_t>(g)], weights);
    for (const std::int64_t part : parts) {
      const auto all =
          static_cast<double>(std::max<std::int64_t>(1, videos[static_cast<std::size_t>(g)]));
      model.countries.push_back({g, static_cast<double>(part) / all, part});
    }
  }
  for (std::size_t i = 0; i < model.countries.size(); ++i) {
    for (int e = 0; e < model.expressions; ++e) {
      model.country_levels.push_back(model.design.country_level * random.normal());
    }
    for (int k = 0; k < model.covariates; ++k) {
      model.country_shifts.push_back(kCountryShift * random.normal());
    }
  }
}

// Log-normal prevalences, none above kMostPrevalence, whose sum is contexts_per_video.
std::vector<double> draw_prevalence(const SimulationDesign& design, Random& random) {
  std::vector<double> raw;
  for (int c = 0; c < design.contexts; ++c)
    raw.push_back(std::exp(design.rarity * random.normal()));
  const auto sum_at = [&](double scale) {
    double sum = 0;
    for (const double value : raw) sum += std::min(kMostPrevalence, scale * value);
    return sum;
  };
  double low = -60;
  double high = 60;  // logarithm of the scale; 200 halvings leave nothing between
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (sum_at(std::exp(middle)) < design.contexts_per_video ? low : high) = middle;
  }
  for (double& value : raw) value = std::min(kMostPrevalence, std::exp(low) * value);
  return raw;
}

void draw_prevalences(GenerativeModel& model, Random random) {
  const SimulationDesign& design = model.design;
  const std::vector<double> world = draw_prevalence(design, random);
  for (int g = 0; g < model.regions; ++g) {
    for (const double p : world) {
      const double factor = 1.0 + kRegionPrevalence * uniform_unit(random);
      const bool absent = random.uniform() < design.absent_cells;
      model.prevalence.push_back(absent ? 0.0 : std::min(kMostPrevalence, p * factor));
    }
  }
  for (const SimulatedCountry& country : model.countries) {
    for (int c = 0; c < model.contexts; ++c) {
      const double p =
          model.prevalence[static_cast<std::size_t>(country.region * model.contexts + c)];
      model.country_prevalence.push_back(p *
                                         (1.0 + design.country_prevalence * uniform_unit(random)));
    }
  }
}

// Weights whose absolute sum times most_z leaves every probability positive.
void draw_confounders(GenerativeModel& model, Random random) {
  const double room = 1.0 - kSqrt3 * model.design.country_prevalence;
  const double most = model.design.confounding * room / model.most_z;
  const int terms = std::min(kConfounders, model.covariates);
  for (int c = 0; c < model.contexts; ++c) {
    std::vector<Confounder> list;
    const int first =
        terms == 0 ? 0
                   : static_cast<int>(random.below(static_cast<std::uint64_t>(model.covariates)));
    for (int t = 0; t < terms; ++t) {
      const int covariate = (first + t) % model.covariates;
      list.push_back({covariate, most / terms * (2.0 * random.uniform() - 1.0)});
    }
    model.confounders.push_back(std::move(list));
  }
}

double absolute_sum(const std::vector<Confounder>& list) {
  double sum = 0;
  for (const Confounder& term : list) sum += std::abs(term.weight);
  return sum;
}

// Largest probability of a context over countries and covariates, before the uploader's factor.
double most_probable(const GenerativeModel& model, std::size_t country, int context) {
  const auto c = static_cast<std::size_t>(context);
  const auto contexts = static_cast<std::size_t>(model.contexts);
  const auto g = static_cast<std::size_t>(model.countries[country].region);
  return model.country_prevalence[country * contexts + c] +
         model.prevalence[g * contexts + c] * absolute_sum(model.confounders[c]) * model.most_z;
}

// Factors with mean 1 that keep every probability at most 0.95.
void set_uploader_factors(GenerativeModel& model) {
  const double keep = model.design.uploader_contexts;
  for (int c = 0; c < model.contexts; ++c) {
    double most = 0;
    for (std::size_t j = 0; j < model.countries.size(); ++j) {
      most = std::max(most, most_probable(model, j, c));
    }
    const double wanted = 1.0 + keep * (1.0 / kMostSpecial - 1.0);
    const double factor = most > 0 ? std::min(wanted, 0.95 / most) : wanted;
    model.special_factor.push_back(factor);
    model.special_prob.push_back(keep == 0 ? 0.0 : keep / (factor - 1.0 + keep));
  }
}

void set_draws(GenerativeModel& model) {
  const double base = 1.0 - model.design.uploader_contexts;
  std::vector<double> caps(static_cast<std::size_t>(model.contexts));
  for (std::size_t j = 0; j < model.countries.size(); ++j) {
    for (int c = 0; c < model.contexts; ++c) {
      caps[static_cast<std::size_t>(c)] = base * most_probable(model, j, c);
    }
    model.present.emplace_back(caps);
  }
  model.special = SparseDraws(model.special_prob);
  const double rate = model.design.context_false + model.design.context_background;
  for (int g = 0; g < model.regions; ++g) {
    for (int c = 0; c < model.contexts; ++c) {
      caps[static_cast<std::size_t>(c)] =
          rate * model.prevalence[static_cast<std::size_t>(g * model.contexts + c)];
    }
    model.extra.emplace_back(caps);
  }
}

using Eigen::MatrixXd;

MatrixXd normals(Eigen::Index rows, Eigen::Index columns, Random& random) {
  MatrixXd matrix(rows, columns);
  for (Eigen::Index r = 0; r < rows; ++r) {
    for (Eigen::Index c = 0; c < columns; ++c) matrix(r, c) = random.normal();
  }
  return matrix;
}

// k strengths whose squares sum to `expressions`, so that a cell of U diag(d) V' has variance 1.
Eigen::VectorXd dimension_strengths(int k, int expressions) {
  Eigen::VectorXd strengths(k);
  for (int i = 0; i < k; ++i) {
    strengths(i) = std::pow(kWeakestDimension, k > 1 ? static_cast<double>(i) / (k - 1) : 0.0);
  }
  return strengths * std::sqrt(expressions / strengths.squaredNorm());
}

Eigen::Vector3d direction(const SimulatedRegion& region) {
  const double latitude = region.latitude_deg * std::numbers::pi / 180;
  const double longitude = region.longitude_deg * std::numbers::pi / 180;
  return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude),
          std::sin(latitude)};
}

// Correlation exp(-d / distance_km) of regions; positive definite on the sphere. Its square root.
MatrixXd geographic_root(const SimulationDesign& design) {
  const auto count = static_cast<Eigen::Index>(design.regions.size());
  MatrixXd correlation(count, count);
  for (Eigen::Index g = 0; g < count; ++g) {
    for (Eigen::Index h = 0; h < count; ++h) {
      const double cosine = direction(design.regions[static_cast<std::size_t>(g)])
                                .dot(direction(design.regions[static_cast<std::size_t>(h)]));
      const double km = g == h ? 0.0 : kEarthKm * std::acos(std::clamp(cosine, -1.0, 1.0));
      correlation(g, h) = std::exp(-km / design.distance_km);
    }
  }
  return symmetric_root(correlation);
}

void draw_zeros(GenerativeModel& model, Random random) {
  for (int c = 0; c < model.contexts; ++c) {
    const bool whole = random.uniform() < model.design.zero_contexts;
    for (int e = 0; e < model.expressions; ++e) {
      model.is_zero.push_back(whole || random.uniform() < model.design.zero_cells ? 1 : 0);
    }
  }
}

void draw_effects(GenerativeModel& model, const Random& root) {
  const SimulationDesign& design = model.design;
  const int k = design.preserved;
  Random shared_random = root.fork(kSharedStream);
  for (int c = 0; c < model.contexts; ++c) {
    // Mean square 1: the log-normal is divided by its own root mean square.
    model.strength.push_back(
        std::exp(kStrengthSpread * shared_random.normal() - kStrengthSpread * kStrengthSpread));
  }
  const MatrixXd basis_full =
      orthonormal_basis(normals(model.expressions, model.expressions, shared_random));
  const MatrixXd basis =
      dimension_strengths(k, model.expressions).asDiagonal() * basis_full.leftCols(k).transpose();
  const MatrixXd shared = normals(model.contexts, k, shared_random) * basis;

  Random geography_random = root.fork(kGeographyStream);
  const MatrixXd geography_root = geographic_root(design);
  std::vector<MatrixXd> sources;
  for (int g = 0; g < model.regions; ++g) {
    sources.push_back(normals(model.contexts, k, geography_random));
  }
  const double geography = k > 0 ? design.geography : 0.0;
  const double weights[] = {std::sqrt(design.shared), std::sqrt((1 - design.shared) * geography),
                            std::sqrt((1 - design.shared) * (1 - geography))};
  Random region_random = root.fork(kRegionStream);
  for (int g = 0; g < model.regions; ++g) {
    MatrixXd near = MatrixXd::Zero(model.contexts, k);
    for (int h = 0; h < model.regions; ++h) {
      near += geography_root(g, h) * sources[static_cast<std::size_t>(h)];
    }
    const MatrixXd own = normals(model.contexts, model.expressions, region_random);
    const MatrixXd map = weights[0] * shared + weights[1] * (near * basis) + weights[2] * own;
    for (int c = 0; c < model.contexts; ++c) {
      for (int e = 0; e < model.expressions; ++e) {
        const auto cell = static_cast<std::size_t>(c * model.expressions + e);
        const double size = design.effect * model.strength[static_cast<std::size_t>(c)];
        model.effects.push_back(model.is_zero[cell] != 0 ? 0.0 : size * map(c, e));
      }
    }
  }
  Random country_random = root.fork(kCountryEffectStream);
  const auto cells =
      static_cast<std::size_t>(model.contexts) * static_cast<std::size_t>(model.expressions);
  for (const SimulatedCountry& country : model.countries) {
    const std::size_t offset = static_cast<std::size_t>(country.region) * cells;
    for (std::size_t cell = 0; cell < cells; ++cell) {
      const double size = design.effect * design.country_slopes *
                          model.strength[cell / static_cast<std::size_t>(model.expressions)];
      const double deviation = size * country_random.normal();
      model.country_effects.push_back(
          model.is_zero[cell] != 0 ? 0.0 : model.effects[offset + cell] + deviation);
    }
  }
}

}  // namespace

double uniform_unit(Random& random) {
  return kSqrt3 * (2.0 * random.uniform() - 1.0);
}

std::vector<std::int64_t> whole_shares(std::int64_t total, const std::vector<double>& shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<std::int64_t> parts;
  std::vector<std::pair<double, std::size_t>> rests;
  std::int64_t given = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double exact = static_cast<double>(total) * shares[i] / sum;
    parts.push_back(static_cast<std::int64_t>(exact));
    rests.emplace_back(static_cast<double>(parts.back()) - exact, i);
    given += parts.back();
  }
  std::sort(rests.begin(), rests.end());
  for (std::size_t i = 0; given < total; ++i, ++given) ++parts[rests[i % rests.size()].second];
  return parts;
}

double GenerativeModel::residual_variance() const {
  return 1.0 + design.rater_noise * design.rater_noise +
         design.annotation_noise * design.annotation_noise;
}

GenerativeModel make_generative_model(const SimulationDesign& design) {
  GenerativeModel model;
  model.design = design;
  model.regions = static_cast<int>(design.regions.size());
  model.contexts = design.contexts;
  model.expressions = design.expressions;
  model.covariates = design.covariates;
  model.most_z = kSqrt3 * (std::sqrt(kCovariateIcc) + std::sqrt(1 - kCovariateIcc));
  const Random root(design.seed);
  draw_countries(model, root.fork(kCountryStream));
  draw_prevalences(model, root.fork(kPrevalenceStream));
  draw_confounders(model, root.fork(kConfounderStream));
  set_uploader_factors(model);
  set_draws(model);
  draw_zeros(model, root.fork(kZeroStream));
  draw_effects(model, root);
  Random score_random = root.fork(kScoreStream);
  for (int i = 0; i < model.expressions * model.covariates; ++i) {
    model.covariate_effects.push_back(design.covariate_effect * score_random.normal());
  }
  return model;
}

}  // namespace mien
