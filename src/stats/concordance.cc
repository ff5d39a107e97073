#include "stats/concordance.h"

#include <cmath>

#include "base/check.h"
#include "base/missing.h"
#include "stats/correlation.h"

namespace mien {

double concordance(std::span<const double> a, std::span<const double> b) {
  MIEN_CHECK(a.size() == b.size(), "lists of one length");
  double n = 0;
  double mean_a = 0;
  double mean_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    ++n;
    mean_a += a[i];
    mean_b += b[i];
  }
  if (n < static_cast<double>(kFewestPairs)) return kNaN;
  mean_a /= n;
  mean_b /= n;
  double aa = 0;
  double ab = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  if (aa == 0 && bb == 0) return kNaN;
  return 2 * ab / (aa + bb + n * (mean_a - mean_b) * (mean_a - mean_b));
}

}  // namespace mien
