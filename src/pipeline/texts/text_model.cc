#include "pipeline/texts/text_model.h"

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "context/calibration_fit.h"
#include "context/encoder_similarity.h"
#include "context/fasttext_similarity.h"
#include "context/labelled_text.h"
#include "context/sentence_encoder.h"
#include "context/word_overlap.h"
#include "pipeline/train/context_vectors.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

struct VocabularyFile {
  std::string name;
  std::string sha256;
  ContextVocabulary vocabulary;
};

Result<VocabularyFile> read_vocabulary(const TextModelRequest& request) {
  const fs::path file =
      request.vocabulary.empty() ? request.data / "contexts" / "everyday.csv" : request.vocabulary;
  MIEN_TRY(bytes, read_whole_file(file));
  MIEN_TRY(vocabulary, parse_vocabulary(bytes, file.string()));
  return VocabularyFile{file.stem().string(), sha256_of_bytes(bytes), std::move(vocabulary)};
}

struct Titles {
  std::string sha256;
  std::vector<LabelledText> labelled;
  std::vector<PreparedText> texts;  // of the same
};

Result<Titles> read_titles(const TitleChoice& choice) {
  MIEN_TRY(bytes, read_whole_file(choice.file));
  MIEN_TRY(labelled, parse_labelled_texts(bytes, choice.file.string()));
  std::erase_if(labelled, [&](const LabelledText& text) {
    return (!choice.split.empty() && text.split != choice.split) ||
           (!choice.language.empty() && text.language != choice.language);
  });
  if (labelled.empty()) {
    return Error{ErrorCode::kUsage, choice.file.string() + ": no title of split '" + choice.split +
                                        "' and language '" + choice.language + "'"};
  }
  Titles titles{sha256_of_bytes(bytes), std::move(labelled), {}};
  for (const LabelledText& text : titles.labelled) titles.texts.push_back(text.text);
  return titles;
}

// A model before its calibration.
struct Uncalibrated {
  std::string id;
  std::string model;  // identity, without vocabulary
  std::unique_ptr<ContextSimilarity> similarity;
  EncoderSimilarity* by_encoder = nullptr;  // the same, where a background is to be taken off
};

// Those tried where no model is named, the first that is installed.
constexpr std::array<const char*, 2> kDefaultEncoders = {"multilingual_e5", "use_lite"};

Result<SentenceManifest> find_encoder(const TextModelRequest& request) {
  const fs::path file = request.model;
  if (file.extension() == ".json") return read_sentence_manifest(file);
  MIEN_TRY(manifests, read_sentence_manifests(request.manifests / "sentence"));
  std::string known;
  for (const SentenceManifest& manifest : manifests) {
    known += manifest.id + ", ";
    if (manifest.id == request.model) return manifest;
  }
  return Error{ErrorCode::kUsage, "--model " + request.model + ": there are " + known +
                                      kWordOverlapId + ", or name a manifest's file"};
}

Result<std::shared_ptr<const TextEncoder>> open_encoder(const TextModelRequest& request) {
  MIEN_TRY(manifest, find_encoder(request));
  const bool is_own = fs::path(request.model).extension() == ".json";
  MIEN_TRY(encoder,
           open_sentence_encoder(manifest, is_own ? manifest.path.parent_path() : request.models));
  return std::shared_ptr<const TextEncoder>(std::move(encoder));
}

Result<std::shared_ptr<const TextEncoder>> open_default_encoder(TextModelRequest request) {
  std::string problems;
  for (const char* id : kDefaultEncoders) {
    request.model = id;
    Result<std::shared_ptr<const TextEncoder>> encoder = open_encoder(request);
    if (encoder.ok() || encoder.error().code != ErrorCode::kNotFound) return encoder;
    problems += "\n" + encoder.error().message;
  }
  return Error{ErrorCode::kNotFound, "no sentence encoder is installed:" + problems};
}

Result<Uncalibrated> open_uncalibrated(const TextModelRequest& request,
                                       const ContextVocabulary& vocabulary) {
  if (request.model == kWordOverlapId) {
    return Uncalibrated{request.model, kWordOverlapModel, std::make_unique<WordOverlap>(vocabulary),
                        nullptr};
  }
  MIEN_TRY(encoder, request.model.empty() ? open_default_encoder(request) : open_encoder(request));
  MIEN_TRY(similarity, EncoderSimilarity::create(
                           encoder, vocabulary, request.threads,
                           context_vector_files(request.models / "context_vectors", request.say)));
  Uncalibrated opened{std::string(encoder->name()), encoder_model(*encoder), nullptr,
                      similarity.get()};
  opened.similarity = std::move(similarity);
  return opened;
}

