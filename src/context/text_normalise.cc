#include "context/text_normalise.h"

#include <unicode/bytestream.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/utf8.h"

namespace mien {

namespace {

constexpr int kCapitalsAtLeast = 8;    // fewer capitals are an abbreviation
constexpr std::size_t kMaxEmoji = 16;  // of a text that are named
constexpr UChar32 kNonJoiner = 0x200C;
constexpr UChar32 kJoiner = 0x200D;

std::string_view cut_to(std::string_view bytes, std::size_t most) {
  if (bytes.size() <= most) return bytes;
  std::size_t end = most;
  while (end > 0 && most - end < 4 && (static_cast<unsigned char>(bytes[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return bytes.substr(0, end);
}

std::string with_spaces_for_bad_bytes(std::string_view bytes, std::size_t& bad_bytes) {
  std::string text;
  while (true) {
    const std::size_t bad = first_invalid_utf8(bytes);
    text += bytes.substr(0, bad);
    if (bad == std::string_view::npos) return text;
    text += ' ';
    ++bad_bytes;
    bytes.remove_prefix(bad + 1);
  }
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Endings that make "name.ending" an address even without "http".
constexpr std::array<std::string_view, 12> kEndings = {
    ".com", ".net", ".org", ".tv", ".me", ".ly", ".gl", ".co", ".io", ".shop", ".link", ".be"};

bool is_address(std::string_view word) {
  if (word.find_first_of(":@.") == std::string_view::npos) return false;  // all below has one
  for (const std::string_view start : {"http://", "https://", "ftp://", "www.", "mailto:"}) {
    if (word.starts_with(start)) return true;
  }
  if (word.find("://") != std::string_view::npos) return true;
  const std::size_t at_sign = word.find('@');
  if (at_sign != std::string_view::npos) {  // a handle or an e-mail address
    return at_sign + 1 < word.size() && static_cast<unsigned char>(word[at_sign + 1]) > ' ';
  }
  const std::string_view host = word.substr(0, word.find('/'));
  return std::ranges::any_of(kEndings, [&](std::string_view ending) {
    return host.size() > ending.size() + 1 && host.ends_with(ending);
  });
}

// Without addresses; hashtags as words.
std::string without_addresses(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_space(text[at])) {
      out += ' ';
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_space(text[end])) ++end;
    std::string_view word = text.substr(at, end - at);
    at = end;
    const std::string_view bare =
        word.substr(std::min(word.find_first_not_of("(\"'[<"), word.size()));
    if (is_address(bare)) continue;
    while (!word.empty()) {  // "#one#two" are two tags
      const std::size_t hash = word.find('#');
      out += word.substr(0, hash);
      if (hash == std::string_view::npos) break;
      word.remove_prefix(hash + 1);
      const std::size_t next = word.find('#');
      out += ' ';
      out += split_hashtag(word.substr(0, next));
      word.remove_prefix(std::min(next, word.size()));
    }
  }
  return out;
}

enum class Emoji { kNone, kThing, kMark };

// Faces, gestures, hearts, arrows, clocks, flags and signs are marks; everything else that Unicode
// calls a pictograph shows a thing.
Emoji emoji_kind(UChar32 c) {
  if (c < 0x203C) return Emoji::kNone;
  if (u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) == 0) {
    const bool is_part = u_hasBinaryProperty(c, UCHAR_EMOJI_MODIFIER) != 0 ||
                         u_hasBinaryProperty(c, UCHAR_REGIONAL_INDICATOR) != 0;
    return is_part ? Emoji::kMark : Emoji::kNone;
  }
  struct Range {
    UChar32 first, last;
  };
  constexpr std::array<Range, 18> kMarks = {{{0x203C, 0x25FF},  // signs, arrows, shapes
                                             {0x2600, 0x2604},  // weather as a mark
                                             {0x2605, 0x260D},
                                             {0x2610, 0x2612},
                                             {0x2619, 0x26A1},    // hands, faces, hearts, signs
                                             {0x2705, 0x27BF},    // dingbats
                                             {0x2900, 0x3299},    // arrows, stars, ideographs
                                             {0x1F100, 0x1F2FF},  // letters in boxes
                                             {0x1F440, 0x1F450},  // eyes, ears, hands
                                             {0x1F493, 0x1F4AF},  // hearts, symbols of comics
                                             {0x1F500, 0x1F567},  // signs, clocks
                                             {0x1F58C, 0x1F5A3},  // hands
                                             {0x1F600, 0x1F64F},  // faces, gestures
                                             {0x1F900, 0x1F92F},  // faces, hands
                                             {0x1F937, 0x1F937},  // a shrug
                                             {0x1F970, 0x1F97A},
                                             {0x1F9D0, 0x1F9D0},
                                             {0x1FAE0, 0x1FAFF}}};  // faces, hands
  const bool is_mark = std::ranges::any_of(
      kMarks, [&](const Range& range) { return c >= range.first && c <= range.last; });
  return is_mark ? Emoji::kMark : Emoji::kThing;
}

std::string emoji_name(UChar32 c) {
  char name[128];
  UErrorCode code = U_ZERO_ERROR;
  const int length = u_charName(c, U_UNICODE_CHAR_NAME, name, sizeof name, &code);
  if (U_FAILURE(code) || length <= 0) return "";
  std::string words = ascii_lower_case(std::string(name, static_cast<std::size_t>(length)));
  std::ranges::replace(words, '-', ' ');
  return words;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_ascii_word(UChar32 c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Gives each character of well-formed UTF-8 with the place behind it.
template <typename Each>
void for_each_character(std::string_view text, const Each& each) {
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(text.data(), at, size, c);
    each(c, static_cast<std::size_t>(at));
  }
}

void append_character(std::string& out, UChar32 c) {
  std::array<char, U8_MAX_LENGTH> bytes{};
  std::size_t length = 0;
  U8_APPEND_UNSAFE(bytes.data(), length, c);
  out.append(bytes.data(), length);
}

// A text is shouted where it has many capitals and fewer than one small letter to four of them.
bool is_shouted(std::string_view text) {
  int capitals = 0;
  int small = 0;
  for_each_character(text, [&](UChar32 c, std::size_t) {
    if (c < 0x80) {
      if (c >= 'A' && c <= 'Z') ++capitals;
      if (c >= 'a' && c <= 'z') ++small;
      return;
    }
    if (u_isupper(c) != 0) ++capitals;
    if (u_islower(c) != 0) ++small;
  });
  return capitals >= kCapitalsAtLeast && capitals > 4 * small;
}

bool is_mark_of_words(UChar32 c) {
  const int kind = u_charType(c);
  return kind == U_NON_SPACING_MARK || kind == U_COMBINING_SPACING_MARK || kind == U_ENCLOSING_MARK;
}

// What is left goes through here character by character.
std::string plain(std::string_view text, NormalisedText& result) {
  std::string out;
  out.reserve(text.size());
  std::vector<UChar32> shown;
  UChar32 before = ' ';
  for_each_character(text, [&](UChar32 c, std::size_t) {
    if (c < 0x80) {  // as below, in short
      if (c <= ' ' || c == 0x7F) c = ' ';
      const bool is_word = is_ascii_word(c);
      if (is_word) ++result.letters;
      if (!is_word && c == before && c != ' ') return;
      out += static_cast<char>(c);
      before = c;
      return;
    }
    const Emoji emoji = emoji_kind(c);
    if (emoji == Emoji::kThing && shown.size() < kMaxEmoji &&
        std::ranges::find(shown, c) == shown.end()) {
      shown.push_back(c);
      if (!result.emoji.empty()) result.emoji += ' ';
      result.emoji += emoji_name(c);
    }
    const int kind = u_charType(c);
    const bool joins = (c == kJoiner || c == kNonJoiner) && u_isalpha(before) != 0;
    const bool is_selector = c >= 0xFE00 && c <= 0xFE0F;
    if (is_selector || (kind == U_FORMAT_CHAR && !joins)) return;
    if (emoji != Emoji::kNone || u_isUWhiteSpace(c) != 0 || kind == U_CONTROL_CHAR ||
        kind == U_PRIVATE_USE_CHAR || kind == U_UNASSIGNED || kind == U_SURROGATE || c == 0xFFFD) {
      c = ' ';
    }
    const bool is_word = u_isalnum(c) != 0;
    if (is_word) ++result.letters;
    if (!is_word && !is_mark_of_words(c) && c == before && c != ' ') return;
    append_character(out, c);
    before = c;
  });
  return out;
}

std::string in_normal_form(const std::string& text) {
  if (is_ascii(text)) return text;
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* const form = icu::Normalizer2::getNFKCInstance(code);
  MIEN_CHECK(U_SUCCESS(code) && form != nullptr, "ICU holds its own normal forms");
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
  form->normalizeUTF8(0, text, sink, nullptr, code);
  MIEN_CHECK(U_SUCCESS(code), "text can be normalised");
  return out;
}

std::string single_spaced(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c != ' ') {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

icu::UnicodeString to_unicode(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

// The same letters in every place of the world: a machine set to Turkish makes no dotless i.
std::string lower_case(const std::string& text) {
  if (is_ascii(text)) return ascii_lower_case(text);
  std::string out;
  to_unicode(text).toLower(icu::Locale::getRoot()).toUTF8String(out);
  return out;
}

}  // namespace

std::string split_hashtag(std::string_view tag) {
  std::string out;
  std::string word;
  int capitals = 0;
  const auto end_word = [&] {
    if (word.empty()) return;
    if (!out.empty()) out += ' ';
    out += capitals > 1 ? word : lower_case(word);
    word.clear();
    capitals = 0;
  };
  UChar32 before = 0;
  for_each_character(tag, [&](UChar32 c, std::size_t next) {
    UChar32 after = 0;
    if (next < tag.size()) {
      auto at = static_cast<std::int32_t>(next);
      U8_NEXT_OR_FFFD(tag.data(), at, static_cast<std::int32_t>(tag.size()), after);
    }
    const bool is_capital = u_isupper(c) != 0;
    const bool rises = is_capital && (u_islower(before) != 0 || u_isdigit(before) != 0);
    const bool run_ends = is_capital && u_isupper(before) != 0 && u_islower(after) != 0;
    const bool to_digit = u_isdigit(c) != 0 && u_isalpha(before) != 0;
    const bool from_digit = u_isalpha(c) != 0 && u_isdigit(before) != 0;
    if (rises || run_ends || to_digit || from_digit || c == '_') end_word();
    if (c != '_') append_character(word, c);
    if (is_capital) ++capitals;
    before = c;
  });
  end_word();
  return out;
}

NormalisedText normalise_text(std::string_view bytes) {
  NormalisedText result;
  const std::string_view read = cut_to(bytes, kMaxTextBytes);
  result.cut = read.size() < bytes.size();
  std::string text = with_spaces_for_bad_bytes(read, result.bad_bytes);
  for (int round = 0; round < 2 && text.find_first_of("<&") != std::string::npos; ++round)
    text = decode_entities(remove_tags(text));
  text = without_addresses(remove_tags(text));
  // Emoji go first: some of them are letters in normal form KC.
  std::string words = in_normal_form(plain(text, result));
  if (is_shouted(words)) words = lower_case(words);
  result.text = single_spaced(words);
  return result;
}

}  // namespace mien
