#include "media/frame_converter.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace mien {

namespace {

constexpr int kRowAlignmentBytes = 64;

// Chroma sample positions in 1/256 of a luma pixel, as swscale counts them.
struct ChromaPlace {
  int horizontal;
  int vertical;
};

ChromaPlace chroma_place(AVChromaLocation location, bool is_full_range) {
  switch (location) {
    case AVCHROMA_LOC_LEFT:
      return {0, 128};
    case AVCHROMA_LOC_CENTER:
      return {128, 128};
    case AVCHROMA_LOC_TOPLEFT:
      return {0, 0};
    case AVCHROMA_LOC_TOP:
      return {128, 0};
    case AVCHROMA_LOC_BOTTOMLEFT:
      return {0, 256};
    case AVCHROMA_LOC_BOTTOM:
      return {128, 256};
    default:  // JFIF pictures have it in the middle, MPEG-2 and what came after to the left
      return is_full_range ? ChromaPlace{128, 128} : ChromaPlace{0, 128};
  }
}

// A palette's entries are 0xAARRGGBB in the machine's own byte order, as AV_PIX_FMT_RGB32 is.
// swscale itself would take them through 8-bit BT.601, which loses up to two levels.
FfmpegPtr<AVFrame> without_palette(const AVFrame& frame) {
  FfmpegPtr<AVFrame> plain(av_frame_alloc());
  MIEN_CHECK(plain != nullptr, "out of memory");
  plain->format = AV_PIX_FMT_RGB32;
  plain->width = frame.width;
  plain->height = frame.height;
  if (av_frame_get_buffer(plain.get(), kRowAlignmentBytes) < 0) return nullptr;
  std::array<std::uint32_t, 256> palette{};
  std::memcpy(palette.data(), frame.data[1], sizeof palette);
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* from = frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0];
    std::uint8_t* to = plain->data[0] + std::ptrdiff_t{y} * plain->linesize[0];
    for (int x = 0; x < frame.width; ++x) {
      std::memcpy(to + std::ptrdiff_t{x} * 4, &palette[from[x]], 4);
    }
  }
  return plain;
}

}  // namespace

bool FrameConverter::prepare(const Setting& setting, bool has_alpha) {
  if (scaler_ != nullptr && setting == setting_) return true;
  scaler_.reset(sws_alloc_context());
  MIEN_CHECK(scaler_ != nullptr, "out of memory");
  SwsContext* scaler = scaler_.get();
  const bool shrinks =
      setting.width_px < setting.source_width_px || setting.height_px < setting.source_height_px;
  const int flags = (shrinks ? SWS_AREA : SWS_BICUBIC) | SWS_ACCURATE_RND | SWS_BITEXACT;
  // Planar output interpolates chroma over every pixel and has fast vector code; packed output took
  // 2.5 times as long and shared chroma between two pixels.
  const AVPixelFormat output = has_alpha ? AV_PIX_FMT_GBRAP : AV_PIX_FMT_GBRP;
  av_opt_set_int(scaler, "srcw", setting.source_width_px, 0);
  av_opt_set_int(scaler, "srch", setting.source_height_px, 0);
  av_opt_set_int(scaler, "src_format", setting.format, 0);
  av_opt_set_int(scaler, "dstw", setting.width_px, 0);
  av_opt_set_int(scaler, "dsth", setting.height_px, 0);
  av_opt_set_int(scaler, "dst_format", output, 0);
  av_opt_set_int(scaler, "sws_flags", flags, 0);
  const AVPixFmtDescriptor* format =
      av_pix_fmt_desc_get(static_cast<AVPixelFormat>(setting.format));
  const ChromaPlace place = chroma_place(setting.chroma, setting.colour.is_full_range);
  if (format->log2_chroma_w == 1) av_opt_set_int(scaler, "src_h_chr_pos", place.horizontal, 0);
  if (format->log2_chroma_h == 1) av_opt_set_int(scaler, "src_v_chr_pos", place.vertical, 0);
  // The same matrix on both sides: swscale passes through YUV also where RGB is only scaled.
  const int* matrix = sws_getCoefficients(setting.colour.matrix);
  constexpr int kUnity = 1 << 16;  // contrast and saturation, 16.16
  sws_setColorspaceDetails(scaler, matrix, setting.colour.is_full_range ? 1 : 0, matrix, 1, 0,
                           kUnity, kUnity);
  if (sws_init_context(scaler, nullptr, nullptr) < 0) {
    scaler_.reset();
    return false;
  }
  rgb_.reset(av_frame_alloc());
  MIEN_CHECK(rgb_ != nullptr, "out of memory");
  rgb_->format = output;
  rgb_->width = setting.width_px;
  rgb_->height = setting.height_px;
  if (av_frame_get_buffer(rgb_.get(), kRowAlignmentBytes) < 0) {
    scaler_.reset();
    return false;
  }
  setting_ = setting;
  return true;
}

Result<Image> FrameConverter::convert(const AVFrame& frame, const Colour& colour,
                                      Orientation orientation, int width_px, int height_px) {
  MIEN_CHECK(width_px > 0 && height_px > 0, "a picture has at least one pixel");
  const auto pixel_format = static_cast<AVPixelFormat>(frame.format);
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(pixel_format);
  const auto unsupported = [&] {
    const char* name = av_get_pix_fmt_name(pixel_format);
    return Error{ErrorCode::kUnsupported,
                 "frames of " + std::to_string(frame.width) + " x " + std::to_string(frame.height) +
                     " in the pixel format " + (name != nullptr ? name : "unknown") +
                     " cannot be converted to RGB; convert the file to H.264 in MP4"};
  };
  if (format == nullptr || sws_isSupportedInput(pixel_format) == 0) return unsupported();
  if (pixel_format == AV_PIX_FMT_PAL8) {
    const FfmpegPtr<AVFrame> plain = without_palette(frame);
    if (plain == nullptr) return unsupported();
    return convert(*plain, colour, orientation, width_px, height_px);
  }
  const bool has_alpha = (format->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  const Setting setting{frame.width, frame.height, frame.format, frame.chroma_location,
                        colour,      width_px,     height_px};
  if (!prepare(setting, has_alpha)) return unsupported();
  if (sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, rgb_->data,
                rgb_->linesize) != height_px) {
    return unsupported();
  }
  PlanarPicture planes;
  planes.green = rgb_->data[0];
  planes.blue = rgb_->data[1];
  planes.red = rgb_->data[2];
  planes.alpha = has_alpha ? rgb_->data[3] : nullptr;
  planes.width_px = width_px;
  planes.height_px = height_px;
  planes.stride_bytes = rgb_->linesize[0];
  return upright(planes, orientation);
}

}  // namespace mien
