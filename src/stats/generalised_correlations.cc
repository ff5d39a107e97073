#include "stats/generalised_correlations.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "stats/decomposition.h"

namespace mien {

namespace {

constexpr double kRankTolerance = 1e-10;  // of the largest singular value

using Columns = Eigen::MatrixXd;

// X (X'X + lambda I)^-1 X' = Z Z' with Z = U S / sqrt(S^2 + lambda).
Columns whitened(const Columns& map, double lambda) {
  const LeftSingular svd = left_singular(map);
  const Eigen::VectorXd& s = svd.values;
  Eigen::VectorXd scale = Eigen::VectorXd::Zero(s.size());
  for (Eigen::Index i = 0; i < s.size(); ++i) {
    if (s(i) > kRankTolerance * s(0)) scale(i) = s(i) / std::sqrt(s(i) * s(i) + lambda);
  }
  return svd.vectors * scale.asDiagonal();
}

// The eigenvectors of S S' of the largest eigenvalues, at most `most`, from the smaller of S S' and
// S'S: the eigenvalues wanted lie near the number of regions, so that squaring costs them no
// digits.
SymmetricEigen leading(const Columns& stacked, Eigen::Index most) {
  const bool tall = stacked.rows() > stacked.cols();
  SymmetricEigen eigen = symmetric_eigen(tall ? Columns(stacked.transpose() * stacked)
                                              : Columns(stacked * stacked.transpose()));
  Eigen::Index kept = 0;
  while (kept < std::min(most, eigen.values.size()) &&
         eigen.values(kept) > kRankTolerance * eigen.values(0)) {
    ++kept;
  }
  eigen.values.conservativeResize(kept);
  eigen.vectors.conservativeResize(Eigen::NoChange, kept);
  if (tall)
    eigen.vectors =
        (stacked * eigen.vectors * eigen.values.cwiseSqrt().cwiseInverse().asDiagonal()).eval();
  return eigen;
}

Columns weights_of(const Columns& map, double lambda, const Columns& scores) {
  const Columns gram = map.transpose() * map + lambda * Columns::Identity(map.cols(), map.cols());
  return least_squares(gram, map.transpose() * scores);
}

}  // namespace

GeneralisedCorrelations generalised_correlations(const ContextMaps& maps, double ridge) {
  MIEN_CHECK(ridge >= 0, "a ridge is not negative");
  CompleteMaps complete = complete_maps(maps);
  GeneralisedCorrelations result;
  result.kept_contexts = std::move(complete.kept_contexts);
  result.kept_expressions = std::move(complete.kept_expressions);
  const auto expressions = static_cast<Eigen::Index>(result.kept_expressions.size());
  const auto contexts = static_cast<Eigen::Index>(result.kept_contexts.size());
  if (maps.regions.size() < 2) {
    result.not_estimable = "one region: nothing to share";
    return result;
  }
  if (expressions == 0 || contexts <= expressions + 1) {
    result.not_estimable = "not more contexts, complete in all regions, than expressions";
    return result;
  }
  std::vector<Columns> centred;
  for (const Matrix& map : complete.maps.cells) {
    centred.emplace_back(map.rowwise() - map.colwise().mean());
    result.lambda += ridge * centred.back().squaredNorm() / static_cast<double>(expressions) /
                     static_cast<double>(maps.regions.size());
  }
  Columns stacked(contexts, expressions * static_cast<Eigen::Index>(centred.size()));
  for (std::size_t g = 0; g < centred.size(); ++g) {
    stacked.middleCols(static_cast<Eigen::Index>(g) * expressions, expressions) =
        whitened(centred[g], result.lambda);
  }
  SymmetricEigen shared = leading(stacked, expressions);
  Columns scores = std::move(shared.vectors);
  for (Eigen::Index k = 0; k < scores.cols(); ++k) {
    result.eigenvalues.push_back(shared.values(k));
    Eigen::Index largest = 0;
    scores.col(k).cwiseAbs().maxCoeff(&largest);
    if (scores(largest, k) < 0) scores.col(k) = -scores.col(k);
  }
  for (const Columns& map : centred) {
    result.weights.emplace_back(weights_of(map, result.lambda, scores));
  }
  result.scores = scores;
  return result;
}

}  // namespace mien
