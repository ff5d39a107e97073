// A frame -> its contexts, with faces filled, visible, or with patches filled elsewhere.
//
// Witnesses are the object network and every picture classifier of the model set. Only what one of
// them speaks for is scored, not the whole vocabulary. A context that no network speaks for has no
// score and no row.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/image.h"
#include "base/result.h"
#include "context/face_mask.h"
#include "face/face.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"

namespace mien {

// What the context networks are shown.
enum class FaceArm { kMasked, kVisible, kPatches };
inline constexpr std::array<FaceArm, 3> kFaceArms = {FaceArm::kMasked, FaceArm::kVisible,
                                                     FaceArm::kPatches};

// The tables' `source`: "visual", "visual_visible", "visual_patches".
std::string_view source_of(FaceArm arm);

struct VisualOptions {
  bool masked = false;  // none of the three: no contexts are named
  bool visible = false;
  bool patches = false;
  double threshold_prob = 0.3;  // a score of at least this counts as present
  std::filesystem::path data;   // the folder of vocabulary and maps

  bool any() const { return masked || visible || patches; }
  bool wants(FaceArm arm) const {
    return arm == FaceArm::kMasked ? masked : arm == FaceArm::kVisible ? visible : patches;
  }
};

inline constexpr std::string_view kVisualVocabulary = "everyday";

struct ArmScores {
  FaceArm arm = FaceArm::kMasked;
  std::int64_t regions = 0;       // filled ones; 0 where faces are visible
  double filled_share = 0;        // of the picture
  double on_heads_share = 0;      // of the filled pixels: 1 where masked, least where patches
  std::vector<float> score_prob;  // one a context of contexts()
};

struct FrameContexts {
  std::int64_t pts_us = 0;
  std::vector<ArmScores> arms;  // those that are wanted, in the order of kFaceArms
};

// The files that decide what is named: the vocabulary, and what each network's classes speak for. A
// network of the user's own has its map beside its manifest, as ID_map.csv.
std::vector<std::filesystem::path> context_files(const ModelSet& models,
                                                 const VisualOptions& options);

// One thread at a time.
class VisualScorer {
 public:
  static Result<VisualScorer> open(const ModelSet& models, const VisualOptions& options);
  VisualScorer(VisualScorer&&) noexcept;
  VisualScorer& operator=(VisualScorer&&) noexcept;
  ~VisualScorer();

  // Ids of the contexts that can be scored, in the vocabulary's order.
  const std::vector<std::string>& contexts() const;

  // `faces`: known ones, in source pixels, of this frame and those beside it; `scale` of them a
  // picture pixel. The same picture, faces and time give the same scores.
  Result<FrameContexts> score(const ImageView& image, double scale,
                              std::span<const FaceDetection> faces, std::int64_t pts_us);

  std::vector<StageTime> stage_times() const;  // "mask", "contexts"

 private:
  struct State;
  explicit VisualScorer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
