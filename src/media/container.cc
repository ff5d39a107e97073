#include "media/container.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "media/declared_size.h"
#include "media/media_info.h"

namespace mien {

namespace {

// Formats whose file is a list of other files or addresses, or text drawn as pictures. What Mien
// reads is what the file itself holds.
constexpr std::array<std::string_view, 12> kRefused = {
    "concat", "hls",    "dash", "imf",      "sdp",   "rtsp",
    "image2", "vobsub", "tty",  "svg_pipe", "lavfi", "webm_dash_manifest"};

bool is_refused(const AVInputFormat& format) {
  return std::any_of(kRefused.begin(), kRefused.end(), [&](std::string_view name) {
    return av_match_name(std::string(name).c_str(), format.name) != 0;
  });
}

// More than a camera, a studio or a broadcast multiplex writes into one file. FFmpeg opens a
// decoder for each, so that a thousand of them take 1.6 GB and many seconds before the first frame.
constexpr int kMaxStreams = 128;

// Room for the samples of some days, and the most that a compressed index may inflate to.
constexpr std::uint64_t kMaxIndexBytes = std::uint64_t{64} << 20;

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

bool is_picture_format(const AVInputFormat& format) {
  return std::string_view(format.name).ends_with("_pipe");
}

std::string not_media_words(std::string_view format_name) {
  if (format_name.starts_with("mov")) {
    return "the file is MP4 or MOV without its index (moov): the recording or download was cut "
           "short; fetch it anew, or repair it with a tool for unfinished recordings";
  }
  if (format_name.empty()) {
    return "no video or picture format is recognised in its bytes; if it plays elsewhere, convert "
           "it to MP4";
  }
  return "the file starts like " + std::string(format_name) +
         " but cannot be read as such; it is damaged or cut short, fetch it anew";
}

// Default streams first, then the largest picture, then the first. Cover art is no video.
int choose_video(const AVFormatContext& format) {
  int best = -1;
  std::int64_t best_rank = -1;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream& stream = *format.streams[i];
    const AVCodecParameters& codec = *stream.codecpar;
    if (codec.codec_type != AVMEDIA_TYPE_VIDEO) continue;
    if ((stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0)
      continue;
    std::int64_t rank = std::int64_t{std::max(0, codec.width)} * std::max(0, codec.height);
    if ((stream.disposition & AV_DISPOSITION_DEFAULT) != 0) rank += std::int64_t{1} << 61;
    if (avcodec_find_decoder(codec.codec_id) != nullptr) rank += std::int64_t{1} << 62;
    if (rank > best_rank) {
      best_rank = rank;
      best = static_cast<int>(i);
    }
  }
  return best;
}

bool has_stream(const AVFormatContext& format, AVMediaType type) {
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    if (format.streams[i]->codecpar->codec_type == type) return true;
  }
  return false;
}

// Learns the streams' parameters, with the pixel limit on every decoder that this starts.
int find_streams(AVFormatContext& format, std::int64_t max_pixels) {
  const unsigned count = format.nb_streams;
  std::vector<AVDictionary*> options(std::max(1U, count), nullptr);
  for (AVDictionary*& entry : options) {
    av_dict_set_int(&entry, "max_pixels", max_pixels, 0);
    av_dict_set_int(&entry, "threads", 1, 0);
  }
  const int status = avformat_find_stream_info(&format, count > 0 ? options.data() : nullptr);
  for (AVDictionary*& entry : options) av_dict_free(&entry);
  return status;
}

}  // namespace

