// Which matrix and range turn a decoded frame's numbers into RGB.
#pragma once

#include <string>

#include "media/ffmpeg.h"

namespace mien {

struct Colour {
  AVColorSpace matrix = AVCOL_SPC_BT470BG;
  bool is_full_range = false;
  bool matrix_assumed = false;
  bool range_assumed = false;

  std::string matrix_name(AVPixelFormat format) const;  // as MediaInfo::colour_matrix
  std::string range_name() const;                       // as MediaInfo::colour_range
  friend bool operator==(const Colour&, const Colour&) = default;
};

// What the frame says; where it is silent: BT.601 for the codecs that are defined so (JPEG, WebP,
// VP8, H.261, H.263, MPEG-1) and up to 576 rows (of the shorter side), BT.709 above; full range for
// RGB and for grey pictures, limited for the rest.
Colour colour_of(const AVFrame& frame, AVCodecID codec);

}  // namespace mien
