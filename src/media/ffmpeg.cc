#include "media/ffmpeg.h"

#include <array>
#include <cstdarg>
#include <mutex>

#include "media/media_info.h"

namespace mien {

namespace {

// The largest single piece of memory FFmpeg may ask for: an RGB picture of 16384 x 16384 pixels
// (0.8 GB) fits, a sample table of a billion entries that a few bytes of a header declare does not.
constexpr std::size_t kMaxAllocationBytes = std::size_t{1} << 30;

void say_nothing(void*, int, const char*, va_list) {}

}  // namespace

void prepare_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_callback(say_nothing);
    av_max_alloc(kMaxAllocationBytes);
  });
}

std::string ffmpeg_error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  if (av_strerror(code, text.data(), text.size()) < 0) return "error " + std::to_string(code);
  return text.data();
}

bool can_decode(const std::string& codec) {
  const AVCodecDescriptor* known = avcodec_descriptor_get_by_name(codec.c_str());
  return known != nullptr && avcodec_find_decoder(known->id) != nullptr;
}

std::string media_library_version() {
  return av_version_info();
}

}  // namespace mien
