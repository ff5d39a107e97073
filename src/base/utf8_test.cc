#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace mien {
namespace {

std::string encode(std::uint32_t c) {
  const auto byte = [](std::uint32_t v) { return static_cast<char>(v); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 63))};
  if (c < 0x10000) {
    return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 63)), byte(0x80 | (c & 63))};
  }
  return {byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 63)), byte(0x80 | ((c >> 6) & 63)),
          byte(0x80 | (c & 63))};
}

TEST(Utf8Test, ExactlyTheScalarValuesAreValid) {
  for (std::uint32_t c = 0; c < 0x200000; ++c) {
    const bool scalar = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    ASSERT_EQ(first_invalid_utf8(encode(c)) == std::string_view::npos, scalar) << c;
  }
}

TEST(Utf8Test, OverlongAndCutSequencesAreInvalidAndTheirPlaceIsTold) {
  EXPECT_EQ(first_invalid_utf8("abc\xC0\x80"), 3U);
  EXPECT_EQ(first_invalid_utf8("\xE0\x80\x80"), 0U);
  EXPECT_EQ(first_invalid_utf8("\xF0\x80\x80\x80"), 0U);
  EXPECT_EQ(first_invalid_utf8("0123456789\xE2\x82"), 10U);
  EXPECT_EQ(first_invalid_utf8("\xE2\x82\xAC\xAC"), 3U);
  EXPECT_EQ(first_invalid_utf8(""), std::string_view::npos);
}

TEST(Utf8Test, OnlyBytesThatAreNoTextAreEscaped) {
  EXPECT_EQ(escape_invalid_utf8("caf\xC3\xA9 \\ 1"), "caf\xC3\xA9 \\ 1");
  EXPECT_EQ(escape_invalid_utf8("caf\xE9.mp4"), "caf\\xe9.mp4");
  EXPECT_EQ(escape_invalid_utf8("\xE2\x82 \xFF"), "\\xe2\\x82 \\xff");
  EXPECT_EQ(escape_invalid_utf8(""), "");
}

}  // namespace
}  // namespace mien
