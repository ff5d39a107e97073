#include "stats/true_map.h"

#include <Eigen/Core>
#include <cmath>

#include "base/check.h"
#include "base/missing.h"
#include "stats/decomposition.h"
#include "stats/simulated_videos.h"

namespace mien {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// A written context X given the true one x in {0, 1}: E X = mean0 + mean1 x, E X^2 = square0 +
// square1 x.
struct Measurement {
  double mean0 = 0, mean1 = 0, square0 = 0, square1 = 0;
};

struct UniformMoments {
  double mean = 0, square = 0;
};

// Of a uniform draw from low, low + 1 ... high, in steps of 1 / kScoreSteps.
UniformMoments moments(std::uint64_t low, std::uint64_t high) {
  const auto a = static_cast<double>(low);
  const auto b = static_cast<double>(high);
  const double mean = 0.5 * (a + b);
  const double count = b - a + 1;
  const double variance = (count * count - 1) / 12;
  return {mean / kScoreSteps, (mean * mean + variance) / (kScoreSteps * kScoreSteps)};
}

Measurement measurement(const SimulationDesign& design, double prevalence, TrueContexts use) {
  const double found = 1 - design.context_misses;
  const double wrong = design.context_false * prevalence;
  if (use == TrueContexts::kPresent) return {wrong, found - wrong, wrong, found - wrong};
  const UniformMoments present = moments(kPresentLow, kPresentHigh);
  const UniformMoments background = moments(kBackgroundLow, kBackgroundHigh);
  const double rate = design.context_background * prevalence;
  const auto both = [&](double one, double other) {
    const double without = wrong * one + rate * other;
    const double with = found * one + (1 - found) * rate * other;
    return std::pair(without, with - without);
  };
  const auto [mean0, mean1] = both(present.mean, background.mean);
  const auto [square0, square1] = both(present.square, background.square);
  return {mean0, mean1, square0, square1};
}

// Covariances of one region's contexts x, scores y and covariates z (Szz apart).
struct Moments {
  MatrixXd direct;      // C x E: covariance of x and y beside what z explains, within country
  MatrixXd xy, xz, yz;  // C x E, C x K, E x K
  VectorXd xx, yy;      // C, E
  MatrixXd zz;          // K x K
  VectorXd total_xx, total_yy;
};

class TrueMoments {
 public:
  TrueMoments(const GenerativeModel& model, int region, const TrueMapOptions& options)
      : model_(model), region_(region), options_(options) {
    const auto contexts = static_cast<Eigen::Index>(model.contexts);
    loads_ = MatrixXd::Zero(contexts, model.covariates);
    for (Eigen::Index c = 0; c < contexts; ++c) {
      const double p = prevalence(c);
      for (const Confounder& term : model.confounders[static_cast<std::size_t>(c)]) {
        loads_(c, term.covariate) = p * term.weight;
      }
      measured_.push_back(measurement(model.design, p, options.contexts));
    }
    gamma_ = Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(
        model.covariate_effects.data(), model.expressions, model.covariates);
  }

  Moments given() const;
  Moments sample() const;

 private:
  double prevalence(Eigen::Index c) const {
    return model_.prevalence[static_cast<std::size_t>(region_ * model_.contexts + c)];
  }
  Moments empty() const;
  void add_between(const std::vector<double>& shares, const MatrixXd& mean_x,
                   const MatrixXd& mean_y, const MatrixXd& mean_z, Moments& moments) const;

