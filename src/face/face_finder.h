// Picture -> its faces: candidates of the detector, each looked at again before it counts.
//
// Over many passes the detector alone takes a badge or a fold for a face about once a frame of hard
// background. So a candidate is a face only where
//  - the detector sees it clearly at a good scale, and the landmark network, started from the box
//    and again from its own landmarks, is sure both times and agrees with the box about where eyes,
//    nose and mouth are; or
//  - scores at three scales and the landmark network's flags together leave little doubt; or
//  - it is seen from the side, where landmarks fail, and the detector is surer still, at three
//    scales.
// The thresholds were chosen on composed pictures: docs/face-detection.md.
#pragma once

#include <optional>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/detector.h"
#include "face/face.h"
#include "face/landmarker.h"
#include "model/model_set.h"

namespace mien {

struct FoundFace {
  FaceDetection detection;
  Landmarks landmarks;  // presence_prob says how far to trust them
};

struct FinderOptions {
  float min_score_prob = 0.5F;
  float border = 0.25F;
};

// All that is known of one candidate. Presence: of the less sure of two readings of the landmarks.
// Disagreement: mean distance of the detector's eyes, nose and mouth from the landmarks', in box
// heights. Near and far: scores of looks at the candidate alone.
struct Evidence {
  float score_prob = 0;
  float presence_prob = 0;  // landmarks read from the candidate's box
  float disagreement = 0;
  float near_prob = 0;
  float far_prob = 0;
  float near_presence_prob = 0;  // landmarks read from the near look's box
  float near_disagreement = 0;
};

class FaceFinder {
 public:
  static Result<FaceFinder> open(const ModelSet& models, const FinderOptions& options);

  // Candidates from two fifths of the least score up, best first.
  Result<std::vector<FaceDetection>> candidates(const ImageView& image, double scale,
                                                Passes passes);

  // Whether the candidate is a face; with better box and landmarks. Cost: two landmark runs for a
  // clear face; up to two detector runs more for a doubtful one.
  Result<std::optional<FoundFace>> verify(const ImageView& image, double scale,
                                          const FaceDetection& candidate);

  // Everything that verify() may look at, for measurements; only the first reading's presence where
  // verify() would stop at once. At most two detector and four landmark runs.
  Result<Evidence> examine(const ImageView& image, double scale, const FaceDetection& candidate);

  // A face known from before, near where it was: one detector run; nullopt where it is gone.
  Result<std::optional<FaceDetection>> find_again(const ImageView& image, double scale,
                                                  const FaceDetection& before);

  // Landmarks near where they were on the frame before. One landmark run.
  Result<Landmarks> follow(const ImageView& image, double scale, const Landmarks& before);

  // Landmarks of a detection, read twice: from the box, then from where the first reading is.
  // presence_prob is the less sure of the two.
  Result<Landmarks> read(const ImageView& image, double scale, const FaceDetection& face);

  const StageClock& detector_clock() const { return detector_.clock(); }
  const StageClock& landmark_clock() const { return landmarker_.clock(); }

 private:
  // What is known of a candidate, and the face that it is, if it is one.
  struct Looks {
    Evidence evidence;
    std::optional<FoundFace> face;
  };
  enum class Depth { kUntilDecided, kAll };
  Result<Looks> look_at(const ImageView& image, double scale, const FaceDetection& candidate,
                        Depth depth);
  Result<Landmarks> read_from(const ImageView& image, double scale, const Landmarks& first);
  FaceFinder(Detector detector, Landmarker landmarker, const FinderOptions& options);
  Detector detector_;
  Landmarker landmarker_;
  FinderOptions options_;
};

}  // namespace mien
