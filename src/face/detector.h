// Picture -> faces: boxes, scores, six keypoints.
//
// BlazeFace's back-camera network (Bazarevsky et al. 2019, "BlazeFace: sub-millisecond neural face
// detection on mobile GPUs") looks at squares of the picture at 256 x 256. Faces of about 15 to 130
// of its pixels are found; so one frame takes several squares ("passes"):
//  - base: the whole picture in its own shape, padded to a square, with a border, so that faces
//    that fill the frame have room;
//  - wide: the same with a larger border, for faces that are larger than the frame;
//  - tiles: overlapping squares, for small faces, where the picture is larger than the network's
//    input by more than a little; their number follows from the picture's size.
// Boxes of all passes are joined by weighted non-maximum suppression.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/crop.h"
#include "face/face.h"
#include "model/model_set.h"

namespace mien {

inline constexpr int kDetectorSide_px = 256;

struct DetectorOptions {
  float min_score_prob = 0.5F;
  float border = 0.25F;     // added on every side of the base pass, share of the longer side
  bool small_faces = true;  // tiles
};

// The squares that detect() looks at, base first; a function of the picture's size alone.
std::vector<CropSquare> detector_passes(int width_px, int height_px,
                                        const DetectorOptions& options);

// Rows of the network -> faces in source pixels, in the order of the anchors. `scores` are logits,
// one a row; `boxes` 16 numbers a row: centre offset x, y, width, height, 6 keypoint offsets, in
// pixels of the crop; row r belongs to the cell r / per_cell of a grid_side x grid_side grid, rows
// first. Values that are not finite or boxes without area are left out.
std::vector<FaceDetection> decode_detections(std::span<const float> scores,
                                             std::span<const float> boxes, int grid_side,
                                             int per_cell, const CropSquare& square,
                                             float min_score_prob);

// Weighted non-maximum suppression (the "blending" of Bazarevsky et al. 2019, section 4.2): from
// the best score down, a face takes in all that overlap it by more than `overlap` (intersection
// over union, or nearly inside it), and becomes their mean weighted by score; its score is the best
// one. Sorted by score, then from left to right.
std::vector<FaceDetection> merge_overlapping(std::vector<FaceDetection> faces, float overlap);

class Detector {
 public:
  static Result<Detector> open(const ModelSet& models, const DetectorOptions& options);

  // `image` may be smaller than the source by `scale`; results are in source pixels. Never fails on
  // a picture, whatever its size. Cost: one network run a pass.
  Result<std::vector<FaceDetection>> detect(const ImageView& image, double scale);

  // One square, before merging; `outside` pixels are black.
  Result<std::vector<FaceDetection>> detect_in(const ImageView& image, double scale,
                                               const CropSquare& square);

  const Session& session() const { return session_; }

 private:
  Detector(Session session, const DetectorOptions& options);
  Session session_;
  DetectorOptions options_;
  std::vector<float> input_;
};

}  // namespace mien