  const GenerativeModel& model_;
  int region_;
  TrueMapOptions options_;
  MatrixXd loads_;  // C x K: how a context's probability moves with covariates
  MatrixXd gamma_;  // E x K
  std::vector<Measurement> measured_;
};

Moments TrueMoments::empty() const {
  Moments m;
  m.direct = MatrixXd::Zero(model_.contexts, model_.expressions);
  m.xz = MatrixXd::Zero(model_.contexts, model_.covariates);
  m.yz = MatrixXd::Zero(model_.expressions, model_.covariates);
  m.xx = VectorXd::Zero(model_.contexts);
  m.yy = VectorXd::Zero(model_.expressions);
  m.zz = MatrixXd::Identity(model_.covariates, model_.covariates);
  return m;
}

// These countries with these shares of videos.
Moments TrueMoments::given() const {
  const auto contexts = static_cast<Eigen::Index>(model_.contexts);
  const auto expressions = static_cast<Eigen::Index>(model_.expressions);
  Moments m = empty();
  std::vector<double> shares;
  std::vector<std::size_t> members;
  for (std::size_t j = 0; j < model_.countries.size(); ++j) {
    if (model_.countries[j].region != region_ || model_.countries[j].videos == 0) continue;
    members.push_back(j);
    shares.push_back(model_.countries[j].share);
  }
  const auto count = static_cast<Eigen::Index>(members.size());
  MatrixXd mean_x(count, contexts);
  MatrixXd mean_y(count, expressions);
  MatrixXd mean_z(count, model_.covariates);
  using RowMajor = Eigen::Matrix<double, -1, -1, Eigen::RowMajor>;
  for (Eigen::Index i = 0; i < count; ++i) {
    const std::size_t j = members[static_cast<std::size_t>(i)];
    const double share = shares[static_cast<std::size_t>(i)];
    const Eigen::Map<const RowMajor> beta(
        model_.country_effects.data() + j * static_cast<std::size_t>(contexts * expressions),
        contexts, expressions);
    const Eigen::Map<const VectorXd> p(
        model_.country_prevalence.data() + j * static_cast<std::size_t>(contexts), contexts);
    // Variance of x beside what z explains: p (1 - p) - |b|^2.
    const VectorXd rest = (p.array() * (1 - p.array())).matrix() - loads_.rowwise().squaredNorm();
    const MatrixXd gain = gamma_ + beta.transpose() * loads_;  // E x K: slope of y on z
    m.yz += share * gain;
    m.yy += share * (gain.rowwise().squaredNorm() + beta.cwiseAbs2().transpose() * rest +
                     VectorXd::Constant(expressions, model_.residual_variance()));
    m.direct += share * (rest.asDiagonal() * beta);
    for (Eigen::Index c = 0; c < contexts; ++c) {
      const Measurement& x = measured_[static_cast<std::size_t>(c)];
      mean_x(i, c) = x.mean0 + x.mean1 * p(c);
      m.xx(c) += share * (x.square0 + x.square1 * p(c) - mean_x(i, c) * mean_x(i, c));
    }
    mean_y.row(i) = (beta.transpose() * p).transpose();
    for (Eigen::Index e = 0; e < expressions; ++e) {
      mean_y(i, e) += model_.country_levels[j * static_cast<std::size_t>(expressions) +
                                            static_cast<std::size_t>(e)];
    }
    for (Eigen::Index k = 0; k < mean_z.cols(); ++k) {
      mean_z(i, k) = model_.country_shifts[j * static_cast<std::size_t>(model_.covariates) +
                                           static_cast<std::size_t>(k)];
    }
  }
  for (Eigen::Index c = 0; c < contexts; ++c) {
    const double scale = measured_[static_cast<std::size_t>(c)].mean1;
    m.direct.row(c) *= scale;
    if (loads_.cols() > 0) m.xz.row(c) = scale * loads_.row(c);
  }
  m.xy = m.direct + m.xz * m.yz.transpose();
  add_between(shares, mean_x, mean_y, mean_z, m);
  return m;
}

void TrueMoments::add_between(const std::vector<double>& shares, const MatrixXd& mean_x,
                              const MatrixXd& mean_y, const MatrixXd& mean_z, Moments& m) const {
  const Eigen::Map<const VectorXd> w(shares.data(), static_cast<Eigen::Index>(shares.size()));
  const auto centred = [&](const MatrixXd& means) -> MatrixXd {
    return means.rowwise() - (w.transpose() * means).eval().row(0);
  };
  const MatrixXd x = centred(mean_x);
  const MatrixXd y = centred(mean_y);
  const MatrixXd z = centred(mean_z);
  m.total_xx = m.xx + x.cwiseAbs2().transpose() * w;
  m.total_yy = m.yy + y.cwiseAbs2().transpose() * w;
  if (options_.within == TrueWithin::kCountry) return;
  m.xx = m.total_xx;
  m.yy = m.total_yy;
  m.xy += x.transpose() * w.asDiagonal() * y;
  m.xz += x.transpose() * w.asDiagonal() * z;
  m.yz += y.transpose() * w.asDiagonal() * z;
  m.zz += z.transpose() * w.asDiagonal() * z;
}

// Countries drawn anew: expectations over their effects (variance (effect strength slopes)^2),
// their prevalences (relative variance country_prevalence^2) and levels.
Moments TrueMoments::sample() const {
  const auto contexts = static_cast<Eigen::Index>(model_.contexts);
  const auto expressions = static_cast<Eigen::Index>(model_.expressions);
  const SimulationDesign& design = model_.design;
  const double spread = design.country_prevalence * design.country_prevalence;
  const double level = design.country_level * design.country_level;
  Moments m = empty();
  using RowMajor = Eigen::Matrix<double, -1, -1, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> beta(
      model_.effects.data() +
          static_cast<std::size_t>(region_) * static_cast<std::size_t>(contexts * expressions),
      contexts, expressions);
  MatrixXd tau2 = MatrixXd::Zero(contexts, expressions);  // variance of a country's effects
  VectorXd rest(contexts);
  VectorXd p2(contexts);  // of prevalence over countries: variance
  m.total_xx = VectorXd::Zero(contexts);
  for (Eigen::Index c = 0; c < contexts; ++c) {
    const double p = prevalence(c);
    p2(c) = p * p * spread;
    rest(c) = p - p * p - p2(c) - loads_.row(c).squaredNorm();
    const double size =
        design.effect * design.country_slopes * model_.strength[static_cast<std::size_t>(c)];
    for (Eigen::Index e = 0; e < expressions; ++e) {
      if (model_.is_zero[static_cast<std::size_t>(c * expressions + e)] == 0)
        tau2(c, e) = size * size;
    }
    const Measurement& x = measured_[static_cast<std::size_t>(c)];
    const double mean = x.mean0 + x.mean1 * p;
    m.xx(c) = x.square0 + x.square1 * p - mean * mean - x.mean1 * x.mean1 * p2(c);
    m.total_xx(c) = m.xx(c) + x.mean1 * x.mean1 * p2(c);
    m.direct.row(c) = x.mean1 * rest(c) * beta.row(c);
    m.xz.row(c) = x.mean1 * loads_.row(c);
  }
  m.yz = gamma_ + beta.transpose() * loads_;
  const MatrixXd squares = beta.cwiseAbs2() + tau2;
  m.yy = m.yz.rowwise().squaredNorm() + tau2.transpose() * loads_.rowwise().squaredNorm() +
         squares.transpose() * rest + VectorXd::Constant(expressions, model_.residual_variance());
  VectorXd p_squared(contexts);
  for (Eigen::Index c = 0; c < contexts; ++c) p_squared(c) = prevalence(c) * prevalence(c);
  m.total_yy = m.yy + VectorXd::Constant(expressions, level) + squares.transpose() * p2 +
               tau2.transpose() * p_squared;
  m.xy = m.direct + m.xz * m.yz.transpose();
  return m;
}

}  // namespace

