#include "context/sentence_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "context/unigram_tokenizer.h"
#include "model/model_file.h"
#include "model/sentence_session.h"

namespace mien {

namespace {

// Cuts at a character's start.
std::string_view head(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

// Whether nothing but white space and control characters of ASCII stands there.
bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
}

class SentenceEncoder : public TextEncoder {
 public:
  SentenceEncoder(SentenceManifest manifest, SentenceSession session,
                  std::unique_ptr<Tokenizer> tokenizer)
      : manifest_(std::move(manifest)),
        session_(std::move(session)),
        tokenizer_(std::move(tokenizer)) {}

  std::string_view name() const override { return manifest_.id; }

  std::string identity() const override {
    return manifest_.id + " " + manifest_.version + " " + manifest_.onnx_sha256 + " " +
           manifest_.tokenizer.sha256;
  }

  std::size_t dimensions() const override { return static_cast<std::size_t>(manifest_.dimensions); }

  bool knows(std::string_view language) const override {
    return std::ranges::find(manifest_.languages, language.substr(0, language.find('-'))) !=
           manifest_.languages.end();
  }

  std::size_t tokens(std::string_view text) const override {
    std::size_t count = 0;
    if (first_invalid_utf8(text) != std::string_view::npos) return 0;
    for (const auto& piece : pieces(text)) count += piece.size();
    return count;
  }

  Result<std::vector<float>> encode(std::span<const std::string> texts) const override {
    const std::size_t width = dimensions();
    std::vector<float> vectors;
    vectors.reserve(texts.size() * width);
    std::unordered_map<std::string_view, std::size_t> rows;  // a text that comes again is copied
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (first_invalid_utf8(texts[i]) != std::string_view::npos) {
        return Error{ErrorCode::kCorrupt, "text " + std::to_string(i + 1) + " of " +
                                              std::to_string(texts.size()) + " is not UTF-8"};
      }
      const auto [known, is_new] = rows.emplace(texts[i], i);
      if (is_new) {
        MIEN_TRY(vector, encode_one(texts[i]));
        vectors.insert(vectors.end(), vector.begin(), vector.end());
      } else {
        vectors.resize(vectors.size() + width);
        std::copy_n(vectors.begin() + static_cast<std::ptrdiff_t>(known->second * width), width,
                    vectors.end() - static_cast<std::ptrdiff_t>(width));
      }
    }
    return vectors;
  }

 private:
  // The text's ids in as few pieces of like length as the network takes, each between the ids that
  // mark its ends.
  std::vector<std::vector<std::int64_t>> pieces(std::string_view text) const {
    if (is_blank(text)) return {};
    const auto ids =
        tokenizer_->encode(manifest_.prefix + std::string(head(text, kMaxEncodedBytes)));
    const std::size_t room = static_cast<std::size_t>(manifest_.max_tokens) -
                             manifest_.begin_ids.size() - manifest_.end_ids.size();
    const std::size_t kept = std::min(ids.size(), room * kMaxTextPieces);
    const std::size_t count = (kept + room - 1) / room;
    std::vector<std::vector<std::int64_t>> cut;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::int64_t> piece = manifest_.begin_ids;
      piece.insert(piece.end(), ids.begin() + static_cast<std::ptrdiff_t>(kept * i / count),
                   ids.begin() + static_cast<std::ptrdiff_t>(kept * (i + 1) / count));
      piece.insert(piece.end(), manifest_.end_ids.begin(), manifest_.end_ids.end());
      cut.push_back(std::move(piece));
    }
    return cut;
  }

  Result<std::vector<float>> encode_one(std::string_view text) const {
    const auto cut = pieces(text);
    const std::vector<float> missing(dimensions(), std::numeric_limits<float>::quiet_NaN());
    if (cut.empty()) return missing;
    if (cut.size() == 1) return session_.run(cut.front());
    std::vector<double> sum(dimensions(), 0.0);
    for (const auto& piece : cut) {
      MIEN_TRY(vector, session_.run(piece));
      const auto weight = static_cast<double>(piece.size());
      for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += weight * vector[c];
    }
    double square = 0;
    for (const double value : sum) square += value * value;
    if (square <= 0) return missing;  // pieces that cancel say nothing
    std::vector<float> mean;
    for (const double value : sum) mean.push_back(static_cast<float>(value / std::sqrt(square)));
    return mean;
  }

  SentenceManifest manifest_;
  SentenceSession session_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

}  // namespace

Result<std::unique_ptr<TextEncoder>> open_sentence_encoder(
    const SentenceManifest& manifest, const std::filesystem::path& model_folder) {
  const std::filesystem::path path = model_folder / manifest.tokenizer.file;
  MIEN_TRY(bytes, read_checked_model_file(path, manifest.id, manifest.tokenizer.sha256));
  MIEN_TRY(tokenizer, UnigramTokenizer::open(bytes, path.string()));
  MIEN_TRY(session, SentenceSession::open(manifest, model_folder));
  return std::unique_ptr<TextEncoder>(
      std::make_unique<SentenceEncoder>(manifest, std::move(session), std::move(tokenizer)));
}

Result<std::unique_ptr<TextEncoder>> open_sentence_encoder(
    const std::filesystem::path& manifest, const std::filesystem::path& model_folder) {
  MIEN_TRY(read, read_sentence_manifest(manifest));
  return open_sentence_encoder(read, model_folder);
}

}  // namespace mien
