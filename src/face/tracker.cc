#include "face/tracker.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <optional>
#include <utility>

#include "face/assignment.h"
#include "face/motion.h"
#include "face/shot_cut.h"

namespace mien {
namespace {

// A face this surprising for a track is a new one, unless its descriptor speaks for the track: half
// the 0.9999 quantile of chi-squared with 3 degrees of freedom, 10.5, above the 3.5 that a face
// followed at 6 Hz has at its best.
constexpr double kNewTrack = 14;
// The outlier part of the motion: nowhere in the picture is less likely than this.
constexpr double kElsewhere = 20;
// A box that still overlaps the last one as SORT asks is not surprising, whatever the frame rate.
constexpr float kTrackOverlap = 0.3F;
constexpr double kOverlapping = 8;
// Cosine distances measured by real_faces_test.cc: one person at most 0.32 (median 0.11), people of
// one picture at least 0.39 (median 0.55); 100 is the slope of the log likelihood ratio of the two.
constexpr double kEvenDistance = 0.36;
constexpr double kDescriptorWeight = 100;
constexpr double kMostFor = -8;
constexpr double kMostAgainst = 12;
// A face beside another (boxes grown by a quarter touch) may be half covered by that head, and then
// looks like nobody: less can be said against it.
constexpr double kMostAgainstBeside = 6;
constexpr float kBeside = 0.25F;
// A track's descriptor: the mean of the first ten, then an exponential average with the weight that
// FairMOT (Zhang et al. 2021) uses.
constexpr int kMeanOf = 10;
// A crop that shows somebody else too is not learnt from.
constexpr float kContaminated = 0.2F;

struct Track {
  std::int32_t id = 0;
  FaceMotion motion;
  Box box;
  double seen_s = 0;
  std::vector<float> descriptor;  // mean, unit length; empty: none yet
  int descriptors = 0;
};

double cosine_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return 1 - dot;
}

double descriptor_cost(const Track& track, const FaceObservation& face, double most_against) {
  if (track.descriptor.empty() || track.descriptor.size() != face.descriptor.size()) return 0;
  const double cost =
      kDescriptorWeight * (cosine_distance(track.descriptor, face.descriptor) - kEvenDistance);
  return std::isnan(cost) ? 0 : std::clamp(cost, kMostFor, most_against);
}

double pair_cost(const Track& track, const FaceObservation& face, double now_s, bool beside) {
  const Box& box = face.detection.box;
  const double noise = beside ? kCoveredNoise : kClearNoise;
  const double most_against = beside ? kMostAgainstBeside : kMostAgainst;
  double motion = std::min(track.motion.surprise(box, now_s, noise), kElsewhere);
  if (intersection_over_union(track.box, box) >= kTrackOverlap)
    motion = std::min(motion, kOverlapping);
  return motion + descriptor_cost(track, face, most_against);
}

void learn(Track& track, const std::vector<float>& descriptor) {
  if (descriptor.empty()) return;
  if (track.descriptor.size() != descriptor.size()) {
    track.descriptor = descriptor;
    track.descriptors = 1;
    return;
  }
  track.descriptors = std::min(track.descriptors + 1, kMeanOf);
  const float weight = 1 / static_cast<float>(track.descriptors);
  double squares = 0;
  for (std::size_t i = 0; i < descriptor.size(); ++i) {
    track.descriptor[i] += weight * (descriptor[i] - track.descriptor[i]);
    squares += static_cast<double>(track.descriptor[i]) * static_cast<double>(track.descriptor[i]);
  }
  if (!(squares > 0)) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& v : track.descriptor) v *= scale;
}

bool trackable(const Box& box) {
  return std::isfinite(box.x_px) && std::isfinite(box.y_px) && std::isfinite(box.area_px2()) &&
         box.area_px2() > 0;
}

// A total order, also of NaN, so that faces come left to right whatever order they came in.
bool stands_before(const FaceObservation& a, const FaceObservation& b) {
  const auto numbers = [](const FaceObservation& face) {
    const Box& box = face.detection.box;
    return std::array<float, 5>{box.x_px, box.y_px, box.width_px, box.height_px,
                                face.detection.score_prob};
  };
  const auto compare = [](const auto& x, const auto& y) {
    return std::lexicographical_compare_three_way(
        x.begin(), x.end(), y.begin(), y.end(),
        [](float p, float q) { return std::strong_order(p, q); });
  };
  const auto by_numbers = compare(numbers(a), numbers(b));
  return (by_numbers != 0 ? by_numbers : compare(a.descriptor, b.descriptor)) < 0;
}

