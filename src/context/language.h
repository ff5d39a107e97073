// Which language a text is in.
#pragma once

#include <string>
#include <string_view>

namespace mien {

struct LanguageGuess {
  std::string code;    // ISO 639-1, or 639-3 where there is none ("zh-Hant" for traditional
                       // Chinese); empty where nothing can be said
  double prob = 0;     // how sure, in [0, 1]; 0 where code is empty
  std::string script;  // of most letters, ISO 15924 ("Latn", "Cyrl"); empty without letters

  friend bool operator==(const LanguageGuess&, const LanguageGuess&) = default;
};

// A guess counts from here on: below, a title is read as if its language were not known. What the
// probabilities are worth on invented titles: `mien evaluate context-text`, docs/contexts.md.
constexpr double kSureLanguageProb = 0.9;

// `text` is normalised (text_normalise.h). CLD2's guess (Sites 2013, Compact Language Detector 2;
// 160 languages); prob is the share of the letters that CLD2 gives to the language, halved where
// CLD2 itself calls the guess unreliable, and drawn towards 0.5 for texts of fewer than 20 letters
// in a script that several languages share. Thread-safe; about 5 us a title.
LanguageGuess guess_language(std::string_view text);

}  // namespace mien
