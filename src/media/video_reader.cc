#include "media/video_reader.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "media/file_frames.h"
#include "media/frame_converter.h"
#include "media/picture_folder.h"

namespace mien {

struct VideoReader::State {
  std::filesystem::path path;
  ReaderOptions options;
  MediaInfo info;
  std::optional<FileFrames> file;  // a video or still
  std::vector<std::filesystem::path> pictures;
  std::size_t next_picture = 0;
  std::string first_bad_picture;
  DecodedFrame current;
  DecodedFrame previous;
  FrameConverter converter;
  std::int64_t frames = 0;
  std::int64_t bad_pictures = 0;

  Result<bool> advance();
  Result<bool> open_next_picture();
  Result<Frame> convert(const DecodedFrame& decoded);
};

namespace {

std::int64_t picture_time_us(std::size_t index, double rate_hz) {
  return std::llround(static_cast<double>(index) * 1e6 / rate_hz);
}

MediaInfo folder_info(const MediaInfo& first, std::size_t count, double rate_hz) {
  MediaInfo info = first;
  info.kind = MediaKind::kImageFolder;
  info.container = "images";
  info.duration_s = static_cast<double>(count) / rate_hz;
  info.average_rate_hz = rate_hz;
  info.frame_count = static_cast<std::int64_t>(count);
  return info;
}

}  // namespace

// The next picture of a folder that can be opened, skipping and counting those that cannot.
Result<bool> VideoReader::State::open_next_picture() {
  while (next_picture < pictures.size()) {
    const std::filesystem::path& picture = pictures[next_picture++];
    auto opened = FileFrames::open(picture, options, false);
    if (opened.ok()) {
      file.emplace(std::move(opened).value());
      return true;
    }
    if (bad_pictures++ == 0) first_bad_picture = opened.error().message;
  }
  return false;
}

Result<bool> VideoReader::State::advance() {
  if (!pictures.empty()) {
    if (!file.has_value()) {
      MIEN_TRY(has_picture, open_next_picture());
      if (!has_picture) return false;
    }
  }
  std::swap(previous, current);
  auto read = file->next(current);
  if (!read.ok() || !*read) {
    std::swap(previous, current);  // stay on the last frame
    return read;
  }
  if (!pictures.empty()) {
    if (file->condition().reason != MediaReason::kNone && bad_pictures++ == 0)
      first_bad_picture = file->condition().message;
    file.reset();
    current.pts_us = picture_time_us(next_picture - 1, options.image_folder_rate_hz);
  }
  ++frames;
  if (options.on_frame) options.on_frame();
  return true;
}

Result<Frame> VideoReader::State::convert(const DecodedFrame& decoded) {
  MIEN_CHECK(decoded.frame != nullptr && decoded.frame->width > 0, "there is no such frame");
  const AVFrame& source = *decoded.frame;
  const ShownSize shown =
      shown_size(source.width, source.height, decoded.pixel_aspect, decoded.orientation);
  const int longest = std::max(shown.width_px, shown.height_px);
  const double shrink = options.max_side_px > 0 && longest > options.max_side_px
                            ? static_cast<double>(longest) / options.max_side_px
                            : 1.0;
  int width = std::max(1, static_cast<int>(std::lround(shown.width_px / shrink)));
  int height = std::max(1, static_cast<int>(std::lround(shown.height_px / shrink)));
  if (decoded.orientation.swaps_sides()) std::swap(width, height);
  auto image = converter.convert(source, colour_of(source, decoded.codec), decoded.orientation,
                                 width, height);
  if (options.on_frame) options.on_frame();
  if (!image.ok()) return media_error(MediaReason::kUnsupported, path, image.error().message);
  Frame frame;
  frame.image = std::move(image).value();
  frame.pts_us = decoded.pts_us;
  // A stream that changes its size keeps the coordinates of its first frame.
  const int whole_px = info.kind == MediaKind::kImageFolder ? shown.width_px : info.width_px;
  frame.scale = static_cast<double>(whole_px) / frame.image.width_px();
  return frame;
}

VideoReader::VideoReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
VideoReader::~VideoReader() = default;

Result<VideoReader> VideoReader::open(const std::filesystem::path& path,
                                      const ReaderOptions& options) {
  MIEN_CHECK(options.decoder_threads >= 1 && options.max_pixels > 0 && options.max_side_px >= 0 &&
                 options.image_folder_rate_hz > 0 && options.time_limit_s > 0,
             "reader options are out of range");
  auto state = std::make_unique<State>();
  state->path = path;
  state->options = options;
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    MIEN_TRY(file, FileFrames::open(path, options, false));
    state->info = file.info();
    state->file.emplace(std::move(file));
    return VideoReader(std::move(state));
  }
  MIEN_TRY(pictures, pictures_of(path));
  state->pictures = std::move(pictures);
  MIEN_TRY(has_picture, state->open_next_picture());
  if (!has_picture) {
    return media_error(
        MediaReason::kNoFrames, path,
        "none of its pictures can be read, the first because " + state->first_bad_picture);
  }
  state->info =
      folder_info(state->file->info(), state->pictures.size(), options.image_folder_rate_hz);
  return VideoReader(std::move(state));
}

const MediaInfo& VideoReader::info() const {
  return state_->info;
}

Result<std::optional<std::int64_t>> VideoReader::next_pts_us() {
  MIEN_TRY(has_frame, state_->advance());
  if (!has_frame) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(state_->current.pts_us);
}

Result<Frame> VideoReader::convert_current() {
  return state_->convert(state_->current);
}

Result<Frame> VideoReader::convert_previous() {
  return state_->convert(state_->previous);
}

Result<std::optional<Frame>> VideoReader::next() {
  MIEN_TRY(pts_us, next_pts_us());
  if (!pts_us.has_value()) return std::optional<Frame>();
  MIEN_TRY(frame, convert_current());
  return std::optional<Frame>(std::move(frame));
}

std::int64_t VideoReader::frames_decoded() const {
  return state_->frames;
}

std::int64_t VideoReader::damaged_packets() const {
  if (!state_->pictures.empty()) return state_->bad_pictures;
  return state_->file->damaged_packets();
}

bool VideoReader::variable_rate() const {
  return state_->pictures.empty() && state_->file->clock().variable_rate();
}

std::optional<double> VideoReader::last_frame_end_s() const {
  if (state_->frames == 0) return std::nullopt;
  if (!state_->pictures.empty()) {
    return static_cast<double>(
               picture_time_us(state_->next_picture, state_->options.image_folder_rate_hz)) *
           1e-6;
  }
  if (state_->info.kind == MediaKind::kStill) return std::nullopt;
  const std::optional<std::int64_t> end_us = state_->file->clock().last_end_us();
  if (!end_us.has_value()) return std::nullopt;
  return static_cast<double>(*end_us) * 1e-6;
}

MediaError VideoReader::condition() const {
  if (state_->pictures.empty()) return state_->file->condition();
  if (state_->bad_pictures == 0) return {};
  return {
      MediaReason::kDamaged,
      media_error(
          MediaReason::kDamaged, state_->path,
          std::to_string(state_->bad_pictures) + " of " + std::to_string(state_->pictures.size()) +
              " pictures could not be read in full, the first: " + state_->first_bad_picture)
          .message};
}

Result<MediaInfo> probe(const std::filesystem::path& path) {
  const ReaderOptions options;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    MIEN_TRY(reader, VideoReader::open(path, options));
    return reader.info();
  }
  MIEN_TRY(frames, FileFrames::open(path, options, true));
  return frames.info();
}

}  // namespace mien
