#include "context/calibration.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace mien {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBackground = 65536;

Error wrong_calibration(const std::string& name, const std::string& what) {
  return {ErrorCode::kCorrupt,
          name + ": " + what + "; remedy: make it anew with 'mien contexts calibrate'"};
}

}  // namespace

double logistic(double logit) {
  return logit >= 0 ? 1 / (1 + std::exp(-logit)) : std::exp(logit) / (1 + std::exp(logit));
}

void calibrated_logits(const Calibration& calibration, std::span<const float> similarities,
                       std::span<const double> offsets, std::span<double> logits) {
  const double most = similarities.empty() ? 0.0 : std::ranges::max(similarities);
  for (std::size_t c = 0; c < similarities.size(); ++c) {
    const double s = similarities[c];
    logits[c] = calibration.intercept + offsets[c] + calibration.slope * s +
                calibration.margin_slope * (most - s);
  }
}

double none_probability(const Calibration& calibration, std::span<const double> logits) {
  if (calibration.none_texts == 0) return std::nan("");
  return logistic(calibration.none_intercept + calibration.none_slope * std::ranges::max(logits));
}

Result<Calibration> parse_calibration(std::string_view bytes, const std::string& name) {
  const Json json = Json::parse(bytes, nullptr, false);
  if (!json.is_object()) return wrong_calibration(name, "not JSON");
  Calibration calibration;
  const std::pair<const char*, std::string*> texts[] = {
      {"model", &calibration.model},
      {"vocabulary_sha256", &calibration.vocabulary},
      {"titles_sha256", &calibration.titles}};
  for (const auto& [key, to] : texts) {
    if (!json.contains(key) || !json[key].is_string())
      return wrong_calibration(name, std::string("no text '") + key + "'");
    *to = json[key].get<std::string>();
  }
  const std::pair<const char*, double*> numbers[] = {
      {"intercept", &calibration.intercept},       {"slope", &calibration.slope},
      {"margin_slope", &calibration.margin_slope}, {"none_intercept", &calibration.none_intercept},
      {"none_slope", &calibration.none_slope},     {"threshold_prob", &calibration.threshold_prob}};
  for (const auto& [key, to] : numbers) {
    if (!json.contains(key) || !json[key].is_number())
      return wrong_calibration(name, std::string("no number '") + key + "'");
    *to = json[key].get<double>();
  }
  const std::pair<const char*, int*> counts[] = {{"texts", &calibration.texts},
                                                 {"none_texts", &calibration.none_texts}};
  for (const auto& [key, to] : counts) {
    if (!json.contains(key) || !json[key].is_number_integer())
      return wrong_calibration(name, std::string("no whole number '") + key + "'");
    *to = json[key].get<int>();
  }
  const Json background = json.value("background", Json::array());
  if (!background.is_array() || background.size() > kMaxBackground) {
    return wrong_calibration(name, "'background' is not a list of numbers");
  }
  for (const Json& number : background) {
    if (!number.is_number())
      return wrong_calibration(name, "'background' is not a list of numbers");
    calibration.background.push_back(number.get<float>());
  }
  const Json contexts = json.value("contexts", Json::object());
  if (!contexts.is_object()) return wrong_calibration(name, "'contexts' is not an object");
  for (const auto& [id, entry] : contexts.items()) {
    if (!entry.is_object() || !entry.contains("texts") || !entry["texts"].is_number_integer() ||
        !entry.contains("offset") || !entry["offset"].is_number() ||
        !entry.contains("threshold_prob") || !entry["threshold_prob"].is_number()) {
      return wrong_calibration(name,
                               "the context '" + id + "' lacks texts, offset or threshold_prob");
    }
    calibration.contexts[id] = {entry["texts"].get<int>(), entry["offset"].get<double>(),
                                entry["threshold_prob"].get<double>()};
  }
  return calibration;
}

std::string calibration_json(const Calibration& calibration) {
  Json contexts = Json::object();
  for (const auto& [id, entry] : calibration.contexts) {
    contexts[id] = {
        {"texts", entry.texts}, {"offset", entry.offset}, {"threshold_prob", entry.threshold_prob}};
  }
  const Json json = {{"model", calibration.model},
                     {"vocabulary_sha256", calibration.vocabulary},
                     {"titles_sha256", calibration.titles},
                     {"texts", calibration.texts},
                     {"none_texts", calibration.none_texts},
                     {"intercept", calibration.intercept},
                     {"slope", calibration.slope},
                     {"margin_slope", calibration.margin_slope},
                     {"none_intercept", calibration.none_intercept},
                     {"none_slope", calibration.none_slope},
                     {"threshold_prob", calibration.threshold_prob},
                     {"background", calibration.background},
                     {"contexts", contexts}};
  // One context a line, the rest short.
  std::string text = "{\n";
  for (const auto& [key, value] : json.items()) {
    if (key == "contexts") continue;
    text += Json(key).dump() + ": " + value.dump() + ",\n";
  }
  text += "\"contexts\": {";
  const char* separator = "\n";
  for (const auto& [id, entry] : contexts.items()) {
    text += separator + Json(id).dump() + ": " + entry.dump();
    separator = ",\n";
  }
  return text + "}\n}\n";
}

Result<Calibration> calibration_for(Calibration calibration, const std::string& name,
                                    const std::string& model, const std::string& vocabulary) {
  if (calibration.model != model) {
    return Error{ErrorCode::kMismatch, name + ": is for the model '" + calibration.model +
                                           "', not for '" + model +
                                           "'; remedy: make one with 'mien contexts calibrate'"};
  }
  if (calibration.vocabulary != vocabulary) calibration.contexts.clear();
  return calibration;
}

}  // namespace mien
