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

// About so many tokens a call cost least each: more fall out of the processor's cache.
constexpr std::size_t kTokensACall = 256;

// Part of a text that the network takes at once.
struct Piece {
  std::size_t text = 0;
  std::vector<std::int64_t> ids;
  std::vector<float> vector;
};

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
    std::vector<Piece> all;
    std::vector<std::size_t> first_with(texts.size());  // a text that comes again is copied
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (first_invalid_utf8(texts[i]) != std::string_view::npos) {
        return Error{ErrorCode::kCorrupt, "text " + std::to_string(i + 1) + " of " +
                                              std::to_string(texts.size()) + " is not UTF-8"};
      }
      first_with[i] = known.emplace(texts[i], i).first->second;
      if (first_with[i] != i) continue;
      for (auto& ids : pieces(texts[i])) all.push_back({i, std::move(ids), {}});
    }
    MIEN_TRY_VOID(run(all));
    return joined(all, first_with);
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

  // Fills the vectors, pieces of one length together.
  Status run(std::vector<Piece>& all) const {
    std::vector<Piece*> order;
    for (Piece& piece : all) order.push_back(&piece);
    std::stable_sort(order.begin(), order.end(),
                     [](const Piece* a, const Piece* b) { return a->ids.size() < b->ids.size(); });
    for (std::size_t at = 0; at < order.size();) {
      const std::size_t tokens = order[at]->ids.size();
      const std::size_t most = std::min<std::size_t>(static_cast<std::size_t>(manifest_.batch),
                                                     kTokensACall / tokens + 1);
      std::vector<std::int64_t> ids;
      std::size_t end = at;
      for (; end < order.size() && end < at + most && order[end]->ids.size() == tokens; ++end)
        ids.insert(ids.end(), order[end]->ids.begin(), order[end]->ids.end());
      MIEN_TRY(vectors, session_.run(ids, tokens));
      for (const float* from = vectors.data(); at < end; ++at, from += dimensions())
        order[at]->vector.assign(from, from + dimensions());
    }
    return Ok{};
  }

  // One row a text, of its pieces (which stand in the texts' order).
  std::vector<float> joined(const std::vector<Piece>& all,
                            const std::vector<std::size_t>& first_with) const {
    const std::size_t width = dimensions();
    std::vector<float> rows(first_with.size() * width, std::numeric_limits<float>::quiet_NaN());
    auto piece = all.begin();
    for (std::size_t i = 0; i < first_with.size(); ++i) {
      float* const row = rows.data() + i * width;
      if (first_with[i] != i) {
        std::copy_n(rows.data() + first_with[i] * width, width, row);
        continue;
      }
      const auto begin = piece;
      while (piece != all.end() && piece->text == i) ++piece;
      if (piece - begin == 1) std::copy_n(begin->vector.begin(), width, row);
      if (piece - begin > 1) average({begin, piece}, row);
    }
    return rows;
  }

  // The mean of the vectors by their tokens, of length 1; `row` stays as it is where they cancel.
  void average(std::span<const Piece> pieces_of_text, float* row) const {
    std::vector<double> sum(dimensions(), 0.0);
    for (const Piece& piece : pieces_of_text) {
      for (std::size_t c = 0; c < sum.size(); ++c)
        sum[c] += static_cast<double>(piece.ids.size()) * piece.vector[c];
    }
    double square = 0;
    for (const double value : sum) square += value * value;
    if (square <= 0) return;
    for (std::size_t c = 0; c < sum.size(); ++c)
      row[c] = static_cast<float>(sum[c] / std::sqrt(square));
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
