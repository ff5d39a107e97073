#include "pipeline/train/train_visual.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "context/calibration_fit.h"
#include "context/context_map.h"
#include "context/labelled_text.h"
#include "context/picture_network.h"
#include "context/visual_video.h"
#include "pipeline/annotate/inputs.h"
#include "pipeline/annotate/probe_files.h"
#include "pipeline/forget/trained_on.h"
#include "pipeline/train/held_out.h"
#include "pipeline/train/visual_vectors.h"
#include "pipeline/worker/process.h"
#include "stats/logistic_regression.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct LabelledVideo {
  std::string id, uploader;
  fs::path path;
  Side side = Side::kTraining;
  std::set<std::string> contexts;
  std::vector<std::vector<float>> vectors;  // one a frame
};

std::vector<const LabelledVideo*> of_side(const std::vector<LabelledVideo>& videos, Side side) {
  std::vector<const LabelledVideo*> chosen;
  for (const LabelledVideo& video : videos) {
    if (video.side == side) chosen.push_back(&video);
  }
  return chosen;
}

// id -> uploader, of the study's corpus; those without one are not in it.
Result<std::map<std::string, std::string>> uploaders_of(const Table& corpus) {
  std::map<std::string, std::string> uploaders;
  if (!corpus.has("uploader")) return uploaders;
  for (std::size_t row = 0; row < corpus.rows(); ++row) {
    const Cell uploader = corpus.at(row, "uploader");
    const auto* name = std::get_if<std::string>(&uploader);
    if (name != nullptr) uploaders[corpus.column("video_id").strings()[row]] = *name;
  }
  return uploaders;
}

// Labelled videos that the study knows, without vectors.
Result<std::vector<LabelledVideo>> read_videos(const TrainVisualRequest& request,
                                               TrainVisualSummary& summary) {
  MIEN_TRY(bytes, read_whole_file(request.labels));
  MIEN_TRY(labelled, parse_labelled_texts(bytes, request.labels.string(), LabelsOf::kVideos));
  MIEN_TRY(database, Database::open());
  MIEN_TRY(inputs, expand_inputs({request.study / "corpus.parquet"}, false, database));
  std::map<std::string, std::string> uploaders;
  if (inputs.corpus.has_value()) {
    MIEN_TRY(known, uploaders_of(*inputs.corpus));
    uploaders = std::move(known);
  }
  std::map<std::string, fs::path> paths;
  for (const InputVideo& video : inputs.videos) paths[video.video_id] = video.path;
  std::vector<LabelledVideo> videos;
  for (const LabelledText& label : labelled) {
    const auto path = paths.find(label.id);
    if (path == paths.end()) {
      summary.not_found.push_back(label.id);
      continue;
    }
    const auto known = uploaders.find(label.id);
    const std::string uploader = !label.uploader.empty()    ? label.uploader
                                 : known != uploaders.end() ? known->second
                                                            : "";
    const std::string owner = uploader.empty() ? "video " + label.id : "uploader " + uploader;
    videos.push_back({label.id,
                      uploader,
                      path->second,
                      side_of(owner, request.seed),
                      {label.contexts.begin(), label.contexts.end()},
                      {}});
  }
  return videos;
}

// Beside OUT, under a name of its own.
fs::path scratch_of(fs::path out) {
  if (!out.has_filename()) out = out.parent_path();
  out = fs::absolute(out);
  return out.parent_path() / fmt::format(".{}.vectors", out.filename().string());
}

Status look_at(std::vector<LabelledVideo>& videos, const ModelSet& models,
               const std::vector<fs::path>& manifests, const TrainVisualRequest& request,
               const std::atomic<bool>& stop, TrainVisualSummary& summary) {
  std::vector<StudyInput> inputs;
  for (const LabelledVideo& video : videos) inputs.push_back(describe_input(video.id, video.path));
  VectorRequest wanted;
  wanted.network = request.network;
  wanted.program = request.program;
  if (wanted.program.empty()) {
    MIEN_TRY(own, own_program());
    wanted.program = own;
  }
  wanted.scratch = scratch_of(request.out);
  wanted.manifest_folder = request.manifest_folder;
  wanted.model_folder = request.model_folder;
  wanted.extra_manifests = manifests;
  wanted.limits = request.limits;
  wanted.threads = request.threads;
  wanted.progress = request.progress;
  MIEN_TRY(looked, visual_vectors(models, inputs, wanted, stop));
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (!looked[i].reason.empty()) {
      summary.not_read.push_back(videos[i].id + ": " + looked[i].reason);
    }
    videos[i].vectors = std::move(looked[i].vectors);
  }
  std::erase_if(videos, [](const LabelledVideo& video) { return video.vectors.empty(); });
  return Ok{};
}

