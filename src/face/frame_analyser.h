// Frames in order -> the faces on each: detection, landmarks, head pose, quality and, where asked,
// descriptors. Holds state from frame to frame (faces are carried on by their landmarks between
// full detections); `begin_chunk` forgets it, so that chunks of the time grid can be analysed apart
// and joined in order with the same result for any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "face/face.h"
#include "model/model_set.h"

namespace mien {

struct FaceOptions {
  float min_score_prob = 0.5F;  // detector
  float border = 0.25F;         // added around the picture before detection, share of its side
  int detect_every = 4;         // full detection on every n-th grid frame; 1: always
  bool small_faces = true;      // tiles, see detector.h
  bool descriptors = true;      // for the tracker, on the faces that descriptor_rule.h asks for
  int descriptor_every = 0;     // 1: on every face of every frame; 0: only where asked for
  // Quality thresholds: faces beyond them are listed, not scored.
  float min_size_px = 32;
  float min_sharpness = 0.04F;  // chosen in docs/quality.md
  float max_yaw_deg = 50;
  float max_pitch_deg = 40;
  float min_presence_prob = 0.5F;
  float min_inside = 0.8F;
  // A still on which no face is confirmed has the base pass's best candidate as one that reaches
  // min_score_prob and fills the picture (0.6 of its shorter side); heads then read faces of stills
  // that have no landmarks (docs/expression-heads.md).
  bool unconfirmed_in_stills = false;
  // Faces are found and confirmed by the first mesh and followed from frame to frame by the second
  // (iris_landmarker.h), so that one mesh runs a frame where blendshapes are all that is measured:
  // docs/blendshapes.md. Needs the bundle's network.
  bool second_mesh_follows = false;
};

enum class Source { kVideo, kStill };

struct FrameFaces {
  std::int64_t grid_index = 0;
  std::int64_t pts_us = 0;
  bool shot_begins = false;  // a cut lies between this frame and the one before
  // Of the whole picture, see shot_cut.h; the tracker finds cuts from one frame's to the next's, so
  // that cuts do not depend on chunks. Empty: not measured, no cut is found here.
  std::vector<float> signature;
  std::vector<FaceObservation> faces;
};

struct StageTime {
  std::string stage;  // "detect", "landmarks", "descriptor"
  std::int64_t calls = 0;
  double seconds = 0;
};

class FrameAnalyser {
 public:
  static Result<FrameAnalyser> open(const ModelSet& models, const FaceOptions& options);
  FrameAnalyser(FrameAnalyser&&) noexcept;
  FrameAnalyser& operator=(FrameAnalyser&&) noexcept;
  ~FrameAnalyser();

  // The next analyse() starts with a full detection and knows of no earlier frame. A still is a
  // chunk of one frame.
  void begin_chunk(Source source = Source::kVideo);

  // `image` may be smaller than the source by `scale` (source px per image px); results are in
  // source pixels. One thread at a time.
  Result<FrameFaces> analyse(const ImageView& image, double scale, std::int64_t grid_index,
                             std::int64_t pts_us);

  std::vector<StageTime> stage_times() const;

 private:
  struct State;
  explicit FrameAnalyser(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
