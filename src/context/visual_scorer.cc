#include "context/visual_scorer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "context/context_map.h"
#include "context/face_masker.h"
#include "context/object_finder.h"
#include "context/picture_classifier.h"

namespace mien {

namespace {

constexpr float kLeastObject_prob = 0.05F;
// An object that lies mostly in filled pixels is not one that was seen.
constexpr double kMostlyFilled = 0.5;

Region region_of(const Box& box, const ImageView& image) {
  const auto clip = [](float value, int most) {
    return static_cast<int>(std::clamp(value, 0.0F, static_cast<float>(most)));
  };
  Region region;
  region.x_px = clip(box.x_px, image.width_px);
  region.y_px = clip(box.y_px, image.height_px);
  region.width_px = clip(std::ceil(box.right_px()), image.width_px) - region.x_px;
  region.height_px = clip(std::ceil(box.bottom_px()), image.height_px) - region.y_px;
  return region;
}

// What a network's classes speak for.
std::filesystem::path map_of(const Manifest& manifest, const VisualOptions& options) {
  if (manifest.id == "centernet") return options.data / "coco_map.csv";
  if (manifest.id == "efficientnet_lite0") return options.data / "imagenet_map.csv";
  return manifest.path.parent_path() / (manifest.id + "_map.csv");
}

// A network that gives one probability a class, and what they speak for.
struct Classifier {
  PictureClassifier network;
  std::vector<ContextWitness> witnesses;
};

}  // namespace

std::vector<std::filesystem::path> context_files(const ModelSet& models,
                                                 const VisualOptions& options) {
  std::vector<std::filesystem::path> files{options.data / "everyday.csv"};
  for (const Manifest& manifest : models.manifests()) {
    if (manifest.role == ModelRole::kObjects) files.push_back(map_of(manifest, options));
  }
  return files;
}

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
  ObjectFinder objects;
  ContextVocabulary vocabulary;
  std::vector<ContextWitness> object_witnesses;
  std::vector<Classifier> classifiers;
  std::vector<std::size_t> scored;  // positions in the vocabulary
  std::vector<std::string> ids;
  StageClock clock;  // of masking, all of it

  Result<std::vector<float>> contexts_of(const ImageView& image, std::span<const Region> regions) {
    std::vector<float> absent(vocabulary.contexts.size(), 1.0F);
    MIEN_TRY(found, objects.find(image, kLeastObject_prob));
    std::vector<float> label_probs(objects.labels().size(), 0.0F);
    for (const FoundObject& object : found) {
      float& best = label_probs[object.label];
      if (object.score_prob <= best) continue;
      if (share_covered(region_of(object.box, image), regions) > kMostlyFilled) continue;
      best = object.score_prob;
    }
    hear(object_witnesses, label_probs, absent);
    for (Classifier& classifier : classifiers) {
      MIEN_TRY(probs, classifier.network.classify(image));
      hear(classifier.witnesses, probs, absent);
    }
    std::vector<float> scores;
    scores.reserve(scored.size());
    for (const std::size_t context : scored) scores.push_back(1 - absent[context]);
    return scores;
  }
};

VisualScorer::VisualScorer(std::unique_ptr<State> state) : state_(std::move(state)) {}
VisualScorer::VisualScorer(VisualScorer&&) noexcept = default;
VisualScorer& VisualScorer::operator=(VisualScorer&&) noexcept = default;
VisualScorer::~VisualScorer() = default;

Result<VisualScorer> VisualScorer::open(const ModelSet& models, const VisualOptions& options) {
  MIEN_TRY(masker, FaceMasker::open(models));
  MIEN_TRY(objects, ObjectFinder::open(models));
  MIEN_TRY(vocabulary, read_vocabulary(options.data / "everyday.csv"));
  MIEN_TRY(witnesses,
           read_context_map(options.data / "coco_map.csv", objects.labels(), vocabulary));
  std::vector<Classifier> classifiers;
  for (const Manifest& manifest : models.manifests()) {
    if (!is_picture_classifier(manifest)) continue;
    MIEN_TRY(network, PictureClassifier::open(models, manifest.id));
    MIEN_TRY(spoken, read_context_map(map_of(manifest, options), manifest.labels, vocabulary));
    classifiers.push_back({std::move(network), std::move(spoken)});
  }
  auto state = std::make_unique<State>(State{options,
                                             std::move(masker),
                                             std::move(objects),
                                             std::move(vocabulary),
                                             std::move(witnesses),
                                             std::move(classifiers),
                                             {},
                                             {},
                                             {}});
  std::set<std::size_t> scored;
  const auto add = [&scored](const std::vector<ContextWitness>& heard) {
    for (const ContextWitness& witness : heard) scored.insert(witness.context);
  };
  add(state->object_witnesses);
  for (const Classifier& classifier : state->classifiers) add(classifier.witnesses);
  for (const std::size_t context : scored) {
    state->scored.push_back(context);
    state->ids.push_back(state->vocabulary.contexts[context].id);
  }
  return VisualScorer(std::move(state));
}

const std::vector<std::string>& VisualScorer::contexts() const {
  return state_->ids;
}

Result<FrameContexts> VisualScorer::score(const ImageView& image, double scale,
                                          std::span<const FaceDetection> faces,
                                          std::int64_t pts_us) {
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
    MIEN_TRY(contexts, state_->contexts_of(shown, regions));
    scores.score_prob = std::move(contexts);
    frame.arms.push_back(std::move(scores));
  }
  return frame;
}

std::vector<StageTime> VisualScorer::stage_times() const {
  StageTime contexts{"contexts", 0, state_->objects.clock().seconds};
  contexts.calls = state_->objects.clock().calls;
  for (const Classifier& classifier : state_->classifiers) {
    contexts.seconds += classifier.network.clock().seconds;
  }
  return {{"mask faces", state_->clock.calls, state_->clock.seconds}, contexts};
}

}  // namespace mien