// Contexts of enough training videos, in the order of their names.
Result<std::vector<std::string>> trained_contexts(const std::vector<LabelledVideo>& videos,
                                                  const TrainVisualRequest& request,
                                                  TrainVisualSummary& summary) {
  const fs::path file =
      request.vocabulary.empty() ? request.data / "contexts" / "everyday.csv" : request.vocabulary;
  MIEN_TRY(vocabulary, read_vocabulary(file));
  std::map<std::string, int> counts;
  int training = 0;
  for (const LabelledVideo& video : videos) {
    for (const std::string& context : video.contexts) {
      if (!vocabulary.find(context).has_value()) {
        return Error{ErrorCode::kMismatch,
                     request.labels.string() + ": the video '" + video.id + "' has the context '" +
                         context + "', which " + file.string() +
                         " does not have; remedy: name the vocabulary of the labels with "
                         "--vocabulary"};
      }
      counts[context] += video.side == Side::kTraining ? 1 : 0;
    }
    training += video.side == Side::kTraining ? 1 : 0;
  }
  std::vector<std::string> contexts;
  for (const auto& [context, count] : counts) {
    const bool is_enough = count >= kFewestTrainingVideos && count < training;
    (is_enough ? contexts : summary.left_out).push_back(context);
  }
  if (contexts.empty()) {
    return Error{ErrorCode::kUsage,
                 request.labels.string() + ": no context has " +
                     std::to_string(kFewestTrainingVideos) +
                     " training videos that show it and some that do not; remedy: label more "
                     "videos"};
  }
  return contexts;
}

struct Training {
  Eigen::MatrixXd features;  // of SD 1
  std::vector<double> weights;
  Eigen::VectorXd means, deviations;
};

Training training_of(std::span<const LabelledVideo* const> videos) {
  Eigen::Index frames = 0;
  for (const LabelledVideo* video : videos)
    frames += static_cast<Eigen::Index>(video->vectors.size());
  const auto dimensions = static_cast<Eigen::Index>(videos.front()->vectors.front().size());
  Training training{Eigen::MatrixXd(frames, dimensions), {}, {}, {}};
  Eigen::Index row = 0;
  for (const LabelledVideo* video : videos) {
    for (const std::vector<float>& vector : video->vectors) {
      training.features.row(row++) =
          Eigen::Map<const Eigen::VectorXf>(vector.data(), dimensions).cast<double>();
      training.weights.push_back(1 / static_cast<double>(video->vectors.size()));
    }
  }
  const Eigen::VectorXd weights =
      Eigen::Map<const Eigen::VectorXd>(training.weights.data(), frames) /
      static_cast<double>(videos.size());
  training.means = training.features.transpose() * weights;
  training.features.rowwise() -= training.means.transpose();
  training.deviations = (training.features.cwiseAbs2().transpose() * weights).cwiseSqrt();
  // What never changes tells nothing.
  training.deviations = (training.deviations.array() > 0).select(training.deviations, 1);
  training.features.array().rowwise() /= training.deviations.transpose().array();
  return training;
}

Status fit(std::span<const LabelledVideo* const> videos, double penalty, ProbeWeights& weights) {
  const Training training = training_of(videos);
  const auto contexts = static_cast<Eigen::Index>(weights.contexts.size());
  weights.coefficients.resize(contexts, training.features.cols());
  weights.intercepts.resize(contexts);
  for (Eigen::Index c = 0; c < contexts; ++c) {
    std::vector<std::uint8_t> labels;
    for (const LabelledVideo* video : videos) {
      const bool shows = video->contexts.contains(weights.contexts[static_cast<std::size_t>(c)]);
      labels.insert(labels.end(), video->vectors.size(), shows ? 1 : 0);
    }
    MIEN_TRY(model, fit_logistic(training.features, labels, training.weights, penalty));
    const Eigen::VectorXd own = model.coefficients.cwiseQuotient(training.deviations);
    weights.coefficients.row(c) = own.transpose();
    weights.intercepts[c] = model.intercept - own.dot(training.means);
  }
  return Ok{};
}

