// Frames -> MP4 (H.264, yuv420p, BT.709), for overlays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/image.h"
#include "base/result.h"

namespace mien {

class VideoWriter {
 public:
  // Even sizes are made by padding the last row or column. Written under a temporary name that
  // finish() renames; a writer that is dropped leaves nothing behind.
  static Result<VideoWriter> create(const std::filesystem::path& path, int width_px, int height_px);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();

  Status write(const ImageView& image, std::int64_t pts_us);  // times strictly rise
  Status finish();

 private:
  struct State;
  explicit VideoWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
