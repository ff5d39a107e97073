// What a file says of itself, and the closed set of ways in which media fails.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mien {

enum class MediaKind { kVideo, kStill, kImageFolder };

struct MediaInfo {
  MediaKind kind = MediaKind::kVideo;
  std::string container;     // "mov,mp4,m4a,3gp,3g2,mj2"; "images" for a folder
  std::string codec;         // "h264"
  std::string pixel_format;  // "yuv420p10le"
  // The picture as it is shown: square pixels, after rotation. All coordinates that Mien measures
  // are in these pixels.
  int width_px = 0;
  int height_px = 0;
  int rotation_deg = 0;                     // clockwise rotation that is applied: 0, 90, 180, 270
  bool mirrored = false;                    // flipped left to right before that rotation
  std::optional<double> duration_s;         // as the container declares it; a still has none
  std::optional<double> average_rate_hz;    // frames a second
  std::optional<std::int64_t> frame_count;  // as the container declares it
  // The matrix and range that are used: "bt709", "bt601", "bt2020", "fcc", "smpte240m", "rgb",
  // "grey"; "limited", "full". Followed by " (assumed)" where the stream is silent.
  std::string colour_matrix;
  std::string colour_range;
  bool has_audio = false;
};

enum class MediaReason {
  kNone,
  kMissing,        // no such file
  kUnreadable,     // permission, or reading failed, or not a regular file
  kEmpty,          // 0 bytes, or a folder without pictures
  kNotMedia,       // no container FFmpeg knows, or a playlist that names other files
  kNoVideo,        // audio only
  kNoFrames,       // a video stream that gave no frame
  kTruncated,      // ended before its declared end
  kDamaged,        // some packets could not be decoded
  kTooLarge,       // more pixels than the limit
  kUnsupported,    // a codec or pixel format this build of FFmpeg lacks
  kWorkerCrashed,  // the process that decoded it died
  kWorkerTimeout,  // it gave no sign of life, or took longer than the limits of annotate allow
  kWorkerMemory,   // it took more memory than they allow
  kWorkerDenied,   // it did what decoding never does, and was ended for it
  kTimeLimit,      // gave no frame for too long
  kNameNotText,    // its name is not UTF-8, so that no table can hold it
};

// Stable codes, as the media table holds them: "none", "missing", "unreadable", "empty",
// "not_media", "audio_only", "no_frames", "truncated", "damaged", "too_large", "unsupported",
// "worker_crashed", "worker_timeout", "worker_memory", "worker_denied", "time_limit",
// "name_not_utf8".
std::string_view to_string(MediaReason reason);
MediaReason media_reason_from(std::string_view code);  // kNone for every other text

struct MediaError {
  MediaReason reason = MediaReason::kNone;
  std::string message;  // names the file and the remedy; empty for kNone
};

// An Error whose message is "<code>: <path>: <words>"; the way every failure of this room is made.
Error media_error(MediaReason reason, const std::filesystem::path& path, std::string_view words);

// The reason of an Error made by media_error() before any context is put in front; kNone for every
// other error.
MediaReason reason_of(const Error& error);

// What the file or folder says of itself. Decodes one frame (a still's orientation and a bare
// stream's size stand nowhere else); a video whose first frame fails is still described. Errors:
// as VideoReader::open.
Result<MediaInfo> probe(const std::filesystem::path& path);

// Whether this FFmpeg decodes a codec, by FFmpeg's name of it ("h264", "hevc", "vp9", "av1").
bool can_decode(const std::string& codec);

std::string media_library_version();  // of FFmpeg: "5.1.9-0+deb12u1"

}  // namespace mien
