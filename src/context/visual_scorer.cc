#include "context/visual_scorer.h"

#include <optional>
#include <utility>

#include "context/context_namer.h"
#include "context/face_masker.h"

namespace mien {

std::string_view source_of(FaceArm arm) {
  switch (arm) {
    case FaceArm::kMasked:
      return "visual";
    case FaceArm::kVisible:
      return "visual_visible";
    case FaceArm::kPatches:
      return "visual_patches";
  }
  return "visual";
}

struct VisualScorer::State {
  VisualOptions options;
  FaceMasker masker;
  ContextNamer namer;
  StageClock clock;  // of masking, all of it
};

VisualScorer::VisualScorer(std::unique_ptr<State> state) : state_(std::move(state)) {}
VisualScorer::VisualScorer(VisualScorer&&) noexcept = default;
VisualScorer& VisualScorer::operator=(VisualScorer&&) noexcept = default;
VisualScorer::~VisualScorer() = default;

Result<VisualScorer> VisualScorer::open(const ModelSet& models, const VisualOptions& options) {
  MIEN_TRY(masker, FaceMasker::open(models));
  MIEN_TRY(namer, ContextNamer::open(models, options));
  return VisualScorer(
      std::make_unique<State>(State{options, std::move(masker), std::move(namer), {}}));
}

const std::vector<std::string>& VisualScorer::contexts() const {
  return state_->namer.contexts();
}

const std::vector<double>& VisualScorer::thresholds() const {
  return state_->namer.thresholds();
}

Result<FrameContexts> VisualScorer::score(const ImageView& image, double scale,
                                          std::span<const FaceDetection> faces, std::int64_t pts_us,
                                          Pictures pictures) {
  FrameContexts frame;
  frame.pts_us = pts_us;
  const Random random(static_cast<std::uint64_t>(pts_us));
  std::optional<MaskedPicture> masked;
  if (state_->options.masked || state_->options.patches) {
    const StageClock::Call call(state_->clock);
    MIEN_TRY(made, state_->masker.mask(image, scale, faces, random.fork(0)));
    masked = std::move(made);
  }
  const Region whole{0, 0, image.width_px, image.height_px};
  frame.mostly_filled =
      masked.has_value() && share_covered(whole, masked->heads) > kMostFilled_share;
  for (const FaceArm arm : kFaceArms) {
    if (!state_->options.wants(arm)) continue;
    ArmScores scores;
    scores.arm = arm;
    std::vector<Region> regions;
    Image patched;
    ImageView shown = image;
    if (arm == FaceArm::kMasked) {
      regions = masked->heads;
      shown = masked->image.view();
    } else if (arm == FaceArm::kPatches) {
      regions = elsewhere(masked->heads, image.width_px, image.height_px, random.fork(1));
      patched = filled(image, regions, random.fork(2));
      shown = patched.view();
    }
    scores.regions = static_cast<std::int64_t>(regions.size());
    scores.filled_share = share_covered(whole, regions);
    scores.on_heads_share =
        masked.has_value() ? share_on(regions, masked->heads, image.width_px, image.height_px) : 0;
    if (!frame.mostly_filled) {
      MIEN_TRY(named, state_->namer.name(shown, regions));
      (state_->options.vectors_of.empty() ? scores.score_prob : scores.vector) = std::move(named);
    }
    frame.arms.push_back(std::move(scores));
  }
  if (pictures == Pictures::kKept && state_->options.masked) {
    frame.masked = std::move(masked->image);
  }
  return frame;
}

std::vector<StageTime> VisualScorer::stage_times() const {
  return {{"mask faces", state_->clock.calls, state_->clock.seconds}, state_->namer.time()};
}

}  // namespace mien
