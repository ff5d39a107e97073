// HTML in titles and descriptions.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/ascii_case.h"
#include "context/text_normalise.h"

namespace mien {

namespace {

// HTML 4.01, section 24.2: the names of U+00A0 to U+00FF in their order.
constexpr std::array<std::string_view, 96> kLatin1 = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 20> kOthers = {
    {{"amp", 0x26},     {"lt", 0x3C},       {"gt", 0x3E},       {"quot", 0x22},
     {"apos", 0x27},    {"ndash", 0x2013},  {"mdash", 0x2014},  {"lsquo", 0x2018},
     {"rsquo", 0x2019}, {"sbquo", 0x201A},  {"ldquo", 0x201C},  {"rdquo", 0x201D},
     {"bdquo", 0x201E}, {"bull", 0x2022},   {"hellip", 0x2026}, {"euro", 0x20AC},
     {"trade", 0x2122}, {"hearts", 0x2665}, {"OElig", 0x152},   {"oelig", 0x153}}};

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((c >> shift) & 0x3FU));
  };
  if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6U));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12U));
    tail(6);
  } else {
    out += static_cast<char>(0xF0U | (c >> 18U));
    tail(12);
    tail(6);
  }
  tail(0);
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What stands between '&' and ';' as a character.
std::optional<std::uint32_t> entity(std::string_view name) {
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const bool hexadecimal = name.starts_with('x') || name.starts_with('X');
    if (hexadecimal) name.remove_prefix(1);
    std::uint32_t c = 0;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), c, hexadecimal ? 16 : 10);
    if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
    const bool is_character = c != 0 && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    return is_character ? c : 0xFFFDU;
  }
  const auto* const other =
      std::ranges::find(kOthers, name, [](const auto& pair) { return pair.first; });
  if (other != kOthers.end()) return other->second;
  const auto* const latin = std::ranges::find(kLatin1, name);
  if (latin == kLatin1.end()) return std::nullopt;
  return 0xA0U + static_cast<std::uint32_t>(latin - kLatin1.begin());
}

// Where a script's or style's end tag stands; npos where there is none.
std::size_t end_of_element(std::string_view text, std::size_t from, std::string_view name) {
  for (std::size_t at = text.find("</", from); at != std::string_view::npos;
       at = text.find("</", at + 2)) {
    if (ascii_lower_case(std::string(text.substr(at + 2, name.size()))) == name) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string decode_entities(std::string_view text) {
  constexpr std::size_t kLongestName = 10;
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t and_sign = text.find('&', at);
    out += text.substr(at, and_sign - at);
    if (and_sign == std::string_view::npos) return out;
    const std::size_t end = text.substr(0, and_sign + kLongestName + 2).find(';', and_sign);
    const std::optional<std::uint32_t> c =
        end == std::string_view::npos ? std::nullopt
                                      : entity(text.substr(and_sign + 1, end - and_sign - 1));
    if (c) {
      append_utf8(out, *c);
      at = end + 1;
    } else {
      out += '&';
      at = and_sign + 1;
    }
  }
}

std::string remove_tags(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  bool closes = true;  // whether a '>' can still follow
  while (true) {
    const std::size_t open = text.find('<', at);
    out += text.substr(at, open - at);
    if (open == std::string_view::npos) return out;
    const std::string_view rest = text.substr(open);
    const char next = rest.size() > 1 ? rest[1] : ' ';
    std::size_t end = std::string_view::npos;
    if (closes && rest.starts_with("<!--")) {
      const std::size_t found = rest.find("-->");
      if (found != std::string_view::npos) end = found + 3;
    }
    if (closes && end == std::string_view::npos &&
        (is_letter(next) || next == '/' || next == '!')) {
      const std::size_t found = rest.find('>');
      closes = found != std::string_view::npos;
      if (closes) end = found + 1;
    }
    if (end == std::string_view::npos) {
      out += '<';
      at = open + 1;
      continue;
    }
    out += ' ';
    at = open + end;
    for (const std::string_view name : {"script", "style"}) {
      if (ascii_lower_case(std::string(rest.substr(1, name.size()))) != name) continue;
      const std::size_t closing = end_of_element(text, at, name);
      if (closing != std::string_view::npos) at = closing;
    }
  }
}

}  // namespace mien
