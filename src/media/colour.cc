#include "media/colour.h"

#include <algorithm>

namespace mien {

namespace {

// ITU-R BT.601 describes pictures of 480 and 576 rows, BT.709 the larger ones.
constexpr int kMaxStandardDefinitionRows = 576;

bool is_defined_as_bt601(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_WEBP:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_H261:
    case AV_CODEC_ID_H263:
    case AV_CODEC_ID_MPEG1VIDEO:
      return true;
    default:
      return false;
  }
}

// Video codecs whose standards say limited range where the stream is silent, for grey as well.
bool is_limited_by_default(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MPEG4:
      return true;
    default:
      return false;
  }
}

bool is_full_range_format(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      return false;
  }
}

bool is_rgb(const AVPixFmtDescriptor& format) {
  return (format.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER)) !=
             0 ||
         (format.flags & AV_PIX_FMT_FLAG_BITSTREAM) != 0;
}

bool is_grey(const AVPixFmtDescriptor& format) {
  return format.nb_components <= 2;
}

}  // namespace

std::string Colour::matrix_name(AVPixelFormat pixel_format) const {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(pixel_format);
  if (format == nullptr || is_rgb(*format)) return "rgb";
  if (is_grey(*format)) return "grey";
  std::string name;
  switch (matrix) {
    case AVCOL_SPC_BT709:
      name = "bt709";
      break;
    case AVCOL_SPC_FCC:
      name = "fcc";
      break;
    case AVCOL_SPC_SMPTE240M:
      name = "smpte240m";
      break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      name = "bt2020";
      break;
    default:
      name = "bt601";
      break;
  }
  return matrix_assumed ? name + " (assumed)" : name;
}

std::string Colour::range_name() const {
  const std::string name = is_full_range ? "full" : "limited";
  return range_assumed ? name + " (assumed)" : name;
}

Colour colour_of(const AVFrame& frame, AVCodecID codec) {
  const auto pixel_format = static_cast<AVPixelFormat>(frame.format);
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(pixel_format);
  Colour colour;
  if (format == nullptr || is_rgb(*format)) {
    colour.matrix = AVCOL_SPC_RGB;
    colour.is_full_range = true;
    return colour;
  }
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      colour.matrix = frame.colorspace;
      break;
    default: {  // unspecified, or one that swscale does not know
      colour.matrix_assumed = true;
      const bool is_small = std::min(frame.width, frame.height) <= kMaxStandardDefinitionRows;
      colour.matrix = is_small || is_defined_as_bt601(codec) ? AVCOL_SPC_BT470BG : AVCOL_SPC_BT709;
    }
  }
  if (frame.color_range == AVCOL_RANGE_JPEG || is_full_range_format(pixel_format)) {
    colour.is_full_range = true;
  } else if (frame.color_range != AVCOL_RANGE_MPEG) {
    colour.range_assumed = true;
    colour.is_full_range = is_grey(*format) && !is_limited_by_default(codec);
  }
  return colour;
}

}  // namespace mien
