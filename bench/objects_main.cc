// mien-bench-objects MANIFESTS MODELS FRAME.ppm: finds objects on one frame of 512 x 512, one
// thread, so many times as a line on the standard input says, and prints lines of JSON:
//
//   {"heat": [32 elements of the network's first output], "size": ..., "objects": ...}
//   {"wall_s": ..., "cpu_s": ...}            one a pass; cpu_s of this process
//
// A pass prepares the frame, runs the network and reads the objects out of it.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "context/network_picture.h"
#include "context/object_finder.h"

namespace mien::bench {
namespace {

using nlohmann::json;

constexpr int kSide_px = 512;
constexpr float kLeast_prob = 0.2F;

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Image read_frame(const char* file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string header = "P6\n512 512\n255\n";
  std::string found(header.size(), '\0');
  stream.read(found.data(), static_cast<std::streamsize>(found.size()));
  if (found != header) return {};
  Image image(kSide_px, kSide_px);
  for (int y = 0; y < kSide_px; ++y)
    stream.read(reinterpret_cast<char*>(image.row(y)), std::streamsize{3} * kSide_px);
  return stream ? std::move(image) : Image();
}

// What the network gives, before objects are read out of it.
Result<json> network_output(const ModelSet& models, const Image& frame) {
  MIEN_TRY(session, models.open_session("centernet"));
  std::vector<float> input(std::size_t{3} * kSide_px * kSide_px);
  write_picture(frame.view(), session.manifest(), Framing::kStretched, input);
  MIEN_TRY(out, session.run({{1, kSide_px, kSide_px, 3}, input}));
  const std::vector<float>& heat = out.front().data;
  json elements = json::array();
  for (std::size_t i = 0; i < 32; ++i) elements.push_back(heat[i * (heat.size() / 32)]);
  return json{{"heat", elements}, {"size", heat.size()}};
}

Status run(const char* manifests, const char* folder, const char* file) {
  const Image frame = read_frame(file);
  if (frame.empty()) {
    return Error{ErrorCode::kUsage, std::string(file) + ": no binary PPM of 512 x 512"};
  }
  MIEN_TRY(models, ModelSet::open(manifests, folder));
  MIEN_TRY(first, network_output(models, frame));
  MIEN_TRY(finder, ObjectFinder::open(models));
  MIEN_TRY(found, finder.find(frame.view(), kLeast_prob));
  first["objects"] = found.size();
  std::cout << first.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const double wall = seconds(CLOCK_MONOTONIC);
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int left = std::atoi(line.c_str()); left > 0; --left)
      MIEN_TRY_VOID(finder.find(frame.view(), kLeast_prob));
    std::cout << json{{"wall_s", seconds(CLOCK_MONOTONIC) - wall},
                      {"cpu_s", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu}}
                     .dump()
              << std::endl;
  }
  return Ok{};
}

}  // namespace
}  // namespace mien::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: mien-bench-objects MANIFESTS MODELS FRAME.ppm\n", stderr);
    return 2;
  }
  const mien::Status ran = mien::bench::run(argv[1], argv[2], argv[3]);
  if (!ran.ok()) std::fprintf(stderr, "mien-bench-objects: %s\n", ran.error().message.c_str());
  return ran.ok() ? 0 : 1;
}
