// The frames of a video -> the contexts of the video.
//
// A context's score is the mean over the quarter of the frames (at least one) in which it scores
// highest: a situation is often shown for part of a video, and a single frame is too easily wrong.
// The rule is the same for all lengths; a longer video still has more chances.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "context/visual_scorer.h"

namespace mien {

// Scores of one arm over the frames that were assessed, one a context; empty where there is none.
std::vector<double> pooled(std::span<const FrameContexts> frames, FaceArm arm);

// The mean of the highest quarter, rounded up; `scores` not empty.
double mean_of_highest(std::vector<double> scores);

}  // namespace mien
