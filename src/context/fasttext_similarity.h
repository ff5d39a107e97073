// A classifier trained by `mien train context-text`: its manifest, and its logits as similarities.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "context/calibration.h"
#include "context/context_similarity.h"
#include "context/fasttext_model.h"

namespace mien {

inline constexpr const char* kFastTextKind = "fasttext-contexts";

// The classifier's last label: texts of no context. Its logit is not among the similarities.
struct FastTextManifest {
  std::string id;
  std::string file;  // beside the manifest
  std::string sha256;
  std::vector<std::string> contexts;  // ids, by the number of their label
  Calibration calibration;
};

// Whether the bytes are a manifest of this kind; of another kind or none: false.
bool is_fasttext_manifest(std::string_view bytes);

// kCorrupt names `name` and the member.
Result<FastTextManifest> parse_fasttext_manifest(std::string_view bytes, const std::string& name);

class FastTextSimilarity : public ContextSimilarity {
 public:
  // kMismatch where the file is not the one that the manifest is for, or has another number of
  // labels; kNotFound.
  static Result<std::unique_ptr<FastTextSimilarity>> open(const FastTextManifest& manifest,
                                                          const std::filesystem::path& folder);
  FastTextSimilarity(FastTextModel model, std::vector<std::string> contexts, std::string identity)
      : model_(std::move(model)), contexts_(std::move(contexts)), identity_(std::move(identity)) {}

  std::string identity() const override { return identity_; }
  std::span<const std::string> contexts() const override { return contexts_; }
  Result<Similarities> compare(std::span<const PreparedText> texts) const override;

 private:
  FastTextModel model_;
  std::vector<std::string> contexts_;
  std::string identity_;
};

// What the classifier reads of a text, in training and after: its words (word_overlap.h), those of
// the title first.
std::string fasttext_words(const PreparedText& text);

}  // namespace mien
