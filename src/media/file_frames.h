// One file as a row of decoded frames with times: container, decoder and clock together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"
#include "media/container.h"
#include "media/frame_clock.h"
#include "media/media_info.h"
#include "media/orientation.h"
#include "media/stream_decoder.h"

namespace mien {

struct ReaderOptions;

// A decoded frame as the stream holds it, and what is needed to show it.
struct DecodedFrame {
  FfmpegPtr<AVFrame> frame;
  AVCodecID codec = AV_CODEC_ID_NONE;
  AVRational pixel_aspect{1, 1};
  Orientation orientation;
  std::int64_t pts_us = 0;
};

class FileFrames {
 public:
  // Opens the file and decodes its first frame. With `describe_only` a video whose first frame
  // fails is opened all the same (and gives no frames).
  static Result<FileFrames> open(const std::filesystem::path& path, const ReaderOptions& options,
                                 bool describe_only);

  const MediaInfo& info() const { return info_; }
  // Into `decoded`, whose AVFrame is used again. False at the end. Errors: time_limit, unreadable.
  Result<bool> next(DecodedFrame& decoded);

  std::int64_t damaged_packets() const { return decoder_->damaged_packets(); }
  const FrameClock& clock() const { return *clock_; }
  MediaError condition() const;  // after the end

 private:
  FileFrames() = default;
  Status start(bool describe_only);
  Result<bool> decode();
  Error first_frame_error();
  Error too_large(std::int64_t width_px, std::int64_t height_px) const;
  void describe(const AVFrame& frame);
  void start_clock();

  std::filesystem::path path_;
  std::chrono::seconds time_limit_{0};
  std::int64_t max_pixels_ = 0;
  Container container_;
  std::optional<StreamDecoder> decoder_;
  std::optional<FrameClock> clock_;
  MediaInfo info_;
  Orientation orientation_;
  FfmpegPtr<AVFrame> ahead_;  // the first frame, until next() gives it out
  bool holds_first_ = false;
  bool ended_ = false;
};

// The size of the picture as shown: square pixels, upright.
struct ShownSize {
  int width_px = 0;
  int height_px = 0;
};
// Pixels that are not square are stretched along the side on which they are longer, so that no
// row or column is lost; an aspect beyond 1:4 or 4:1 is damage and is left alone.
ShownSize shown_size(int width_px, int height_px, AVRational pixel_aspect, Orientation orientation);

}  // namespace mien
