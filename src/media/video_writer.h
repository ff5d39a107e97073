// Frames -> MP4 (H.264) or WebM (VP9), yuv420p, BT.709 limited range, without sound: overlays, and
// the clips that raters see.
//
// What browsers play: an MP4's index in front (faststart), no B-frames, a key frame at least every
// kKeyFrameInterval frames so that a page can jump. WebM keeps times to the millisecond. The same
// frames give the same bytes on every run: one encoder thread, no creation time, no program
// version. Memory: one frame and the encoder's lookahead, however long the video; finishing reads
// the file once more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/image.h"
#include "base/result.h"

namespace mien {

enum class VideoFormat { kMp4, kWebm };

class VideoWriter {
 public:
  static constexpr int kKeyFrameInterval = 24;  // 4 s at the default 6 Hz

  // Even sizes are made by repeating the last row or column. Written under a temporary name beside
  // `path` that finish() renames; a writer that is dropped leaves nothing behind. Errors: kIo (the
  // place cannot be written), kUnsupported (no libx264 or libvpx in this build of FFmpeg, or a size
  // that it does not encode).
  static Result<VideoWriter> create(const std::filesystem::path& path, int width_px, int height_px,
                                    VideoFormat format = VideoFormat::kMp4);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();

  // An image of the size given to create(); times are >= 0 and rise strictly. Error: kIo.
  Status write(const ImageView& image, std::int64_t pts_us);
  // The last frame is shown as long as the one before it. Replaces an existing file. Error: kIo,
  // also when no frame was written.
  Status finish();

 private:
  struct State;
  explicit VideoWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
