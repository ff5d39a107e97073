// Which faces are found, and which are invented: on the many-face pictures as they are, and on
// composed frames. bench/faces_main.cc prints the tables of docs/face-detection.md at length; here
// stand bounds on fewer frames, and without MIEN_SOAK on fewer sizes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "support/composed_faces.h"
#include "support/real_pictures.h"
#include "support/soak.h"

#include "face/detector.h"
#include "face/real_faces.h"

namespace mien {
namespace {

using testing::ComposedFrame;
using testing::FaceFreeFrames;
using testing::faces_of;
using testing::Head;

int found_among(const std::vector<FaceObservation>& faces, const std::vector<Box>& boxes,
                float zoom = 1) {
  return static_cast<int>(std::ranges::count_if(boxes, [&](const Box& box) {
    const Box there = {zoom * box.x_px, zoom * box.y_px, zoom * box.width_px, zoom * box.height_px};
    return std::ranges::any_of(faces, [&](const FaceObservation& face) {
      return intersection_over_union(face.detection.box, there) >= 0.4F;
    });
  }));
}

// All 22 faces, and nobody else, at several widths.
class ManyFacePictures : public ::testing::TestWithParam<int> {};

TEST_P(ManyFacePictures, AllFacesAndNoOther) {
  const int width_px = GetParam();
  const auto groups = testing::labelled_groups();
  int all = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto path = testing::npm_package("@vladmandic/face-api/demo") /
                      ("sample" + std::to_string(i + 1) + ".jpg");
    const auto faces = faces_of(testing::still(path, width_px));
    const float zoom =
        static_cast<float>(width_px) / static_cast<float>(groups[i].image.width_px());
    EXPECT_EQ(found_among(faces, groups[i].faces, zoom), groups[i].faces.size()) << path;
    EXPECT_EQ(faces.size(), groups[i].faces.size()) << path;
    all += static_cast<int>(faces.size());
  }
  EXPECT_EQ(all, 22);
}

INSTANTIATE_TEST_SUITE_P(Widths, ManyFacePictures,
                         ::testing::ValuesIn(testing::soak() ? std::vector{1920, 1280, 960, 640}
                                                             : std::vector{1280, 640}));

std::optional<Box> box_of(const Image& picture) {
  const auto root = testing::source_dir();
  static Detector detector =
      Detector::open(ModelSet::open(root / "models", root / "build/models").value()).value();
  const auto found = detector.candidates(picture.view(), 1, Passes::kBase, 0.25F, 0.25F).value();
  if (found.empty()) return std::nullopt;
  return found.front().box;
}

struct Bound {
  float size_px;
  double least_recall;
};

// Heads of the packages alone, 35: the least recall allows for chance in so few.
TEST(ComposedFaces, AreFoundFromThirtyTwoPixelsToTheFullHeight) {
  const auto groups = testing::labelled_groups();
  std::vector<Head> heads = testing::heads_of(groups);
  std::vector<std::string> left_out;
  for (Head& head : testing::portrait_heads(box_of, left_out)) heads.push_back(std::move(head));
  EXPECT_TRUE(left_out.empty());
  ASSERT_EQ(heads.size(), 35U);
  const FaceFreeFrames backgrounds(groups, "");
  std::vector<Bound> bounds = {{32, 0.85}, {200, 0.9}, {720, 0.9}};
  if (testing::soak()) bounds.insert(bounds.end(), {{64, 0.9}, {480, 0.9}});
  for (const auto& [size_px, least] : bounds) {
    Random random(7);
    int found = 0;
    std::size_t seen = 0;
    for (const ComposedFrame& frame :
         testing::compose(heads, size_px, 1280, 720, backgrounds, random)) {
      const auto faces = faces_of(frame.image);
      found += found_among(faces, frame.faces);
      seen += faces.size();
    }
    const double recall = found / static_cast<double>(heads.size());
    std::printf("%4.0f px: recall %.3f, %zu faces reported for %zu\n", static_cast<double>(size_px),
                recall, seen, heads.size());
    EXPECT_GE(recall, least) << size_px;
    EXPECT_LE(seen, heads.size() + 1) << size_px;
  }
}

TEST(FaceFreeFrames, HaveNoFace) {
  const FaceFreeFrames frames(testing::labelled_groups(), "");
  Random random(7);
  int invented = 0;
  for (int i = 0; i < (testing::soak() ? 60 : 20); ++i) {
    invented += static_cast<int>(faces_of(frames.frame(1280, 720, random)).size());
  }
  EXPECT_EQ(invented, 0);
}

}  // namespace
}  // namespace mien