// A trained classifier brings its own contexts and calibration.
Result<TextModel> open_classifier(const TextModelRequest& request, std::string_view bytes) {
  if (!request.vocabulary.empty() || !request.calibration.empty()) {
    return Error{ErrorCode::kUsage,
                 request.model +
                     ": a trained classifier has contexts and a calibration of its own; remedy: "
                     "leave out --vocabulary and --calibration"};
  }
  MIEN_TRY(manifest, parse_fasttext_manifest(bytes, request.model));
  MIEN_TRY(similarity, FastTextSimilarity::open(manifest, fs::path(request.model).parent_path()));
  TextModel model;
  model.id = manifest.id;
  model.vocabulary = manifest.id;
  model.scorer =
      std::make_unique<TextScorer>(std::move(similarity), manifest.calibration, request.least_prob);
  return model;
}

}  // namespace

Result<TextModel> open_text_model(const TextModelRequest& request) {
  if (fs::path(request.model).extension() == ".json") {
    MIEN_TRY(manifest, read_whole_file(request.model));
    if (is_fasttext_manifest(manifest)) return open_classifier(request, manifest);
  }
  MIEN_TRY(file, read_vocabulary(request));
  MIEN_TRY(opened, open_uncalibrated(request, file.vocabulary));
  const fs::path calibration_file =
      request.calibration.empty()
          ? request.data / "contexts" / ("calibration_" + opened.id + ".json")
          : request.calibration;
  MIEN_TRY(bytes, read_whole_file(calibration_file));
  MIEN_TRY(parsed, parse_calibration(bytes, calibration_file.string()));
  MIEN_TRY(calibration, calibration_for(std::move(parsed), calibration_file.string(), opened.model,
                                        file.sha256));
  if (opened.by_encoder != nullptr) {
    MIEN_TRY_VOID(opened.by_encoder->set_background(calibration.background));
  }
  TextModel model;
  model.id = opened.id;
  model.vocabulary = file.name;
  model.scorer =
      std::make_unique<TextScorer>(std::move(opened.similarity), calibration, request.least_prob);
  return model;
}

Result<Calibration> calibrate_text_model(const TextModelRequest& request,
                                         const TitleChoice& choice) {
  MIEN_TRY(file, read_vocabulary(request));
  MIEN_TRY(titles, read_titles(choice));
  MIEN_TRY(opened, open_uncalibrated(request, file.vocabulary));
  MIEN_TRY(labels,
           label_positions(titles.labelled, opened.similarity->contexts(), choice.file.string()));
  std::vector<float> background;
  if (opened.by_encoder != nullptr) {
    MIEN_TRY(mean, background_of(*opened.by_encoder, titles.texts));
    background = std::move(mean);
    MIEN_TRY_VOID(opened.by_encoder->set_background(background));
  }
  MIEN_TRY(similarities, opened.similarity->compare(titles.texts));
  const std::vector<std::vector<std::uint32_t>> ancestors = ancestors_of(file.vocabulary);
  MIEN_TRY(calibration, fit_calibration({opened.similarity->contexts(), similarities.values, labels,
                                         ancestors}));
  calibration.model = opened.model;
  calibration.vocabulary = file.sha256;
  calibration.titles = titles.sha256;
  calibration.background = std::move(background);
  return calibration;
}

Result<TextModelEvaluation> evaluate_text_model(const TextModelRequest& request,
                                                const TitleChoice& choice) {
  MIEN_TRY(titles, read_titles(choice));
  MIEN_TRY(model, open_text_model(request));
  MIEN_TRY(labels,
           label_positions(titles.labelled, model.scorer->contexts(), choice.file.string()));
  MIEN_TRY(scores, model.scorer->score(titles.texts));
  TextModelEvaluation result;
  result.id = model.id;
  result.vocabulary = model.vocabulary;
  result.contexts.assign(model.scorer->contexts().begin(), model.scorer->contexts().end());
  for (const TextScores& text : scores) {
    if (!text.reason.empty()) ++result.reasons[text.reason];
  }
  result.evaluation = evaluate_texts(scores, labels, model.scorer->thresholds());
  result.points = operating_points(scores, labels, model.scorer->thresholds());
  return result;
}

}  // namespace mien
