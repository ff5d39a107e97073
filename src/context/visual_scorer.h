// A frame -> its contexts, with faces filled, visible, or with patches filled elsewhere.
//
// A frame that heads mostly fill is not assessed, in no arm, so that arms are compared on the same
// frames: what networks name there is the filling. Where only visible frames are asked for, heads
// are not looked for, and every frame is assessed.
//
// Which networks name them: context_namer.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "context/visual_options.h"
#include "face/face.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"

namespace mien {

// Share of the picture in heads above which it is not assessed: where the change that filling makes
// begins to grow (docs/contexts-visual.md, "Close-ups").
inline constexpr double kMostFilled_share = 0.5;

struct ArmScores {
  FaceArm arm = FaceArm::kMasked;
  std::int64_t regions = 0;       // filled ones; 0 where faces are visible
  double filled_share = 0;        // of the picture; where not assessed, what would be filled
  double on_heads_share = 0;      // of the filled pixels: 1 where masked, least where patches
  std::vector<float> score_prob;  // one a context of contexts(); empty where not assessed
  std::vector<float> vector;      // where VisualOptions asks for vectors; else empty
};

struct FrameContexts {
  std::int64_t pts_us = 0;
  bool mostly_filled = false;   // not assessed
  std::vector<ArmScores> arms;  // those that are wanted, in the order of kFaceArms
  Image masked;                 // what the networks saw with heads filled, where it is kept
};

// Pictures are let go of unless somebody asked for them.
enum class Pictures { kDropped, kKept };

// One thread at a time.
class VisualScorer {
 public:
  static Result<VisualScorer> open(const ModelSet& models, const VisualOptions& options);
  VisualScorer(VisualScorer&&) noexcept;
  VisualScorer& operator=(VisualScorer&&) noexcept;
  ~VisualScorer();

  // Ids of the contexts that can be scored, in the vocabulary's order.
  const std::vector<std::string>& contexts() const;
  // Of each of them, the least score that counts as present.
  const std::vector<double>& thresholds() const;

  // `faces`: known ones, in source pixels, of this frame and those beside it; `scale` of them a
  // picture pixel. The same picture, faces and time give the same scores.
  Result<FrameContexts> score(const ImageView& image, double scale,
                              std::span<const FaceDetection> faces, std::int64_t pts_us,
                              Pictures pictures = Pictures::kDropped);

  std::vector<StageTime> stage_times() const;  // "mask", "contexts"

 private:
  struct State;
  explicit VisualScorer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
