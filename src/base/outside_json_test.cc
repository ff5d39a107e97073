// JSON from outside neither takes the stack nor leaves numbers without a defined value.
#include "base/outside_json.h"

#include <gtest/gtest.h>

#include <string>

namespace mien {
namespace {

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

TEST(OutsideJson, ReadsWhatIsJson) {
  EXPECT_EQ(parse_outside_json(R"({"a":[1,{"b":"c"}],"n":1e300})")["a"][1]["b"], "c");
  EXPECT_EQ(parse_outside_json<nlohmann::ordered_json>(R"({"z":1,"a":2})").items().begin().key(),
            "z");
  for (const char* text : {"", "{", "[1", "\"\xE9\"", "1e999"})
    EXPECT_TRUE(parse_outside_json(text).is_discarded()) << text;
}

TEST(OutsideJson, RefusesWhatStandsTooDeepInItself) {
  EXPECT_FALSE(parse_outside_json(nested(kMostJsonDepth)).is_discarded());
  EXPECT_TRUE(parse_outside_json(nested(kMostJsonDepth + 1)).is_discarded());
  // The library alone would end the process when it copies or writes this.
  EXPECT_TRUE(parse_outside_json(nested(1'000'000)).is_discarded());
  EXPECT_TRUE(parse_outside_json("{\"a\":" + nested(1'000'000) + "}").is_discarded());
}

TEST(OutsideJson, OwnFilesHoldNoFractionThatIsNoInt) {
  EXPECT_EQ(parse_own_json(R"({"a":[-2147483647.5],"n":18446744073709551615})")["n"],
            18446744073709551615ULL);
  EXPECT_TRUE(parse_own_json(R"({"a":[{"b":1e300}]})").is_discarded());
  EXPECT_TRUE(parse_own_json("-2147483648.0").is_discarded());
}

TEST(OutsideJson, AWholeNumberHasNoFraction) {
  EXPECT_EQ(whole_number<int>(nlohmann::json(7)), 7);
  for (const nlohmann::json& other : {nlohmann::json(7.0), nlohmann::json("7"), nlohmann::json()})
    EXPECT_THROW((void)whole_number<int>(other), nlohmann::json::type_error);
}

}  // namespace
}  // namespace mien
