#include "face/descriptor_rule.h"

#include <gtest/gtest.h>

namespace mien {
namespace {

TEST(DescriptorRule, AsksForTheNewAndTheMeeting) {
  using Answers = std::vector<bool>;
  const auto faces_at = [](const std::vector<float>& places) {
    std::vector<FaceObservation> faces(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      faces[i].detection.box = {places[i], 100, 80, 80};
    }
    return faces;
  };
  DescriptorRule rule;
  EXPECT_EQ(rule.wanted(faces_at({0, 500}), 0), (Answers{true, true}));
  EXPECT_EQ(rule.wanted(faces_at({5, 500}), 100'000), (Answers{false, false}));
  EXPECT_EQ(rule.wanted(faces_at({5, 700}), 200'000), (Answers{false, true}));
  EXPECT_EQ(rule.wanted(faces_at({5, 700, 785}), 300'000), (Answers{false, true, true}));
  // One is hidden, the other may be either; two seconds later it can only be itself.
  EXPECT_EQ(rule.wanted(faces_at({5, 740}), 400'000), (Answers{false, true}));
  EXPECT_EQ(rule.wanted(faces_at({5, 740}), 2'300'000), (Answers{false, true}));
  EXPECT_EQ(rule.wanted(faces_at({5, 740}), 2'300'001), (Answers{false, false}));
  EXPECT_TRUE(rule.wanted({}, 2'400'000).empty());
  EXPECT_EQ(rule.wanted(faces_at({5}), 2'500'000), (Answers{true}));
  EXPECT_EQ(rule.wanted(faces_at({5}), 2'600'000), (Answers{false}));
  rule.forget();
  EXPECT_EQ(rule.wanted(faces_at({5}), 2'700'000), (Answers{true}));
}

}  // namespace
}  // namespace mien