double logit_of(double prob) {
  constexpr double kLeast = 1e-9;  // keeps it finite
  const double held = std::clamp(prob, kLeast, 1 - kLeast);
  return std::log(held / (1 - held));
}

// One probability a context, pooled over the video's frames.
std::vector<double> scores_of(const LabelledVideo& video, const ProbeWeights& weights) {
  std::vector<std::vector<double>> frames(weights.contexts.size());
  for (const std::vector<float>& vector : video.vectors) {
    const Eigen::VectorXd logits =
        weights.coefficients * Eigen::Map<const Eigen::VectorXf>(
                                   vector.data(), static_cast<Eigen::Index>(vector.size()))
                                   .cast<double>() +
        weights.intercepts;
    for (std::size_t c = 0; c < frames.size(); ++c)
      frames[c].push_back(logistic(logits[static_cast<Eigen::Index>(c)]));
  }
  std::vector<double> scores;
  scores.reserve(frames.size());
  for (std::vector<double>& of_context : frames)
    scores.push_back(mean_of_highest(std::move(of_context)));
  return scores;
}

// Folds Platt's line into the weights and chooses thresholds. Without calibration videos of both
// kinds nothing is changed, and thresholds are 0.5.
Status calibrate(std::span<const LabelledVideo* const> videos, ProbeWeights& weights,
                 TrainVisualSummary& summary) {
  weights.threshold_prob.assign(weights.contexts.size(), 0.5);
  std::vector<double> logits;
  std::vector<std::uint8_t> labels;
  for (const LabelledVideo* video : videos) {
    const std::vector<double> scores = scores_of(*video, weights);
    for (std::size_t c = 0; c < scores.size(); ++c) {
      logits.push_back(logit_of(scores[c]));
      labels.push_back(video->contexts.contains(weights.contexts[c]) ? 1 : 0);
    }
  }
  const Eigen::MatrixXd column =
      Eigen::Map<const Eigen::VectorXd>(logits.data(), static_cast<Eigen::Index>(logits.size()));
  // A light pull towards no line at all keeps separable labels finite.
  constexpr double kPenalty = 1e-3;
  const auto line = fit_logistic(column, labels, std::vector<double>(labels.size(), 1.0), kPenalty);
  if (!line.ok()) return Ok{};
  if (line->coefficients[0] > 0) {
    summary.slope = line->coefficients[0];
    summary.intercept = line->intercept;
    weights.coefficients *= summary.slope;
    weights.intercepts = (weights.intercepts.array() * summary.slope + summary.intercept).matrix();
  }
  std::vector<std::pair<double, bool>> all;
  std::vector<std::vector<std::pair<double, bool>>> own(weights.contexts.size());
  std::vector<int> counts(weights.contexts.size());
  for (const LabelledVideo* video : videos) {
    const std::vector<double> scores = scores_of(*video, weights);
    for (std::size_t c = 0; c < scores.size(); ++c) {
      const bool shows = video->contexts.contains(weights.contexts[c]);
      counts[c] += shows ? 1 : 0;
      all.emplace_back(scores[c], shows);
      own[c].emplace_back(scores[c], shows);
    }
  }
  const double common = best_threshold(std::move(all));
  for (std::size_t c = 0; c < own.size(); ++c) {
    weights.threshold_prob[c] =
        counts[c] >= kOwnThresholdTexts ? best_threshold(std::move(own[c])) : common;
  }
  return Ok{};
}

