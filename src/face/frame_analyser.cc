#include "face/frame_analyser.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "face/carried_face.h"
#include "face/descriptor.h"
#include "face/descriptor_rule.h"
#include "face/detector.h"
#include "face/landmarker.h"
#include "face/pose.h"
#include "face/quality.h"
#include "face/shot_cut.h"

namespace mien {
namespace {

// A face that was carried on through this many full detections without being among them is gone:
// what the landmark network holds on to is then more often its own guess than a face.
constexpr int kUnconfirmedDetections = 2;
constexpr float kSamePlace = 0.3F;

using Clock = std::chrono::steady_clock;

// Adds the time until its end to a stage.
class Stopwatch {
 public:
  explicit Stopwatch(StageTime& stage) : stage_(stage), begin_(Clock::now()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    stage_.seconds += std::chrono::duration<double>(Clock::now() - begin_).count();
    ++stage_.calls;
  }

 private:
  StageTime& stage_;
  Clock::time_point begin_;
};

bool overlaps_any(const Box& box, const std::vector<CarriedFace>& faces) {
  return std::ranges::any_of(faces, [&](const CarriedFace& other) {
    return intersection_over_union(box, other.now().box) > kSamePlace;
  });
}

}  // namespace

struct FrameAnalyser::State {
  Detector detector;
  Landmarker landmarker;
  std::optional<Descriptor> descriptor;
  FaceOptions options;

  std::vector<CarriedFace> faces{};  // of the frame before
  int frames_to_detection = 0;
  std::vector<float> signature{};
  DescriptorRule rule{};
  std::array<StageTime, 3> times{{{"detect", 0, 0}, {"landmarks", 0, 0}, {"descriptor", 0, 0}}};

  Result<Landmarks> find_landmarks(const ImageView& image, double scale, const CropSquare& square) {
    const Stopwatch time(times[1]);
    return landmarker.find(image, scale, square);
  }

  // The face on this frame, if its landmarks are found where they were on the frame before.
  Result<std::optional<CarriedFace>> carry_on(const ImageView& image, double scale,
                                              const CarriedFace& face) {
    if (!face.has_landmarks) return std::optional<CarriedFace>();
    MIEN_TRY(found, find_landmarks(image, scale, mesh_square(face.landmarks)));
    if (found.presence_prob < options.min_presence_prob) return std::optional<CarriedFace>();
    CarriedFace next = face;
    next.landmarks = found;
    next.detected = false;
    return std::optional(next);
  }

  Result<std::vector<CarriedFace>> detect(const ImageView& image, double scale) {
    std::vector<FaceDetection> detections;
    {
      const Stopwatch time(times[0]);
      MIEN_TRY(found, detector.detect(image, scale));
      detections = std::move(found);
    }
    std::vector<CarriedFace> seen;
    for (const FaceDetection& detection : detections) {
      MIEN_TRY(found, find_landmarks(image, scale, mesh_square(detection)));
      CarriedFace face;
      face.at_detection = detection;
      face.has_landmarks = found.presence_prob >= options.min_presence_prob;
      face.landmarks_at_detection = found;
      face.landmarks = found;
      seen.push_back(face);
    }
    return seen;
  }

  // All of the frame before again, or nothing: then the frame needs a full detection.
  Result<std::optional<std::vector<CarriedFace>>> carry_all_on(const ImageView& image,
                                                               double scale) {
    std::vector<CarriedFace> kept;
    for (const CarriedFace& face : faces) {
      MIEN_TRY(next, carry_on(image, scale, face));
      if (!next || overlaps_any(next->now().box, kept)) {
        return std::optional<std::vector<CarriedFace>>();
      }
      kept.push_back(*next);
    }
    return std::optional(std::move(kept));
  }

