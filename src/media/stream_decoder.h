// Packets of one stream -> decoded frames in presentation order, with a count of what was lost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "media/container.h"
#include "media/ffmpeg.h"

namespace mien {

class StreamDecoder {
 public:
  // Error: unsupported (no decoder for the codec).
  static Result<StreamDecoder> open(const Container& container, const std::filesystem::path& path,
                                    int threads, std::int64_t max_pixels);

  enum class Step { kFrame, kEnd, kTimeLimit, kReadError };
  // Reads on to the next frame into `frame`. The container's deadline bounds the wait.
  Step next(Container& container, AVFrame& frame);

  // Whether one more packet of the stream follows (read ahead and kept).
  bool has_more_packets(Container& container);

  std::int64_t damaged_packets() const { return damaged_packets_; }
  // The last packet of the stream was cut off by the end of the file.
  bool ended_inside_packet() const { return last_packet_cut_; }
  // The container broke off inside a packet, or with an error in place of its end.
  bool ended_in_error() const { return ended_in_error_; }
  // A picture was refused for its size, which stands here; {0, 0}: none was.
  struct Size {
    int width_px = 0;
    int height_px = 0;
  };
  Size refused_size() const { return limit_->refused; }
  // The container's index led to the same bytes again and again, so reading was ended.
  bool was_endless() const { return was_endless_; }

 private:
  StreamDecoder() = default;
  bool read_packet(Container& container);

  struct Limit {
    std::int64_t max_pixels = 0;
    Size refused;
  };
  static int give_buffer(AVCodecContext* context, AVFrame* frame, int flags);

  std::unique_ptr<Limit> limit_;  // the codec context points to it
  FfmpegPtr<AVCodecContext> codec_;
  FfmpegPtr<AVPacket> packet_;
  bool is_picture_ = false;
  bool packet_waits_ = false;
  bool drained_ = false;
  bool input_ended_ = false;
  bool ended_in_error_ = false;
  bool was_endless_ = false;
  bool last_packet_cut_ = false;
  int read_errors_ = 0;
  std::int64_t damaged_packets_ = 0;
  std::int64_t work_bytes_ = 0;
};

}  // namespace mien
