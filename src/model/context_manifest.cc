#include "model/context_manifest.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace mien {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxPrompts = 100;
constexpr std::size_t kMaxPromptBytes = 500;

float number_or(ManifestFields& fields, const char* key, float otherwise) {
  return fields.has(key) ? fields.number(key) : otherwise;
}

bool is_share(float value) {
  return value >= 0 && value <= 1;
}

}  // namespace

void read_image_texts(ManifestFields& fields, Manifest& manifest, std::string& problem) {
  if (manifest.activation == "none") {
    fields.complain("activation", "must be softmax or sigmoid: a similarity is no probability");
  }
  const json* object = fields.find("texts");
  if (object == nullptr) return;
  ManifestFields inner(*object, "texts", problem);
  ImageTexts& texts = manifest.texts;
  if (inner.has("vectors") == inner.has("encoder")) {
    inner.complain("vectors", "or texts.encoder must be there, and not both");
  } else if (inner.has("vectors")) {
    texts.vectors_file = inner.file_name("vectors");
    texts.vectors_sha256 = inner.sha256("vectors_sha256");
  } else {
    texts.encoder_file = inner.file_name("encoder");
    texts.prompts = inner.texts("prompts");
    if (texts.prompts.empty() || texts.prompts.size() > kMaxPrompts)
      inner.complain("prompts", "must be 1 to 100 texts");
    for (const std::string& prompt : texts.prompts) {
      const std::size_t place = prompt.find("{}");
      if (prompt.size() > kMaxPromptBytes || place == std::string::npos ||
          prompt.find("{}", place + 1) != std::string::npos) {
        inner.complain("prompts", "must each hold {} once, for the context's name");
      }
    }
  }
  texts.logit_scale = inner.number("logit_scale");
  texts.logit_bias = number_or(inner, "logit_bias", 0);
  if (!(texts.logit_scale > 0))
    inner.complain("logit_scale", "must be above 0 (not its logarithm)");
  texts.slope = number_or(inner, "slope", 1);
  texts.intercept = number_or(inner, "intercept", 0);
  if (!(texts.slope > 0)) inner.complain("slope", "must be above 0");
  texts.threshold_prob = inner.number("threshold_prob");
  if (!is_share(texts.threshold_prob)) inner.complain("threshold_prob", "must be from 0 to 1");
}

void read_probe(ManifestFields& fields, Manifest& manifest, std::string& problem) {
  if (manifest.activation != "sigmoid")
    fields.complain("activation", "must be sigmoid: contexts do not exclude one another");
  if (manifest.input.shape.size() != 2 || manifest.input.shape[1] < 1)
    fields.complain("input", "must have the shape batch x dimensions");
  if (const json* object = fields.find("embedding")) {
    ManifestFields inner(*object, "embedding", problem);
    manifest.probe.model = inner.text("model");
    manifest.probe.onnx_sha256 = inner.sha256("onnx_sha256");
    manifest.probe.output = inner.text("output");
  }
  manifest.probe.threshold_prob = fields.numbers("threshold_prob");
  if (manifest.probe.threshold_prob.size() != manifest.labels.size() ||
      !std::ranges::all_of(manifest.probe.threshold_prob, is_share)) {
    fields.complain("threshold_prob", "must have one number from 0 to 1 a label");
  }
}

void check_vector_output(ManifestFields& fields, const Manifest& manifest) {
  if (manifest.outputs.empty() || manifest.outputs.front().shape.size() != 2 ||
      manifest.outputs.front().shape[1] < 1) {
    fields.complain("outputs", "must begin with one of the shape batch x dimensions");
  }
}

}  // namespace mien
