#include "face/frame_analyser.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <optional>
#include <utility>

#include "face/carried_face.h"
#include "face/descriptor.h"
#include "face/descriptor_rule.h"
#include "face/face_finder.h"
#include "face/iris_landmarker.h"
#include "face/pose.h"
#include "face/quality.h"
#include "face/shot_cut.h"

namespace mien {
namespace {

// A face that two full detections did not confirm is gone: what the landmark network holds on to is
// then more often its own guess than a face.
constexpr int kUnconfirmedDetections = 2;
// Tiles cost many times the base pass; small faces may wait for this many frames (4 s at 6 Hz).
constexpr int kTilesEvery = 24;
constexpr float kSamePlace = 0.3F;
// After a face was lost every frame is searched for this long (1 s at 6 Hz): who comes out from
// behind somebody, or moves too fast for landmarks, is back at once.
constexpr int kUnsettledFrames = 6;
// A mesh that moved by more than this share of its face is read again from where it is now.
constexpr float kFarMove = 0.08F;
// A mesh that grows or shrinks by more than this from frame to frame has slipped off its face.
constexpr float kSlipped = 1.25F;
// Where faces overlap by more than this, a mesh may be squeezed into what is left of the hidden
// one: the detector must still see both.
constexpr float kMeeting = 0.02F;
// The detector and carried landmarks agree about a face whose boxes overlap by this much; else the
// landmarks are read again from the detector's box.
constexpr float kAgreeing = 0.6F;
// The detector near a face whose landmarks were lost must be surer than where landmarks agree.
constexpr float kAloneMargin_prob = 0.1F;

// An unconfirmed face of a still takes at least this share of the picture's shorter side: it is a
// picture of a face. Chosen in docs/expression-heads.md.
constexpr double kFillsStill = 0.6;

bool overlaps_any(const Box& box, const std::vector<CarriedFace>& faces,
                  float overlap = kSamePlace) {
  return std::ranges::any_of(faces, [&](const CarriedFace& other) {
    return intersection_over_union(box, other.now().box) > overlap;
  });
}

}  // namespace

struct FrameAnalyser::State {
  FaceFinder finder;
  std::optional<Descriptor> descriptor;
  std::optional<IrisLandmarker> second_mesh;
  FaceOptions options;

  std::vector<CarriedFace> faces{};  // of the frame before
  int frames_to_detection = 0;
  int frames_to_tiles = 0;
  int unsettled_frames = 0;
  bool keeps_unconfirmed = false;
  std::vector<float> signature{};
  DescriptorRule rule{};

  CarriedFace seen_face(const FaceDetection& detection, const Landmarks& landmarks) const {
    CarriedFace face;
    face.at_detection = detection;
    face.has_landmarks = landmarks.presence_prob >= options.min_presence_prob;
    face.landmarks_at_detection = landmarks;
    face.landmarks = landmarks;
    return face;
  }

  struct Reading {
    Landmarks landmarks;
    std::optional<IrisLandmarks> irises;  // where the second mesh read them
  };

  // One run of the mesh that follows.
  Result<Reading> read_near(const ImageView& image, double scale, const Landmarks& before) {
    if (!second_mesh) {
      MIEN_TRY(landmarks, finder.follow(image, scale, before));
      return Reading{landmarks, {}};
    }
    MIEN_TRY(irises, second_mesh->find(image, scale, mesh_square(before)));
    return Reading{without_irises(irises), irises};
  }

  // The landmarks on this frame; presence 0 where they have slipped.
  Result<Reading> follow(const ImageView& image, double scale, const Landmarks& before) {
    MIEN_TRY(reading, read_near(image, scale, before));
    Landmarks& now = reading.landmarks;
    const CropSquare was = mesh_square(before);
    CropSquare is = mesh_square(now);
    const float moved = std::hypot(is.centre.x - was.centre.x, is.centre.y - was.centre.y);
    if (now.presence_prob >= options.min_presence_prob && moved > kFarMove * was.side_px) {
      MIEN_TRY(again, read_near(image, scale, now));
      reading = std::move(again);
      is = mesh_square(now);
    }
    const float grown = is.side_px / was.side_px;
    if (!(grown < kSlipped && grown > 1 / kSlipped)) now.presence_prob = 0;
    return reading;
  }

