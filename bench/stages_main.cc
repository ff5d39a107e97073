// mien-bench-stages MANIFESTS MODELS VIDEO [ROUNDS]
//
// What `mien annotate` cannot do without, measured alone, one thread: decoding all frames of the
// video; converting those of the 6 Hz grid to RGB; and one bare run of every network it uses, on
// crops of that video's own face that were cut and scaled before. Networks take turns, so that each
// finds the processor's caches as the others leave them, as it does in a real run.
// Prints one JSON line.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "expression/expression_crop.h"
#include "face/crop.h"
#include "face/descriptor.h"
#include "face/detector.h"
#include "face/frame_analyser.h"
#include "face/landmarker.h"
#include "media/grid_sampler.h"
#include "model/model_set.h"
#include "pipeline/annotate/annotate_options.h"

namespace mien::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFaces = 16;  // different crops a network is run on
constexpr int kFramesBetween = 24;  // from one of them to the next
constexpr double kRate_hz = 6;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Decoding {
  std::int64_t frames = 0;
  double seconds = 0;
};

Result<Decoding> decode_alone(const std::string& video) {
  MIEN_TRY(reader, VideoReader::open(video));
  Decoding decoding;
  const auto start = Clock::now();
  for (;;) {
    MIEN_TRY(pts_us, reader.next_pts_us());
    if (!pts_us.has_value()) break;
    ++decoding.frames;
  }
  decoding.seconds = seconds_since(start);
  return decoding;
}

// Decoding and the conversion of the grid's frames.
Result<Decoding> decode_grid(const std::string& video) {
  MIEN_TRY(reader, VideoReader::open(video));
  GridSampler sampler(reader, kRate_hz);
  Decoding decoding;
  const auto start = Clock::now();
  for (;;) {
    MIEN_TRY(frame, sampler.next());
    if (!frame.has_value()) break;
    ++decoding.frames;
  }
  decoding.seconds = seconds_since(start);
  return decoding;
}

struct SeenFace {
  Image image;
  double scale = 1;
  FaceObservation face;
};

Result<std::vector<SeenFace>> some_faces(const ModelSet& models, const std::string& video) {
  MIEN_TRY(analyser, FrameAnalyser::open(models, FaceOptions{}));
  MIEN_TRY(reader, VideoReader::open(video));
  GridSampler sampler(reader, kRate_hz);
  std::vector<SeenFace> faces;
  for (std::int64_t i = 0; faces.size() < kFaces; ++i) {
    MIEN_TRY(grid, sampler.next());
    if (!grid.has_value()) break;
    if (i % kFramesBetween != 0) continue;
    analyser.begin_chunk();
    const Frame& frame = grid->frame;
    MIEN_TRY(found,
             analyser.analyse(frame.image.view(), frame.scale, grid->grid_index, frame.pts_us));
    if (found.faces.empty() || !found.faces.front().has_landmarks) continue;
    faces.push_back({frame.image, frame.scale, found.faces.front()});
  }
  if (faces.empty()) return Error{ErrorCode::kNotFound, video + ": no face to measure on"};
  return faces;
}

// One network, the stage of a run that uses it, and its inputs.
struct Bare {
  std::string stage;
  Session session;
  std::vector<std::vector<float>> inputs;
  std::vector<std::int64_t> shape;
  std::vector<double> ms;
};

struct Use {
  const char* stage;
  const char* model;
  CropSquare (*square)(const SeenFace& seen);
};

constexpr std::array<Use, 4> kUses = {{
    {"detect", "blazeface",
     [](const SeenFace& seen) {
       return base_pass(seen.image.width_px(), seen.image.height_px(), FaceOptions{}.border);
     }},
    {"landmarks", "facemesh",
     [](const SeenFace& seen) { return mesh_square(seen.face.landmarks); }},
    {"descriptor", "faceres", [](const SeenFace& seen) { return descriptor_square(seen.face); }},
    {"basic7", "face_expression",
     [](const SeenFace& seen) { return expression_square(seen.face); }},
}};

Result<Bare> prepare(const ModelSet& models, const Use& use, const std::vector<SeenFace>& faces) {
  MIEN_TRY(session, models.open_session(use.model));
  const PictureShape shape = picture_shape(session.manifest());
  const int side_px = static_cast<int>(shape.rows);
  Bare bare{use.stage, std::move(session), {}, {1, shape.rows, shape.columns, 3}, {}};
  for (const SeenFace& seen : faces) {
    const Image crop =
        cut(seen.image.view(), seen.scale, use.square(seen), side_px, CropOutside::kBlack);
    bare.inputs.emplace_back(static_cast<std::size_t>(side_px) * static_cast<std::size_t>(side_px) *
                             3);
    write_scaled(crop.view(), bare.session.manifest().scaling, bare.inputs.back());
  }
  return bare;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Result<nlohmann::json> run(const std::string& manifests, const std::string& model_folder,
                           const std::string& video, int rounds) {
  MIEN_TRY(models, ModelSet::open(manifests, model_folder));
  MIEN_TRY(alone, decode_alone(video));
  MIEN_TRY(grid, decode_grid(video));
  MIEN_TRY(faces, some_faces(models, video));
  std::vector<Bare> networks;
  for (const Use& use : kUses) {
    MIEN_TRY(bare, prepare(models, use, faces));
    networks.push_back(std::move(bare));
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < faces.size(); ++i) {
      for (Bare& bare : networks) {
        const auto start = Clock::now();
        MIEN_TRY(outputs, bare.session.run({bare.shape, bare.inputs[i]}));
        bare.ms.push_back(1e3 * seconds_since(start));
      }
    }
  }
  nlohmann::json stages = nlohmann::json::array();
  for (const Bare& bare : networks) {
    stages.push_back({{"stage", bare.stage},
                      {"model", bare.session.manifest().id},
                      {"calls", bare.ms.size()},
                      {"ms_mean", mean(bare.ms)},
                      {"ms_median", median(bare.ms)}});
  }
  return nlohmann::json{{"video_frames", alone.frames},
                        {"grid_frames", grid.frames},
                        {"decode_seconds", alone.seconds},
                        {"decode_and_convert_seconds", grid.seconds},
                        {"networks", stages}};
}

}  // namespace
}  // namespace mien::bench

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    std::fputs("usage: mien-bench-stages MANIFESTS MODELS VIDEO [ROUNDS]\n", stderr);
    return 2;
  }
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 10;
  if (rounds < 1) {
    std::fputs("mien-bench-stages: ROUNDS is at least 1\n", stderr);
    return 2;
  }
  const auto result = mien::bench::run(argv[1], argv[2], argv[3], rounds);
  if (!result.ok()) {
    std::fprintf(stderr, "mien-bench-stages: %s\n", result.error().message.c_str());
    return 1;
  }
  std::printf("%s\n", result->dump().c_str());
  return 0;
}
