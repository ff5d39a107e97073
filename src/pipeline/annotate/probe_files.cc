#include "pipeline/annotate/probe_files.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "context/picture_network.h"
#include "model/import/onnx_graph.h"
#include "pipeline/study/program_version.h"
#include "store/durable_file.h"

namespace mien {

namespace {

using Json = nlohmann::json;

Result<std::string> onnx_of(const ProbeWeights& weights) {
  const std::int64_t dimensions = weights.coefficients.cols();
  const std::int64_t contexts = weights.coefficients.rows();
  std::vector<float> values;
  for (Eigen::Index c = 0; c < contexts; ++c) {
    for (Eigen::Index d = 0; d < dimensions; ++d) {
      values.push_back(static_cast<float>(weights.coefficients(c, d)));
    }
  }
  std::vector<float> intercepts;
  for (Eigen::Index c = 0; c < contexts; ++c)
    intercepts.push_back(static_cast<float>(weights.intercepts[c]));
  const std::vector<std::int64_t> in{-1, dimensions};
  const std::vector<std::int64_t> out{-1, contexts};
  OnnxGraph graph("context_probe");
  graph.input("vector", in);
  const std::string matrix = graph.floats(values, std::vector{contexts, dimensions});
  const std::string bias = graph.floats(intercepts, std::vector{contexts});
  graph.node("Gemm", {"vector", matrix, bias}, {{"transB", std::int64_t{1}}}, "logits");
  graph.output("logits", out);
  return graph.serialise();
}

std::string figure(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "cannot be had";
}

std::string card_of(const ProbeWeights& weights, const Manifest& network,
                    const TrainVisualRequest& request, const TrainVisualSummary& summary) {
  const TextEvaluation& e = summary.evaluation.evaluation;
  std::string text = fmt::format(
      "# {}\n\nNames {} contexts from pictures: logistic regression, one against the rest, on the "
      "vectors that `{}` ({}) gives for frames with every head filled.\n\n"
      "**Intended use.** Contexts of groups of videos like those it was trained on.\n\n"
      "**Data.** Labels of whoever made the file of SHA-256 below; {} videos to train ({} frames), "
      "{} to calibrate, {} held out, divided by uploader where one is known.\n\n"
      "**On the held-out videos.** Micro F1 {}, macro F1 {}, precision at 1 {}, at 3 {}; mean "
      "calibration error {}; videos of no context that are given one: {} of {}.\n\n",
      request.id, weights.contexts.size(), network.id, network.version, summary.training,
      summary.frames, summary.calibration, summary.held_out, figure(e.micro_f1), figure(e.macro_f1),
      figure(e.top1), figure(e.precision_at_3), figure(e.calibration_error), figure(e.none_above),
      e.none);
  text += "| context | held-out videos | F1 | threshold |\n|---|---|---|---|\n";
  for (std::size_t c = 0; c < weights.contexts.size(); ++c) {
    const ContextCounts& counts = e.contexts[c];
    text +=
        fmt::format("| {} | {} | {} | {:.3f} |\n", weights.contexts[c], counts.texts,
                    counts.texts > 0 ? figure(counts.f1()) : "no video", weights.threshold_prob[c]);
  }
  text +=
      "\n**Limits.** It knows what its labels and its network know. A context that a video was not "
      "said to show counted as absent. Error per group of people is not known.\n";
  for (const std::string& context : summary.left_out) {
    text += fmt::format("Left out, since fewer than {} training videos show it: {}.\n",
                        kFewestTrainingVideos, context);
  }
  return text +
         fmt::format("\nMade by `mien train context-visual`, Mien {}, seed {}, penalty {}.\n",
                     kProgramVersion, request.seed, request.penalty);
}

}  // namespace

Status write_probe(const ProbeWeights& weights, const Manifest& network,
                   const TrainVisualRequest& request, const TrainVisualSummary& summary) {
  MIEN_TRY(bytes, onnx_of(weights));
  MIEN_TRY(labels_hash, sha256_of_file(request.labels));
  const std::int64_t contexts = weights.coefficients.rows();
  const Json manifest = {
      {"id", request.id},
      {"version", "1"},
      {"role", std::string(to_string(ModelRole::kContextProbe))},
      {"licence", "of whoever trained it; that of the network: " + network.licence},
      {"source", {{"format", "onnx"}}},
      {"onnx_file", "probe.onnx"},
      {"onnx_sha256", sha256_of_bytes(bytes)},
      {"input",
       {{"name", "vector"},
        {"shape", {-1, weights.coefficients.cols()}},
        {"meaning", "what the network gives for a frame with heads filled"}}},
      {"outputs",
       {{{"name", "logits"}, {"shape", {-1, contexts}}, {"meaning", "one logit a context"}}}},
      {"embedding",
       {{"model", network.id},
        {"onnx_sha256", network.onnx_sha256},
        {"output", vector_output(network)}}},
      {"labels", weights.contexts},
      {"threshold_prob", weights.threshold_prob},
      {"activation", "sigmoid"},
      {"whose_labels", "those of the file of SHA-256 " + labels_hash},
      {"intended_use", "contexts of groups of videos like those it was trained on"},
      {"known_limits", {"It knows what its labels and its network know; see card.md."}},
      {"program_version", std::string(kProgramVersion)},
      {"seed", request.seed},
      {"penalty", request.penalty},
      {"training", to_json(summary)}};
  MIEN_TRY_VOID(make_folders(request.out));
  MIEN_TRY_VOID(write_file_durably(request.out / "probe.onnx", bytes));
  MIEN_TRY_VOID(
      write_file_durably(request.out / "card.md", card_of(weights, network, request, summary)));
  return write_file_durably(request.out / "manifest.json", manifest.dump(1) + "\n");
}

}  // namespace mien