  // The face on this frame: by its landmarks, else by the detector near where it was; nullopt where
  // neither finds it.
  Result<std::optional<CarriedFace>> carry_on(const ImageView& image, double scale,
                                              const CarriedFace& face) {
    if (face.has_landmarks) {
      MIEN_TRY(reading, follow(image, scale, face.landmarks));
      if (reading.landmarks.presence_prob >= options.min_presence_prob) {
        CarriedFace next = face;
        next.landmarks = reading.landmarks;
        next.irises = reading.irises;
        next.detected = false;
        return std::optional(next);
      }
    }
    MIEN_TRY(again, finder.find_again(image, scale, face.now()));
    if (!again || again->score_prob < options.min_score_prob + kAloneMargin_prob) {
      return std::optional<CarriedFace>();
    }
    MIEN_TRY(landmarks, finder.read(image, scale, *again));
    return std::optional(seen_face(*again, landmarks));
  }

  // All faces of the frame before on this one, or nothing where one is lost or two meet.
  Result<std::optional<std::vector<CarriedFace>>> carry_all_on(const ImageView& image,
                                                               double scale) {
    std::vector<CarriedFace> kept;
    for (const CarriedFace& face : faces) {
      MIEN_TRY(next, carry_on(image, scale, face));
      if (!next || overlaps_any(next->now().box, kept, kMeeting)) {
        return std::optional<std::vector<CarriedFace>>();
      }
      kept.push_back(*next);
    }
    return std::optional(std::move(kept));
  }

  // A carried face meets the detector again: it takes over the candidate's box, or that of a look
  // of its own.
  Status confirm(const ImageView& image, double scale, const std::vector<FaceDetection>& candidates,
                 CarriedFace& face) {
    if (face.detected) return Ok{};
    const Box box = face.now().box;
    const auto same = std::ranges::find_if(candidates, [&](const FaceDetection& candidate) {
      return candidate.score_prob >= options.min_score_prob &&
             intersection_over_union(candidate.box, box) > kSamePlace;
    });
    std::optional<FaceDetection> detection;
    if (same != candidates.end()) {
      detection = *same;
    } else {
      MIEN_TRY(again, finder.find_again(image, scale, face.now()));
      detection = again;
    }
    if (detection) {
      Landmarks landmarks = face.landmarks;
      std::optional<IrisLandmarks> irises = face.irises;
      if (!face.has_landmarks || intersection_over_union(detection->box, box) < kAgreeing) {
        MIEN_TRY(read, finder.read(image, scale, *detection));
        landmarks = read;
        irises.reset();
      }
      face = seen_face(*detection, landmarks);
      face.irises = irises;
    } else {
      ++face.unconfirmed;
    }
    return Ok{};
  }

  Result<std::vector<CarriedFace>> detect(const ImageView& image, double scale, Passes passes) {
    MIEN_TRY(candidates, finder.candidates(image, scale, passes));
    std::vector<CarriedFace> seen;
    for (const CarriedFace& face : faces) {
      MIEN_TRY(next, carry_on(image, scale, face));
      if (!next || overlaps_any(next->now().box, seen)) continue;
      MIEN_TRY_VOID(confirm(image, scale, candidates, *next));
      if (next->unconfirmed < kUnconfirmedDetections) seen.push_back(*next);
    }
    std::erase_if(seen, [&](const CarriedFace& face) {
      return face.unconfirmed > 0 && std::ranges::any_of(seen, [&](const CarriedFace& other) {
               return &other != &face &&
                      intersection_over_union(face.now().box, other.now().box) > kMeeting;
             });
    });
    for (const FaceDetection& candidate : candidates) {
      if (overlaps_any(candidate.box, seen)) continue;
      MIEN_TRY(found, finder.verify(image, scale, candidate));
      if (!found || overlaps_any(found->detection.box, seen)) continue;
      seen.push_back(seen_face(found->detection, found->landmarks));
    }
    if (seen.empty() && keeps_unconfirmed) {
      MIEN_TRY(whole, finder.candidates(image, scale, Passes::kBase));
      const double least_px = kFillsStill * scale * std::min(image.width_px, image.height_px);
      const auto best = std::ranges::find_if(whole, [&](const FaceDetection& candidate) {
        return candidate.score_prob >= options.min_score_prob &&
               double{candidate.box.height_px} >= least_px;
      });
      if (best != whole.end()) {
        CarriedFace face;  // without landmarks, however low min_presence_prob is
        face.at_detection = *best;
        seen.push_back(face);
      }
    }
    return seen;
  }

