#include "store/text_key.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <map>

#include "base/check.h"

namespace mien {

namespace {

const icu::Normalizer2& normalizer(bool compose) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* found = compose ? icu::Normalizer2::getNFKCCasefoldInstance(code)
                                          : icu::Normalizer2::getNFKDInstance(code);
  MIEN_CHECK(U_SUCCESS(code) && found != nullptr, "ICU holds its own normal forms");
  return *found;
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::string folded(std::string_view text) {
  std::string result;
  if (is_plain(text)) {
    for (const char c : text) {
      result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return result;
  }
  UErrorCode code = U_ZERO_ERROR;
  const icu::UnicodeString form = normalizer(true).normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size()))),
      code);
  MIEN_CHECK(U_SUCCESS(code), "text can be normalised");
  form.toUTF8String(result);
  return result;
}

}  // namespace

std::string title_key(std::string_view text) {
  const icu::UnicodeString form = icu::UnicodeString::fromUTF8(folded(text));
  icu::UnicodeString kept;
  for (int i = 0; i < form.length(); i = form.moveIndex32(i, 1)) {
    const UChar32 c = form.char32At(i);
    if (u_isUWhiteSpace(c) == 0) {
      kept.append(c);
    } else if (!kept.isEmpty() && kept[kept.length() - 1] != u' ') {
      kept.append(u' ');
    }
  }
  if (!kept.isEmpty() && kept[kept.length() - 1] == u' ') kept.truncate(kept.length() - 1);
  std::string result;
  kept.toUTF8String(result);
  return result;
}

std::string name_key(std::string_view text) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::UnicodeString form =
      normalizer(false).normalize(icu::UnicodeString::fromUTF8(title_key(text)), code);
  MIEN_CHECK(U_SUCCESS(code), "text can be normalised");
  icu::UnicodeString kept;
  for (int i = 0; i < form.length(); i = form.moveIndex32(i, 1)) {
    const UChar32 c = form.char32At(i);
    if (c == u'&') kept.append(icu::UnicodeString(u"and"));
    if (u_isalnum(c) != 0) kept.append(c);
  }
  std::string result;
  kept.toUTF8String(result);
  const std::string_view the = "the";
  if (title_key(text).starts_with("the ") && result.starts_with(the)) result.erase(0, the.size());
  return result;
}

std::optional<std::string> language_code(const std::string& text) {
  // Codes of two and three letters, and English names, to the code that ICU prefers.
  static const std::map<std::string, std::string> kCodes = [] {
    std::map<std::string, std::string> codes;
    for (const char* const* code = icu::Locale::getISOLanguages(); *code != nullptr; ++code) {
      const icu::Locale locale(*code);
      codes.emplace(*code, *code);
      codes.emplace(locale.getISO3Language(), *code);
      icu::UnicodeString name;
      std::string english;
      locale.getDisplayLanguage(icu::Locale::getEnglish(), name).toUTF8String(english);
      codes.emplace(name_key(english), *code);
    }
    return codes;
  }();
  const std::string key = title_key(text);
  if (name_key(text).empty()) return std::nullopt;
  const auto whole = kCodes.find(name_key(text));
  if (whole != kCodes.end()) return whole->second;
  const std::size_t cut = key.find_first_of("-_");
  if (cut != 2 && cut != 3) return std::nullopt;
  const auto primary = kCodes.find(key.substr(0, cut));
  if (primary == kCodes.end()) return std::nullopt;
  const bool subtags =
      std::all_of(key.begin() + static_cast<std::ptrdiff_t>(cut), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      });
  return subtags ? std::optional(primary->second) : std::nullopt;
}

}  // namespace mien
