// What a file says of itself before anything is decoded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace mien {

enum class MediaKind { kVideo, kStill, kImageFolder };

struct MediaInfo {
  MediaKind kind = MediaKind::kVideo;
  std::string container;     // "mov,mp4,m4a,3gp,3g2,mj2"; "images" for a folder
  std::string codec;         // "h264"
  std::string pixel_format;  // "yuv420p10le"
  int width_px = 0;          // after rotation
  int height_px = 0;
  int rotation_deg = 0;  // clockwise rotation that is applied: 0, 90, 180, 270
  std::optional<double> duration_s;
  std::optional<double> average_rate_hz;
  std::optional<std::int64_t> frame_count;  // as the container declares it
  std::string
      colour_matrix;  // "bt709"; what is used where the stream is silent is "bt601 (assumed)"...
  std::string colour_range;  // "limited", "full"
  bool has_audio = false;
};

// Reason codes of the media table, the closed set of ways in which media fails.
enum class MediaReason {
  kNone,
  kMissing,        // no such file
  kUnreadable,     // permission, or reading failed
  kEmpty,          // 0 bytes, or an empty folder
  kNotMedia,       // no container FFmpeg knows
  kNoVideo,        // audio only
  kNoFrames,       // a video stream that gave no frame
  kTruncated,      // ended before its declared end
  kDamaged,        // some packets could not be decoded
  kTooLarge,       // more pixels than the limit
  kUnsupported,    // a codec this build of FFmpeg lacks
  kWorkerCrashed,  // the process that decoded it died
  kTimeLimit,      // gave no frame for too long
};
std::string_view to_string(MediaReason reason);  // "missing", "audio_only"..., stable codes

struct MediaError {
  MediaReason reason = MediaReason::kNone;
  std::string message;  // names the file and the remedy
};

// An error of probe() and VideoReader carries the reason's code first: "not_media: ...".
Result<MediaInfo> probe(const std::filesystem::path& path);

// The reason a failed probe or reader gave, from its Error.
MediaReason reason_of(const Error& error);

}  // namespace mien
