#include "expression/actions.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "face/alignment.h"

namespace mien {
namespace {

using Points = std::array<Point3, kLandmarkCount>;
using Which = std::initializer_list<int>;

const Point3& at(const Points& points, int i) {
  return points[static_cast<std::size_t>(i)];
}

// Height over the eye corners, mean over points.
double height(const Points& points, Which which) {
  double sum = 0;
  for (const int i : which) sum -= static_cast<double>(at(points, i).y);
  return sum / static_cast<double>(which.size());
}

double depth(const Points& points, Which which) {
  double sum = 0;
  for (const int i : which) sum += static_cast<double>(at(points, i).z);
  return sum / static_cast<double>(which.size());
}

double distance(const Points& points, int a, int b) {
  const Point3& p = at(points, a);
  const Point3& q = at(points, b);
  return std::hypot(static_cast<double>(p.x - q.x), static_cast<double>(p.y - q.y),
                    static_cast<double>(p.z - q.z));
}

struct Pair {
  int a;
  int b;
};

// In space, so that a wrong pitch shortens nothing.
double distance(const Points& points, std::initializer_list<Pair> pairs) {
  double sum = 0;
  for (const Pair& pair : pairs) sum += distance(points, pair.a, pair.b);
  return sum / static_cast<double>(pairs.size());
}

// The order of Measures.
enum Measure : std::size_t {
  kInnerBrow,
  kOuterBrow,
  kMiddleBrow,
  kBrowGap,
  kUpperLid,
  kLowerLid,
  kCheek,
  kNoseWings,
  kNostrils,
  kUpperLip,
  kCorners,
  kCornerDepth,
  kMouthWidth,
  kRedLips,
  kGap,
  kJaw,
  kChinBoss,
  kCornersUneven,
  kBrowsUneven,
};

// Numbers are the mesh's points; the person's right side first in each pair.
Measures measures_of(const Points& p) {
  Measures m{};
  m[kInnerBrow] = height(p, {107, 336, 55, 285});
  m[kOuterBrow] = height(p, {70, 300, 46, 276});
  m[kMiddleBrow] = height(p, {105, 334, 52, 282});
  m[kBrowGap] = distance(p, {{107, 336}, {55, 285}});
  m[kUpperLid] = height(p, {158, 385, 159, 386, 160, 387});
  m[kLowerLid] = height(p, {144, 373, 145, 374, 153, 380});
  m[kCheek] = height(p, {50, 280, 101, 330, 118, 347});
  m[kNoseWings] = -distance(p, {{133, 98}, {362, 327}, {133, 64}, {362, 294}});
  m[kNostrils] = distance(p, {{129, 358}});
  m[kUpperLip] = -distance(p, {{168, 165}, {168, 391}, {168, 92}, {168, 322}});
  m[kCorners] = height(p, {61, 291}) - height(p, {40, 270, 91, 321});
  m[kCornerDepth] = depth(p, {61, 291}) - depth(p, {57, 287, 186, 410, 43, 273});
  m[kMouthWidth] = distance(p, {{61, 291}});
  m[kRedLips] =
      distance(p, {{0, 13}, {37, 82}, {267, 312}}) + distance(p, {{17, 14}, {84, 87}, {314, 317}});
  m[kGap] = distance(p, {{13, 14}});
  m[kJaw] = distance(p, {{2, 152}});
  m[kChinBoss] = height(p, {199, 200}) - height(p, {18, 152});
  m[kCornersUneven] = height(p, {61}) - height(p, {291}) - (height(p, {98}) - height(p, {327}));
  m[kBrowsUneven] = height(p, {105}) - height(p, {334});
  return m;
}

// Medians over the pictures labelled neutral, printed by expression_norms; differences between the
// sides are 0 by symmetry.
constexpr Measures kNeutral = {0.1718,  0.1453, 0.2138,  0.2997, 0.0446, -0.0349, -0.2837,
                               -0.4865, 0.4627, -0.7008, 0.0080, 0.0124, 0.5554,  0.2110,
                               0.0347,  0.7613, 0.0230,  0,      0};

constexpr double kWideOpen = 0.25;  // gap of the lips from which a mouth counts as stretched open

// How far the upper lid has gone from a neutral face's place to where the lower lid is now.
double closure(double upper, double lower) {
  const double way = kNeutral[kUpperLid] - lower;
  if (upper >= kNeutral[kUpperLid]) return 0;
  if (upper <= lower || way <= 0) return 1;
  return std::min(1.0, (kNeutral[kUpperLid] - upper) / way);
}

// What one face's actions are computed from.
struct Measured {
  Measures now{};
  HeadPose pose;

