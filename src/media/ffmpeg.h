// The FFmpeg libraries behind owning pointers. Only files of this room include it.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <cstdint>
#include <memory>
#include <string>

namespace mien {

struct FfmpegDeleter {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
  void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
  void operator()(AVFrame* p) const { av_frame_free(&p); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(SwsContext* p) const { sws_freeContext(p); }
};

template <typename T>
using FfmpegPtr = std::unique_ptr<T, FfmpegDeleter>;

// Once a process: FFmpeg prints nothing, and asks for no more than kMaxAllocationBytes at a time.
void prepare_ffmpeg();

std::string ffmpeg_error_text(int code);  // "Invalid data found when processing input"

inline constexpr AVRational kMicroseconds{1, 1000000};

}  // namespace mien
