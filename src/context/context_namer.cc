#include "context/context_namer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "context/context_map.h"
#include "context/object_finder.h"
#include "context/picture_network.h"
#include "context/text_vectors.h"

namespace mien {

namespace {

constexpr const char* kObjectNetwork = "centernet";
constexpr const char* kPackagedClassifier = "efficientnet_lite0";
constexpr float kLeastObject_prob = 0.05F;
// An object that lies mostly in filled pixels is not one that was seen; nor are the classes of a
// picture that is mostly filled: what they would name is the filling (docs/contexts-visual.md).
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

// Those that come with Mien speak of its own vocabulary.
bool comes_with_mien(const Manifest& manifest) {
  return manifest.id == kObjectNetwork || manifest.id == kPackagedClassifier;
}

bool speaks(const Manifest& manifest, const VisualOptions& options) {
  return manifest.role == ModelRole::kObjects &&
         (options.vocabulary.empty() || !comes_with_mien(manifest));
}

// What a network's classes speak for.
std::filesystem::path map_of(const Manifest& manifest, const VisualOptions& options) {
  if (manifest.id == kObjectNetwork) return options.data / "coco_map.csv";
  if (manifest.id == kPackagedClassifier) return options.data / "imagenet_map.csv";
  return manifest.path.parent_path() / (manifest.id + "_map.csv");
}

std::string place_of(const Manifest& manifest) {
  return manifest.path.string();
}

// A network that is run once a picture, and the witnesses that its classes are.
struct Looker {
  PictureNetwork network;
  std::vector<ContextWitness> witnesses;
};

// What of the picture the network is shown.
Region shown_part(const Looker& looker, const ImageView& image) {
  if (looker.network.manifest().framing == Framing::kStretched)
    return {0, 0, image.width_px, image.height_px};
  const int side = std::min(image.width_px, image.height_px);
  return {(image.width_px - side) / 2, (image.height_px - side) / 2, side, side};
}

struct ImageText {
  std::size_t looker = 0;
  TextVectors texts;
};

struct Probe {
  std::size_t looker = 0;
  Session session;
  std::vector<std::size_t> contexts;  // one a label
};

}  // namespace

std::vector<ContextFile> context_files(const ModelSet& models, const VisualOptions& options) {
  const std::filesystem::path vocabulary = options.vocabulary_file();
  std::vector<ContextFile> files{{vocabulary.filename().string(), vocabulary}};
  for (const Manifest& manifest : models.manifests()) {
    if (speaks(manifest, options)) {
      const std::filesystem::path map = map_of(manifest, options);
      files.push_back({map.filename().string(), map});
    }
    if (manifest.role == ModelRole::kImageText || manifest.role == ModelRole::kContextProbe) {
      files.push_back({"manifest of " + manifest.id, manifest.path});
    }
    if (manifest.texts.encoder_file.empty()) continue;
    const std::filesystem::path encoder = manifest.path.parent_path() / manifest.texts.encoder_file;
    files.push_back({"text tower of " + manifest.id, encoder});
  }
  return files;
}

struct ContextNamer::State {
  VisualOptions options;
  ContextVocabulary vocabulary;
  std::optional<ObjectFinder> objects;
  std::vector<ContextWitness> object_witnesses;
  std::vector<Looker> lookers;
  std::vector<ImageText> image_texts;
  std::vector<Probe> probes;
  std::vector<std::string> owners;  // one a context of the vocabulary: who alone scores it
  std::vector<double> thresholds_of_all;
  std::vector<std::size_t> scored;  // positions in the vocabulary
  std::vector<std::string> ids;
  std::vector<double> thresholds;

  // Networks are opened once, whoever needs them.
  Result<std::size_t> looker_of(const ModelSet& models, const std::string& id) {
    for (std::size_t i = 0; i < lookers.size(); ++i) {
      if (lookers[i].network.manifest().id == id) return i;
    }
    MIEN_TRY(network, PictureNetwork::open(models, id));
    lookers.push_back({std::move(network), {}});
    return lookers.size() - 1;
  }

  Status take_over(std::size_t context, const Manifest& manifest, double threshold_prob) {
    std::string& owner = owners[context];
    if (!owner.empty()) {
      return Error{ErrorCode::kMismatch, place_of(manifest) + ": the context '" +
                                             vocabulary.contexts[context].id +
                                             "' is named by the model '" + owner +
                                             "' too; remedy: leave one of the two models out"};
    }
    owner = manifest.id;
    thresholds_of_all[context] = threshold_prob;
    return Ok{};
  }

  Status add_witness(const ModelSet& models, const Manifest& manifest) {
    const std::filesystem::path map = map_of(manifest, options);
    MIEN_TRY(witnesses, read_context_map(map, manifest.labels, vocabulary));
    if (is_picture_classifier(manifest)) {
      MIEN_TRY(looker, looker_of(models, manifest.id));
      lookers[looker].witnesses = std::move(witnesses);
    } else if (manifest.id == kObjectNetwork) {
      MIEN_TRY(finder, ObjectFinder::open(models));
      objects = std::move(finder);
      object_witnesses = std::move(witnesses);
    } else {
      return Error{ErrorCode::kUnsupported,
                   place_of(manifest) +
                       ": objects with places are read from 'centernet' alone; remedy: give a "
                       "network whose output is batch x classes"};
    }
    return Ok{};
  }

