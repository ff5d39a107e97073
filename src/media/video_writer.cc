#include "media/video_writer.h"

#include <unistd.h>

#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "media/ffmpeg.h"

namespace mien {

namespace {

// x264's constant rate factor: 18 is "visually lossless or nearly so", 23 its default (x264
// settings guide); between the two, since thin coloured lines suffer first.
constexpr const char* kQuality = "20";
constexpr const char* kPreset = "veryfast";
// VP9's constant quality: 31 is the middle of what libvpx's own guide recommends for small pictures
// (37 for 240p to 31 for 1080p); deadline good with cpu-used 5 is its fast setting for files.
constexpr const char* kVp9Quality = "31";
constexpr const char* kVp9Speed = "5";
constexpr std::int64_t kLoneFrameUs = 166667;  // a video of one frame lasts 1/6 s

struct OutputDeleter {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

Error io_error(const std::filesystem::path& path, int code) {
  return Error{ErrorCode::kIo, path.string() + ": the video cannot be written (" +
                                   ffmpeg_error_text(code) +
                                   "); check the folder, its permissions and the free space"};
}

int even(int size) {
  return size + size % 2;
}

const char* encoder_name(VideoFormat format) {
  return format == VideoFormat::kWebm ? "libvpx-vp9" : "libx264";
}

}  // namespace

struct VideoWriter::State {
  std::filesystem::path path;
  std::filesystem::path temporary;
  VideoFormat format = VideoFormat::kMp4;
  int width_px = 0;
  int height_px = 0;
  std::unique_ptr<AVFormatContext, OutputDeleter> output;
  FfmpegPtr<AVCodecContext> encoder;
  FfmpegPtr<SwsContext> scaler;
  FfmpegPtr<AVFrame> rgb;  // only for odd sizes
  FfmpegPtr<AVFrame> yuv;
  FfmpegPtr<AVPacket> packet;
  FfmpegPtr<AVPacket> held;  // waits for the next one's time, which is its end
  bool holds_packet = false;
  bool header_written = false;
  std::int64_t last_pts_us = -1;
  std::int64_t last_duration_us = kLoneFrameUs;
  bool is_file_ours = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    output.reset();
    std::error_code ignored;
    if (is_file_ours) std::filesystem::remove(temporary, ignored);
  }

  int open_encoder(const AVCodec& codec);
  int open_output();
  int open_scaler();
  int to_yuv(const ImageView& image);
  int encode(const AVFrame* frame);
  int write_held(std::int64_t duration_us);
};

int VideoWriter::State::open_encoder(const AVCodec& codec) {
  encoder.reset(avcodec_alloc_context3(&codec));
  MIEN_CHECK(encoder != nullptr, "out of memory");
  AVCodecContext& context = *encoder;
  context.width = even(width_px);
  context.height = even(height_px);
  context.pix_fmt = AV_PIX_FMT_YUV420P;
  context.time_base = kMicroseconds;
  context.framerate = {25, 1};  // for the level only; times are each frame's own
  context.sample_aspect_ratio = {1, 1};
  context.color_range = AVCOL_RANGE_MPEG;
  context.colorspace = AVCOL_SPC_BT709;
  context.color_primaries = AVCOL_PRI_BT709;
  context.color_trc = AVCOL_TRC_BT709;
  context.chroma_sample_location = AVCHROMA_LOC_LEFT;
  context.gop_size = kKeyFrameInterval;
  context.max_b_frames = 0;
  context.thread_count = 1;
  context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  AVDictionary* options = nullptr;
  if (format == VideoFormat::kWebm) {
    context.bit_rate = 0;  // quality alone decides
    av_dict_set(&options, "crf", kVp9Quality, 0);
    av_dict_set(&options, "deadline", "good", 0);
    av_dict_set(&options, "cpu-used", kVp9Speed, 0);
    av_dict_set(&options, "lag-in-frames", "0", 0);
    av_dict_set(&options, "auto-alt-ref", "0", 0);
  } else {
    av_dict_set(&options, "preset", kPreset, 0);
    av_dict_set(&options, "crf", kQuality, 0);
  }
  const int status = avcodec_open2(encoder.get(), &codec, &options);
  av_dict_free(&options);
  return status;
}

int VideoWriter::State::open_output() {
  AVFormatContext* context = nullptr;
  const std::string address = "file:" + temporary.string();
  const char* container = format == VideoFormat::kWebm ? "webm" : "mp4";
  int status = avformat_alloc_output_context2(&context, nullptr, container, address.c_str());
  if (status < 0) return status;
  output.reset(context);
  context->flags |= AVFMT_FLAG_BITEXACT;
  AVStream* stream = avformat_new_stream(context, nullptr);
  MIEN_CHECK(stream != nullptr, "out of memory");
  stream->time_base = kMicroseconds;
  stream->sample_aspect_ratio = {1, 1};
  status = avcodec_parameters_from_context(stream->codecpar, encoder.get());
  if (status < 0) return status;
  status = avio_open(&context->pb, address.c_str(), AVIO_FLAG_WRITE);
  if (status < 0) return status;
  is_file_ours = true;
  AVDictionary* options = nullptr;
  if (format == VideoFormat::kMp4) av_dict_set(&options, "movflags", "+faststart", 0);
  status = avformat_write_header(context, &options);
  av_dict_free(&options);
  header_written = status >= 0;
  return status;
}

int VideoWriter::State::open_scaler() {
  scaler.reset(sws_getContext(
      encoder->width, encoder->height, AV_PIX_FMT_RGB24, encoder->width, encoder->height,
      AV_PIX_FMT_YUV420P, SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr));
  if (scaler == nullptr) return AVERROR(EINVAL);
  constexpr int kUnity = 1 << 16;
  sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1,
                           sws_getCoefficients(SWS_CS_ITU709), 0, 0, kUnity, kUnity);
  const auto make_frame = [&](int pixel_format) {
    FfmpegPtr<AVFrame> frame(av_frame_alloc());
    MIEN_CHECK(frame != nullptr, "out of memory");
    frame->format = pixel_format;
    frame->width = encoder->width;
    frame->height = encoder->height;
    if (av_frame_get_buffer(frame.get(), 64) < 0) frame.reset();
    return frame;
  };
  yuv = make_frame(AV_PIX_FMT_YUV420P);
  rgb = make_frame(AV_PIX_FMT_RGB24);
  return yuv != nullptr && rgb != nullptr ? 0 : AVERROR(ENOMEM);
}

