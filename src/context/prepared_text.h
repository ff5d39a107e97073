// A video's title and description, ready to be read.
#pragma once

#include <string>
#include <string_view>

#include "context/language.h"

namespace mien {

struct PreparedText {
  std::string title;  // normalised (text_normalise.h), emoji as words at its end; may be empty
  std::string description;  // normalised, its first 1,800 bytes; may be empty
  LanguageGuess language;   // of both together, emoji left out
  bool given = false;       // whether there was a title or a description at all
  bool not_text = false;    // whether more than half of the bytes were not UTF-8

  friend bool operator==(const PreparedText&, const PreparedText&) = default;
};

// Either may be missing (an empty view).
PreparedText prepare_text(std::string_view title, std::string_view description);

// Why nothing is scored: reason codes of context_status.
inline constexpr std::string_view kNoText = "no_text";    // neither title nor description
inline constexpr std::string_view kNoWords = "no_words";  // nothing in them that can be read
inline constexpr std::string_view kNotText = "not_text";  // bytes that are not UTF-8
inline constexpr std::string_view kNoKnownWords = "no_words_known_to_model";
inline constexpr std::string_view kUnknownLanguage = "language_unknown_to_model";
inline constexpr std::string_view kUnknownScript = "script_unknown_to_model";

// The reason not to read a text that holds for every model: the first three; else empty.
std::string_view unreadable(const PreparedText& text);

}  // namespace mien
