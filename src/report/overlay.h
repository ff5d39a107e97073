// Boxes, track ids and leading labels drawn into a picture, for overlay videos.
//
// Each track has a colour of the Okabe-Ito palette and its number beside the box, so that nobody
// needs the colour; lines have a dark rim and text stands on a dark plate, to be read on any
// background. A face that is not scored has a dashed box and its reason in place of a label. The
// same input gives the same pixels.
#pragma once

#include <span>
#include <string>

#include "base/geometry.h"
#include "base/ids.h"
#include "base/image.h"

namespace mien {

struct OverlayFace {
  Box box;  // source pixels; parts outside the picture are cut off
  TrackId track;
  std::string leading_label;  // "happy"; empty where the face is not scored
  double value = 0;           // of the leading label; NaN is not written
  std::string reason;         // "too_small"; empty where the face is scored
};

// `image` may be smaller than the source by `scale` (source px per image px, > 0). Text is ASCII:
// any other byte is drawn as '?'. A box that is not finite is left out.
void draw_overlay(Image& image, double scale, std::span<const OverlayFace> faces);

}  // namespace mien
