#include "media/stream_decoder.h"

#include <cerrno>
#include <string>

#include "media/media_info.h"

namespace mien {

namespace {

// A damaged index can name the same bytes for each of a billion samples. Honest files give each
// byte once; a packet counts kPacketCostBytes more, so that empty packets end too.
constexpr std::int64_t kMaxReadings = 16;
constexpr std::int64_t kPacketCostBytes = 16;
constexpr std::int64_t kFreeWorkBytes = std::int64_t{16} << 20;
// Errors in a row after which a container has nothing more to say (a cut MP4 gives one for each
// sample that lies beyond its end).
constexpr int kMaxReadErrors = 1000;

bool is_damaged(const AVFrame& frame) {
  return (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags != 0;
}

// Picture codecs that ask for the frame before any other memory: their limit is checked then, where
// the size is known and can be told.
bool asks_for_frame_first(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_PNG:
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_BMP:
    case AV_CODEC_ID_TIFF:
    case AV_CODEC_ID_GIF:
    case AV_CODEC_ID_PPM:
    case AV_CODEC_ID_PGM:
      return true;
    default:
      return false;
  }
}

}  // namespace

int StreamDecoder::give_buffer(AVCodecContext* context, AVFrame* frame, int flags) {
  auto& limit = *static_cast<Limit*>(context->opaque);
  if (std::int64_t{frame->width} * frame->height > limit.max_pixels) {
    limit.refused = {frame->width, frame->height};
    return AVERROR(EINVAL);
  }
  return avcodec_default_get_buffer2(context, frame, flags);
}

Result<StreamDecoder> StreamDecoder::open(const Container& container,
                                          const std::filesystem::path& path, int threads,
                                          std::int64_t max_pixels) {
  const AVStream& stream = *container.video();
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  const auto unsupported = [&](const char* words) {
    return media_error(MediaReason::kUnsupported, path,
                       "the codec " + std::string(avcodec_get_name(stream.codecpar->codec_id)) +
                           words + "; convert it to H.264 in MP4");
  };
  if (codec == nullptr || codec->id == AV_CODEC_ID_SVG)
    return unsupported(" has no decoder in this build of FFmpeg");
  StreamDecoder decoder;
  decoder.is_picture_ = container.is_picture;
  decoder.codec_.reset(avcodec_alloc_context3(codec));
  decoder.packet_.reset(av_packet_alloc());
  AVCodecContext* context = decoder.codec_.get();
  MIEN_CHECK(context != nullptr && decoder.packet_ != nullptr, "out of memory");
  if (avcodec_parameters_to_context(context, stream.codecpar) < 0)
    return unsupported(" is described wrongly");
  context->pkt_timebase = stream.time_base;
  context->thread_count = threads;
  decoder.limit_ = std::make_unique<Limit>();
  decoder.limit_->max_pixels = max_pixels;
  if (container.is_picture && asks_for_frame_first(stream.codecpar->codec_id)) {
    context->thread_count = 1;
    context->opaque = decoder.limit_.get();
    context->get_buffer2 = &StreamDecoder::give_buffer;
  } else {
    context->max_pixels = max_pixels;
  }
  context->flags |= AV_CODEC_FLAG_BITEXACT;
  if (avcodec_open2(context, codec, nullptr) < 0)
    return unsupported(" cannot be opened with the file's parameters");
  return decoder;
}

bool StreamDecoder::read_packet(Container& container) {
  if (packet_waits_) return true;
  const std::int64_t most_work = kFreeWorkBytes + kMaxReadings * container.file->size_bytes();
  while (!input_ended_) {
    av_packet_unref(packet_.get());
    const int status = av_read_frame(container.format.get(), packet_.get());
    if (status == AVERROR_EOF || container.file->deadline_passed() ||
        container.file->read_error() != 0) {
      input_ended_ = true;
      break;
    }
    work_bytes_ += kPacketCostBytes + (status >= 0 ? packet_->size : 0);
    if (work_bytes_ > most_work) {
      was_endless_ = true;
      input_ended_ = true;
      break;
    }
    if (status < 0) {
      ended_in_error_ = true;
      if (status != AVERROR(EAGAIN) && ++read_errors_ > kMaxReadErrors) input_ended_ = true;
      continue;
    }
    read_errors_ = 0;
    if (packet_->stream_index != container.video_index) continue;
    if (packet_->size == 0 && packet_->side_data_elems == 0) continue;
    last_packet_cut_ = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (last_packet_cut_ && !is_picture_) {
      ++damaged_packets_;
      continue;
    }
    packet_waits_ = true;
    return true;
  }
  return false;
}

bool StreamDecoder::has_more_packets(Container& container) {
  return read_packet(container);
}

StreamDecoder::Step StreamDecoder::next(Container& container, AVFrame& frame) {
  while (!drained_) {
    av_frame_unref(&frame);
    const int received = avcodec_receive_frame(codec_.get(), &frame);
    if (received >= 0) {
      if (!is_damaged(frame)) return Step::kFrame;
      ++damaged_packets_;
      if (is_picture_) return Step::kFrame;
      continue;
    }
    if (received == AVERROR_EOF) {
      drained_ = true;
      break;
    }
    if (received != AVERROR(EAGAIN)) {
      ++damaged_packets_;
      continue;
    }
    if (!read_packet(container)) {
      if (container.file->read_error() != 0) return Step::kReadError;
      if (container.file->deadline_passed()) return Step::kTimeLimit;
      avcodec_send_packet(codec_.get(), nullptr);
      continue;
    }
    const int sent = avcodec_send_packet(codec_.get(), packet_.get());
    if (sent == AVERROR(EAGAIN)) continue;
    packet_waits_ = false;
    if (sent < 0) ++damaged_packets_;
    if (container.file->deadline_passed()) return Step::kTimeLimit;
  }
  return Step::kEnd;
}

}  // namespace mien
