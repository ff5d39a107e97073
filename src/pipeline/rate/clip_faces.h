// Which face of a clip is the followed one, and where it and all others are at any of its times,
// from looks at some of its frames.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/geometry.h"
#include "face/face.h"
#include "pipeline/rate/clip_view.h"

namespace mien {

// All heads of one frame, in pixels of the picture; faces[i] is the face of regions[i].
struct ClipLook {
  std::int64_t pts_us = 0;
  std::vector<FaceDetection> faces;
  std::vector<Region> regions;
};

// The looks of one shot, from the first to before the last, by the signatures of their pictures
// (face/shot_cut.h). A window reaches to where the annotation would have looked next, so that up to
// two looks at either end may show another shot.
std::pair<std::size_t, std::size_t> within_shot(std::span<const std::vector<float>> signatures);

using TimedBox = std::pair<std::int64_t, Box>;

// The clip's own words for why raters cannot be shown it; empty: none.
class ClipFaces {
 public:
  // `known`: where the annotation saw the face, by time (of the track's mean: one), in pixels of
  // the picture, at least one. With one, the face is found there and then followed from look to
  // look. Looks are in order of time.
  static ClipFaces follow(std::span<const ClipLook> looks, std::span<const TimedBox> known);

  // "face_lost": seen in less than two thirds of the looks; "face_covered": another face lies over
  // it, so that filling one would harm the other (a doubtful one all around it is none, and is not
  // filled). Empty: fit.
  const std::string& refusal() const { return refusal_; }

  // Between looks in a straight line, before the first and after the last as there.
  FaceDetection followed_at(std::int64_t pts_us) const;
  // All that was seen in the looks before and after; of a face seen in both, what holds both.
  const std::vector<OtherHead>& others_at(std::int64_t pts_us) const;
  // Holds the followed head in every look.
  Box bounds() const;

 private:
  std::string refusal_;
  std::vector<std::int64_t> times_;
  std::vector<FaceDetection> followed_;            // one a look
  std::vector<std::vector<OtherHead>> intervals_;  // between look i and i + 1, the last after it
};

}  // namespace mien
