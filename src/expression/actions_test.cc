// Actions on a synthetic mesh: each moves with its own muscle's places and holds still for the
// others'; none sees where, how large and how the face is turned.
#include "expression/actions.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/random.h"
#include "face/synthetic_face.h"

namespace mien {
namespace {

using testing::posed_face;

constexpr float kScale_px = 100;  // between the outer eye corners

std::size_t index_of(std::string_view name) {
  const auto& specs = action_specs();
  const auto found = std::find_if(specs.begin(), specs.end(),
                                  [&](const ActionSpec& spec) { return spec.name == name; });
  EXPECT_NE(found, specs.end()) << name;
  return static_cast<std::size_t>(found - specs.begin());
}

struct Push {
  std::vector<int> points;
  Point3 by;  // eye distances; x to the picture's right, y down, z away
};

// What a muscle does to an upright mesh, and which actions may see it.
struct Move {
  const char* name;
  std::vector<Push> pushes;
  std::map<std::string, float> moves;  // action -> change expected, in its own unit
  std::vector<Push> before{};          // where the face starts from
};

Landmarks moved(const std::vector<Push>& pushes, const HeadPose& pose = {},
                const Point3& shift = {300, 200, 0}, float scale_px = kScale_px,
                const std::vector<Push>& before = {}) {
  // The canonical face smiles a little and its lids stand higher than a neutral face's, so that
  // what is 0 up to the neutral face needs a start beyond it.
  std::array<Point3, kLandmarkCount> upright = canonical_points();
  for (const auto* list : {&before, &pushes}) {
    for (const Push& push : *list) {
      for (const int i : push.points) {
        Point3& p = upright.at(static_cast<std::size_t>(i));
        p = {p.x + push.by.x, p.y + push.by.y, p.z + push.by.z};
      }
    }
  }
  // Where each point goes under the pose: that of the canonical point, plus the turned push.
  const Landmarks base = posed_face(pose, scale_px, shift);
  Landmarks face = base;
  const auto turned = [&](const Point3& v) {
    const auto radians = [](float degrees) { return degrees * std::numbers::pi_v<float> / 180; };
    const float yaw = radians(pose.yaw_deg);
    const float pitch = radians(pose.pitch_deg);
    const float roll = radians(pose.roll_deg);
    Point3 q = {v.x, std::cos(pitch) * v.y + std::sin(pitch) * v.z,
                std::cos(pitch) * v.z - std::sin(pitch) * v.y};
    q = {std::cos(yaw) * q.x - std::sin(yaw) * q.z, q.y, std::cos(yaw) * q.z + std::sin(yaw) * q.x};
    return Point3{std::cos(roll) * q.x - std::sin(roll) * q.y,
                  std::cos(roll) * q.y + std::sin(roll) * q.x, q.z};
  };
  for (std::size_t i = 0; i < face.points.size(); ++i) {
    const Point3& from = canonical_points().at(i);
    const Point3 by = turned({upright[i].x - from.x, upright[i].y - from.y, upright[i].z - from.z});
    face.points[i] = {base.points[i].x + scale_px * by.x, base.points[i].y + scale_px * by.y,
                      base.points[i].z + scale_px * by.z};
  }
  return face;
}

// Both sides of the face: points of the person's right, then of the left.
const std::vector<int> kUpperLids = {157, 158, 159, 160, 161, 384, 385, 386, 387, 388};
const std::vector<int> kLowerLids = {144, 145, 153, 154, 163, 373, 374, 380, 381, 390};
const std::vector<int> kUpperRed = {0, 37, 267, 39, 269, 40, 270, 185, 409};
const std::vector<int> kLowerLipMiddle = {14, 87, 317, 15, 86, 316, 16, 85, 315, 17, 84, 314};
const std::vector<int> kCorners = {61, 291, 76, 306, 62, 292, 78, 308};

const std::vector<Move>& moves() {
  static const std::vector<Move> kMoves = {
      {"inner brows up", {{{107, 336, 55, 285}, {0, -0.05F, 0}}}, {{"inner_brows_raised", 0.05F}}},
      {"outer brows up", {{{70, 300, 46, 276}, {0, -0.05F, 0}}}, {{"outer_brows_raised", 0.05F}}},
      {"middle of the brows down",
       {{{105, 334, 52, 282}, {0, 0.05F, 0}}},
       {{"brows_lowered", 0.05F}}},
      {"brows together",
       {{{107, 55}, {0.02F, 0, 0}}, {{336, 285}, {-0.02F, 0, 0}}},
       {{"brows_together", 0.04F}}},
      {"upper lids up", {{kUpperLids, {0, -0.03F, 0}}}, {{"upper_lids_raised", 0.03F}}},
      {"lower lids up", {{kLowerLids, {0, -0.02F, 0}}}, {{"lids_tight", 0.02F}}},
      {"cheeks up",
       {{{50, 280, 101, 330, 118, 347, 117, 346}, {0, -0.04F, 0}}},
       {{"cheeks_raised", 0.04F}}},
      {"nose wrinkled", {{{98, 327, 64, 294}, {0, -0.04F, 0}}}, {{"nose_wrinkled", 0.04F}}},
      {"nostrils wide",
       {{{129}, {-0.02F, 0, 0}}, {{358}, {0.02F, 0, 0}}},
       {{"nostrils_wide", 0.04F}}},
      {"upper lip up",
       {{{165, 391, 92, 322, 167, 393, 164}, {0, -0.04F, 0}}},
       {{"upper_lip_raised", 0.04F}}},
      {"lip corners up", {{kCorners, {0, -0.04F, 0}}}, {{"lip_corners_up", 0.04F}}},
      {"lip corners down",
       {{kCorners, {0, 0.04F, 0}}},
       {{"lip_corners_down", 0.04F}},
       {{kCorners, {0, 0.0195F, 0}}}},  // the canonical corners come down to a neutral face's
      {"lip corners in", {{{61, 291}, {0, 0, 0.02F}}}, {{"lip_corners_dimpled", 0.02F}}},
      {"chin raised", {{{199, 200}, {0, -0.03F, 0}}}, {{"chin_raised", 0.03F}}},
      {"lips thinner",
       {{{0, 37, 267}, {0, 0.02F, 0}}, {{17, 84, 314}, {0, -0.02F, 0}}},
       {{"lips_pressed", 0.032F}}},  // less than 0.04: the red of the lips is slanted
      {"lips parted", {{kLowerLipMiddle, {0, 0.08F, 0}}}, {{"lips_parted", 0.08F}}},
      {"jaw dropped, lips closed",
       {{{152, 148, 377}, {0, 0.1F, 0}}, {{199, 200}, {0, 0.05F, 0}}},
       {{"jaw_drop", 0.1F}}},
      {"mouth stretched open",
       {{kLowerLipMiddle, {0, 0.4F, 0}}},
       {{"mouth_stretched", 0.204F}, {"lips_parted", 0.4F}}},  // an open mouth has parted lips
      {"lips puckered",
       {{{61}, {0.06F, 0, 0}}, {{291}, {-0.06F, 0, 0}}},
       {{"lips_puckered", 0.12F}},
       {{{61}, {0.03F, 0, 0}}, {{291}, {-0.03F, 0, 0}}}},
      {"lips stretched",
       {{{61}, {-0.04F, 0, 0}}, {{291}, {0.04F, 0, 0}}},
       {{"lips_stretched", 0.08F}}},
      {"one lip corner up",
       {{{61}, {0, -0.04F, 0}}},
       {{"lip_corners_uneven", 0.04F}, {"lip_corners_up", 0.02F}}},  // half a smile
      {"one brow up",
       {{{105, 52}, {0, -0.04F, 0}}},
       {{"brows_uneven", 0.04F}, {"brows_lowered", -0.02F}}},
  };
  return kMoves;
}

class ActionMoves : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ActionMoves, AloneOrAsItSays) {
  const Move& move = moves().at(GetParam());
  const HeadPose straight;
  const Actions before = measure_actions(moved({}, straight, {}, kScale_px, move.before));
  const Actions after = measure_actions(moved(move.pushes, straight, {}, kScale_px, move.before));
  for (std::size_t i = 0; i < kActionCount; ++i) {
    const auto expected = move.moves.find(std::string(action_specs()[i].name));
    if (expected == move.moves.end()) {
      EXPECT_NEAR(after[i], before[i], 2e-3) << move.name << " moves " << action_specs()[i].name;
    } else {
      // Distances in space change by a little less than the push where they are slanted.
      EXPECT_NEAR(after[i] - before[i], expected->second, 0.12 * std::abs(expected->second))
          << action_specs()[i].name;
    }
  }
}

// The same move on a turned, small, shifted face is the same change.
TEST_P(ActionMoves, TheSameInAnyPose) {
  const Move& move = moves().at(GetParam());
  const Actions straight = measure_actions(moved(move.pushes, {}, {}, kScale_px, move.before));
  for (const HeadPose& pose : {HeadPose{30, 0, 0}, HeadPose{0, -25, 0}, HeadPose{-20, 15, 40}}) {
    const Actions turned =
        measure_actions(moved(move.pushes, pose, {1234, 567, 0}, 40, move.before));
    for (std::size_t i = 0; i < index_of("head_turn_deg"); ++i) {
      EXPECT_NEAR(turned[i], straight[i], 2e-3) << move.name << ": " << action_specs()[i].name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ActionMoves, ::testing::Range<std::size_t>(0, 22),
                         [](const auto& test) {
                           std::string name = moves().at(test.param).name;
                           std::erase(name, ',');
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST(Actions, HaveAMoveEach) {
  std::set<std::string> covered = {"eyes_closed", "head_turn_deg", "head_up_deg", "head_tilt_deg"};
  for (const Move& move : moves()) {
    for (const auto& [name, change] : move.moves) covered.insert(name);
  }
  ASSERT_EQ(moves().size(), 22U);  // the suite above runs them all
  for (const ActionSpec& spec : action_specs()) {
    EXPECT_TRUE(covered.contains(std::string(spec.name))) << spec.name;
  }
}

TEST(Actions, AreNamedInSmallLettersAndOnceEach) {
  std::set<std::string_view> names;
  for (const ActionSpec& spec : action_specs()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_THAT(std::string(spec.name), ::testing::MatchesRegex("[a-z_]+"));
    EXPECT_FALSE(spec.action_units.empty());
  }
}

// From open to shut, whichever lid moves; the upper lid passes from raised to closing.
TEST(Actions, CloseTheEyesFromZeroToOne) {
  const std::size_t closed = index_of("eyes_closed");
  const std::size_t raised = index_of("upper_lids_raised");
  const Actions open = measure_actions(moved({}));
  EXPECT_EQ(open[closed], 0);
  float before = 0;
  for (const float by : {0.03F, 0.05F, 0.07F, 0.09F}) {
    const Actions closing = measure_actions(moved({{kUpperLids, {0, by, 0}}}));
    EXPECT_GT(closing[closed], before + 0.1F) << by;
    EXPECT_EQ(closing[raised], 0) << by;
    before = closing[closed];
    for (std::size_t i = 0; i < kActionCount; ++i) {
      if (i == closed || i == raised) continue;
      EXPECT_NEAR(closing[i], open[i], 2e-3) << action_specs()[i].name;
    }
  }
  EXPECT_EQ(measure_actions(moved({{kUpperLids, {0, 0.12F, 0}}}))[closed], 1);
  EXPECT_LE(measure_actions(moved({{kUpperLids, {0, 0.3F, 0}}}))[closed], 1);
}

TEST(Actions, TellTheHeadsAnglesAndNothingElseOfThem) {
  const Actions straight = measure_actions(posed_face({}, kScale_px, {}));
  const HeadPose pose = {20, -10, 15};
  const Actions turned = measure_actions(posed_face(pose, kScale_px, {}));
  EXPECT_NEAR(turned[index_of("head_turn_deg")], 20, 0.1);
  EXPECT_NEAR(turned[index_of("head_up_deg")], -10, 0.1);
  EXPECT_NEAR(turned[index_of("head_tilt_deg")], 15, 0.1);
  for (std::size_t i = 0; i < index_of("head_turn_deg"); ++i) {
    EXPECT_NEAR(turned[i], straight[i], 1e-3) << action_specs()[i].name;
  }
}

// Property: any position, any size, any angles and any small change of shape.
TEST(Actions, DependOnTheShapeOfTheFaceOnly) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Push> pushes;
    for (int i = 0; i < 30; ++i) {
      // Not the points that the alignment stands on: to move those is to move the head.
      const int point = 300 - 13 * (i % 23) + i;
      if (std::set<int>{6,   168, 197, 195, 8,   9,   10,  151, 33, 133,
                        263, 362, 127, 356, 162, 389, 234, 454, 21, 251}
              .contains(point)) {
        continue;
      }
      const auto small = [&] { return static_cast<float>(0.04 * (random.uniform() - 0.5)); };
      pushes.push_back({{point}, {small(), small(), small()}});
    }
    const auto angle = [&](double most) {
      return static_cast<float>(most * (2 * random.uniform() - 1));
    };
    const HeadPose pose = {angle(40), angle(30), angle(170)};
    const Actions one = measure_actions(moved(pushes));
    const Actions other = measure_actions(
        moved(pushes, pose, {angle(3000), angle(3000), 0}, 20 + 300 * std::abs(angle(1))));
    for (std::size_t i = 0; i < index_of("head_turn_deg"); ++i) {
      ASSERT_NEAR(one[i], other[i], 3e-3) << round << " " << action_specs()[i].name;
    }
  }
}

// A mirrored face has the same actions; turn and tilt change sign.
TEST(Actions, DoNotPreferASide) {
  const auto& mirror = mirror_points();
  for (const Move& move : moves()) {
    const Landmarks face = moved(move.pushes, {10, 5, 8}, {}, kScale_px, move.before);
    Landmarks mirrored = face;
    for (std::size_t i = 0; i < kLandmarkCount; ++i) {
      const Point3& p = face.points[static_cast<std::size_t>(mirror[i])];
      mirrored.points[i] = {-p.x, p.y, p.z};
    }
    const Actions one = measure_actions(face);
    const Actions other = measure_actions(mirrored);
    for (std::size_t i = 0; i < kActionCount; ++i) {
      const bool changes_sign = i == index_of("head_turn_deg") || i == index_of("head_tilt_deg");
      EXPECT_NEAR(one[i], changes_sign ? -other[i] : other[i], 2e-3)
          << move.name << " " << action_specs()[i].name;
    }
  }
}

TEST(Actions, AreMissingWhereTheMeshIs) {
  Landmarks nowhere;
  for (const float value : measure_actions(nowhere)) EXPECT_TRUE(std::isnan(value));
  Landmarks broken = posed_face({}, kScale_px, {});
  broken.points[0].x = std::nanf("");
  for (const float value : measure_actions(broken)) EXPECT_TRUE(std::isnan(value));
}

}  // namespace
}  // namespace mien
