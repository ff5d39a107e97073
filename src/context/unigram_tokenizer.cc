#include "context/unigram_tokenizer.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/utf8.h"

namespace mien {

namespace {

using nlohmann::json;

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581
constexpr std::size_t kMaxPieces = 1 << 21;
constexpr std::size_t kMaxPieceBytes = 1024;
constexpr double kUnknownPenalty = 10;  // SentencePiece's kUnkPenalty

// Bytes of the character at the front of well-formed UTF-8.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

char32_t character(std::string_view text) {
  std::int32_t at = 0;
  UChar32 code = 0;
  U8_NEXT_OR_FFFD(text.data(), at, static_cast<std::int32_t>(character_length(text)), code);
  return static_cast<char32_t>(code);
}

}  // namespace

// Checks the file's fields and fills a tokenizer.
class UnigramReader {
 public:
  UnigramReader(const json& file, const std::string& name) : file_(file), name_(name) {}

  Result<std::unique_ptr<Tokenizer>> read() {
    if (!file_.is_object() || choice("format", {"unigram"}) != 0)
      return corrupt("is not a unigram tokenizer");
    const int form = choice("normal_form", {"none", "nfc", "nfkc"});
    const int leading = choice("leading_space", {"missing", "always"});
    const int equal = choice("equal_scores", {"first", "last"});
    if (form < 0 || leading < 0 || equal < 0)
      return corrupt("must say normal_form, leading_space and equal_scores");
    made_->normal_form_ = static_cast<UnigramTokenizer::NormalForm>(form);
    made_->always_leading_space_ = leading == 1;
    made_->last_wins_ = equal == 1;
    const auto collapse = file_.find("collapse_spaces");
    if (collapse == file_.end() || !collapse->is_boolean())
      return corrupt("must say whether to collapse_spaces");
    made_->collapse_spaces_ = collapse->get<bool>();
    MIEN_TRY_VOID(read_characters());
    MIEN_TRY_VOID(read_pieces());
    return std::unique_ptr<Tokenizer>(std::move(made_));
  }

 private:
  Error corrupt(const std::string& what) const {
    return {ErrorCode::kCorrupt, name_ + ": the tokenizer " + what};
  }

  // Which of `words` the field is; -1: none.
  int choice(const char* key, std::initializer_list<std::string_view> words) const {
    const auto field = file_.find(key);
    if (field == file_.end() || !field->is_string()) return -1;
    const auto* const at = std::find(words.begin(), words.end(), field->get<std::string>());
    return at == words.end() ? -1 : static_cast<int>(at - words.begin());
  }

  Status read_characters() {
    const auto list = file_.find("characters");
    if (list == file_.end()) return Ok{};
    if (!list->is_array() || list->size() > kMaxPieces) return corrupt("has a bad character list");
    for (const json& item : *list) {
      if (!item.is_array() || item.size() != 2 || !item[0].is_string() || !item[1].is_string())
        return corrupt("has a character without what it becomes");
      const auto& from = item[0].get_ref<const std::string&>();
      const auto& to = item[1].get_ref<const std::string&>();
      if (from.empty() || first_invalid_utf8(from) != std::string_view::npos ||
          from.size() != character_length(from) || to.size() > kMaxPieceBytes ||
          first_invalid_utf8(to) != std::string_view::npos)
        return corrupt("has a character that is none");
      made_->characters_[character(from)] = to;
    }
    return Ok{};
  }

  Status read_pieces() {
    const auto list = file_.find("pieces");
    if (list == file_.end() || !list->is_array() || list->empty() || list->size() > kMaxPieces)
      return corrupt("must have 1 to " + std::to_string(kMaxPieces) + " pieces");
    std::vector<std::pair<std::string_view, std::int32_t>> pieces;
    double least = 0;
    made_->scores_.assign(list->size(), 0);
    for (std::size_t id = 0; id < list->size(); ++id) {
      const json& item = (*list)[id];
      if (item.is_null()) continue;
      if (!item.is_array() || item.size() != 2 || !item[0].is_string() || !item[1].is_number())
        return corrupt("has a piece without a score at " + std::to_string(id));
      const auto& piece = item[0].get_ref<const std::string&>();
      const double score = item[1].get<double>();
      if (piece.empty() || piece.size() > kMaxPieceBytes ||
          first_invalid_utf8(piece) != std::string_view::npos || !(std::abs(score) < 1e6))
        return corrupt("has an impossible piece at " + std::to_string(id));
      pieces.emplace_back(piece, static_cast<std::int32_t>(id));
      made_->scores_[id] = score;
      least = std::min(least, score);
    }
    const auto unknown = file_.find("unknown_id");
    if (unknown == file_.end() || !unknown->is_number_unsigned() ||
        unknown->get<std::uint64_t>() >= list->size())
      return corrupt("must have an unknown_id among its pieces");
    made_->unknown_id_ = unknown->get<std::int64_t>();
    made_->unknown_score_ = least - kUnknownPenalty;
    made_->trie_ = PieceTrie(std::move(pieces));
    return Ok{};
  }

