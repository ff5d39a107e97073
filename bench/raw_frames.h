// A file of raw pictures, 8-bit RGB, all of one size, without header: what every program of a
// comparison reads, so that all see the same pixels and none pays for decoding.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/image.h"
#include "base/result.h"

namespace mien::bench {

class RawFrames {
 public:
  // kCorrupt where the file does not hold a whole number of pictures, or none.
  static Result<RawFrames> open(const std::filesystem::path& path, int width_px, int height_px);

  int count() const { return count_; }
  ImageView frame(int index) const;

 private:
  std::vector<std::uint8_t> bytes_;
  int width_px_ = 0;
  int height_px_ = 0;
  int count_ = 0;
};

}  // namespace mien::bench
