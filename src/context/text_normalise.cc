#include "context/text_normalise.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

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
  if (c < 0x203C || u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC) == 0) {
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

// A text is shouted where it has many capitals and fewer than one small letter to four of them.
bool is_shouted(const icu::UnicodeString& text) {
  int capitals = 0;
  int small = 0;
  for (int i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (u_isupper(c) != 0) ++capitals;
    if (u_islower(c) != 0) ++small;
  }
  return capitals >= kCapitalsAtLeast && capitals > 4 * small;
}

bool is_mark_of_words(UChar32 c) {
  const int kind = u_charType(c);
  return kind == U_NON_SPACING_MARK || kind == U_COMBINING_SPACING_MARK || kind == U_ENCLOSING_MARK;
}

// What is left goes through here character by character.
icu::UnicodeString plain(const icu::UnicodeString& text, NormalisedText& result) {
  icu::UnicodeString out;
  std::vector<UChar32> shown;
  UChar32 before = ' ';
  for (int i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    UChar32 c = text.char32At(i);
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
    if (is_selector || (kind == U_FORMAT_CHAR && !joins)) continue;
    if (emoji != Emoji::kNone || u_isUWhiteSpace(c) != 0 || kind == U_CONTROL_CHAR ||
        kind == U_PRIVATE_USE_CHAR || kind == U_UNASSIGNED || kind == U_SURROGATE || c == 0xFFFD) {
      c = ' ';
    }
    const bool is_word = u_isalnum(c) != 0;
    if (is_word) ++result.letters;
    if (!is_word && !is_mark_of_words(c) && c == before && c != ' ') continue;
    out.append(c);
    before = c;
  }
  return out;
}

std::string single_spaced(const std::string& text) {
  std::string out;
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

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

}  // namespace

std::string split_hashtag(std::string_view tag) {
  const icu::UnicodeString text = to_unicode(tag);
  icu::UnicodeString out;
  icu::UnicodeString word;
  const auto end_word = [&] {
    if (word.isEmpty()) return;
    if (!out.isEmpty()) out.append(u' ');
    int capitals = 0;
    for (int i = 0; i < word.length(); i = word.moveIndex32(i, 1)) {
      if (u_isupper(word.char32At(i)) != 0) ++capitals;
    }
    out.append(capitals > 1 ? word : word.toLower());
    word.remove();
  };
  UChar32 before = 0;
  for (int i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    const int after_at = text.moveIndex32(i, 1);
    const UChar32 after = after_at < text.length() ? text.char32At(after_at) : 0;
    const bool rises = u_isupper(c) != 0 && (u_islower(before) != 0 || u_isdigit(before) != 0);
    const bool run_ends = u_isupper(c) != 0 && u_isupper(before) != 0 && u_islower(after) != 0;
    const bool to_digit = u_isdigit(c) != 0 && u_isalpha(before) != 0;
    const bool from_digit = u_isalpha(c) != 0 && u_isdigit(before) != 0;
    if (rises || run_ends || to_digit || from_digit || c == '_') end_word();
    if (c != '_') word.append(c);
    before = c;
  }
  end_word();
  return to_utf8(out);
}

NormalisedText normalise_text(std::string_view bytes) {
  NormalisedText result;
  const std::string_view read = cut_to(bytes, kMaxTextBytes);
  result.cut = read.size() < bytes.size();
  std::string text = with_spaces_for_bad_bytes(read, result.bad_bytes);
  for (int round = 0; round < 2; ++round) text = decode_entities(remove_tags(text));
  text = without_addresses(remove_tags(text));
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* const form = icu::Normalizer2::getNFKCInstance(code);
  MIEN_CHECK(U_SUCCESS(code) && form != nullptr, "ICU holds its own normal forms");
  // Emoji go first: some of them are letters in normal form KC.
  icu::UnicodeString words = form->normalize(plain(to_unicode(text), result), code);
  MIEN_CHECK(U_SUCCESS(code), "text can be normalised");
  if (is_shouted(words)) words.toLower();
  result.text = single_spaced(to_utf8(words));
  return result;
}

}  // namespace mien
