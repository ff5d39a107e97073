// mien-bench-blendshapes MANIFESTS MODELS VIDEO [FRAMES] [RATE]
//
// From detection to blendshapes as `mien annotate --channels blendshape` does it, one thread:
// chunks of frames through the analyser and the channel, then the tracker. The first FRAMES frames
// (240) of the video's grid of RATE points a second (25) are decoded before. Every line on the
// standard input is a round over all of them, which a JSON line answers:
//   ms      processor time a frame
//   stages  the same by stage: of the clock's time its share of the whole, times ms. What is no
//           stage is `rest`: signatures, head pose, quality, tracks.
// bench/blendshapes.py takes turns with MediaPipe.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "expression/blendshapes.h"
#include "expression/channel.h"
#include "face/frame_analyser.h"
#include "face/tracker.h"
#include "media/grid_sampler.h"
#include "model/model_set.h"
#include "pipeline/annotate/annotate_options.h"

namespace mien::bench {
namespace {

Result<std::vector<GridFrame>> decoded(const std::string& video, double rate_hz,
                                       std::size_t wanted) {
  MIEN_TRY(reader, VideoReader::open(video));
  GridSampler sampler(reader, rate_hz);
  std::vector<GridFrame> frames;
  while (frames.size() < wanted) {
    MIEN_TRY(frame, sampler.next());
    if (!frame.has_value()) break;
    frames.push_back(std::move(*frame));
  }
  if (frames.empty()) return Error{ErrorCode::kNotFound, video + ": it has no frame"};
  return frames;
}

class Round {
 public:
  static Result<Round> open(const ModelSet& models, double rate_hz) {
    ChannelOptions channels;
    channels.basic7 = channels.action = channels.label = false;
    channels.blendshape = true;
    AnnotateOptions options;
    options.rate_hz = rate_hz;
    options.channels = channels;
    options.face.detect_every = usual_detect_every(rate_hz);
    options.face.second_mesh_follows = second_mesh_should_follow(options);
    MIEN_TRY(analyser, FrameAnalyser::open(models, options.face));
    MIEN_TRY(scorer, ChannelScorer::open(models, options.channels));
    return Round(std::move(analyser), std::move(scorer));
  }

  Result<nlohmann::json> run(const std::vector<GridFrame>& frames) {
    using Clock = std::chrono::steady_clock;
    const std::map<std::string, double> before = stage_seconds();
    const auto start = Clock::now();
    const std::clock_t cpu_start = std::clock();
    Tracker tracker;
    std::int64_t scored = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (i % kChunkGridPoints == 0) analyser_.begin_chunk();
      const Frame& frame = frames[i].frame;
      const ImageView image = frame.image.view();
      MIEN_TRY(found, analyser_.analyse(image, frame.scale, frames[i].grid_index, frame.pts_us));
      for (const FaceObservation& face : found.faces) {
        if (face.quality.reason != FaceReason::kNone) continue;
        MIEN_TRY(scores, scorer_.score(image, frame.scale, face));
        ++scored;
      }
      tracker.update(found);
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double cpu_ms = 1e3 * static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    const double ms = cpu_ms / static_cast<double>(frames.size());
    nlohmann::json stages;
    double rest = 1;
    for (const auto& [stage, sum] : stage_seconds()) {
      const auto known = before.find(stage);
      const double share = (sum - (known == before.end() ? 0 : known->second)) / seconds;
      stages[stage] = share * ms;
      rest -= share;
    }
    stages["rest"] = rest * ms;
    return nlohmann::json{
        {"frames", frames.size()}, {"faces", scored}, {"ms", ms}, {"stages", stages}};
  }

 private:
  Round(FrameAnalyser analyser, ChannelScorer scorer)
      : analyser_(std::move(analyser)), scorer_(std::move(scorer)) {}

  std::map<std::string, double> stage_seconds() const {
    std::map<std::string, double> seconds;
    for (const StageTime& stage : analyser_.stage_times()) seconds[stage.stage] += stage.seconds;
    for (const StageTime& stage : scorer_.stage_times()) seconds[stage.stage] += stage.seconds;
    return seconds;
  }

  FrameAnalyser analyser_;
  ChannelScorer scorer_;
};

Status run(const std::string& manifests, const std::string& model_folder, const std::string& video,
           std::size_t wanted, double rate_hz) {
  MIEN_TRY(bundle, bundle_manifests(model_folder, "mien-bench-blendshapes"));
  MIEN_TRY(models, ModelSet::open(manifests, model_folder, bundle));
  MIEN_TRY(frames, decoded(video, rate_hz, wanted));
  MIEN_TRY(round, Round::open(models, rate_hz));
  std::string line;
  while (std::getline(std::cin, line)) {
    MIEN_TRY(measured, round.run(frames));
    std::printf("%s\n", measured.dump().c_str());
    std::fflush(stdout);
  }
  return Ok{};
}

}  // namespace
}  // namespace mien::bench

int main(int argc, char** argv) {
  const int frames = argc > 4 ? std::atoi(argv[4]) : 240;
  const double rate_hz = argc > 5 ? std::atof(argv[5]) : 25;
  if (argc < 4 || argc > 6 || frames < 1 || !(rate_hz > 0)) {
    std::fputs("usage: mien-bench-blendshapes MANIFESTS MODELS VIDEO [FRAMES] [RATE]\n", stderr);
    return 2;
  }
  const auto done =
      mien::bench::run(argv[1], argv[2], argv[3], static_cast<std::size_t>(frames), rate_hz);
  if (!done.ok()) {
    std::fprintf(stderr, "mien-bench-blendshapes: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}
