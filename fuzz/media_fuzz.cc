// Media, through the real demuxers and decoders: any bytes are a video or picture, or a failure
// with a reason; no file makes the reader hang, ask for more memory than its pixels need, or say
// what its contract excludes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "outside_file.h"

#include "base/check.h"
#include "media/video_reader.h"

namespace {

constexpr int kMostFrames = 48;
constexpr int kMaxSidePx = 96;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static mien::fuzz::MemoryFile file;
  file.put({reinterpret_cast<const char*>(data), size});
  mien::ReaderOptions options;
  options.max_pixels = 256 * 256;
  options.max_side_px = kMaxSidePx;
  options.time_limit_s = 5;
  auto reader = mien::VideoReader::open(file.path(), options);
  if (!reader.ok()) {
    MIEN_CHECK(reason_of(reader.error()) != mien::MediaReason::kNone, "a failure has a reason");
    (void)mien::probe(file.path());
    return 0;
  }
  MIEN_CHECK(reader->info().width_px > 0 && reader->info().height_px > 0, "a picture has a size");
  std::int64_t last_us = -1;
  for (int frame = 0; frame < kMostFrames; ++frame) {
    const auto pts_us = reader->next_pts_us();
    if (!pts_us.ok()) {
      MIEN_CHECK(reason_of(pts_us.error()) != mien::MediaReason::kNone, "a failure has a reason");
      break;
    }
    if (!pts_us->has_value()) {
      (void)reader->condition();
      (void)reader->variable_rate();
      break;
    }
    MIEN_CHECK(**pts_us > last_us, "times rise from 0");
    last_us = **pts_us;
    if (frame % 4 != 0) continue;
    const auto picture = reader->convert_current();
    if (!picture.ok()) continue;
    MIEN_CHECK(picture->image.width_px() >= 1 && picture->image.width_px() <= kMaxSidePx &&
                   picture->image.height_px() >= 1 && picture->image.height_px() <= kMaxSidePx,
               "a frame fits");
    MIEN_CHECK(picture->scale > 0, "a scale is positive");
  }
  (void)reader->last_frame_end_s();
  return 0;
}
