// The features of a clip, read from its chunks alone and with all of the video before it.
#include "pipeline/train/clip_features.h"

#include <gtest/gtest.h>

#include "program/clips.h"

#include "pipeline/annotate/plan.h"

namespace mien {
namespace {

TEST(ClipFeatures, AreThoseOfTheVideoReadFromItsBeginning) {
  testing::TemporaryFolder folder;
  const auto file = testing::face_clip(folder.path() / "a.mp4", 2, 11);
  const auto root = testing::source_dir();
  const ModelSet models = ModelSet::open(root / "models", root / "build/models").value();
  AnnotateOptions options;
  options.face.small_faces = false;
  options.channels.basic7 = options.channels.action = options.channels.label = false;
  options.channels.features = true;
  EnginePool engines(models, options);
  RatedVideo video;
  video.input = describe_input("a.mp4", file);
  const std::vector<RatedClip> clips = {{"late", 0, 0, 9'000'000, 10'500'000},
                                        {"never", 0, 0, 60'000'000, 61'000'000}};
  const std::atomic<bool> stop{false};
  const auto alone = clip_features(video, clips, options, engines, stop).value();
  video.has_company = true;  // now the chunks before are looked at too, and track 0 is asked for
  const auto whole = clip_features(video, clips, options, engines, stop).value();
  // Grid points 54 to 63; the frame nearest to the last one is shown 20 ms before it.
  ASSERT_EQ(alone[0].rows.size(), 10 * engines.engine(0).value()->scorer.feature_size());
  ASSERT_EQ(alone[0].rows.size(), whole[0].rows.size());
  for (std::size_t i = 0; i < alone[0].rows.size(); ++i) {
    const float a = alone[0].rows[i];
    const float b = whole[0].rows[i];
    ASSERT_TRUE(a == b || (a != a && b != b)) << i;
  }
  EXPECT_TRUE(alone[1].rows.empty());

  const std::atomic<bool> stopped{true};
  EXPECT_EQ(clip_features(video, clips, options, engines, stopped).error().code,
            ErrorCode::kCancelled);
}

}  // namespace
}  // namespace mien
