// Where one shot ends and the next begins, from two consecutive pictures.
//
// The signature is the picture's luma on a grid of 64 x 48. To compare two, every block of 8 x 8
// grid points looks for its best normalised cross-correlation in the other picture within 8 points
// each way (an eighth of the width), in both directions; the change is the mean of 1 - correlation
// over blocks, weighted by their contrast. Motion moves blocks and lighting scales them, so neither
// counts; a cut leaves them without a counterpart. Block matching for cuts: Shahraray 1995,
// "Scene change detection and content-based sampling of video sequences"; survey with histograms:
// Boreczky and Rowe 1996. Threshold and error rates: docs/tracking.md.
//
// A blank frame (black, washed out by a flash, one colour) tells nothing: no cut lies beside it,
// and whoever compares keeps the last signature that was not blank, so that a flash does not end a
// shot and a cut through black is found where the next picture begins.
//
// Known limits: a cut to the same person in the same place is motion to it; a camera that sweeps by
// more than an eighth of the picture from frame to frame is a cut to it; dissolves are not found.
#pragma once

#include <span>
#include <vector>

#include "base/image.h"

namespace mien {

// Whole numbers from 0 to 255; empty for an empty picture. Cost: a fixed number of samples,
// about 0.1 ms for any size.
std::vector<float> frame_signature(const ImageView& image);

// Whether fewer than a tenth of the blocks show anything; an empty signature is blank.
bool is_blank(std::span<const float> signature);

// In [0, 1], symmetric; 0 where either signature is empty. At most about 0.3 ms, less where little
// moved.
float picture_change(std::span<const float> a, std::span<const float> b);

// False where either is blank.
bool is_cut(std::span<const float> a, std::span<const float> b);

}  // namespace mien
