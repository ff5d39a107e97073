#include "context/language.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdio>  // CLD2's header names FILE and does not include it
#include <map>

namespace mien {

namespace {

constexpr int kFewLetters = 20;

struct Letters {
  int count = 0;
  std::string script;  // of most of them
};

Letters count_letters(std::string_view text) {
  std::map<UScriptCode, int> counts;
  Letters letters;
  int latin = 0;  // of ASCII
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(text.data(), at, size, c);
    if (c < 0x80) {
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) ++latin;
      continue;
    }
    if (u_isalpha(c) == 0) continue;
    UErrorCode code = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(c, &code);
    if (U_FAILURE(code) || script == USCRIPT_COMMON || script == USCRIPT_INHERITED) continue;
    ++counts[script];
    ++letters.count;
  }
  if (latin > 0) counts[USCRIPT_LATIN] += latin;
  letters.count += latin;
  const auto most = std::ranges::max_element(
      counts, {}, [](const std::pair<const UScriptCode, int>& pair) { return pair.second; });
  if (most != counts.end()) letters.script = uscript_getShortName(most->first);
  return letters;
}

// Scripts in which CLD2 tells many languages apart by their words; in the others by the script.
bool is_shared_script(const std::string& script) {
  return script == "Latn" || script == "Cyrl" || script == "Arab" || script == "Deva";
}

std::string iso_code(CLD2::Language language) {
  std::string code = CLD2::LanguageCode(language);
  if (code == "iw") return "he";
  if (code == "jw") return "jv";
  if (code == "un" || code.starts_with("xx")) return "";
  return code;
}

}  // namespace

LanguageGuess guess_language(std::string_view text) {
  LanguageGuess guess;
  const Letters letters = count_letters(text);
  guess.script = letters.script;
  if (letters.count == 0) return guess;
  const CLD2::CLDHints no_hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING,
                                   CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int bytes = 0;
  int valid_bytes = 0;
  bool is_reliable = false;
  CLD2::ExtDetectLanguageSummaryCheckUTF8(text.data(), static_cast<int>(text.size()), true,
                                          &no_hints, CLD2::kCLDFlagBestEffort, languages, percents,
                                          scores, nullptr, &bytes, &is_reliable, &valid_bytes);
  guess.code = iso_code(languages[0]);
  if (guess.code.empty()) return guess;
  guess.prob = std::clamp(percents[0], 0, 100) / 100.0 * (is_reliable ? 1.0 : 0.5);
  if (is_shared_script(guess.script) && letters.count < kFewLetters) {
    guess.prob = 0.5 + (guess.prob - 0.5) * letters.count / kFewLetters;
  }
  return guess;
}

}  // namespace mien
