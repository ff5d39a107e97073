// mien-bench-frames MANIFESTS MODELS DATA FRAMES.rgb WIDTH HEIGHT MODE [WARM_UP] [FACES.json]
//
// Times Mien on raw frames, one thread, without decoding, for comparison with other libraries.
// MODE: every (one pass of detection, landmarks, descriptor and all channels of every face on every
// frame), every_tiles (the same with the tiles for small faces on every frame),
// annotate (what `mien annotate` does: chunks of the grid, full detection on every 4th frame,
// descriptors where they are needed, all channels), action (the same with `--channels action`).
// Prints one JSON line; FACES.json receives the boxes and landmarks, for comparison with others'.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "raw_frames.h"

#include "expression/channel.h"
#include "face/frame_analyser.h"
#include "model/model_set.h"
#include "pipeline/annotate/annotate_options.h"

namespace mien::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kFrameInterval_us = 1'000'000 / 6;

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

long peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

nlohmann::json to_json(const FrameFaces& frame) {
  nlohmann::json faces = nlohmann::json::array();
  for (const FaceObservation& face : frame.faces) {
    const Box& box = face.detection.box;
    nlohmann::json mesh = nlohmann::json::array();
    for (const Point3& p : face.landmarks.points) mesh.push_back({p.x, p.y});
    faces.push_back({{"box", {box.x_px, box.y_px, box.width_px, box.height_px}}, {"mesh", mesh}});
  }
  return faces;
}

struct Request {
  std::string manifests, models, data, frames;
  int width_px = 0;
  int height_px = 0;
  std::string mode;
  int warm_up = 10;
  std::string faces_file;
};

Result<nlohmann::json> run(const Request& request) {
  AnnotateOptions options;
  options.channels.prototype_file = request.data + "/prototype16.json";
  if (request.mode == "every" || request.mode == "every_tiles") {
    options.face.detect_every = 1;
    options.face.descriptor_every = 1;
    options.face.small_faces = request.mode == "every_tiles";
  } else if (request.mode == "action") {
    options.channels.basic7 = options.channels.label = false;
  } else if (request.mode != "annotate") {
    return Error{ErrorCode::kUsage, "MODE is every, every_tiles, annotate or action"};
  }
  MIEN_TRY(models, ModelSet::open(request.manifests, request.models));
  MIEN_TRY(analyser, FrameAnalyser::open(models, options.face));
  MIEN_TRY(scorer, ChannelScorer::open(models, options.channels));
  MIEN_TRY(frames, RawFrames::open(request.frames, request.width_px, request.height_px));
  if (frames.count() <= request.warm_up)
    return Error{ErrorCode::kUsage, "no frame is left after WARM_UP"};

  double seconds = 0;
  double cpu_before = 0;
  std::int64_t faces = 0;
  std::int64_t scored = 0;
  nlohmann::json seen = nlohmann::json::array();
  for (int i = 0; i < frames.count(); ++i) {
    if (i == request.warm_up) cpu_before = cpu_ms();
    const ImageView image = frames.frame(i);
    const auto start = Clock::now();
    if (i % kChunkGridPoints == 0) analyser.begin_chunk();
    MIEN_TRY(found, analyser.analyse(image, 1, i, i * kFrameInterval_us));
    for (const FaceObservation& face : found.faces) {
      if (face.quality.reason != FaceReason::kNone) continue;
      MIEN_TRY(scores, scorer.score(image, 1, face));
      ++scored;
    }
    if (i >= request.warm_up)
      seconds += std::chrono::duration<double>(Clock::now() - start).count();
    faces += static_cast<std::int64_t>(found.faces.size());
    if (!request.faces_file.empty()) seen.push_back(to_json(found));
  }
  const double cpu = cpu_ms() - cpu_before;
  if (!request.faces_file.empty()) std::ofstream(request.faces_file) << seen;

  nlohmann::json stages = nlohmann::json::array();
  for (const auto& times : {analyser.stage_times(), scorer.stage_times()}) {
    for (const StageTime& time : times) {
      stages.push_back({{"stage", time.stage}, {"calls", time.calls}, {"seconds", time.seconds}});
    }
  }
  const int timed = frames.count() - request.warm_up;
  return nlohmann::json{{"peer", "mien"},
                        {"mode", request.mode},
                        {"frames", timed},
                        {"faces", faces},
                        {"scored", scored},
                        {"channels", scorer.columns().size()},
                        {"ms_per_frame", 1e3 * seconds / timed},
                        {"cpu_ms_per_frame", cpu / timed},
                        {"peak_mb", peak_mb()},
                        {"stages", stages}};
}

}  // namespace
}  // namespace mien::bench

int main(int argc, char** argv) {
  if (argc < 8 || argc > 10) {
    std::fputs(
        "usage: mien-bench-frames MANIFESTS MODELS DATA FRAMES.rgb WIDTH HEIGHT MODE [WARM_UP] "
        "[FACES.json]\n",
        stderr);
    return 2;
  }
  mien::bench::Request request{
      argv[1], argv[2], argv[3], argv[4], std::atoi(argv[5]), std::atoi(argv[6]), argv[7], 10, ""};
  if (argc > 8) request.warm_up = std::atoi(argv[8]);
  if (argc > 9) request.faces_file = argv[9];
  const auto result = mien::bench::run(request);
  if (!result.ok()) {
    std::fprintf(stderr, "mien-bench-frames: %s\n", result.error().message.c_str());
    return 1;
  }
  std::printf("%s\n", result->dump().c_str());
  return 0;
}