  Status add_image_text(const ModelSet& models, const Manifest& manifest) {
    MIEN_TRY(texts, text_vectors_of(manifest, vocabulary));
    for (const std::size_t context : texts.contexts) {
      MIEN_TRY_VOID(take_over(context, manifest, double{manifest.texts.threshold_prob}));
    }
    MIEN_TRY(looker, looker_of(models, manifest.id));
    image_texts.push_back({looker, std::move(texts)});
    return Ok{};
  }

  Status add_probe(const ModelSet& models, const Manifest& manifest) {
    const ProbeSource& source = manifest.probe;
    auto embedding = models.find(source.model);
    if (!embedding.ok()) {
      return Error{ErrorCode::kNotFound,
                   place_of(manifest) + ": it reads the vectors of '" + source.model +
                       "', which is not there; remedy: install it (tools/optional_models for " +
                       kPackagedClassifier + "), or name its manifest with --context-model too"};
    }
    if (embedding->onnx_sha256 != source.onnx_sha256) {
      return Error{ErrorCode::kMismatch, place_of(manifest) +
                                             ": it was trained on the vectors of another '" +
                                             source.model + "' (" + source.onnx_sha256 + ", not " +
                                             embedding->onnx_sha256 + "); remedy: train it anew"};
    }
    const auto output = std::ranges::find(embedding->outputs, source.output, &TensorSpec::name);
    if (output == embedding->outputs.end() || output->shape.size() != 2 ||
        output->shape[1] != manifest.input.shape[1]) {
      return Error{ErrorCode::kMismatch, place_of(manifest) + ": '" + source.model +
                                             "' has no output '" + source.output + "' of " +
                                             std::to_string(manifest.input.shape[1]) +
                                             " numbers; remedy: train it anew"};
    }
    std::vector<std::size_t> contexts;
    for (std::size_t i = 0; i < manifest.labels.size(); ++i) {
      const auto known = vocabulary.find(manifest.labels[i]);
      if (!known.has_value()) {
        return Error{ErrorCode::kMismatch, place_of(manifest) + ": labels: the vocabulary has no " +
                                               "context '" + manifest.labels[i] +
                                               "'; remedy: name the vocabulary that it was trained "
                                               "for with --context-vocabulary"};
      }
      MIEN_TRY_VOID(take_over(*known, manifest, double{manifest.probe.threshold_prob[i]}));
      contexts.push_back(*known);
    }
    MIEN_TRY(session, models.open_session(manifest.id));
    MIEN_TRY(looker, looker_of(models, source.model));
    probes.push_back({looker, std::move(session), std::move(contexts)});
    return Ok{};
  }

  void choose_scored() {
    std::vector<std::uint8_t> named(vocabulary.contexts.size());
    const auto hear_of = [&named](const std::vector<ContextWitness>& heard) {
      for (const ContextWitness& witness : heard) named[witness.context] = 1;
    };
    hear_of(object_witnesses);
    for (const Looker& looker : lookers) hear_of(looker.witnesses);
    for (std::size_t c = 0; c < named.size(); ++c) {
      if (named[c] == 0 && owners[c].empty()) continue;
      scored.push_back(c);
      ids.push_back(vocabulary.contexts[c].id);
      thresholds.push_back(thresholds_of_all[c]);
    }
  }

  Status hear_objects(const ImageView& image, std::span<const Region> filled,
                      std::span<float> absent) {
    if (!objects.has_value()) return Ok{};
    MIEN_TRY(found, objects->find(image, kLeastObject_prob));
    std::vector<float> label_probs(objects->labels().size(), 0.0F);
    for (const FoundObject& object : found) {
      float& best = label_probs[object.label];
      if (object.score_prob <= best) continue;
      if (share_covered(region_of(object.box, image), filled) > kMostlyFilled) continue;
      best = object.score_prob;
    }
    hear(object_witnesses, label_probs, absent);
    return Ok{};
  }

