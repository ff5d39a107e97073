// A file recognised by its bytes, and the one video stream in it that is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "media/ffmpeg.h"
#include "media/source_file.h"

namespace mien {

struct Container {
  std::unique_ptr<SourceFile> file;  // outlives `format`, which reads from it
  FfmpegPtr<AVFormatContext> format;
  int video_index = -1;
  bool is_picture = false;  // a picture format, in which only the first frame counts
  bool is_certain = true;  // false: the bytes fit the format so loosely that only a frame proves it
  bool has_audio = false;

  AVStream* video() const { return format->streams[video_index]; }
};

// Errors: missing, unreadable, empty, not_media, audio_only, too_large (more than `max_pixels` as
// the container declares it), unsupported. `time_limit` bounds the whole opening.
Result<Container> open_container(const std::filesystem::path& path, std::int64_t max_pixels,
                                 std::chrono::seconds time_limit);

}  // namespace mien