  Status look(const ImageView& image, double scale, bool cut) {
    if (cut) {
      faces.clear();
      frames_to_detection = 0;
      frames_to_tiles = 0;
      unsettled_frames = 0;
    }
    if (frames_to_detection > 0) {
      MIEN_TRY(kept, carry_all_on(image, scale));
      if (kept) {
        --frames_to_detection;
        --frames_to_tiles;
        faces = std::move(*kept);
        return Ok{};
      }
    }
    const bool tiles = options.small_faces && (frames_to_tiles <= 0 || options.detect_every <= 1);
    MIEN_TRY(seen, detect(image, scale, tiles ? Passes::kBaseAndTiles : Passes::kBase));
    const bool lost = seen.size() < faces.size();
    unsettled_frames = lost ? kUnsettledFrames : std::max(0, unsettled_frames - 1);
    faces = std::move(seen);
    frames_to_detection = unsettled_frames > 0 ? 0 : options.detect_every - 1;
    frames_to_tiles = tiles ? kTilesEvery - 1 : frames_to_tiles - 1;
    return Ok{};
  }
};

FrameAnalyser::FrameAnalyser(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameAnalyser::FrameAnalyser(FrameAnalyser&&) noexcept = default;
FrameAnalyser& FrameAnalyser::operator=(FrameAnalyser&&) noexcept = default;
FrameAnalyser::~FrameAnalyser() = default;

Result<FrameAnalyser> FrameAnalyser::open(const ModelSet& models, const FaceOptions& options) {
  // The descriptor's network is the largest by far; the others open beside it.
  std::future<Result<Descriptor>> opening;
  if (options.descriptors) {
    opening = std::async(std::launch::async, [&models] { return Descriptor::open(models); });
  }
  MIEN_TRY(finder, FaceFinder::open(models, {options.min_score_prob, options.border}));
  std::optional<Descriptor> descriptor;
  if (options.descriptors) {
    MIEN_TRY(opened, opening.get());
    descriptor = std::move(opened);
  }
  std::optional<IrisLandmarker> second_mesh;
  if (options.second_mesh_follows) {
    MIEN_TRY(opened, IrisLandmarker::open(models));
    second_mesh = std::move(opened);
  }
  return FrameAnalyser(std::make_unique<State>(
      State{std::move(finder), std::move(descriptor), std::move(second_mesh), options}));
}

void FrameAnalyser::begin_chunk(Source source) {
  state_->keeps_unconfirmed = source == Source::kStill && state_->options.unconfirmed_in_stills;
  state_->faces.clear();
  state_->frames_to_detection = 0;
  state_->frames_to_tiles = 0;
  state_->unsettled_frames = 0;
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
      seen.irises = face.irises;
      seen.pose = estimate_pose(face.landmarks);
    }
    seen.quality = measure_quality(image, scale, seen, options);
    if (!state.keeps_unconfirmed) seen.quality.only_unmeshed = false;
    frame.faces.push_back(std::move(seen));
  }
  std::ranges::stable_sort(frame.faces, {},
                           [](const FaceObservation& face) { return face.detection.box.x_px; });
  if (!state.descriptor) return frame;
  const std::vector<bool> wanted = state.rule.wanted(frame.faces, pts_us);
  for (std::size_t i = 0; i < frame.faces.size(); ++i) {
    const bool always = options.descriptor_every == 1;
    if (!wanted[i] && !always) continue;
    MIEN_TRY(described, state.descriptor->describe(image, scale, frame.faces[i]));
    frame.faces[i].descriptor = std::move(described);
  }
  return frame;
}

std::vector<StageTime> FrameAnalyser::stage_times() const {
  const auto stage = [](const char* name, const StageClock& clock) {
    return StageTime{name, clock.calls, clock.seconds};
  };
  std::vector<StageTime> times = {stage("detect", state_->finder.detector_clock()),
                                  stage("landmarks", state_->finder.landmark_clock())};
  if (state_->second_mesh) times.push_back(stage("iris_landmarks", state_->second_mesh->clock()));
  if (state_->descriptor) times.push_back(stage("descriptor", state_->descriptor->clock()));
  return times;
}

}  // namespace mien
