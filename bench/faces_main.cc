// mien-bench-faces [--held-out] MODE...: what the search for faces finds, invents and costs. From
// the source folder, one thread:
//
//   found PICTURE...                 the faces of pictures, one line each
//   recall WIDTH HEIGHT SIZES [BACKGROUNDS]   recall by face size ("32,64"), with and without tiles
//   empty WIDTH HEIGHT FRAMES [BACKGROUNDS]   false faces on frames without any face
//   evidence WIDTH HEIGHT FRAMES [BACKGROUNDS]  what the thresholds of face_finder.cc were chosen
//                                    on: of face-free frames, or with 0 FRAMES of composed heads
//   every [BACKGROUNDS]              recall and cost by how often a full detection runs
//
// --held-out takes other places and other shared portraits than those that the thresholds were
// chosen on.
//
// BACKGROUNDS is a folder of photographs without people; without it, backgrounds are the parts of
// the many-face pictures that show no head. Everything is seeded: the same call prints the same
// counts.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "support/composed_faces.h"
#include "support/real_pictures.h"

#include "face/detector.h"
#include "face/face_finder.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"

namespace mien::bench {
namespace {

using testing::ComposedFrame;
using testing::FaceFreeFrames;
using testing::Head;

constexpr float kSameFace = 0.4F;  // least overlap of a found box with the true one
// The heads and places that the thresholds were chosen on, or with --held-out others.
struct Draw {
  std::uint64_t seed = 2021;
  int first_shared = 0;
};
constexpr int kSharedStep = 16;
Draw draw;  // NOLINT: set once, by the command line

const ModelSet& models() {
  static const ModelSet set = [] {
    const auto root = testing::source_dir();
    return ModelSet::open(root / "models", root / "build/models").value();
  }();
  return set;
}

FrameAnalyser analyser(int detect_every, bool small_faces) {
  FaceOptions options;
  options.detect_every = detect_every;
  options.small_faces = small_faces;
  options.descriptors = false;
  return FrameAnalyser::open(models(), options).value();
}

// Of the detector alone, on a picture of one face.
std::optional<Box> box_of(const Image& picture) {
  static Detector detector = Detector::open(models()).value();
  const auto found = detector.candidates(picture.view(), 1, Passes::kBase, 0.25F, 0.25F).value();
  if (found.empty()) return std::nullopt;
  return found.front().box;
}

bool is_among(const Box& box, const std::vector<FaceObservation>& faces) {
  return std::ranges::any_of(faces, [&](const FaceObservation& face) {
    return intersection_over_union(face.detection.box, box) >= kSameFace;
  });
}

bool is_true(const FaceObservation& face, const std::vector<Box>& boxes) {
  return std::ranges::any_of(boxes, [&](const Box& box) {
    return intersection_over_union(face.detection.box, box) > 0.1F;
  });
}

// Of this thread, so that other programs on the machine do not count.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Timed {
  double seconds = 0;
  int frames = 0;
  double ms() const { return frames > 0 ? 1e3 * seconds / frames : 0; }
};

FrameFaces timed(FrameAnalyser& faces, const Image& image, std::int64_t index, Timed& time) {
  const double start = cpu_seconds();
  FrameFaces found = faces.analyse(image.view(), 1, index, index * 1'000'000 / 6).value();
  time.seconds += cpu_seconds() - start;
  ++time.frames;
  return found;
}

int found(int count, char** pictures) {
  FrameAnalyser all = analyser(1, true);
  for (int i = 0; i < count; ++i) {
    all.begin_chunk();
    Timed time;
    const Image image = testing::still(pictures[i]);
    for (const FaceObservation& face : timed(all, image, 0, time).faces) {
      const Box& box = face.detection.box;
      std::printf("%s  box %.0f %.0f %.0f %.0f  score %.2f  landmarks %.2f\n", pictures[i],
                  static_cast<double>(box.x_px), static_cast<double>(box.y_px),
                  static_cast<double>(box.width_px), static_cast<double>(box.height_px),
                  static_cast<double>(face.detection.score_prob),
                  static_cast<double>(face.landmarks.presence_prob));
    }
  }
  return 0;
}

std::vector<Head> all_heads(const std::vector<testing::GroupPicture>& groups) {
  std::vector<std::string> left_out;
  std::vector<Head> heads = testing::heads_of(groups);
  const std::size_t group_heads = heads.size();
  std::vector<Head> portraits = testing::portrait_heads(box_of, left_out);
  std::vector<Head> shared =
      testing::shared_heads(draw.first_shared, kSharedStep, box_of, left_out);
  std::printf("heads: %zu of many-face pictures, %zu portraits, %zu shared", group_heads,
              portraits.size(), shared.size());
  for (const std::string& name : left_out) std::printf(", without %s", name.c_str());
  std::printf("\n");
  for (Head& head : portraits) heads.push_back(std::move(head));
  for (Head& head : shared) heads.push_back(std::move(head));
  return heads;
}

int recall(int width_px, int height_px, const std::string& sizes, const std::string& folder) {
  const auto groups = testing::labelled_groups();
  const std::vector<Head> heads = all_heads(groups);
  const FaceFreeFrames backgrounds(groups, folder);
  std::printf("%d x %d, %zu pictures as background\n", width_px, height_px, backgrounds.pictures());
  std::printf("size_px  heads  base_found  base_ms  tiles_found  tiles_ms  extra\n");
  FrameAnalyser base = analyser(1, false);
  FrameAnalyser tiles = analyser(1, true);
  std::istringstream list(sizes);
  for (std::string word; std::getline(list, word, ',');) {
    const int size = std::atoi(word.c_str());
    if (size < 8 || size > height_px) continue;
    Random random(draw.seed + static_cast<std::uint64_t>(size));
    int by_base = 0;
    int by_tiles = 0;
    int extra = 0;
    Timed base_time;
    Timed tiles_time;
    for (const ComposedFrame& frame : testing::compose(heads, static_cast<float>(size), width_px,
                                                       height_px, backgrounds, random)) {
      base.begin_chunk();
      tiles.begin_chunk();
      const auto a = timed(base, frame.image, 0, base_time).faces;
      const auto b = timed(tiles, frame.image, 0, tiles_time).faces;
      for (const Box& box : frame.faces) {
        by_base += is_among(box, a) ? 1 : 0;
        by_tiles += is_among(box, b) ? 1 : 0;
      }
      extra += static_cast<int>(std::ranges::count_if(
          b, [&](const FaceObservation& face) { return !is_true(face, frame.faces); }));
    }
    const auto n = static_cast<double>(heads.size());
    std::printf("%7d  %5zu  %10.3f  %7.1f  %11.3f  %8.1f  %5d\n", size, heads.size(), by_base / n,
                base_time.ms(), by_tiles / n, tiles_time.ms(), extra);
    std::fflush(stdout);
  }
  return 0;
}

int empty(int width_px, int height_px, int count, const std::string& folder) {
  const FaceFreeFrames backgrounds(testing::labelled_groups(), folder);
  FrameAnalyser tiles = analyser(1, true);
  Random random(draw.seed);
  Timed time;
  int with_a_face = 0;
  for (int i = 0; i < count; ++i) {
    tiles.begin_chunk();
    const Image frame = backgrounds.frame(width_px, height_px, random);
    const auto faces = timed(tiles, frame, 0, time).faces;
    if (faces.empty()) continue;
    ++with_a_face;
    const Box& box = faces.front().detection.box;
    std::printf("frame %d: box %.0f %.0f %.0f %.0f  score %.2f  landmarks %.2f\n", i,
                static_cast<double>(box.x_px), static_cast<double>(box.y_px),
                static_cast<double>(box.width_px), static_cast<double>(box.height_px),
                static_cast<double>(faces.front().detection.score_prob),
                static_cast<double>(faces.front().landmarks.presence_prob));
  }
  std::printf("%d x %d: %d of %d face-free frames of %zu pictures have a face, %.1f ms a frame\n",
              width_px, height_px, with_a_face, count, backgrounds.pictures(), time.ms());
  return 0;
}

// Clips in which heads come and go: each is there for 1 to 5 s and drifts by up to a tenth of its
// size a frame.
struct Visit {
  std::size_t head = 0;
  int from = 0;
  int to = 0;
  Point2 start;
  Point2 step;
};

constexpr int kClips = 4;
constexpr int kClipFrames = 96;
constexpr int kChunkFrames = 24;

std::vector<ComposedFrame> clip_of(const std::vector<Head>& heads, float size_px, int width_px,
                                   int height_px, const FaceFreeFrames& backgrounds,
                                   Random& random) {
  const Image background = backgrounds.frame(width_px, height_px, random);
  std::vector<Visit> visits;
  const int lanes = 3;
  for (int lane = 0; lane < lanes; ++lane) {
    int at = static_cast<int>(random.below(12));
    while (at < kClipFrames) {
      Visit visit;
      visit.head = random.below(heads.size());
      visit.from = at;
      visit.to = at + 6 + static_cast<int>(random.below(25));
      const float middle = static_cast<float>(width_px) * (2 * static_cast<float>(lane) + 1) /
                           (2 * static_cast<float>(lanes));
      visit.start = {middle, static_cast<float>(height_px) * 0.5F};
      const auto drift = [&] { return static_cast<float>((2 * random.uniform() - 1) * 0.02); };
      visit.step = {drift() * size_px, drift() * size_px};
      visits.push_back(visit);
      at = visit.to + 3 + static_cast<int>(random.below(12));
    }
  }
  std::vector<ComposedFrame> frames;
  for (int k = 0; k < kClipFrames; ++k) {
    ComposedFrame frame{background, {}};
    for (const Visit& visit : visits) {
      if (k < visit.from || k >= visit.to) continue;
      const auto t = static_cast<float>(k - visit.from);
      frame.faces.push_back(testing::place_head(
          heads[visit.head], {visit.start.x + t * visit.step.x, visit.start.y + t * visit.step.y},
          size_px, frame.image));
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

int every(const std::string& folder) {
  const auto groups = testing::labelled_groups();
  const std::vector<Head> heads = testing::heads_of(groups);
  const FaceFreeFrames backgrounds(groups, folder);
  std::printf("%d clips of %d frames at 640 x 360, up to three heads that come and go\n", kClips,
              kClipFrames);
  constexpr float kSize_px = 100;
  Random random(draw.seed);
  std::vector<std::vector<ComposedFrame>> clips;
  for (int c = 0; c < kClips; ++c) {
    clips.push_back(clip_of(heads, kSize_px, 640, 360, backgrounds, random));
  }
  std::printf("every  faces   found  extra  ms_frame\n");
  for (const int n : {1, 2, 4, 8, 24}) {
    FrameAnalyser faces = analyser(n, false);
    int all = 0;
    int seen = 0;
    int extra = 0;
    Timed time;
    for (const auto& clip : clips) {
      for (int k = 0; k < kClipFrames; ++k) {
        if (k % kChunkFrames == 0) faces.begin_chunk();
        const ComposedFrame& frame = clip[static_cast<std::size_t>(k)];
        const auto observed = timed(faces, frame.image, k, time).faces;
        for (const Box& box : frame.faces) {
          ++all;
          seen += is_among(box, observed) ? 1 : 0;
        }
        extra += static_cast<int>(std::ranges::count_if(
            observed, [&](const auto& face) { return !is_true(face, frame.faces); }));
      }
    }
    std::printf("%5d  %5d  %.4f  %5d  %8.1f\n", n, all, static_cast<double>(seen) / all, extra,
                time.ms());
    std::fflush(stdout);
  }
  return 0;
}

// One line a candidate: "face SIZE" on composed frames, "none 0" on face-free ones, and all that is
// known of it.
void print_evidence(FaceFinder& finder, const ComposedFrame& frame, int size_px) {
  const ImageView image = frame.image.view();
  const auto candidates = finder.candidates(image, 1, Passes::kBaseAndTiles).value();
  for (const FaceDetection& candidate : candidates) {
    const bool face = std::ranges::any_of(frame.faces, [&](const Box& box) {
      return intersection_over_union(candidate.box, box) >= kSameFace;
    });
    if (size_px > 0 && !face) continue;
    const Evidence e = finder.examine(image, 1, candidate).value();
    std::printf("%s %d  %.3f  %.4f %.3f  %.3f %.3f  %.4f %.3f\n", face ? "face" : "none", size_px,
                static_cast<double>(e.score_prob), static_cast<double>(e.presence_prob),
                static_cast<double>(e.disagreement), static_cast<double>(e.near_prob),
                static_cast<double>(e.far_prob), static_cast<double>(e.near_presence_prob),
                static_cast<double>(e.near_disagreement));
  }
}

int evidence(int width_px, int height_px, int count, const std::string& folder) {
  const auto groups = testing::labelled_groups();
  const std::vector<Head> heads = count > 0 ? std::vector<Head>() : all_heads(groups);
  const FaceFreeFrames backgrounds(groups, folder);
  FaceFinder finder = FaceFinder::open(models(), {}).value();
  std::printf("which size  score  presence disagreement  near far  presence disagreement\n");
  for (const int size : {24, 32, 48, 96, 200, 480, 700}) {
    if (size > height_px) break;
    Random random(draw.seed + static_cast<std::uint64_t>(size));
    std::printf("heads %zu of size %d\n", heads.size(), size);
    for (const ComposedFrame& frame : testing::compose(heads, static_cast<float>(size), width_px,
                                                       height_px, backgrounds, random)) {
      print_evidence(finder, frame, size);
    }
  }
  Random random(draw.seed);
  for (int i = 0; i < count; ++i) {
    print_evidence(finder, {backgrounds.frame(width_px, height_px, random), {}}, 0);
  }
  return 0;
}

int usage() {
  std::fputs(
      "usage: mien-bench-faces found PICTURE... | recall WIDTH HEIGHT SIZES [BACKGROUNDS] |\n"
      "       empty WIDTH HEIGHT FRAMES [BACKGROUNDS] |\n"
      "       evidence WIDTH HEIGHT FRAMES [BACKGROUNDS] | every [BACKGROUNDS]\n",
      stderr);
  return 2;
}

int run(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--held-out") {
    draw = {7, kSharedStep / 2};
    --argc;
    ++argv;
  }
  const std::string mode = argc > 1 ? argv[1] : "";
  const auto text = [&](int i) { return std::string(argc > i ? argv[i] : ""); };
  const auto number = [&](int i) { return argc > i ? std::atoi(argv[i]) : 0; };
  if (mode == "found") return found(argc - 2, argv + 2);
  if (mode == "every") return every(text(2));
  if (number(2) < 64 || number(3) < 64) return usage();
  if (mode == "recall") return recall(number(2), number(3), text(4), text(5));
  if (mode == "empty" && number(4) > 0) return empty(number(2), number(3), number(4), text(5));
  if (mode == "evidence") return evidence(number(2), number(3), number(4), text(5));
  return usage();
}

}  // namespace
}  // namespace mien::bench

int main(int argc, char** argv) {
  return mien::bench::run(argc, argv);
}
