#include "context/context_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.h"

#include "model/manifest.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kLabels{"dog", "cake", "sports ball"};

ContextVocabulary vocabulary() {
  return parse_vocabulary("id,name\npet,Pet\nbirthday,Birthday\nsport,Sport\n", "v.csv").value();
}

std::string refusal(const std::string& text) {
  const auto map = parse_context_map(text, "map.csv", kLabels, vocabulary());
  return map.ok() ? "" : map.error().message;
}

TEST(ContextMap, NamesWhatClassesSpeakFor) {
  const auto map =
      parse_context_map("label,context,weight\r\ndog,pet,0.5\n\n\"sports ball\",sport,1\n",
                        "map.csv", kLabels, vocabulary());
  ASSERT_TRUE(map.ok()) << map.error().message;
  ASSERT_EQ(map->size(), 2U);
  EXPECT_EQ((*map)[0].label, 0U);
  EXPECT_EQ((*map)[0].context, 0U);
  EXPECT_FLOAT_EQ((*map)[0].weight, 0.5F);
  EXPECT_EQ((*map)[1].label, 2U);
  EXPECT_EQ((*map)[1].context, 2U);
}

TEST(ContextMap, SaysWhatIsWrongAndWhere) {
  const std::string head = "label,context,weight\n";
  EXPECT_THAT(refusal(""), HasSubstr("no class speaks"));
  EXPECT_THAT(refusal("class,context,weight\n"), HasSubstr("line 1: another first line"));
  EXPECT_THAT(refusal(head + "wolf,pet,0.5\n"),
              HasSubstr("line 2: the network has no class 'wolf'"));
  EXPECT_THAT(refusal(head + "dog,zoo,0.5\n"), HasSubstr("line 2: the vocabulary has no context"));
  EXPECT_THAT(refusal(head + "dog,pet,0.5\ndog,pet,0.6\n"), HasSubstr("line 3: 'dog' speaks"));
  for (const char* weight : {"0", "1.5", "-1", "nan", "0.5x", ""}) {
    EXPECT_THAT(refusal(head + "dog,pet," + weight + "\n"), HasSubstr("the weight")) << weight;
  }
  EXPECT_THAT(refusal(head + "dog,pet\n"), HasSubstr("2 fields"));
  EXPECT_THAT(refusal(head + "dog,\xff,0.5\n"), HasSubstr("UTF-8"));
}

TEST(ContextMap, WitnessesCountAsIndependent) {
  const std::vector<ContextWitness> witnesses{{0, 0, 0.5F}, {1, 0, 1.0F}, {2, 2, 0.8F}};
  std::vector<float> absent(3, 1.0F);
  hear(witnesses, std::vector<float>{0.4F, 0.5F, 0.0F}, absent);
  EXPECT_FLOAT_EQ(absent[0], 0.8F * 0.5F);
  EXPECT_FLOAT_EQ(absent[1], 1);
  EXPECT_FLOAT_EQ(absent[2], 1);
}

TEST(ContextMap, TheOneForObjectsFitsItsNetworkAndVocabulary) {
  const std::filesystem::path root = testing::source_dir();
  const auto words = read_vocabulary(root / "data/contexts/everyday.csv");
  ASSERT_TRUE(words.ok()) << words.error().message;
  const auto manifest = read_manifest(root / "models/centernet.json");
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  const auto map = read_context_map(root / "data/contexts/coco_map.csv", manifest->labels, *words);
  ASSERT_TRUE(map.ok()) << map.error().message;
  EXPECT_GT(map->size(), 80U);
  // A person is in nearly every video and speaks for no situation.
  for (const ContextWitness& witness : *map) EXPECT_NE(manifest->labels[witness.label], "person");
  EXPECT_EQ(read_context_map(root / "nowhere.csv", manifest->labels, *words).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace mien
