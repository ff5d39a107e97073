#include "model/head_manifest.h"

#include <nlohmann/json.hpp>

namespace mien {

namespace {

using nlohmann::json;

constexpr std::int64_t kMostFeatures = 1 << 16;
constexpr std::int64_t kMostCounted = std::int64_t{1} << 40;

HeadFeatures::Block read_block(const json& object, std::string& problem) {
  ManifestFields fields(object, "features.blocks", problem);
  HeadFeatures::Block block;
  block.name = fields.text("name");
  block.size = fields.integer("size", 1, kMostFeatures);
  block.model = fields.text_or("model", "");
  if (!block.model.empty()) block.onnx_sha256 = fields.sha256("onnx_sha256");
  if (fields.has("landmarks_sha256")) block.landmarks_sha256 = fields.sha256("landmarks_sha256");
  return block;
}

HeadFeatures read_features(const json& object, std::string& problem) {
  ManifestFields fields(object, "features", problem);
  HeadFeatures features;
  features.rate_hz = static_cast<double>(fields.number("rate_hz"));
  if (!(features.rate_hz > 0)) fields.complain("rate_hz", "must be above 0");
  const json* blocks = fields.find("blocks");
  if (blocks == nullptr) return features;
  if (!blocks->is_array() || blocks->empty()) {
    fields.complain("blocks", "must be a list of blocks");
    return features;
  }
  for (const json& block : *blocks) features.blocks.push_back(read_block(block, problem));
  return features;
}

HeadRatings read_ratings(const json& object, std::size_t labels, std::string& problem) {
  ManifestFields fields(object, "ratings", problem);
  HeadRatings ratings;
  ratings.words = fields.texts("words");
  if (ratings.words.size() != labels) fields.complain("words", "must be one a label");
  ratings.raters = fields.integer("raters", 0, kMostCounted);
  ratings.clips = fields.integer("clips", 0, kMostCounted);
  ratings.ratings = fields.integer("ratings", 0, kMostCounted);
  ratings.reliability = fields.text("reliability");
  const json* simulated = fields.find("simulated");
  if (simulated == nullptr) return ratings;
  if (!simulated->is_boolean()) {
    fields.complain("simulated", "must be true or false");
  } else {
    ratings.is_simulated = simulated->get<bool>();
  }
  return ratings;
}

}  // namespace

void read_head(ManifestFields& fields, Manifest& manifest, std::string& problem) {
  if (const json* features = fields.find("features")) {
    manifest.features = read_features(*features, problem);
  }
  if (const json* ratings = fields.find("ratings")) {
    manifest.ratings = read_ratings(*ratings, manifest.labels.size(), problem);
  }
  if (!problem.empty()) return;
  const std::int64_t size = manifest.features.size();
  if (manifest.input.shape != std::vector<std::int64_t>{1, -1, size}) {
    fields.complain("input", "must have the shape [1, -1, " + std::to_string(size) +
                                 "], as the blocks of features add up");
  }
  const std::vector<std::int64_t> wanted = {1, static_cast<std::int64_t>(manifest.labels.size())};
  if (manifest.outputs.empty() || manifest.outputs.front().shape != wanted) {
    fields.complain("outputs", "must begin with one of the shape [1, " +
                                   std::to_string(manifest.labels.size()) + "], a number a label");
  }
}

}  // namespace mien