int VideoWriter::State::to_yuv(const ImageView& image) {
  int status = av_frame_make_writable(yuv.get());
  if (status < 0) return status;
  const auto row_bytes = static_cast<std::size_t>(width_px) * 3;
  for (int y = 0; y < encoder->height; ++y) {
    std::uint8_t* row = rgb->data[0] + static_cast<std::ptrdiff_t>(y) * rgb->linesize[0];
    std::memcpy(row, image.row(std::min(y, height_px - 1)), row_bytes);
    if (encoder->width > width_px) std::memcpy(row + row_bytes, row + row_bytes - 3, 3);
  }
  status = sws_scale(scaler.get(), rgb->data, rgb->linesize, 0, encoder->height, yuv->data,
                     yuv->linesize);
  return status < 0 ? status : 0;
}

int VideoWriter::State::write_held(std::int64_t duration_us) {
  AVStream& stream = *output->streams[0];
  held->duration = duration_us;
  held->stream_index = 0;
  av_packet_rescale_ts(held.get(), kMicroseconds, stream.time_base);
  holds_packet = false;
  return av_interleaved_write_frame(output.get(), held.get());
}

// nullptr ends the stream.
int VideoWriter::State::encode(const AVFrame* frame) {
  int status = avcodec_send_frame(encoder.get(), frame);
  while (status >= 0) {
    status = avcodec_receive_packet(encoder.get(), packet.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return 0;
    if (status < 0) return status;
    if (holds_packet) {
      last_duration_us = packet->pts - held->pts;
      status = write_held(last_duration_us);
    }
    av_packet_unref(held.get());
    av_packet_move_ref(held.get(), packet.get());
    holds_packet = true;
  }
  return status;
}

VideoWriter::VideoWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;
VideoWriter::~VideoWriter() = default;

Result<VideoWriter> VideoWriter::create(const std::filesystem::path& path, int width_px,
                                        int height_px, VideoFormat format) {
  MIEN_CHECK(width_px > 0 && height_px > 0, "a video has at least one pixel");
  prepare_ffmpeg();
  const AVCodec* codec = avcodec_find_encoder_by_name(encoder_name(format));
  if (codec == nullptr) {
    return Error{ErrorCode::kUnsupported, std::string("this build of FFmpeg has no ") +
                                              encoder_name(format) +
                                              "; install Debian's libavcodec"};
  }
  auto state = std::make_unique<State>();
  state->path = path;
  state->temporary = path;
  state->temporary += ".part-" + std::to_string(::getpid());
  state->format = format;
  state->width_px = width_px;
  state->height_px = height_px;
  if (state->open_encoder(*codec) < 0) {
    return Error{ErrorCode::kUnsupported, path.string() + ": a video of " +
                                              std::to_string(width_px) + " x " +
                                              std::to_string(height_px) +
                                              " pixels cannot be encoded; use a smaller picture"};
  }
  const int status = state->open_output();
  if (status < 0) return io_error(path, status);
  if (state->open_scaler() < 0) {
    return Error{
        ErrorCode::kUnsupported,
        path.string() + ": frames of this size cannot be converted; use a smaller picture"};
  }
  state->packet.reset(av_packet_alloc());
  state->held.reset(av_packet_alloc());
  MIEN_CHECK(state->packet != nullptr && state->held != nullptr, "out of memory");
  return VideoWriter(std::move(state));
}

Status VideoWriter::write(const ImageView& image, std::int64_t pts_us) {
  State& state = *state_;
  MIEN_CHECK(image.width_px == state.width_px && image.height_px == state.height_px,
             "a frame of another size than the video");
  MIEN_CHECK(pts_us > state.last_pts_us, "frame times must rise");
  state.last_pts_us = pts_us;
  int status = state.to_yuv(image);
  if (status >= 0) {
    state.yuv->pts = pts_us;
    status = state.encode(state.yuv.get());
  }
  if (status < 0) return io_error(state.path, status);
  return Ok{};
}

Status VideoWriter::finish() {
  State& state = *state_;
  if (state.last_pts_us < 0) {
    return Error{ErrorCode::kIo,
                 state.path.string() + ": no frame was given, so no video was written"};
  }
  int status = state.encode(nullptr);
  if (status >= 0 && state.holds_packet) status = state.write_held(state.last_duration_us);
  if (status >= 0) status = av_write_trailer(state.output.get());
  if (status >= 0 && state.output->pb->error < 0) status = state.output->pb->error;
  const int closed = avio_closep(&state.output->pb);
  if (status >= 0) status = closed;
  if (status < 0) return io_error(state.path, status);
  std::error_code error;
  std::filesystem::rename(state.temporary, state.path, error);
  if (error) return io_error(state.path, AVERROR(error.value()));
  state.is_file_ours = false;
  return Ok{};
}

}  // namespace mien