  // A full detection; faces of the frame before that it does not see are carried on.
  Result<std::vector<CarriedFace>> detect_and_carry_on(const ImageView& image, double scale) {
    MIEN_TRY(seen, detect(image, scale));
    for (const CarriedFace& face : faces) {
      if (face.unconfirmed >= kUnconfirmedDetections) continue;
      if (overlaps_any(face.now().box, seen)) continue;
      MIEN_TRY(next, carry_on(image, scale, face));
      if (!next || overlaps_any(next->now().box, seen)) continue;
      ++next->unconfirmed;
      seen.push_back(*next);
    }
    return seen;
  }

  Status look(const ImageView& image, double scale, bool cut) {
    if (cut) faces.clear();
    if (frames_to_detection > 0 && !cut) {
      MIEN_TRY(kept, carry_all_on(image, scale));
      if (kept) {
        --frames_to_detection;
        faces = std::move(*kept);
        return Ok{};
      }
    }
    MIEN_TRY(seen, detect_and_carry_on(image, scale));
    faces = std::move(seen);
    frames_to_detection = options.detect_every - 1;
    return Ok{};
  }
};

FrameAnalyser::FrameAnalyser(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameAnalyser::FrameAnalyser(FrameAnalyser&&) noexcept = default;
FrameAnalyser& FrameAnalyser::operator=(FrameAnalyser&&) noexcept = default;
FrameAnalyser::~FrameAnalyser() = default;

Result<FrameAnalyser> FrameAnalyser::open(const ModelSet& models, const FaceOptions& options) {
  MIEN_TRY(detector,
           Detector::open(models, {options.min_score_prob, options.border, options.small_faces}));
  MIEN_TRY(landmarker, Landmarker::open(models));
  std::optional<Descriptor> descriptor;
  if (options.descriptors) {
    MIEN_TRY(opened, Descriptor::open(models));
    descriptor = std::move(opened);
  }
  return FrameAnalyser(std::make_unique<State>(
      State{std::move(detector), std::move(landmarker), std::move(descriptor), options}));
}

void FrameAnalyser::begin_chunk() {
  state_->faces.clear();
  state_->frames_to_detection = 0;
  state_->signature.clear();
  state_->rule.forget();
}

Result<FrameFaces> FrameAnalyser::analyse(const ImageView& image, double scale,
                                          std::int64_t grid_index, std::int64_t pts_us) {
  State& state = *state_;
  const FaceOptions& options = state.options;
  FrameFaces frame;
  frame.grid_index = grid_index;
  frame.pts_us = pts_us;
  if (image.empty()) return frame;
  frame.signature = frame_signature(image);
  const bool cut = is_cut(state.signature, frame.signature);
  state.signature = frame.signature;
  if (cut) state.rule.forget();
  MIEN_TRY_VOID(state.look(image, scale, cut));

  for (const CarriedFace& face : state.faces) {
    FaceObservation seen;
    seen.detection = face.now();
    seen.detected = face.detected;
    seen.has_landmarks = face.has_landmarks;
    if (face.has_landmarks) {
      seen.landmarks = face.landmarks;
      seen.pose = estimate_pose(face.landmarks);
    }
    seen.quality = measure_quality(image, scale, seen, options);
    frame.faces.push_back(std::move(seen));
  }
  std::ranges::stable_sort(frame.faces, {},
                           [](const FaceObservation& face) { return face.detection.box.x_px; });
  if (!state.descriptor) return frame;
  const std::vector<bool> wanted = state.rule.wanted(frame.faces, pts_us);
  for (std::size_t i = 0; i < frame.faces.size(); ++i) {
    const bool always = options.descriptor_every == 1;
    if (!wanted[i] && !always) continue;
    const Stopwatch time(state.times[2]);
    MIEN_TRY(described, state.descriptor->describe(image, scale, frame.faces[i]));
    frame.faces[i].descriptor = std::move(described);
  }
  return frame;
}

std::vector<StageTime> FrameAnalyser::stage_times() const {
  return {state_->times.begin(), state_->times.end()};
}

}  // namespace mien
