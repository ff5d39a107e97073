#include "media/file_frames.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "media/colour.h"
#include "media/declared_end.h"
#include "media/declared_size.h"
#include "media/video_reader.h"

namespace mien {

namespace {

// The largest frame of a video, as opposed to a single picture: 12288 x 8192, above every 8K and
// 12K camera. A decoder holds up to 16 such frames, so a false header must not claim more.
constexpr std::int64_t kMaxVideoPixels = 12288LL * 8192LL;
constexpr double kMaxPixelAspect = 4;

std::optional<std::int64_t> to_us(std::int64_t time, AVRational unit) {
  if (time == AV_NOPTS_VALUE || unit.num <= 0 || unit.den <= 0) return std::nullopt;
  const std::int64_t us = av_rescale_q(time, unit, kMicroseconds);
  if (us == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return us;
}

std::optional<double> rate_of(const AVStream& stream) {
  for (const AVRational rate : {stream.avg_frame_rate, stream.r_frame_rate}) {
    if (rate.num > 0 && rate.den > 0) return av_q2d(rate);
  }
  return std::nullopt;
}

std::optional<Orientation> frame_orientation(const AVFrame& frame) {
  const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  if (side == nullptr || side->size < 9 * sizeof(std::int32_t)) return std::nullopt;
  return orientation_from_matrix(reinterpret_cast<const std::int32_t*>(side->data));
}

std::optional<Orientation> stream_orientation(const AVStream& stream) {
  std::size_t size = 0;
  const std::uint8_t* side = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (side == nullptr || size < 9 * sizeof(std::int32_t)) return std::nullopt;
  return orientation_from_matrix(reinterpret_cast<const std::int32_t*>(side));
}

// Formats whose files hold one picture or a moving one; the number of frames decides.
bool may_be_picture(std::string_view format) {
  return format == "gif" || format == "apng";
}

std::string plural(std::int64_t count, std::string_view noun) {
  std::string text = std::to_string(count);
  text += " ";
  text += noun;
  if (count != 1) text += "s";
  return text;
}

}  // namespace

ShownSize shown_size(int width_px, int height_px, AVRational pixel_aspect,
                     Orientation orientation) {
  ShownSize size{width_px, height_px};
  if (pixel_aspect.num > 0 && pixel_aspect.den > 0) {
    const double aspect = av_q2d(pixel_aspect);
    if (aspect > 1 && aspect <= kMaxPixelAspect) {
      size.width_px = static_cast<int>(std::lround(width_px * aspect));
    } else if (aspect < 1 && aspect >= 1 / kMaxPixelAspect) {
      size.height_px = static_cast<int>(std::lround(height_px / aspect));
    }
  }
  if (orientation.swaps_sides()) std::swap(size.width_px, size.height_px);
  return size;
}

Result<FileFrames> FileFrames::open(const std::filesystem::path& path, const ReaderOptions& options,
                                    bool describe_only) {
  FileFrames frames;
  frames.path_ = path;
  frames.time_limit_ = std::chrono::seconds(options.time_limit_s);
  MIEN_TRY(container, open_container(path, options.max_pixels, frames.time_limit_));
  frames.container_ = std::move(container);
  frames.max_pixels_ = frames.container_.is_picture ? options.max_pixels
                                                    : std::min(options.max_pixels, kMaxVideoPixels);
  const AVCodecParameters& codec = *frames.container_.video()->codecpar;
  if (std::int64_t{codec.width} * codec.height > frames.max_pixels_)
    return frames.too_large(codec.width, codec.height);
  if (frames.container_.is_picture) {
    const auto size = declared_picture_size(*frames.container_.file);
    if (size.has_value() && size->width_px > 0 &&
        size->height_px > frames.max_pixels_ / size->width_px)
      return frames.too_large(size->width_px, size->height_px);
  }
  MIEN_TRY(decoder, StreamDecoder::open(frames.container_, path, options.decoder_threads,
                                        frames.max_pixels_));
  frames.decoder_ = std::move(decoder);
  MIEN_TRY_VOID(frames.start(describe_only));
  return frames;
}

Status FileFrames::start(bool describe_only) {
  ahead_.reset(av_frame_alloc());
  MIEN_CHECK(ahead_ != nullptr, "out of memory");
  const AVStream& stream = *container_.video();
  MIEN_TRY(has_frame, decode());
  const AVInputFormat& format = *container_.format->iformat;
  info_.container = format.name;
  info_.codec = avcodec_get_name(stream.codecpar->codec_id);
  info_.has_audio = container_.has_audio;
  if (may_be_picture(format.name) && has_frame && !decoder_->has_more_packets(container_)) {
    container_.is_picture = true;
  }
  info_.kind = container_.is_picture ? MediaKind::kStill : MediaKind::kVideo;
  if (!container_.is_picture) {
    const AVFormatContext& context = *container_.format;
    std::optional<std::int64_t> duration = to_us(stream.duration, stream.time_base);
    if (!duration.has_value() || *duration <= 0) duration = to_us(context.duration, kMicroseconds);
    if (duration.has_value() && *duration > 0)
      info_.duration_s = static_cast<double>(*duration) * 1e-6;
    info_.average_rate_hz = rate_of(stream);
    if (stream.nb_frames > 0) info_.frame_count = stream.nb_frames;
  }
  start_clock();
  if (has_frame) {
    const std::optional<Orientation> of_stream = stream_orientation(stream);
    orientation_ =
        of_stream.has_value() ? *of_stream : frame_orientation(*ahead_).value_or(Orientation{});
    describe(*ahead_);
    holds_first_ = true;
    return Ok{};
  }
  Error error = first_frame_error();
  const bool can_describe = describe_only && reason_of(error) == MediaReason::kNoFrames &&
                            stream.codecpar->width > 0 && stream.codecpar->height > 0;
  if (!can_describe) return error;
  orientation_ = stream_orientation(stream).value_or(Orientation{});
  ahead_->width = stream.codecpar->width;
  ahead_->height = stream.codecpar->height;
  ahead_->format = stream.codecpar->format;
  ahead_->colorspace = stream.codecpar->color_space;
  ahead_->color_range = stream.codecpar->color_range;
  describe(*ahead_);
  ended_ = true;
  return Ok{};
}

Result<bool> FileFrames::decode() {
  container_.file->set_deadline(SourceFile::Clock::now() + time_limit_);
  switch (decoder_->next(container_, *ahead_)) {
    case StreamDecoder::Step::kFrame:
      return true;
    case StreamDecoder::Step::kEnd:
      return false;
    case StreamDecoder::Step::kReadError:
      return media_error(MediaReason::kUnreadable, path_,
                         "reading failed (" +
                             ffmpeg_error_text(AVERROR(container_.file->read_error())) +
                             "); check the disk");
    case StreamDecoder::Step::kTimeLimit:
      break;
  }
  return media_error(MediaReason::kTimeLimit, path_,
                     "gave no frame for " + plural(time_limit_.count(), "second") +
                         "; the file is damaged or the machine too slow");
}

Error FileFrames::too_large(std::int64_t width_px, std::int64_t height_px) const {
  return media_error(MediaReason::kTooLarge, path_,
                     std::to_string(width_px) + " x " + std::to_string(height_px) +
                         " pixels are more than the limit of " + std::to_string(max_pixels_) +
                         "; scale it down first");
}

Error FileFrames::first_frame_error() {
  const StreamDecoder::Size refused = decoder_->refused_size();
  if (refused.width_px > 0) return too_large(refused.width_px, refused.height_px);
  if (!container_.is_certain) {
    return media_error(MediaReason::kNotMedia, path_,
                       "no video or picture format is recognised in its bytes; if it plays "
                       "elsewhere, convert it to MP4");
  }
  if (ends_early(*container_.file)) {
    return media_error(MediaReason::kTruncated, path_,
                       "the file ends before its first frame; fetch it anew");
  }
  if (container_.is_picture) {
    return media_error(MediaReason::kDamaged, path_,
                       "the picture cannot be decoded; fetch it anew, or save it again with "
                       "another program");
  }
  return media_error(MediaReason::kNoFrames, path_,
                     "the video stream gave no frame (" +
                         plural(decoder_->damaged_packets(), "damaged packet") +
                         "); the file is empty or damaged, fetch it anew");
}

void FileFrames::describe(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const char* name = av_get_pix_fmt_name(format);
  info_.pixel_format = name != nullptr ? name : "unknown";
  AVRational aspect = av_guess_sample_aspect_ratio(container_.format.get(), container_.video(),
                                                   const_cast<AVFrame*>(&frame));
  const ShownSize size = shown_size(frame.width, frame.height, aspect, orientation_);
  info_.width_px = size.width_px;
  info_.height_px = size.height_px;
  info_.rotation_deg = orientation_.rotation_deg;
  info_.mirrored = orientation_.mirrored;
  const Colour colour = colour_of(frame, container_.video()->codecpar->codec_id);
  info_.colour_matrix = colour.matrix_name(format);
  info_.colour_range = colour.range_name();
}

void FileFrames::start_clock() {
  const AVStream& stream = *container_.video();
  ClockOptions options;
  if (info_.average_rate_hz.has_value() && *info_.average_rate_hz > 0) {
    options.nominal_interval_us = std::llround(std::min(1e6 / *info_.average_rate_hz, 3.6e9));
  }
  options.tick_us = to_us(1, stream.time_base).value_or(0);
  options.is_discontinuous = (container_.format->iformat->flags & AVFMT_TS_DISCONT) != 0;
  options.origin_us = to_us(container_.format->start_time, kMicroseconds).value_or(0);
  clock_.emplace(options);
}

Result<bool> FileFrames::next(DecodedFrame& decoded) {
  if (ended_) return false;
  if (!std::exchange(holds_first_, false)) {
    MIEN_TRY(has_frame, decode());
    if (!has_frame) {
      ended_ = true;
      return false;
    }
  }
  const AVStream& stream = *container_.video();
  if (decoded.frame == nullptr) decoded.frame.reset(av_frame_alloc());
  MIEN_CHECK(decoded.frame != nullptr, "out of memory");
  decoded.pixel_aspect =
      av_guess_sample_aspect_ratio(container_.format.get(), container_.video(), ahead_.get());
  av_frame_unref(decoded.frame.get());
  av_frame_move_ref(decoded.frame.get(), ahead_.get());
  decoded.codec = stream.codecpar->codec_id;
  decoded.orientation = orientation_;
  if (container_.is_picture) {
    decoded.pts_us = 0;
    ended_ = true;
    return true;
  }
  decoded.pts_us = clock_->stamp(to_us(decoded.frame->best_effort_timestamp, stream.time_base),
                                 to_us(decoded.frame->pkt_duration, stream.time_base));
  return true;
}

MediaError FileFrames::condition() const {
  const std::int64_t damaged = decoder_->damaged_packets();
  bool is_truncated =
      ends_early(*container_.file) || (!container_.is_picture && decoder_->ended_inside_packet());
  // FLV and ASF declare a duration, but no end.
  const std::string_view format = container_.format->iformat->name;
  const std::optional<std::int64_t> end_us = clock_->last_end_us();
  if (!is_truncated && (format == "flv" || format == "asf") && info_.duration_s.has_value() &&
      end_us.has_value()) {
    const double missing_s = *info_.duration_s - static_cast<double>(*end_us) * 1e-6;
    is_truncated = missing_s > 1 && missing_s > *info_.duration_s / 10;
  }
  if (is_truncated) {
    std::string words = container_.is_picture
                            ? "the picture ends before its declared end; its last rows are missing"
                            : "the file ends before its declared end; the frames up to there were "
                              "read. Fetch it anew";
    return {MediaReason::kTruncated, media_error(MediaReason::kTruncated, path_, words).message};
  }
  if (decoder_->was_endless()) {
    return {MediaReason::kDamaged,
            media_error(MediaReason::kDamaged, path_,
                        "its index names the same bytes again and again; reading was ended. Fetch "
                        "it anew")
                .message};
  }
  if (damaged > 0 || decoder_->ended_in_error()) {
    return {MediaReason::kDamaged,
            media_error(MediaReason::kDamaged, path_,
                        plural(damaged, "packet") +
                            " could not be decoded and were skipped; the other frames were read. "
                            "Fetch it anew")
                .message};
  }
  return {};
}

}  // namespace mien
