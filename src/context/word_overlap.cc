#include "context/word_overlap.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cmath>
#include <set>

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
  const int kind = u_charType(c);
  return u_isalnum(c) != 0 || kind == U_NON_SPACING_MARK || kind == U_COMBINING_SPACING_MARK;
}

}  // namespace

std::vector<std::string> words_of(const std::string& text) {
  icu::UnicodeString folded = icu::UnicodeString::fromUTF8(text);
  folded.foldCase();
  std::vector<std::string> words;
  std::set<std::string> seen;
  const auto add = [&](const icu::UnicodeString& word) {
    std::string bytes;
    word.toUTF8String(bytes);
    if (bytes.size() > 3 && bytes.back() == 's' && bytes[bytes.size() - 2] != 's') bytes.pop_back();
    if (!bytes.empty() && seen.insert(bytes).second) words.push_back(bytes);
  };
  icu::UnicodeString word;
  UChar32 before = 0;
  for (int i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    const bool dense = is_of_word(c) && is_written_without_spaces(c);
    if (dense || !is_of_word(c)) {
      add(word);
      word.remove();
    } else {
      word.append(c);
    }
    if (dense && before != 0) add(icu::UnicodeString(before).append(c));
    before = dense ? c : 0;
  }
  add(word);
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
