#include "context/word_overlap.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_set>

#include "base/ascii_case.h"
#include "base/sha256.h"

namespace mien {

namespace {

bool is_written_without_spaces(UChar32 c) {
  UErrorCode code = U_ZERO_ERROR;
  switch (uscript_getScript(c, &code)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return true;
    default:
      return false;
  }
}

bool is_of_word(UChar32 c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  const int kind = u_charType(c);
  return u_isalnum(c) != 0 || kind == U_NON_SPACING_MARK || kind == U_COMBINING_SPACING_MARK;
}

std::string case_folded(const std::string& text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return ascii_lower_case(text);
  std::string folded;
  icu::UnicodeString::fromUTF8(text).foldCase().toUTF8String(folded);
  return folded;
}

}  // namespace

std::vector<std::string> words_of(const std::string& text) {
  const std::string folded = case_folded(text);
  std::vector<std::string> words;
  std::unordered_set<std::string_view> seen;
  const auto add = [&](std::size_t begin, std::size_t end) {
    std::string_view word = std::string_view(folded).substr(begin, end - begin);
    if (word.size() > 3 && word.back() == 's' && word[word.size() - 2] != 's')
      word.remove_suffix(1);
    if (!word.empty() && seen.insert(word).second) words.emplace_back(word);
  };
  constexpr std::size_t kNone = std::string::npos;
  std::size_t word = 0;           // where the word that is being read begins
  std::size_t pair_from = kNone;  // the character before, where it is of a dense script
  const auto size = static_cast<std::int32_t>(folded.size());
  for (std::int32_t at = 0; at < size;) {
    const auto begin = static_cast<std::size_t>(at);
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(folded.data(), at, size, c);
    const auto end = static_cast<std::size_t>(at);
    const bool is_word = is_of_word(c);
    const bool dense = is_word && c >= 0x80 && is_written_without_spaces(c);
    if (dense || !is_word) {
      add(word, begin);
      word = end;
    }
    if (dense && pair_from != kNone) add(pair_from, end);
    pair_from = dense ? begin : kNone;
  }
  add(word, folded.size());
  return words;
}

WordOverlap::WordOverlap(const ContextVocabulary& vocabulary) {
  std::vector<std::vector<std::string>> phrase_words;
  std::unordered_map<std::string, std::set<std::uint32_t>> owners;
  Sha256 hash;
  for (const Context& context : vocabulary.contexts) {
    const auto c = static_cast<std::uint32_t>(ids_.size());
    ids_.push_back(context.id);
    hash.add(context.id + "\n");
    const auto add = [&](const std::string& text) {
      hash.add(text + "\n");
      std::vector<std::string> words = words_of(text);
      if (words.empty()) return;
      for (const std::string& word : words) owners[word].insert(c);
      phrases_.push_back({c, 0});
      phrase_words.push_back(std::move(words));
    };
    add(context.name);
    for (const Wording& wording : context.wordings) add(wording.text);
  }
  const auto contexts = static_cast<double>(ids_.size());
  for (const auto& [word, own] : owners) {
    weights_[word] = std::log((1 + contexts) / (1 + static_cast<double>(own.size()))) + 1;
  }
  unseen_weight_ = std::log(1 + contexts) + 1;
  for (std::uint32_t p = 0; p < phrases_.size(); ++p) {
    double squares = 0;
    for (const std::string& word : phrase_words[p]) {
      const double weight = weights_[word];
      squares += weight * weight;
      phrases_of_[word].push_back(p);
    }
    phrases_[p].norm = std::sqrt(squares);
  }
  identity_ = std::string(kWordOverlapModel) + " vocabulary " + hash.finish();
}

Result<Similarities> WordOverlap::compare(std::span<const PreparedText> texts) const {
  Similarities result;
  result.values.assign(texts.size() * ids_.size(), 0.0F);
  std::vector<double> shared(phrases_.size(), 0.0);
  for (std::size_t t = 0; t < texts.size(); ++t) {
    float* const row = &result.values[t * ids_.size()];
    result.reasons.emplace_back(unreadable(texts[t]));
    if (!result.reasons.back().empty()) {
      std::fill(row, row + ids_.size(), std::nanf(""));
      continue;
    }
    std::vector<std::uint32_t> touched;
    double squares = 0;
    for (const std::string& word : words_of(texts[t].title + "\n" + texts[t].description)) {
      const auto found = phrases_of_.find(word);
      const double weight = found == phrases_of_.end() ? unseen_weight_ : weights_.at(word);
      squares += weight * weight;
      if (found == phrases_of_.end()) continue;
      for (const std::uint32_t phrase : found->second) {
        if (shared[phrase] == 0) touched.push_back(phrase);
        shared[phrase] += weight * weight;
      }
    }
    for (const std::uint32_t p : touched) {
      const auto cosine = static_cast<float>(shared[p] / (phrases_[p].norm * std::sqrt(squares)));
      float& value = row[phrases_[p].context];
      value = std::max(value, cosine);
      shared[p] = 0;
    }
  }
  return result;
}

}  // namespace mien
