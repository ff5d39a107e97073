#include "pipeline/train/label_model.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "pipeline/annotate/annotate_options.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

HeadFacts facts() {
  return {"lyon",
          "3",
          std::string(64, 'b'),
          "label",
          {"joy"},
          "nurses of one ward",
          {{"joie"}, 12, 300, 900, false, "Krippendorff's alpha 0.62"}};
}

TEST(LabelModel, IsFoundInOptionsAndInWhatIsMadeOfThem) {
  AnnotateOptions options;
  EXPECT_FALSE(label_model(to_json(options)).has_value());
  options.channels.head = facts();
  const nlohmann::json json = to_json(options);
  EXPECT_EQ(label_model(json), facts());
  EXPECT_EQ(annotate_options_from_json(json).value().channels.head, facts());
  EXPECT_EQ(label_model(FileMetadata{{"mien.options", json.dump()}}), facts());
  EXPECT_EQ(label_model(FileMetadata{{"expressions_mien.options", json.dump()}}), facts());
  EXPECT_FALSE(label_model(FileMetadata{{"mien.options", "{"}}).has_value());
}

TEST(LabelModel, SaysWhoseLabelsTheyAreInsteadOfThePrior) {
  const ChannelGroup group = channel_group_of(facts());
  EXPECT_FALSE(group.is_prior);
  EXPECT_EQ(group.prefix, "label");
  EXPECT_THAT(group.whose_labels, HasSubstr("900 ratings of 300 clips by 12 raters"));
  EXPECT_THAT(group.whose_labels, HasSubstr("nurses of one ward"));
  EXPECT_EQ(group.reliability, "Krippendorff's alpha 0.62");
}

}  // namespace
}  // namespace mien
