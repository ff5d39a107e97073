#include "pipeline/texts/train_text.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/sha256.h"
#include "context/calibration_fit.h"
#include "context/fasttext_similarity.h"
#include "context/labelled_text.h"
#include "pipeline/study/program_version.h"
#include "pipeline/train/held_out.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Quantising takes time for every bucket, and few texts have few pairs of words.
constexpr int kBucketsOfText = 10;
constexpr int kFewestBuckets = 2000;

std::string owner_of(const LabelledText& text) {
  return text.uploader.empty() ? text.text.title + "\n" + text.text.description
                               : "uploader " + text.uploader;
}

struct Part {
  std::vector<PreparedText> texts;
  std::vector<std::vector<std::uint32_t>> labels;
};

struct Divided {
  std::vector<std::string> contexts;
  Part training, calibration, held_out;
};

Result<Divided> divide(const std::vector<LabelledText>& texts, const TrainTextRequest& request) {
  std::set<std::string> ids;
  for (const LabelledText& text : texts) ids.insert(text.contexts.begin(), text.contexts.end());
  Divided divided;
  divided.contexts.assign(ids.begin(), ids.end());
  if (divided.contexts.size() < 2) {
    return Error{ErrorCode::kUsage, request.labels.string() +
                                        ": fewer than two contexts, so nothing can be told apart"};
  }
  MIEN_TRY(labels, label_positions(texts, divided.contexts, request.labels.string()));
  for (std::size_t t = 0; t < texts.size(); ++t) {
    const Side side = side_of(owner_of(texts[t]), request.options.seed);
    Part& part = side == Side::kTraining      ? divided.training
                 : side == Side::kCalibration ? divided.calibration
                                              : divided.held_out;
    part.texts.push_back(texts[t].text);
    part.labels.push_back(std::move(labels[t]));
  }
  if (divided.training.texts.empty() || divided.held_out.texts.empty()) {
    return Error{ErrorCode::kUsage, request.labels.string() + ": " + std::to_string(texts.size()) +
                                        " texts are too few to train on and to hold some out"};
  }
  return divided;
}

// A text of no context is an example of the last label, so that it speaks against the others.
std::vector<FastTextExample> examples_of(const Divided& divided) {
  const auto none = static_cast<std::uint32_t>(divided.contexts.size());
  std::vector<FastTextExample> examples;
  std::set<std::uint32_t> seen;
  for (std::size_t t = 0; t < divided.training.texts.size(); ++t) {
    std::string words = fasttext_words(divided.training.texts[t]);
    if (words.empty()) continue;
    std::vector<std::uint32_t> labels = divided.training.labels[t];
    if (labels.empty()) labels.push_back(none);
    seen.insert(labels.begin(), labels.end());
    examples.push_back({std::move(words), std::move(labels)});
  }
  // A label without an example would be missing in the model; an empty one keeps its place.
  for (std::uint32_t label = 0; label <= none; ++label) {
    if (!seen.contains(label)) examples.push_back({"", {label}});
  }
  return examples;
}

}  // namespace

Result<TrainTextSummary> train_text(const TrainTextRequest& request) {
  MIEN_TRY(bytes, read_whole_file(request.labels));
  MIEN_TRY(texts, parse_labelled_texts(bytes, request.labels.string()));
  MIEN_TRY(divided, divide(texts, request));
  MIEN_TRY_VOID(make_folders(request.out));
  const fs::path model_file = request.out / "model.ftz";
  FastTextOptions options = request.options;
  options.buckets = std::min(
      options.buckets, std::max(kFewestBuckets, kBucketsOfText * static_cast<int>(texts.size())));
  const auto begin = std::chrono::steady_clock::now();
  MIEN_TRY_VOID(train_fasttext(examples_of(divided), options, request.out, model_file));
  TrainTextSummary summary;
  summary.train_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  summary.training = static_cast<int>(divided.training.texts.size());
  summary.calibration = static_cast<int>(divided.calibration.texts.size());
  summary.held_out = static_cast<int>(divided.held_out.texts.size());
  MIEN_TRY(hash, sha256_of_file(model_file));
  MIEN_TRY(model, FastTextModel::open(model_file));
  const std::string identity = "fasttext " + hash;
  auto similarity =
      std::make_unique<FastTextSimilarity>(std::move(model), divided.contexts, identity);
  MIEN_TRY(similarities, similarity->compare(divided.calibration.texts));
  Result<Calibration> calibration =
      fit_calibration({divided.contexts, similarities.values, divided.calibration.labels, {}});
  if (!calibration.ok()) {
    return std::move(calibration).error().with_context(request.labels.string());
  }
  calibration->model = identity;
  calibration->titles = sha256_of_bytes(bytes);
  const TextScorer scorer(std::move(similarity), *calibration);
  MIEN_TRY(scores, scorer.score(divided.held_out.texts));
  summary.evaluation.id = request.id;
  summary.evaluation.vocabulary = request.id;
  summary.evaluation.contexts = divided.contexts;
  for (const TextScores& text : scores) {
    if (!text.reason.empty()) ++summary.evaluation.reasons[text.reason];
  }
  summary.evaluation.evaluation =
      evaluate_texts(scores, divided.held_out.labels, scorer.thresholds());
  const Json manifest = {{"kind", kFastTextKind},
                         {"id", request.id},
                         {"file", model_file.filename().string()},
                         {"sha256", hash},
                         {"program_version", std::string(kProgramVersion)},
                         {"contexts", divided.contexts},
                         {"options",
                          {{"dimensions", options.dimensions},
                           {"epochs", options.epochs},
                           {"learning_rate", options.learning_rate},
                           {"buckets", options.buckets},
                           {"seed", options.seed}}},
                         {"texts",
                          {{"training", summary.training},
                           {"calibration", summary.calibration},
                           {"held_out", summary.held_out}}},
                         {"calibration", Json::parse(calibration_json(*calibration))},
                         {"evaluation", evaluation_json(summary.evaluation)}};
  MIEN_TRY_VOID(write_file_durably(request.out / "manifest.json", manifest.dump(1) + "\n"));
  return summary;
}

}  // namespace mien
