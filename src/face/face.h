// What is known of one face on one frame. All coordinates are source pixels after rotation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/geometry.h"

namespace mien {

inline constexpr int kLandmarkCount = 468;

// The 468-point face mesh (Kartynnik et al. 2019, "Real-time facial surface geometry from monocular
// video on mobile GPUs"), MediaPipe's numbering. "Left" in names of points is the person's own
// left.
struct Landmarks {
  std::array<Point3, kLandmarkCount>
      points{};             // x, y in source px; z in the same scale, away from the camera
  float presence_prob = 0;  // the network's own face flag
};

inline constexpr std::size_t kIrisLandmarkCount = 478;

// Those of MediaPipe's second mesh (iris_landmarker.h). Points 0 to 467 are the mesh's; 468 to 472
// are the centre and the four sides of the iris of the person's right eye, 473 to 477 of the left.
struct IrisLandmarks {
  std::array<Point3, kIrisLandmarkCount> points{};  // as in Landmarks
  float presence_prob = 0;  // the network's own opinion whether the square holds a face
};

struct HeadPose {
  float yaw_deg = 0;    // positive: turned towards the person's own left (the picture's right)
  float pitch_deg = 0;  // positive: looking up
  float roll_deg = 0;   // positive: tilted clockwise as the viewer sees it
};

// Why a face is in the tables but not in the scores; null (kNone) where it is scored.
enum class FaceReason {
  kNone,
  kTooSmall,
  kBlurred,
  kTurnedAway,
  kTruncated,      // cut by the border of the picture
  kLowConfidence,  // landmark network not sure
  kNoLandmarks,    // detected, but no mesh could be fitted
};
std::string_view to_string(FaceReason reason);  // "too_small"...; "" for kNone

struct FaceQuality {
  float value = 0;       // [0, 1], the least of the terms
  float size_px = 0;     // square root of the box's area
  float sharpness = 0;   // see quality.h
  float brightness = 0;  // mean luma of the face in [0, 1]
  float inside = 1;      // share of the box inside the picture
  float skin_tone_ita_deg =
      0;  // individual typology angle of cheek pixels; NaN where not measurable
  FaceReason reason = FaceReason::kNone;
  // Nothing speaks against the face but that the border cuts it, and at least kHeadInside of it are
  // there: heads trained on ratings read it, the other channels do not (docs/quality.md).
  bool only_cut = false;
  // The same of a face without landmarks, cut or not; on stills alone, and only where
  // FaceOptions::unconfirmed_in_stills is set.
  bool only_unmeshed = false;
};

struct FaceDetection {
  Box box;  // the detector's box
  float score_prob = 0;
  std::array<Point2, 6>
      keypoints{};  // right eye, left eye, nose tip, mouth, right ear, left ear (person's own)
};

struct FaceObservation {
  FaceDetection detection;
  bool detected = true;  // false: carried on from the frame before by its landmarks
  bool has_landmarks = false;
  Landmarks landmarks;
  std::optional<IrisLandmarks> irises;  // where the second mesh followed the face to this frame
  HeadPose pose;
  FaceQuality quality;
  std::vector<float> descriptor;  // unit length; empty where it was not computed
};

}  // namespace mien
