#include "context/visual_video.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/check.h"

namespace mien {

namespace {

constexpr std::size_t kOneIn = 4;  // of the frames

}  // namespace

double mean_of_highest(std::vector<double> scores) {
  MIEN_CHECK(!scores.empty(), "scores to pool");
  std::ranges::sort(scores, std::greater{});
  const std::size_t count = (scores.size() + kOneIn - 1) / kOneIn;
  const auto end = scores.begin() + static_cast<std::ptrdiff_t>(count);
  return std::accumulate(scores.begin(), end, 0.0) / static_cast<double>(count);
}

std::vector<double> pooled(std::span<const FrameContexts> frames, FaceArm arm) {
  std::vector<std::vector<double>> by_context;
  for (const FrameContexts& frame : frames) {
    for (const ArmScores& scores : frame.arms) {
      if (scores.arm != arm || frame.mostly_filled) continue;
      by_context.resize(scores.score_prob.size());
      for (std::size_t c = 0; c < by_context.size(); ++c) {
        by_context[c].push_back(static_cast<double>(scores.score_prob[c]));
      }
    }
  }
  std::vector<double> video;
  video.reserve(by_context.size());
  for (std::vector<double>& scores : by_context)
    video.push_back(mean_of_highest(std::move(scores)));
  return video;
}

}  // namespace mien
