// Landmarks against the same weights run by TensorFlow.js on the same crops, cut by TensorFlow.js
// (tests/reference/landmarks/expected.mjs), on the 22 faces of the many-face pictures; and those
// that the program itself gives, from crops of its own choice.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/real_pictures.h"

#include "face/landmarker.h"
#include "face/real_faces.h"

namespace mien {
namespace {

using testing::faces_of;
using testing::npm_package;
using testing::source_dir;
using testing::still;

struct ExpectedPoint {
  std::size_t index = 0;
  double x = 0;
  double y = 0;
};

struct ExpectedFace {
  int picture = 0;
  CropSquare square;
  std::vector<ExpectedPoint> points;  // the outer eye corners first
  double eye_distance_px() const {
    return std::hypot(points[1].x - points[0].x, points[1].y - points[0].y);
  }
};

std::vector<ExpectedFace> expected_faces() {
  std::ifstream file(source_dir() / "tests/reference/landmarks/expected.json");
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<ExpectedFace> faces;
  for (const auto& entry : json.at("faces")) {
    ExpectedFace face;
    face.picture = entry.at("picture").get<int>();
    const auto& square = entry.at("square");
    const auto side = square.at("side").get<float>();
    face.square = {
        {square.at("x").get<float>() + side / 2, square.at("y").get<float>() + side / 2}, side, 0};
    for (const auto& point : entry.at("points")) {
      face.points.push_back(
          {point.at(0).get<std::size_t>(), point.at(1).get<double>(), point.at(2).get<double>()});
    }
    faces.push_back(std::move(face));
  }
  return faces;
}

const Image& picture(int number) {
  static std::map<int, Image> pictures;
  auto [it, is_new] = pictures.try_emplace(number);
  if (is_new) {
    it->second = still(npm_package("@vladmandic/face-api/demo") /
                       ("sample" + std::to_string(number) + ".jpg"));
  }
  return it->second;
}

// Distances in per cent of the eye distance.
void add_distances(const ExpectedFace& expected, const Landmarks& landmarks,
                   std::vector<double>& distances) {
  for (const ExpectedPoint& point : expected.points) {
    const Point3& found = landmarks.points[point.index];
    distances.push_back(
        100 *
        std::hypot(static_cast<double>(found.x) - point.x, static_cast<double>(found.y) - point.y) /
        expected.eye_distance_px());
  }
}

double print_median(const char* name, std::vector<double> distances) {
  std::sort(distances.begin(), distances.end());
  const auto at = [&](double share) {
    return distances[static_cast<std::size_t>(share * static_cast<double>(distances.size() - 1))];
  };
  std::printf("%s: n %zu, median %.2f%%, 95th percentile %.2f%%, largest %.2f%% of eye distance\n",
              name, distances.size(), at(0.5), at(0.95), at(1));
  return at(0.5);
}

TEST(LandmarksReference, EqualThePeersOnTheSameCrops) {
  const auto root = source_dir();
  const ModelSet models = ModelSet::open(root / "models", root / "build/models").value();
  Landmarker landmarker = Landmarker::open(models).value();
  std::vector<double> distances;
  const std::vector<ExpectedFace> faces = expected_faces();
  ASSERT_EQ(faces.size(), 22U);
  for (const ExpectedFace& face : faces) {
    const ImageView image = picture(face.picture).view();
    add_distances(face, landmarker.find(image, 1, face.square).value(), distances);
  }
  EXPECT_LT(print_median("same crops", distances), 2);
}

// Own crops are turned level with the eyes and follow the mesh, the peer's are upright around the
// box; so this is what the choice of the crop changes.
TEST(LandmarksReference, AreCloseToThePeersFromOwnCrops) {
  std::map<int, std::vector<FaceObservation>> found;
  std::vector<double> distances;
  int missing = 0;
  for (const ExpectedFace& face : expected_faces()) {
    if (!found.contains(face.picture)) found[face.picture] = faces_of(picture(face.picture));
    const auto& all = found[face.picture];
    const auto own = std::ranges::find_if(all, [&](const FaceObservation& candidate) {
      const Point2 centre = candidate.detection.box.centre();
      return candidate.has_landmarks &&
             std::hypot(centre.x - face.square.centre.x, centre.y - face.square.centre.y) <
                 face.square.side_px / 4;
    });
    if (own == all.end()) {
      ++missing;
      continue;
    }
    add_distances(face, own->landmarks, distances);
  }
  EXPECT_LE(missing, 1);  // one face is seen from the side
  EXPECT_LT(print_median("own crops", distances), 6);
}

}  // namespace
}  // namespace mien
