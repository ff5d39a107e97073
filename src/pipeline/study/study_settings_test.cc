#include "pipeline/study/study_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/annotate/shard.h"

namespace mien {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StudySettings sample() {
  StudySettings settings;
  settings.options = {{"rate_hz", 6.0}, {"channels", {"basic7", "action"}}, {"none", nullptr}};
  settings.models = {{"a", "1"}, {"b", "2"}};
  settings.model_set_hash = "x";
  settings.seed = 18446744073709551615ULL;
  settings.program_version = "0.1.0";
  return settings;
}

TEST(StudySettingsTest, AreReadBackAsTheyWereWritten) {
  const Result<StudySettings> back = decode_settings(encode(sample()));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_THAT(differences(sample(), *back), IsEmpty());
  EXPECT_EQ(settings_hash(*back), settings_hash(sample()));
  EXPECT_EQ(back->seed, sample().seed);
  EXPECT_EQ(back->program_version, "0.1.0");
}

TEST(StudySettingsTest, EveryDifferenceIsALine) {
  StudySettings now = sample();
  now.options["channels"] = {"basic7"};
  now.options["frames"] = true;
  now.options.erase("none");
  now.models.erase("b");
  StudySettings then = sample();
  then.schema_version = 1;
  now.schema_version = 2;
  EXPECT_THAT(
      differences(then, now),
      ElementsAre("version of the tables: 1 in the study, 2 now",
                  "channels: [\"basic7\",\"action\"] in the study, [\"basic7\"] now",
                  "frames: absent in the study, true now", "none: null in the study, absent now",
                  "model b: 2 in the study, absent now"));
  EXPECT_NE(settings_hash(now), settings_hash(sample()));
}

TEST(StudySettingsTest, TheProgramVersionAloneIsNoDifference) {
  StudySettings now = sample();
  now.program_version = "9";
  EXPECT_THAT(differences(sample(), now), IsEmpty());
  EXPECT_EQ(settings_hash(now), settings_hash(sample()));
  now.model_set_hash = "y";
  EXPECT_THAT(differences(sample(), now), ElementsAre("set of models: x in the study, y now"));
}

TEST(StudySettingsTest, HostileTextIsAnError) {
  for (const char* text : {"", "{", "[]", "{\"options\":{}}", "null",
                           "{\"options\":{},\"models\":[],\"model_set\":1}"}) {
    const Result<StudySettings> settings = decode_settings(text);
    ASSERT_FALSE(settings.ok()) << text;
    EXPECT_EQ(settings.error().code, ErrorCode::kCorrupt);
  }
  // Numbers without a whole part that fits, and values deep in each other.
  std::string text = encode(sample());
  text.replace(text.find("\"schema_version\": 3"), 19, "\"schema_version\": 1e99");
  EXPECT_FALSE(decode_settings(text).ok());
  text = encode(sample());
  text.replace(text.find("\"none\": null"), 12,
               "\"none\": " + std::string(500'000, '[') + std::string(500'000, ']'));
  EXPECT_FALSE(decode_settings(text).ok());
  StudySettings odd = sample();
  odd.options["text"] = "caf\xE9";
  EXPECT_TRUE(decode_settings(encode(odd)).ok());
}

TEST(ShardManifestTest, HostileTextIsAnError) {
  EXPECT_TRUE(decode_shard_manifest(encode(ShardManifest{})).ok());
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  for (const std::string& text :
       {std::string("null"), std::string("{}"), std::string("{\"checksum\":7}"),
        "{\"checksum\":\"00\",\"files\":" + deep + "}"}) {
    const auto manifest = decode_shard_manifest(text);
    ASSERT_FALSE(manifest.ok());
    EXPECT_EQ(manifest.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace mien
