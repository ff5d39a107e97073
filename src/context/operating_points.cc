#include "context/operating_points.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace mien {

namespace {

double share(double part, double whole) {
  return whole > 0 ? part / whole : std::nan("");
}

OperatingPoint point_at(double least_prob, std::span<const TextScores> scores,
                        std::span<const std::vector<std::uint32_t>> labels,
                        std::span<const double> thresholds) {
  OperatingPoint point;
  point.least_prob = least_prob;
  double with_context = 0;
  double found = 0;
  double labelled = 0;
  double given = 0;
  double right = 0;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    const std::vector<std::uint32_t>& own = labels[t];
    with_context += own.empty() ? 0 : 1;
    labelled += static_cast<double>(own.size());
    bool any = false;
    for (std::size_t rank = 0; rank < scores[t].scores.size(); ++rank) {
      const ContextScore& score = scores[t].scores[rank];
      if (score.prob < std::max(least_prob, thresholds[score.context])) continue;
      const bool is_right = std::ranges::find(own, score.context) != own.end();
      any = true;
      ++given;
      right += is_right ? 1 : 0;
      found += is_right && rank == 0 ? 1 : 0;
    }
    point.none_given += own.empty() && any ? 1 : 0;
  }
  point.found = share(found, with_context);
  point.precision = share(right, given);
  point.recall = share(right, labelled);
  point.micro_f1 = share(2 * right, given + labelled);
  return point;
}

}  // namespace

std::vector<OperatingPoint> operating_points(std::span<const TextScores> scores,
                                             std::span<const std::vector<std::uint32_t>> labels,
                                             std::span<const double> thresholds) {
  std::vector<double> highest;  // score given to each text of no context that is given any
  for (std::size_t t = 0; t < scores.size(); ++t) {
    if (!labels[t].empty()) continue;
    double best = -1;
    for (const ContextScore& score : scores[t].scores) {
      if (score.prob >= thresholds[score.context]) best = std::max(best, score.prob);
    }
    if (best >= 0) highest.push_back(best);
  }
  std::ranges::sort(highest);
  std::vector<OperatingPoint> points{point_at(0, scores, labels, thresholds)};
  for (std::size_t i = 0; i < highest.size(); ++i) {
    if (i + 1 < highest.size() && highest[i + 1] == highest[i]) continue;
    const double above = std::nextafter(highest[i], std::numeric_limits<double>::infinity());
    points.push_back(point_at(above, scores, labels, thresholds));
  }
  return points;
}

}  // namespace mien