  double operator[](Measure which) const { return now[which]; }
  double over(Measure which) const { return now[which] - kNeutral[which]; }
};

struct Definition {
  ActionSpec spec;
  double (*value)(const Measured&);
};

constexpr std::string_view kEyes = "eye distances";

constexpr std::array<Definition, kActionCount> kDefinitions = {{
    {{"inner_brows_raised", "AU1", "Height of the brows' inner ends over the eye corners", kEyes},
     [](const Measured& m) -> double { return m.over(kInnerBrow); }},
    {{"outer_brows_raised", "AU2", "Height of the brows' outer ends over the eye corners", kEyes},
     [](const Measured& m) -> double { return m.over(kOuterBrow); }},
    {{"brows_lowered", "AU4", "How low the middle of the brows is", kEyes},
     [](const Measured& m) -> double { return -m.over(kMiddleBrow); }},
    {{"brows_together", "AU4", "How near the inner ends of the brows are to each other", kEyes},
     [](const Measured& m) -> double { return -m.over(kBrowGap); }},
    {{"upper_lids_raised", "AU5", "Height of the upper lids above a neutral face's, else 0", kEyes},
     [](const Measured& m) -> double { return std::max(0.0, m.over(kUpperLid)); }},
    {{"cheeks_raised", "AU6", "Height of the cheeks below the eyes", kEyes},
     [](const Measured& m) -> double { return m.over(kCheek); }},
    {{"lids_tight", "AU7", "Height of the lower lids", kEyes},
     [](const Measured& m) -> double { return m.over(kLowerLid); }},
    {{"eyes_closed", "AU43",
      "How much of the way from a neutral face's upper lid to the lower lid is gone: 0 open, 1 "
      "shut",
      "share"},
     [](const Measured& m) -> double { return closure(m[kUpperLid], m[kLowerLid]); }},
    {{"nose_wrinkled", "AU9", "How near the wings of the nose are to the inner eye corners", kEyes},
     [](const Measured& m) -> double { return m.over(kNoseWings); }},
    {{"nostrils_wide", "AU38", "Width of the nose over its wings", kEyes},
     [](const Measured& m) -> double { return m.over(kNostrils); }},
    {{"upper_lip_raised", "AU10", "How near the skin above the upper lip is to the nose's root",
      kEyes},
     [](const Measured& m) -> double { return m.over(kUpperLip); }},
    {{"lip_corners_up", "AU12", "Height of the lip corners over the lips beside them, else 0",
      kEyes},
     [](const Measured& m) -> double { return std::max(0.0, m.over(kCorners)); }},
    {{"lip_corners_down", "AU15", "Depth of the lip corners under the lips beside them, else 0",
      kEyes},
     [](const Measured& m) -> double { return std::max(0.0, -m.over(kCorners)); }},
    {{"lip_corners_dimpled", "AU14", "How far the lip corners lie behind the skin around them",
      kEyes},
     [](const Measured& m) -> double { return m.over(kCornerDepth); }},
    {{"chin_raised", "AU17", "How far the chin's boss has risen towards the lower lip", kEyes},
     [](const Measured& m) -> double { return m.over(kChinBoss); }},
    {{"lips_pressed", "AU23, AU24", "How thin the red of the lips is", kEyes},
     [](const Measured& m) -> double { return -m.over(kRedLips); }},
    {{"lips_parted", "AU25", "Gap between the lips", kEyes},
     [](const Measured& m) -> double { return m.over(kGap); }},
    {{"jaw_drop", "AU26", "Distance of the chin from the nose", kEyes},
     [](const Measured& m) -> double { return m.over(kJaw); }},
    {{"mouth_stretched", "AU27",
      "Gap between the lips beyond a quarter of the eye distance, else 0", kEyes},
     [](const Measured& m) -> double { return std::max(0.0, m[kGap] - kWideOpen); }},
    {{"lips_puckered", "AU18", "How much narrower the mouth is than a neutral face's, else 0",
      kEyes},
     [](const Measured& m) -> double { return std::max(0.0, -m.over(kMouthWidth)); }},
    {{"lips_stretched", "AU20", "How much wider the mouth is than a neutral face's, else 0", kEyes},
     [](const Measured& m) -> double { return std::max(0.0, m.over(kMouthWidth)); }},
    {{"lip_corners_uneven", "one-sided AU12 or AU14",
      "Difference in height of the two lip corners, whichever is higher", kEyes},
     [](const Measured& m) -> double { return std::abs(m[kCornersUneven]); }},
    {{"brows_uneven", "one-sided AU2 or AU4",
      "Difference in height of the two brows, whichever is higher", kEyes},
     [](const Measured& m) -> double { return std::abs(m[kBrowsUneven]); }},
    {{"head_turn_deg", "AU51, AU52", "Head turned towards the person's own left", "degrees"},
     [](const Measured& m) -> double { return static_cast<double>(m.pose.yaw_deg); }},
    {{"head_up_deg", "AU53, AU54", "Head raised; negative: lowered", "degrees"},
     [](const Measured& m) -> double { return static_cast<double>(m.pose.pitch_deg); }},
    {{"head_tilt_deg", "AU55, AU56", "Head tilted clockwise as the viewer sees it", "degrees"},
     [](const Measured& m) -> double { return static_cast<double>(m.pose.roll_deg); }},
}};

}  // namespace

const std::array<ActionSpec, kActionCount>& action_specs() {
  static const std::array<ActionSpec, kActionCount> kSpecs = [] {
    std::array<ActionSpec, kActionCount> specs;
    std::transform(kDefinitions.begin(), kDefinitions.end(), specs.begin(),
                   [](const Definition& definition) { return definition.spec; });
    return specs;
  }();
  return kSpecs;
}

const Measures& neutral_measures() {
  return kNeutral;
}

Measures measures_of(const Landmarks& landmarks) {
  return measures_of(align_face(landmarks).points);
}

Actions measure_actions(const Landmarks& landmarks) {
  const AlignedFace face = align_face(landmarks);
  Actions actions{};
  if (!std::isfinite(face.scale_px)) {
    actions.fill(std::numeric_limits<float>::quiet_NaN());
    return actions;
  }
  const Measured measured{measures_of(face.points), face.pose};
  std::transform(
      kDefinitions.begin(), kDefinitions.end(), actions.begin(),
      [&](const Definition& definition) { return static_cast<float>(definition.value(measured)); });
  return actions;
}

}  // namespace mien
