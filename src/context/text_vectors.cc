#include "context/text_vectors.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "context/sentence_encoder.h"
#include "model/model_file.h"

namespace mien {

namespace {

using Json = nlohmann::json;

Error corrupt(const std::string& name, const std::string& what, const std::string& remedy) {
  return Error{ErrorCode::kCorrupt, name + ": " + what + "; remedy: " + remedy};
}

std::string filled_prompt(const std::string& prompt, const std::string& name) {
  const std::size_t place = prompt.find("{}");
  return prompt.substr(0, place) + name + prompt.substr(place + 2);
}

// The mean of rows [begin, end), each of length 1.
bool mean_of_rows(std::span<const float> rows, std::size_t begin, std::size_t end,
                  std::span<float> mean) {
  std::ranges::fill(mean, 0.0F);
  for (std::size_t row = begin; row < end; ++row) {
    for (std::size_t d = 0; d < mean.size(); ++d) mean[d] += rows[row * mean.size() + d];
  }
  return normalise(mean);
}

}  // namespace

bool normalise(std::span<float> vector) {
  double squares = 0;
  for (const float value : vector) squares += double{value} * double{value};
  if (!(squares > 0) || !std::isfinite(squares)) return false;
  const double length = std::sqrt(squares);
  for (float& value : vector) value = static_cast<float>(double{value} / length);
  return true;
}

Result<TextVectors> parse_text_vectors(std::string_view bytes, const std::string& name,
                                       std::size_t dimensions,
                                       const ContextVocabulary& vocabulary) {
  const Json json = Json::parse(bytes, nullptr, false);
  const bool has_lists = json.is_object() && json.contains("contexts") &&
                         json.contains("vectors") && json["contexts"].is_array() &&
                         json["vectors"].is_array();
  if (!has_lists) {
    return corrupt(name, "no JSON object with the lists contexts and vectors",
                   "write it as docs/contexts-visual.md shows");
  }
  const Json& contexts = json["contexts"];
  const Json& vectors = json["vectors"];
  if (contexts.size() != vectors.size() || contexts.empty()) {
    return Error{ErrorCode::kMismatch,
                 name + ": " + std::to_string(contexts.size()) + " contexts and " +
                     std::to_string(vectors.size()) +
                     " vectors; remedy: write one vector a context, at least one"};
  }
  TextVectors result;
  std::set<std::size_t> seen;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    const std::string place = "contexts[" + std::to_string(i) + "]";
    if (!contexts[i].is_string()) return corrupt(name, place + " is no text", "write an id");
    const auto& id = contexts[i].get_ref<const std::string&>();
    const auto known = vocabulary.find(id);
    if (!known.has_value()) {
      return Error{ErrorCode::kMismatch, name + ": " + place + ": the vocabulary has no context '" +
                                             id +
                                             "'; remedy: make the vectors for this vocabulary, or "
                                             "name theirs with --context-vocabulary"};
    }
    if (!seen.insert(*known).second)
      return corrupt(name, place + ": '" + id + "' stands there twice", "leave one out");
    const std::string at = "vectors[" + std::to_string(i) + "] ('" + id + "')";
    const Json& vector = vectors[i];
    if (!vector.is_array() || vector.size() != dimensions) {
      return Error{ErrorCode::kMismatch, name + ": " + at + " has " +
                                             std::to_string(vector.is_array() ? vector.size() : 0) +
                                             " numbers, the image tower gives " +
                                             std::to_string(dimensions) +
                                             "; remedy: take the text tower of the same model"};
    }
    std::vector<float> values;
    values.reserve(dimensions);
    for (const Json& value : vector) {
      if (!value.is_number()) return corrupt(name, at + " holds no numbers", "write numbers");
      values.push_back(
          static_cast<float>(std::clamp(value.get<double>(), -double{1e30F}, double{1e30F})));
    }
    if (!normalise(values)) return corrupt(name, at + " is all zeros", "make it anew");
    result.contexts.push_back(*known);
    result.vectors.insert(result.vectors.end(), values.begin(), values.end());
  }
  return result;
}

Result<TextVectors> encode_text_vectors(const TextEncoder& encoder,
                                        const std::vector<std::string>& prompts,
                                        std::size_t dimensions,
                                        const ContextVocabulary& vocabulary) {
  if (encoder.dimensions() != dimensions) {
    return Error{ErrorCode::kMismatch,
                 "text tower '" + std::string(encoder.name()) + "': its vectors have " +
                     std::to_string(encoder.dimensions()) + " numbers, those of the image tower " +
                     std::to_string(dimensions) + "; remedy: take both from one model"};
  }
  std::vector<std::string> texts;
  std::vector<std::size_t> ends;  // of each context's texts
  for (const Context& context : vocabulary.contexts) {
    std::vector<std::string> names{context.name};
    for (const Wording& wording : context.wordings) {
      if (wording.language == "en") names.push_back(wording.text);
    }
    for (const std::string& name : names) {
      for (const std::string& prompt : prompts) texts.push_back(filled_prompt(prompt, name));
    }
    ends.push_back(texts.size());
  }
  MIEN_TRY(rows, encoder.encode(texts));
  TextVectors result;
  result.vectors.resize(ends.size() * dimensions);
  std::size_t begin = 0;
  for (std::size_t c = 0; c < ends.size(); ++c) {
    const std::span<float> mean(result.vectors.data() + c * dimensions, dimensions);
    if (!mean_of_rows(rows, begin, ends[c], mean)) {
      return Error{ErrorCode::kMismatch,
                   "text tower '" + std::string(encoder.name()) + "': it gives no vector for '" +
                       vocabulary.contexts[c].id + "'; remedy: give the context another name"};
    }
    result.contexts.push_back(c);
    begin = ends[c];
  }
  return result;
}

Result<TextVectors> text_vectors_of(const Manifest& manifest, const ContextVocabulary& vocabulary) {
  const auto dimensions = static_cast<std::size_t>(manifest.outputs.front().shape[1]);
  const std::filesystem::path folder = manifest.path.parent_path();
  const ImageTexts& texts = manifest.texts;
  if (texts.encoder_file.empty()) {
    const std::filesystem::path file = folder / texts.vectors_file;
    MIEN_TRY(bytes, read_checked_model_file(file, manifest.id, texts.vectors_sha256));
    return parse_text_vectors(bytes, file.string(), dimensions, vocabulary);
  }
  MIEN_TRY(encoder, open_sentence_encoder(folder / texts.encoder_file, folder));
  auto vectors = encode_text_vectors(*encoder, texts.prompts, dimensions, vocabulary);
  if (!vectors.ok()) return std::move(vectors).error().with_context(manifest.path.string());
  return vectors;
}

}  // namespace mien
