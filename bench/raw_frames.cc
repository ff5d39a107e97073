#include "raw_frames.h"

#include <fstream>
#include <system_error>

namespace mien::bench {

Result<RawFrames> RawFrames::open(const std::filesystem::path& path, int width_px, int height_px) {
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(path, missing);
  std::ifstream file(path, std::ios::binary);
  if (missing || !file) return Error{ErrorCode::kNotFound, path.string() + ": cannot be read"};
  RawFrames frames;
  frames.width_px_ = width_px;
  frames.height_px_ = height_px;
  frames.bytes_.resize(bytes);
  file.read(reinterpret_cast<char*>(frames.bytes_.data()), static_cast<std::streamsize>(bytes));
  const std::size_t size =
      static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px) * 3;
  if (!file || size == 0 || bytes == 0 || bytes % size != 0) {
    return Error{ErrorCode::kCorrupt, path.string() + ": not a whole number of pictures of " +
                                          std::to_string(width_px) + " x " +
                                          std::to_string(height_px)};
  }
  frames.count_ = static_cast<int>(bytes / size);
  return frames;
}

ImageView RawFrames::frame(int index) const {
  MIEN_CHECK(index >= 0 && index < count_, "a frame of the file");
  const std::size_t stride = static_cast<std::size_t>(width_px_) * 3;
  return {bytes_.data() +
              static_cast<std::size_t>(index) * static_cast<std::size_t>(height_px_) * stride,
          width_px_, height_px_, stride};
}

}  // namespace mien::bench