Result<Container> open_container(const std::filesystem::path& path, std::int64_t max_pixels,
                                 std::chrono::seconds time_limit) {
  Container container;
  MIEN_TRY(file, SourceFile::open(path));
  container.file = std::move(file);
  SourceFile& source = *container.file;
  source.set_deadline(SourceFile::Clock::now() + time_limit);
  const auto failure = [&](MediaReason reason, std::string_view words) -> Error {
    if (source.read_error() != 0) {
      return media_error(MediaReason::kUnreadable, path,
                         "reading failed (" + ffmpeg_error_text(AVERROR(source.read_error())) +
                             "); check the disk");
    }
    if (source.deadline_passed()) {
      return media_error(MediaReason::kTimeLimit, path,
                         "opening took longer than the time limit; the file is damaged or the disk "
                         "too slow");
    }
    return media_error(reason, path, words);
  };

  const AVInputFormat* input = nullptr;
  const int score = av_probe_input_buffer2(source.io(), &input, nullptr, nullptr, 0, 0);
  if (score < 0 || input == nullptr) return failure(MediaReason::kNotMedia, not_media_words(""));
  if (is_refused(*input)) {
    return failure(MediaReason::kNotMedia,
                   "the file is a list or text (" + std::string(input->name) +
                       ") that holds no pictures itself; give the media files");
  }
  container.is_certain = score > AVPROBE_SCORE_RETRY;
  container.is_picture = is_picture_format(*input);

  if (inflated_index_bytes(source) > kMaxIndexBytes) {
    return failure(MediaReason::kNotMedia,
                   "its compressed index says that it inflates to more than " +
                       std::to_string(kMaxIndexBytes >> 20) +
                       " MB, which no recording needs; fetch it anew");
  }

  AVFormatContext* context = avformat_alloc_context();
  MIEN_CHECK(context != nullptr, "out of memory");
  context->pb = source.io();
  context->flags |= AVFMT_FLAG_CUSTOM_IO;
  context->io_open = refuse_to_open;
  context->protocol_whitelist = av_strdup("none");     // names no protocol
  context->format_whitelist = av_strdup(input->name);  // for formats that nest others
  context->max_streams = kMaxStreams;
  int status = avformat_open_input(&context, nullptr, input, nullptr);  // frees it on failure
  if (status == AVERROR(ENOMEM)) {
    return failure(MediaReason::kUnsupported,
                   "it declares more than " + std::to_string(kMaxStreams) +
                       " streams, or tables beyond the memory that FFmpeg is given; copy its video "
                       "into a file of its own");
  }
  if (status < 0) {
    return failure(MediaReason::kNotMedia,
                   not_media_words(container.is_certain ? input->name : ""));
  }
  container.format.reset(context);

  const auto check_size = [&]() -> Status {
    for (unsigned i = 0; i < context->nb_streams; ++i) {
      const AVCodecParameters& codec = *context->streams[i]->codecpar;
      if (codec.codec_type != AVMEDIA_TYPE_VIDEO) continue;
      if (std::int64_t{codec.width} * codec.height > max_pixels) {
        return media_error(MediaReason::kTooLarge, path,
                           std::to_string(codec.width) + " x " + std::to_string(codec.height) +
                               " pixels are more than the limit of " + std::to_string(max_pixels) +
                               "; scale it down first");
      }
    }
    return Ok{};
  };
  MIEN_TRY_VOID(check_size());
  // A picture's format says all there is; its first frame tells the rest.
  if (!container.is_picture) {
    status = find_streams(*context, max_pixels);
    if (source.read_error() != 0 || source.deadline_passed())
      return failure(MediaReason::kNone, "");
    MIEN_TRY_VOID(check_size());
  }
  container.has_audio = has_stream(*context, AVMEDIA_TYPE_AUDIO);
  container.video_index = choose_video(*context);
  if (container.video_index < 0) {
    if (container.has_audio && container.is_certain) {
      return failure(MediaReason::kNoVideo,
                     "the file holds sound but no video; leave it out or give the video file");
    }
    return failure(MediaReason::kNotMedia, not_media_words(""));
  }
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    if (static_cast<int>(i) != container.video_index) context->streams[i]->discard = AVDISCARD_ALL;
  }
  return container;
}

}  // namespace mien
