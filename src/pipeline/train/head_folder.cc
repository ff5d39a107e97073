#include "pipeline/train/head_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/sha256.h"
#include "expression/expression_head.h"
#include "expression/track_features.h"
#include "pipeline/study/program_version.h"
#include "store/durable_file.h"
#include "training/fit_job.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

double estimate_of(const Json& label, const char* measure) {
  if (!label.contains(measure)) return std::nan("");
  const Json& value = label.at(measure);
  if (!value.is_object() || !value.contains("estimate") || !value.at("estimate").is_number()) {
    return std::nan("");
  }
  return value.at("estimate").get<double>();
}

// The least and the largest that can be had, of the labels kept.
std::string range_of(const Json& labels, const std::vector<std::string>& kept,
                     const char* measure) {
  double least = INFINITY;
  double most = -INFINITY;
  for (const Json& label : labels) {
    const auto name = label.at("label").get<std::string>();
    if (std::ranges::find(kept, name) == kept.end()) continue;
    const double value = estimate_of(label, measure);
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  return least > most ? "not estimable" : fmt::format("{:.2f} to {:.2f}", least, most);
}

std::string reliability_of(const Json& evaluation, const std::vector<std::string>& kept) {
  const Json& labels = evaluation.at("labels");
  return fmt::format(
      "On {} clips that it was not trained on, labels correlate with mean ratings {} (over the "
      "ratings' own ceiling: {}); reliability of the mean ratings {}.",
      evaluation.at("clips").get<std::int64_t>(), range_of(labels, kept, "correlation"),
      range_of(labels, kept, "corrected_correlation"), range_of(labels, kept, "reliability"));
}

Result<Json> read_json(const fs::path& path) {
  MIEN_TRY(text, read_whole_file(path));
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) {
    return Error{ErrorCode::kCorrupt, path.string() + ": it is not JSON; remedy: train again"};
  }
  return json;
}

Result<Json> manifest_of(const TrainExpressionRequest& request, const Ratings& ratings,
                         const std::vector<HeadFeatures::Block>& blocks, double rate_hz) {
  MIEN_TRY(fit, read_json(request.out / "fit.json"));
  MIEN_TRY(evaluation, read_json(request.out / "evaluation.json"));
  MIEN_TRY(onnx_sha256, sha256_of_file(request.out / "head.onnx"));
  MIEN_TRY(ratings_sha256, sha256_of_file(request.ratings));
  const auto words = fit.at("labels").get<std::vector<std::string>>();
  std::vector<std::string> labels;
  for (const std::string& word : words) {
    labels.push_back(column_word(word));
    if (std::ranges::count(labels, labels.back()) > 1) {
      return Error{ErrorCode::kMismatch, request.ratings.string() +
                                             ": two labels make the column label_" + labels.back() +
                                             "; remedy: name one of them otherwise"};
    }
  }
  Json listed = Json::array();
  std::int64_t size = 0;
  for (const HeadFeatures::Block& block : blocks) {
    Json one = {{"name", block.name}, {"size", block.size}};
    if (!block.model.empty()) {
      one["model"] = block.model;
      one["onnx_sha256"] = block.onnx_sha256;
    }
    if (!block.landmarks_sha256.empty()) {
      one["landmarks_sha256"] = block.landmarks_sha256;
    }
    listed.push_back(std::move(one));
    size += block.size;
  }
  std::string whose = request.whose_labels;
  if (whose.empty()) {
    whose = fmt::format("the {} raters of the file of SHA-256 {}; who they are was not said",
                        ratings.raters.size(), ratings_sha256);
  }
  while (whose.ends_with('.')) whose.pop_back();
  const bool simulated = fit.at("simulated").get<bool>();
  return Json{
      {"id", request.id},
      {"version", "1"},
      {"role", std::string(to_string(ModelRole::kExpressionHead))},
      {"licence", "of whoever trained it; those of its networks' packages"},
      {"source", {{"format", "onnx"}}},
      {"onnx_file", "head.onnx"},
      {"onnx_sha256", onnx_sha256},
      {"input",
       {{"name", "features"},
        {"shape", Json::array({1, -1, size})},
        {"meaning", "rows of features of a span of one face's track"}}},
      {"outputs", Json::array({{{"name", "probabilities"},
                                {"shape", Json::array({1, labels.size()})},
                                {"meaning", "calibrated probability of each label"}}})},
      {"channel", "label"},
      {"labels", labels},
      {"activation", "none"},
      {"whose_labels", whose},
      {"features", {{"rate_hz", rate_hz}, {"blocks", listed}}},
      {"ratings",
       {{"words", words},
        {"raters", ratings.raters.size()},
        {"clips", ratings.clips.size()},
        {"ratings", ratings.judgements.size()},
        {"simulated", simulated},
        {"reliability", reliability_of(evaluation, words)}}},
      {"intended_use",
       "how groups of faces in videos like those that were rated would be called by raters like "
       "these"},
      {"known_limits",
       {"A label is what raters would call a face, not what the person feels.",
        "Error per group of people is known only where card.md says it.",
        fmt::format("Made by mien train expression, Mien {}, seed {}; ratings of SHA-256 {}.",
                    kProgramVersion, request.seed, ratings_sha256)}}};
}

}  // namespace

std::string column_word(const std::string& word) {
  std::string name;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      name += c;
    } else if (byte >= 0x80) {
      name += fmt::format("{:02x}", byte);
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name.empty() ? "unnamed" : name;
}

Result<double> finish_head_folder(const TrainExpressionRequest& request, const Ratings& ratings,
                                  const fs::path& dataset,
                                  const std::vector<HeadFeatures::Block>& blocks, double rate_hz) {
  MIEN_TRY(manifest, manifest_of(request, ratings, blocks, rate_hz));
  const fs::path path = request.out / "manifest.json";
  MIEN_TRY_VOID(write_file_durably(path, manifest.dump(1) + "\n"));
  const auto checked = [&]() -> Result<double> {
    MIEN_TRY(models, ModelSet::open(request.manifest_folder, request.model_folder, {path}));
    MIEN_TRY(head, ExpressionHead::open(models, request.id));
    return check_export(dataset, request.out,
                        [&](std::span<const float> rows) { return head.score(rows); });
  };
  auto difference = checked();
  if (!difference.ok()) {  // nobody is to use it
    std::error_code ignored;
    fs::remove(path, ignored);
  }
  return difference;
}

}  // namespace mien
