#include "expression/head_facts.h"

#include <nlohmann/json.hpp>

namespace mien {

HeadFacts facts_of(const Manifest& manifest) {
  return {manifest.id,     manifest.version,      manifest.onnx_sha256, manifest.channel,
          manifest.labels, manifest.whose_labels, manifest.ratings};
}

nlohmann::json to_json(const HeadFacts& facts) {
  return {{"id", facts.id},
          {"version", facts.version},
          {"onnx_sha256", facts.onnx_sha256},
          {"channel", facts.channel},
          {"labels", facts.labels},
          {"whose_labels", facts.whose_labels},
          {"words", facts.ratings.words},
          {"raters", facts.ratings.raters},
          {"clips", facts.ratings.clips},
          {"ratings", facts.ratings.ratings},
          {"simulated", facts.ratings.is_simulated},
          {"reliability", facts.ratings.reliability}};
}

Result<HeadFacts> head_facts_from_json(const nlohmann::json& json) {
  HeadFacts facts;
  try {
    json.at("id").get_to(facts.id);
    json.at("version").get_to(facts.version);
    json.at("onnx_sha256").get_to(facts.onnx_sha256);
    json.at("channel").get_to(facts.channel);
    json.at("labels").get_to(facts.labels);
    json.at("whose_labels").get_to(facts.whose_labels);
    json.at("words").get_to(facts.ratings.words);
    json.at("raters").get_to(facts.ratings.raters);
    json.at("clips").get_to(facts.ratings.clips);
    json.at("ratings").get_to(facts.ratings.ratings);
    json.at("simulated").get_to(facts.ratings.is_simulated);
    json.at("reliability").get_to(facts.ratings.reliability);
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("the expression head: ") + error.what()};
  }
  if (facts.ratings.words.size() != facts.labels.size()) {
    return Error{ErrorCode::kCorrupt, "the expression head: not one word a label"};
  }
  return facts;
}

std::string title_of(const HeadFacts& facts) {
  return "Expression labels (" + facts.id + " " + facts.version + ")";
}

std::string whose_labels_of(const HeadFacts& facts) {
  const HeadRatings& ratings = facts.ratings;
  std::string text = ratings.is_simulated ? "SIMULATED: nobody was asked, a program made the "
                                            "ratings. "
                                          : "";
  text += "The model " + facts.id + " " + facts.version + ", trained on " +
          std::to_string(ratings.ratings) + " ratings of " + std::to_string(ratings.clips) +
          " clips by " + std::to_string(ratings.raters) +
          " raters. Whose labels: " + facts.whose_labels + ".";
  return text;
}

std::vector<ColumnSpec> columns_of(const HeadFacts& facts) {
  std::vector<ColumnSpec> columns;
  for (std::size_t i = 0; i < facts.labels.size(); ++i) {
    columns.push_back(
        {facts.channel + "_" + facts.labels[i], ColumnType::kDouble,
         "How likely raters are to choose '" + facts.ratings.words[i] +
             "' for the face over the window, in [0, 1]; what they would call it, not what the "
             "person feels. Null on single frames. " +
             whose_labels_of(facts)});
  }
  return columns;
}

}  // namespace mien