  const json& file_;
  const std::string& name_;
  std::unique_ptr<UnigramTokenizer> made_{new UnigramTokenizer};
};

Result<std::unique_ptr<Tokenizer>> UnigramTokenizer::open(std::string_view bytes,
                                                          const std::string& name) {
  const json file = json::parse(bytes, nullptr, false);
  if (file.is_discarded()) return Error{ErrorCode::kCorrupt, name + ": the tokenizer is not JSON"};
  return UnigramReader(file, name).read();
}

std::string UnigramTokenizer::normalised(std::string_view text) const {
  std::string form(text);
  if (normal_form_ != NormalForm::kNone &&
      std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    UErrorCode code = U_ZERO_ERROR;
    const icu::Normalizer2* normalizer = normal_form_ == NormalForm::kNfc
                                             ? icu::Normalizer2::getNFCInstance(code)
                                             : icu::Normalizer2::getNFKCInstance(code);
    MIEN_CHECK(U_SUCCESS(code) && normalizer != nullptr, "ICU holds its own normal forms");
    const icu::UnicodeString normal =
        normalizer->normalize(icu::UnicodeString::fromUTF8(icu::StringPiece(
                                  text.data(), static_cast<std::int32_t>(text.size()))),
                              code);
    MIEN_CHECK(U_SUCCESS(code), "text can be normalised");
    form.clear();
    normal.toUTF8String(form);
  }
  std::string spaced;
  if (always_leading_space_ && !form.empty()) spaced = kSpace;
  bool after_space = false;
  const auto put = [&](std::string_view one) {
    const bool is_space = one == " ";
    if (spaced.empty() && !is_space) spaced = kSpace;
    if (is_space && after_space && collapse_spaces_) return;
    spaced += is_space ? kSpace : one;
    after_space = is_space;
  };
  for (std::string_view rest = form; !rest.empty();) {
    const std::string_view one = rest.substr(0, character_length(rest));
    rest.remove_prefix(one.size());
    const auto changed = characters_.empty() ? characters_.end() : characters_.find(character(one));
    if (changed == characters_.end()) {
      put(one);
      continue;
    }
    for (std::string_view to = changed->second; !to.empty();) {
      const std::string_view single = to.substr(0, character_length(to));
      to.remove_prefix(single.size());
      put(single);
    }
  }
  return spaced;
}

std::vector<std::int64_t> UnigramTokenizer::encode(std::string_view text) const {
  const std::string bytes = normalised(text);
  struct Step {  // the best way to get to a place in the text
    double score = -std::numeric_limits<double>::infinity();
    std::size_t from = 0;
    std::int64_t id = 0;
  };
  std::vector<Step> best(bytes.size() + 1);
  best[0].score = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view rest = std::string_view(bytes).substr(at);
    const std::size_t single = character_length(rest);
    const double so_far = best[at].score;
    const auto reach = [&](std::size_t length, std::int64_t id, double score) {
      Step& step = best[at + length];
      const double sum = score + so_far;
      if (sum > step.score || (last_wins_ && sum == step.score)) step = {sum, at, id};
    };
    bool is_known = false;
    trie_.prefixes(rest, [&](std::size_t length, std::int32_t id) {
      is_known |= length == single;
      reach(length, id, scores_[static_cast<std::size_t>(id)]);
    });
    if (!is_known) reach(single, unknown_id_, unknown_score_);
    at += single;
  }
  std::vector<std::int64_t> ids;
  for (std::size_t at = bytes.size(); at > 0; at = best[at].from) {
    if (best[at].id != unknown_id_ || ids.empty() || ids.back() != unknown_id_)
      ids.push_back(best[at].id);
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

}  // namespace mien
