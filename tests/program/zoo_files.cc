#include "program/zoo_files.h"

#include <utility>

#include "support/hostile_media.h"
#include "support/media_fixtures.h"

namespace mien::testing {

namespace {

namespace fs = std::filesystem;

// Encoded by ffmpeg from a short moving pattern.
ZooFile encoded(std::string id, std::string what, std::string ending, Arguments output,
                std::string input = "testsrc2=s=96x64:r=12:d=1") {
  const auto make = [output = std::move(output), input = std::move(input)](const fs::path& path,
                                                                           const fs::path&) {
    Arguments arguments = {"-f", "lavfi", "-i", input};
    arguments.insert(arguments.end(), output.begin(), output.end());
    arguments.push_back(path.string());
    run_ffmpeg(arguments);
  };
  return {std::move(id), std::move(what), make, std::move(ending), "ok", ""};
}

// The seed in another container, its packets as they are.
ZooFile remuxed(std::string id, std::string what, std::string ending, Arguments output) {
  const auto make = [output = std::move(output)](const fs::path& path, const fs::path& seed) {
    Arguments arguments = {"-i", seed.string(), "-c", "copy"};
    arguments.insert(arguments.end(), output.begin(), output.end());
    arguments.push_back(path.string());
    run_ffmpeg(arguments);
  };
  return {std::move(id), std::move(what), make, std::move(ending), "ok", ""};
}

ZooFile turned(std::string id, std::string what, std::vector<std::int32_t> matrix) {
  const auto make = [matrix = std::move(matrix)](const fs::path& path, const fs::path& seed) {
    fs::copy_file(seed, path);
    set_display_matrix(path, matrix);
  };
  return {std::move(id), std::move(what), make, ".mp4", "ok", ""};
}

constexpr std::int32_t kOne = 1 << 16;
constexpr std::int32_t kUnit = 1 << 30;

}  // namespace

std::vector<ZooFile> honest_files() {
  const Arguments x264 = {"-c:v", "libx264", "-preset", "ultrafast"};
  const auto with = [&](const Arguments& more) {
    Arguments all = x264;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  return {
      remuxed("mov", "MOV", ".mov", {}),
      remuxed("mkv", "Matroska", ".mkv", {}),
      remuxed("ts", "MPEG transport stream", ".mts", {"-f", "mpegts"}),
      remuxed("flv", "FLV", ".flv", {}),
      remuxed("3gp", "3GP", ".3gp", {}),
      remuxed("nut", "NUT", ".nut", {}),
      remuxed("h264", "H.264 without container or times", ".264", {"-f", "h264"}),
      remuxed("fragments", "MP4 in fragments", ".mp4",
              {"-movflags", "frag_keyframe+empty_moov+default_base_moof"}),
      encoded("hevc", "HEVC", ".mp4", {"-c:v", "libx265", "-x265-params", "log-level=none"}),
      encoded("vp8", "VP8 in WebM", ".webm", {"-c:v", "libvpx", "-deadline", "realtime"}),
      encoded("vp9", "VP9 in WebM", ".webm", {"-c:v", "libvpx-vp9", "-deadline", "realtime"}),
      encoded("av1", "AV1", ".mp4", {"-c:v", "libaom-av1", "-cpu-used", "8", "-g", "6"}),
      encoded("theora", "Theora in Ogg", ".ogv", {"-c:v", "libtheora"}),
      encoded("mpeg1", "MPEG-1 program stream", ".mpg", {"-c:v", "mpeg1video", "-r", "25"}),
      encoded("mpeg2", "MPEG-2 in MXF", ".mxf", {"-c:v", "mpeg2video", "-r", "25"}),
      encoded("mpeg4", "MPEG-4 in AVI", ".avi", {"-c:v", "mpeg4"}),
      encoded("wmv", "WMV in ASF", ".wmv", {"-c:v", "wmv2"}),
      encoded("mjpeg", "Motion JPEG in AVI", ".avi", {"-c:v", "mjpeg"}),
      encoded("prores", "ProRes 4:2:2, 10 bits", ".mov", {"-c:v", "prores"}),
      encoded("ffv1", "FFV1, planar RGB", ".mkv", {"-c:v", "ffv1", "-pix_fmt", "gbrp"}),
      encoded("huffyuv", "HuffYUV", ".avi", {"-c:v", "huffyuv"}),
      encoded("raw", "uncompressed", ".avi", {"-c:v", "rawvideo", "-pix_fmt", "yuv420p"}),
      encoded("gif", "a GIF that moves", ".gif", {}),
      encoded("apng", "a PNG that moves", ".apng", {"-plays", "1"}),
      encoded("jpeg", "JPEG", ".jpg", {"-frames:v", "1"}),
      encoded("webp", "WebP", ".webp", {"-frames:v", "1"}),
      encoded("tiff", "TIFF", ".tiff", {"-frames:v", "1"}),
      encoded("png16", "PNG of 16 bits with transparency", ".png",
              {"-frames:v", "1", "-pix_fmt", "rgba64be"}),
      turned("turned-90", "display matrix of 90 degrees", {0, kOne, 0, -kOne, 0, 0, 0, 0, kUnit}),
      turned("turned-180", "display matrix of 180 degrees",
             {-kOne, 0, 0, 0, -kOne, 0, 0, 0, kUnit}),
      turned("turned-45", "display matrix of 45 degrees",
             {46341, 46341, 0, -46341, 46341, 0, 0, 0, kUnit}),
      turned("mirrored", "display matrix that mirrors", {-kOne, 0, 0, 0, kOne, 0, 0, 0, kUnit}),
      turned("matrix-of-zeros", "display matrix of zeros", {0, 0, 0, 0, 0, 0, 0, 0, 0}),
      encoded("slow", "a frame every 10 s", ".mp4", with({"-r", "0.1"}),
              "testsrc2=s=96x64:r=0.1:d=30"),
      encoded("fast", "240 frames a second", ".mp4", x264, "testsrc2=s=96x64:r=240:d=1"),
      encoded("variable", "a variable rate", ".mkv",
              with({"-vf", "select='not(mod(n,3))+lt(n,6)'", "-vsync", "vfr"}),
              "testsrc2=s=96x64:r=12:d=2"),
      encoded("one-frame", "a video of one frame", ".mp4", with({"-frames:v", "1"})),
      encoded("yuv444", "4:4:4", ".mp4", with({"-pix_fmt", "yuv444p"})),
      encoded("ten-bit", "4:2:2, 10 bits", ".mkv", with({"-pix_fmt", "yuv422p10le"})),
      encoded("grey", "grey", ".mkv", with({"-pix_fmt", "gray"})),
      encoded("full-range", "full range, BT.2020", ".mp4",
              with({"-color_range", "pc", "-colorspace", "bt2020nc", "-pix_fmt", "yuvj420p"})),
      encoded("anamorphic", "pixels of 4:1", ".mp4", with({"-vf", "setsar=4/1"})),
      encoded("interlaced", "interlaced", ".mp4",
              with({"-flags", "+ildct+ilme", "-x264opts", "tff"})),
      encoded("tiny", "2 x 2 pixels", ".mp4", with({}), "testsrc2=s=2x2:r=12:d=1"),
  };
}

}  // namespace mien::testing