TrueMap true_map(const GenerativeModel& model, int region, const TrueMapOptions& options) {
  MIEN_CHECK(region >= 0 && region < model.regions, "there is such a region");
  const bool sample = options.countries == TrueCountries::kAsSample;
  MIEN_CHECK(!sample || options.within == TrueWithin::kCountry, "a sample is meant within country");
  const TrueMoments source(model, region, options);
  const Moments m = sample ? source.sample() : source.given();

  // What z leaves over. Within country S_zz is the identity and the direct part is what is left of
  // S_xy: exactly 0 where there is no effect.
  MatrixXd solved_xz = m.xz;  // S_xz S_zz^-1
  MatrixXd solved_yz = m.yz;
  if (options.within == TrueWithin::kNone && model.covariates > 0) {
    const Cholesky factor(m.zz);
    solved_xz = factor.solve(m.xz.transpose()).transpose();
    solved_yz = factor.solve(m.yz.transpose()).transpose();
  }
  const MatrixXd xy_z = options.within == TrueWithin::kCountry
                            ? m.direct
                            : MatrixXd(m.xy - solved_xz * m.yz.transpose());
  const VectorXd xx_z = m.xx - solved_xz.cwiseProduct(m.xz).rowwise().sum();
  const VectorXd yy_z = m.yy - solved_yz.cwiseProduct(m.yz).rowwise().sum();

  TrueMap map;
  for (Eigen::Index c = 0; c < m.xx.size(); ++c) {
    const bool occurs = m.xx(c) > 0;
    for (Eigen::Index e = 0; e < m.yy.size(); ++e) {
      const auto put = [&](std::vector<double>& values, double value) {
        values.push_back(occurs ? value : kNaN);
      };
      const double slope = xy_z(c, e) / xx_z(c);
      put(map.correlation, m.xy(c, e) / std::sqrt(m.xx(c) * m.yy(e)));
      put(map.partial, xy_z(c, e) / std::sqrt(xx_z(c) * yy_z(e)));
      put(map.semipartial, xy_z(c, e) / std::sqrt(m.total_xx(c) * yy_z(e)));
      put(map.slope, kScoreUnit * slope);
      put(map.standardised_slope, slope / std::sqrt(m.total_yy(e)));
    }
  }
  return map;
}

}  // namespace mien
