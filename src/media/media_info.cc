#include "media/media_info.h"

#include <array>
#include <utility>

namespace mien {

namespace {

struct ReasonRow {
  MediaReason reason;
  std::string_view code;
  ErrorCode error;
};

constexpr std::array kReasons = {
    ReasonRow{MediaReason::kMissing, "missing", ErrorCode::kNotFound},
    ReasonRow{MediaReason::kUnreadable, "unreadable", ErrorCode::kIo},
    ReasonRow{MediaReason::kEmpty, "empty", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kNotMedia, "not_media", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kNoVideo, "audio_only", ErrorCode::kUnsupported},
    ReasonRow{MediaReason::kNoFrames, "no_frames", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kTruncated, "truncated", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kDamaged, "damaged", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kTooLarge, "too_large", ErrorCode::kUnsupported},
    ReasonRow{MediaReason::kUnsupported, "unsupported", ErrorCode::kUnsupported},
    ReasonRow{MediaReason::kWorkerCrashed, "worker_crashed", ErrorCode::kInternal},
    ReasonRow{MediaReason::kWorkerTimeout, "worker_timeout", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kWorkerMemory, "worker_memory", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kWorkerDenied, "worker_denied", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kTimeLimit, "time_limit", ErrorCode::kCorrupt},
    ReasonRow{MediaReason::kNameNotText, "name_not_utf8", ErrorCode::kUnsupported},
};

}  // namespace

std::string_view to_string(MediaReason reason) {
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) return row.code;
  }
  return "none";
}

Error media_error(MediaReason reason, const std::filesystem::path& path, std::string_view words) {
  ErrorCode code = ErrorCode::kInternal;
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) code = row.error;
  }
  std::string message(to_string(reason));
  message += ": ";
  message += path.string();
  message += ": ";
  message += words;
  return Error{code, std::move(message)};
}

MediaReason media_reason_from(std::string_view code) {
  for (const ReasonRow& row : kReasons) {
    if (code == row.code) return row.reason;
  }
  return MediaReason::kNone;
}

MediaReason reason_of(const Error& error) {
  const std::string_view message = error.message;
  return media_reason_from(message.substr(0, message.find(": ")));
}

}  // namespace mien
