// File -> frames with presentation time, upright, in RGB.
//
// Any container and codec of the FFmpeg build; still pictures (one frame at time 0; a GIF or PNG
// that moves is a video) and folders of pictures (sorted by name, numbers in names by value; one
// frame each at `image_folder_rate_hz`). What a file is follows from its bytes, never from its
// name. Decoder threads are fixed, so that error concealment does not depend on the machine.
// Colours go through the stream's own matrix and range, swscale accurate and bit-exact. Pixels that
// are not square are made so; transparent ones are laid on white. docs/media.md tells how.
// Memory: the decoder's own frames plus two, however long the file. A reader is used by one thread
// at a time; different readers are independent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "base/image.h"
#include "base/result.h"
#include "media/media_info.h"

namespace mien {

struct ReaderOptions {
  int decoder_threads = 1;
  double image_folder_rate_hz = 6;
  std::int64_t max_pixels =
      16384LL * 16384LL;   // larger pictures are refused before they are decoded
  int max_side_px = 1920;  // frames are scaled down (never up) to this longest side; 0: as they are
  int time_limit_s = 120;  // the longest wait for one frame; then kTimeLimit
  std::function<void()> on_frame;  // after a frame is decoded or converted; may be empty
};

struct Frame {
  Image image;
  std::int64_t pts_us = 0;  // presentation time from the container, shifted so that none is < 0
  // Source pixels (MediaInfo::width_px, height_px) per pixel of `image`; multiply to get them.
  double scale = 1;
};

class VideoReader {
 public:
  // Opens the file and decodes its first frame. Errors: media_error() with every reason but
  // kDamaged of a video, kTruncated of a video and kWorkerCrashed.
  static Result<VideoReader> open(const std::filesystem::path& path,
                                  const ReaderOptions& options = {});
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  const MediaInfo& info() const;

  // The next frame in presentation order, or nullopt at the end. Damaged packets are skipped and
  // counted; they never end the reading on their own. Error: kTimeLimit, or kUnreadable where the
  // disk fails; what came before it stays good.
  Result<std::optional<Frame>> next();

  // next() without the conversion to RGB, for frames that fall between grid points: only the time.
  // Times rise strictly. At the end and after an error the reader stays on the last frame.
  Result<std::optional<std::int64_t>> next_pts_us();
  // Converts the frame that next_pts_us() stands on, or the one before it. A caller that has not
  // seen such a frame has a bug. Error: kUnsupported (a pixel format swscale does not read).
  Result<Frame> convert_current();
  Result<Frame> convert_previous();

  std::int64_t frames_decoded() const;  // frames that next_pts_us() gave
  // Packets that could not be decoded, and frames the decoder itself calls damaged.
  std::int64_t damaged_packets() const;
  // Known at the end: whether the longest interval between frames exceeds the shortest by more
  // than a tenth and two ticks of the container's clock.
  bool variable_rate() const;
  std::optional<double> last_frame_end_s() const;  // end of the last frame seen
  // After the end: kNone, kTruncated or kDamaged, with words.
  MediaError condition() const;

 private:
  struct State;
  explicit VideoReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
