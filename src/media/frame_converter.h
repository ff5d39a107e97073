// A decoded frame -> upright RGB Image, in one pass of swscale.
#pragma once

#include <memory>

#include "base/image.h"
#include "base/result.h"
#include "media/colour.h"
#include "media/ffmpeg.h"
#include "media/orientation.h"

namespace mien {

class FrameConverter {
 public:
  // Scales to width_px x height_px (before `orientation` turns it). Area averaging where it gets
  // smaller, bicubic otherwise; chroma is placed where the frame says. Transparent pixels are laid
  // on white. The same frame gives the same bytes on every CPU (SWS_BITEXACT, SWS_ACCURATE_RND).
  // Error (kUnsupported, without a path): a pixel format that swscale does not read.
  Result<Image> convert(const AVFrame& frame, const Colour& colour, Orientation orientation,
                        int width_px, int height_px);

 private:
  struct Setting {
    int source_width_px = 0;
    int source_height_px = 0;
    int format = AV_PIX_FMT_NONE;
    AVChromaLocation chroma = AVCHROMA_LOC_UNSPECIFIED;
    Colour colour;
    int width_px = 0;
    int height_px = 0;
    friend bool operator==(const Setting&, const Setting&) = default;
  };

  bool prepare(const Setting& setting, bool has_alpha);

  Setting setting_;
  FfmpegPtr<SwsContext> scaler_;
  FfmpegPtr<AVFrame> rgb_;  // rows padded as swscale's vector code wants them
};

}  // namespace mien
