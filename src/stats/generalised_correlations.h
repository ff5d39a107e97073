// Generalised canonical correlations of the regions' maps, MAXVAR (Kettenring 1971; Horst 1961):
// scores of contexts that every region's map can reproduce.
//
// Rows are contexts, X_g the column-centred map. The scores are the leading eigenvectors of
// sum_g X_g (X_g' X_g + lambda I)^-1 X_g'; an eigenvalue is at most the number of regions, which it
// reaches where the score is a weighting of expressions in every region (lambda = 0). Unlike
// preserved components it gives each region its own weighting, and so finds agreement up to any
// linear transformation of expressions: it is the more lenient question.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stats/context_maps.h"

namespace mien {

struct GeneralisedCorrelations {
  std::string not_estimable;        // why there is nothing; empty where there is
  std::vector<double> eigenvalues;  // falling, at most as many as expressions
  Matrix scores;                    // kept contexts x dimensions, unit length
  std::vector<Matrix> weights;      // a region: kept expressions x dimensions
  std::vector<std::size_t> kept_contexts;
  std::vector<std::size_t> kept_expressions;
  double lambda = 0;
};

// lambda = ridge x mean over regions of trace(X_g' X_g) / expressions; ridge is at least 0.
GeneralisedCorrelations generalised_correlations(const ContextMaps& maps, double ridge);

}  // namespace mien