std::vector<std::size_t> canonical_order(const std::vector<FaceObservation>& faces) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (trackable(faces[i].detection.box)) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return stands_before(faces[a], faces[b]); });
  return order;
}

bool shares_its_crop(const std::vector<FaceObservation>& faces, std::size_t which) {
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (i != which && intersection_over_union(faces[i].detection.box, faces[which].detection.box) >
                          kContaminated) {
      return true;
    }
  }
  return false;
}

bool stands_beside_another(const std::vector<FaceObservation>& faces, std::size_t which) {
  const auto grown = [](const Box& box) {
    return Box{box.x_px - kBeside * box.width_px, box.y_px - kBeside * box.height_px,
               (1 + 2 * kBeside) * box.width_px, (1 + 2 * kBeside) * box.height_px};
  };
  const Box box = grown(faces[which].detection.box);
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (i != which && intersection_over_union(grown(faces[i].detection.box), box) > 0) return true;
  }
  return false;
}

}  // namespace

struct Tracker::State {
  TrackerOptions options;
  std::vector<Track> tracks;     // in the order of their ids
  std::vector<float> signature;  // of the last frame that was not blank
  std::optional<std::int64_t> last_us;
  std::int32_t next_id = 0;
  int shot = 0;

  void begin_shot_at_cut(const FrameFaces& frame) {
    if (last_us && (frame.shot_begins || is_cut(signature, frame.signature))) {
      ++shot;
      tracks.clear();
    }
    if (!is_blank(frame.signature)) signature = frame.signature;
  }

  Track& begin(const FaceObservation& face, double now_s) {
    const Box& box = face.detection.box;
    tracks.push_back({next_id++, FaceMotion(box, now_s), box, now_s, {}, 0});
    return tracks.back();
  }
};

Tracker::Tracker(const TrackerOptions& options) : state_(std::make_unique<State>()) {
  state_->options = options;
}
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;
Tracker::~Tracker() = default;

int Tracker::shot() const {
  return state_->shot;
}
std::size_t Tracker::open_tracks() const {
  return state_->tracks.size();
}

std::vector<TrackId> Tracker::update(const FrameFaces& frame) {
  State& s = *state_;
  s.begin_shot_at_cut(frame);
  s.last_us = std::max(s.last_us.value_or(frame.pts_us), frame.pts_us);
  const double now_s = static_cast<double>(*s.last_us) / 1e6;
  std::erase_if(s.tracks,
                [&](const Track& track) { return now_s - track.seen_s > s.options.max_gap_s; });

  const std::vector<std::size_t> order = canonical_order(frame.faces);
  std::vector<bool> beside;
  beside.reserve(order.size());
  for (const std::size_t face : order) beside.push_back(stands_beside_another(frame.faces, face));
  CostMatrix costs(order.size(), s.tracks.size());
  for (std::size_t row = 0; row < order.size(); ++row) {
    const FaceObservation& face = frame.faces[order[row]];
    for (std::size_t column = 0; column < s.tracks.size(); ++column) {
      const double cost = pair_cost(s.tracks[column], face, now_s, beside[row]);
      if (cost < kNewTrack) costs.at(row, column) = cost;
    }
  }
  const std::vector<int> track_of = assign(costs, kNewTrack);

  std::vector<TrackId> ids(frame.faces.size(), TrackId(-1));
  for (std::size_t row = 0; row < order.size(); ++row) {
    const FaceObservation& face = frame.faces[order[row]];
    const bool is_new = track_of[row] < 0;
    Track& track =
        is_new ? s.begin(face, now_s) : s.tracks[static_cast<std::size_t>(track_of[row])];
    if (!is_new) track.motion.update(face.detection.box, now_s);
    track.box = face.detection.box;
    track.seen_s = now_s;
    if (track.descriptor.empty() || !shares_its_crop(frame.faces, order[row])) {
      learn(track, face.descriptor);
    }
    ids[order[row]] = TrackId(track.id);
  }
  // A box without an area is nowhere: a track of its own.
  for (TrackId& id : ids) {
    if (id == TrackId(-1)) id = TrackId(s.next_id++);
  }
  return ids;
}

}  // namespace mien