TextModelEvaluation evaluate(std::span<const LabelledVideo* const> videos,
                             const ProbeWeights& weights, const std::string& id) {
  std::vector<TextScores> scores;
  std::vector<std::vector<std::uint32_t>> labels;
  for (const LabelledVideo* video : videos) {
    TextScores of_video;
    std::vector<double> logits = scores_of(*video, weights);
    for (double& value : logits) value = logit_of(value);
    of_video.scores = kept_scores(logits);
    of_video.none_prob = std::nan("");
    scores.push_back(std::move(of_video));
    std::vector<std::uint32_t>& own = labels.emplace_back();
    for (std::size_t c = 0; c < weights.contexts.size(); ++c) {
      if (video->contexts.contains(weights.contexts[c]))
        own.push_back(static_cast<std::uint32_t>(c));
    }
  }
  TextModelEvaluation result;
  result.id = id;
  result.vocabulary = id;
  result.contexts = weights.contexts;
  result.evaluation = evaluate_texts(scores, labels, weights.threshold_prob);
  return result;
}

}  // namespace

Result<TrainVisualSummary> train_visual(const TrainVisualRequest& request,
                                        const std::atomic<bool>& stop) {
  TrainVisualSummary summary;
  std::vector<fs::path> extra = request.extra_manifests;
  const fs::path packaged = request.model_folder / (request.network + ".json");
  std::error_code ignored;
  if (fs::exists(packaged, ignored)) extra.push_back(packaged);
  MIEN_TRY(models, ModelSet::open(request.manifest_folder, request.model_folder, extra));
  auto network = models.find(request.network);
  if (!network.ok() || vector_output(*network).empty()) {
    return Error{ErrorCode::kNotFound,
                 "--network " + request.network +
                     ": there is no picture network of that id that gives a vector; remedy: run "
                     "tools/optional_models, or give an embedding's manifest with --model"};
  }
  MIEN_TRY(videos, read_videos(request, summary));
  MIEN_TRY(contexts, trained_contexts(videos, request, summary));
  MIEN_TRY_VOID(look_at(videos, models, extra, request, stop, summary));
  const auto training = of_side(videos, Side::kTraining);
  const auto calibration = of_side(videos, Side::kCalibration);
  const auto held_out = of_side(videos, Side::kHeldOut);
  if (training.empty() || held_out.empty()) {
    return Error{ErrorCode::kUsage,
                 request.labels.string() + ": " + std::to_string(videos.size()) +
                     " readable videos are too few to train on and to hold some out"};
  }
  ProbeWeights weights;
  weights.contexts = std::move(contexts);
  const Status fitted = fit(training, request.penalty, weights);
  if (!fitted.ok()) {
    return Error(fitted.error())
        .with_context(request.labels.string() + ", videos that can be read");
  }
  MIEN_TRY_VOID(calibrate(calibration, weights, summary));
  summary.training = static_cast<int>(training.size());
  summary.calibration = static_cast<int>(calibration.size());
  summary.held_out = static_cast<int>(held_out.size());
  for (const LabelledVideo* video : training)
    summary.frames += static_cast<int>(video->vectors.size());
  summary.evaluation = evaluate(held_out, weights, request.id);
  MIEN_TRY_VOID(write_probe(weights, *network, request, summary));
  TrainedOn sources;
  for (const LabelledVideo& video : videos) {
    sources.videos.insert(video.id);
    if (!video.uploader.empty()) sources.uploaders.insert(video.uploader);
  }
  MIEN_TRY_VOID(record_training(request.study, request.out, sources));
  return summary;
}

Json to_json(const TrainVisualSummary& summary) {
  Json evaluation = evaluation_json(summary.evaluation);
  const auto of_videos = [](Json& counts) {
    counts["videos"] = counts["texts"];
    counts.erase("texts");
  };
  of_videos(evaluation);
  for (auto& [context, counts] : evaluation["contexts"].items()) of_videos(counts);
  evaluation.erase("none_brier");
  evaluation.erase("not_answered");
  return {{"training", summary.training},   {"calibration", summary.calibration},
          {"held_out", summary.held_out},   {"frames", summary.frames},
          {"slope", summary.slope},         {"intercept", summary.intercept},
          {"not_found", summary.not_found}, {"not_read", summary.not_read},
          {"left_out", summary.left_out},   {"evaluation", evaluation}};
}

}  // namespace mien