  Result<std::vector<float>> scores(const ImageView& image, std::span<const Region> filled) {
    std::vector<float> absent(vocabulary.contexts.size(), 1.0F);
    MIEN_TRY_VOID(hear_objects(image, filled, absent));
    std::vector<std::vector<Tensor>> seen;
    for (Looker& looker : lookers) {
      MIEN_TRY(outputs, looker.network.see(image));
      const bool saw_picture = share_covered(shown_part(looker, image), filled) <= kMostlyFilled;
      if (saw_picture && !looker.witnesses.empty()) {
        const Manifest& manifest = looker.network.manifest();
        hear(looker.witnesses, activated(outputs.front().data, manifest.activation), absent);
      }
      seen.push_back(std::move(outputs));
    }
    for (const ImageText& model : image_texts) {
      MIEN_TRY(probs, nearness(model, seen[model.looker]));
      for (std::size_t i = 0; i < probs.size(); ++i) {
        absent[model.texts.contexts[i]] = 1 - probs[i];
      }
    }
    for (Probe& probe : probes) {
      const std::span<const float> vector = lookers[probe.looker].network.output(
          seen[probe.looker], probe.session.manifest().probe.output);
      const std::vector<std::int64_t> shape{1, static_cast<std::int64_t>(vector.size())};
      MIEN_TRY(logits, probe.session.run_vectors({shape, vector}));
      const std::vector<float> probs = activated(logits.front().data, "sigmoid");
      for (std::size_t i = 0; i < probs.size(); ++i) absent[probe.contexts[i]] = 1 - probs[i];
    }
    std::vector<float> result;
    result.reserve(scored.size());
    for (const std::size_t context : scored) result.push_back(1 - absent[context]);
    return result;
  }

  Result<std::vector<float>> nearness(const ImageText& model, std::span<const Tensor> seen) {
    const Manifest& manifest = lookers[model.looker].network.manifest();
    std::vector<float> image = seen.front().data;
    if (!normalise(image)) {
      return Error{ErrorCode::kInternal,
                   "model '" + manifest.id + "': the picture's vector is all zeros"};
    }
    const ImageTexts& how = manifest.texts;
    std::vector<float> logits;
    for (std::size_t i = 0; i < model.texts.contexts.size(); ++i) {
      double cosine = 0;
      for (std::size_t d = 0; d < image.size(); ++d) {
        cosine += double{image[d]} * double{model.texts.vectors[i * image.size() + d]};
      }
      logits.push_back(how.logit_scale * static_cast<float>(cosine) + how.logit_bias);
    }
    std::vector<float> probs = activated(logits, manifest.activation);
    if (how.slope == 1 && how.intercept == 0) return probs;
    constexpr float kLeast = 1e-7F;  // keeps logits finite
    for (float& prob : probs) {
      const float held = std::clamp(prob, kLeast, 1 - kLeast);
      prob = 1 / (1 + std::exp(-(how.slope * std::log(held / (1 - held)) + how.intercept)));
    }
    return probs;
  }
};

ContextNamer::ContextNamer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContextNamer::ContextNamer(ContextNamer&&) noexcept = default;
ContextNamer& ContextNamer::operator=(ContextNamer&&) noexcept = default;
ContextNamer::~ContextNamer() = default;

Result<ContextNamer> ContextNamer::open(const ModelSet& models, const VisualOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  if (!options.vectors_of.empty()) {
    MIEN_TRY(looker, state->looker_of(models, options.vectors_of));
    static_cast<void>(looker);
    return ContextNamer(std::move(state));
  }
  MIEN_TRY(vocabulary, read_vocabulary(options.vocabulary_file()));
  state->vocabulary = std::move(vocabulary);
  state->owners.resize(state->vocabulary.contexts.size());
  state->thresholds_of_all.assign(state->vocabulary.contexts.size(), options.threshold_prob);
  for (const Manifest& manifest : models.manifests()) {
    if (speaks(manifest, options)) MIEN_TRY_VOID(state->add_witness(models, manifest));
    if (manifest.role == ModelRole::kImageText)
      MIEN_TRY_VOID(state->add_image_text(models, manifest));
    if (manifest.role == ModelRole::kContextProbe)
      MIEN_TRY_VOID(state->add_probe(models, manifest));
  }
  state->choose_scored();
  if (state->scored.empty()) {
    return Error{ErrorCode::kUsage,
                 options.vocabulary_file().string() +
                     ": no model names any of its contexts; remedy: name one with --context-model "
                     "(the networks that come with Mien know its own vocabulary alone)"};
  }
  return ContextNamer(std::move(state));
}

const std::vector<std::string>& ContextNamer::contexts() const {
  return state_->ids;
}

const std::vector<double>& ContextNamer::thresholds() const {
  return state_->thresholds;
}

Result<std::vector<float>> ContextNamer::name(const ImageView& image,
                                              std::span<const Region> filled) {
  if (state_->options.vectors_of.empty()) return state_->scores(image, filled);
  PictureNetwork& network = state_->lookers.front().network;
  MIEN_TRY(seen, network.see(image));
  const auto vector = network.output(seen, vector_output(network.manifest()));
  return std::vector<float>(vector.begin(), vector.end());
}

StageTime ContextNamer::time() const {
  StageTime time{"contexts", 0, 0};
  const auto add = [&time](const StageClock& clock) {
    time.seconds += clock.seconds;
    time.calls = std::max(time.calls, clock.calls);
  };
  if (state_->objects.has_value()) add(state_->objects->clock());
  for (const Looker& looker : state_->lookers) add(looker.network.clock());
  return time;
}

}  // namespace mien
