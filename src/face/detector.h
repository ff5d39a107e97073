// Picture -> where faces may be: boxes, scores, six keypoints. What is a face is decided by
// face_finder.h, which looks again at every candidate.
//
// BlazeFace's back-camera network (Bazarevsky et al. 2019, "BlazeFace: sub-millisecond neural face
// detection on mobile GPUs") looks at squares of the picture at 256 x 256. It finds faces of 28 to
// 200 of its own pixels; so one frame takes several squares ("passes"):
//  - the base pass: the whole picture in its own shape, padded to a square, with a border, so that
//    faces that fill the frame have room;
//  - tiles for faces that are too small for it: levels of overlapping squares, each level smaller
//    by a factor of at most 2.8, down to the network's own 256 px. Their number follows from the
//    picture's size; up to 196 px there are none.
// Candidates of all passes are joined by weighted non-maximum suppression. The measurements behind
// the numbers: docs/face-detection.md.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/crop.h"
#include "face/face.h"
#include "face/stage_clock.h"
#include "model/model_set.h"

namespace mien {

inline constexpr int kDetectorSide_px = 256;

// The whole picture with `border` on every side, share of its longer side.
CropSquare base_pass(int width_px, int height_px, float border);

// The tiles of all levels, coarse first, rows first: a function of the picture's size alone.
std::vector<CropSquare> tile_passes(int width_px, int height_px, float border);

// Rows of the network -> faces in source pixels, in the order of the anchors. `scores` are logits,
// one a row; `boxes` 16 numbers a row: centre offset x, y, width, height, 6 keypoint offsets, in
// pixels of the crop; row r belongs to the cell r / per_cell of a grid_side x grid_side grid, rows
// first. Values that are not finite and boxes without area are left out.
std::vector<FaceDetection> decode_detections(std::span<const float> scores,
                                             std::span<const float> boxes, int grid_side,
                                             int per_cell, const CropSquare& square,
                                             float min_score_prob);

// Weighted non-maximum suppression ("blending", Bazarevsky et al. 2019, section 4.2): from the best
// score down, a face takes in all that overlap it by more than `overlap` (intersection over union)
// and becomes their mean weighted by score, its score the best one; what lies to four fifths
// inside it is dropped. By score, then from left to right.
std::vector<FaceDetection> merge_overlapping(std::vector<FaceDetection> faces, float overlap);

enum class Passes { kBase, kBaseAndTiles };

class Detector {
 public:
  static Result<Detector> open(const ModelSet& models);

  // Candidates of at least `min_score_prob`. `image` may be smaller than the source by `scale`;
  // results are in source pixels. Cost: one network run a pass.
  Result<std::vector<FaceDetection>> candidates(const ImageView& image, double scale, Passes passes,
                                                float border, float min_score_prob);

  // Looks at one candidate alone, in a square of `around` times its box's height, turned by
  // `roll_rad`: the best face that overlaps it there, of whatever score; nullopt: none.
  Result<std::optional<FaceDetection>> look_again(const ImageView& image, double scale,
                                                  const FaceDetection& candidate, float around,
                                                  float roll_rad);

  const StageClock& clock() const { return clock_; }

 private:
  explicit Detector(Session session);
  Result<std::vector<FaceDetection>> look(const ImageView& image, double scale,
                                          const CropSquare& square, float min_score_prob);
  Session session_;
  StageClock clock_;
  std::vector<float> input_;
};

}  // namespace mien
