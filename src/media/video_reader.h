// File -> frames with presentation time, upright, in RGB.
//
// Any container and codec of the FFmpeg build; still pictures (one frame at time 0) and folders of
// pictures (sorted by name, one frame each at `image_folder_rate_hz`). Decoder threads are fixed,
// so that error concealment does not depend on the machine. Colours go through the stream's own
// matrix and range, swscale accurate and bit-exact. Memory: the decoder's own frames plus one.
#pragma once

#include <cstdint>
#include <filesystem>
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
};

struct Frame {
  Image image;
  std::int64_t pts_us =
      0;             // presentation time from the container, shifted so that the first is >= 0
  double scale = 1;  // source pixels per pixel of `image`; multiply to get source pixels
};

class VideoReader {
 public:
  static Result<VideoReader> open(const std::filesystem::path& path,
                                  const ReaderOptions& options = {});
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  const MediaInfo& info() const;

  // The next frame in presentation order, or nullopt at the end. Damaged packets are skipped and
  // counted; they never end the reading on their own.
  Result<std::optional<Frame>> next();

  // next() without the conversion to RGB, for frames that fall between grid points: only the time.
  Result<std::optional<std::int64_t>> next_pts_us();
  // Converts the frame that next_pts_us() stands on.
  Result<Frame> convert_current();

  std::int64_t frames_decoded() const;
  std::int64_t damaged_packets() const;
  bool variable_rate() const;                      // known at the end
  std::optional<double> last_frame_end_s() const;  // end of the last frame seen
  // After the end: kNone, kTruncated or kDamaged, with words.
  MediaError condition() const;

 private:
  struct State;
  explicit VideoReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
