#include "support/media_fixtures.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

extern char** environ;

namespace mien::testing {

namespace {

[[noreturn]] void give_up(const std::string& words) {
  std::fprintf(stderr, "media fixture: %s\n", words.c_str());
  std::abort();
}

std::string number_text(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

constexpr int kFirstGrey = 20;
constexpr int kGreyStep = 3;

}  // namespace

void run_ffmpeg(const Arguments& arguments) {
  Arguments all = {"ffmpeg", "-nostdin", "-y", "-v", "error", "-threads", "1"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  std::string line;
  for (std::string& argument : all) {
    pointers.push_back(argument.data());
    line += argument + " ";
  }
  pointers.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, "ffmpeg", nullptr, nullptr, pointers.data(), environ) != 0)
    give_up("the ffmpeg program cannot be started; install it with tools/setup");
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    give_up("failed: " + line);
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) give_up("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::filesystem::path write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) give_up("cannot write " + path.string());
  return path;
}

Image painted(int width_px, int height_px, const std::function<Rgb(int x, int y)>& pixel) {
  Image image(width_px, height_px);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const Rgb colour = pixel(x, y);
      std::uint8_t* out = image.row(y) + 3 * static_cast<std::ptrdiff_t>(x);
      out[0] = colour.red;
      out[1] = colour.green;
      out[2] = colour.blue;
    }
  }
  return image;
}

Rgb pixel_at(const ImageView& image, int x, int y) {
  const std::uint8_t* at = image.row(y) + 3 * static_cast<std::ptrdiff_t>(x);
  return {at[0], at[1], at[2]};
}

Image numbered_frame(int width_px, int height_px, int number) {
  const auto grey = static_cast<std::uint8_t>(kFirstGrey + kGreyStep * number);
  return painted(width_px, height_px, [grey](int, int) { return Rgb{grey, grey, grey}; });
}

int frame_number(const ImageView& image) {
  const int grey = pixel_at(image, image.width_px / 2, image.height_px / 2).green;
  return static_cast<int>(std::lround((grey - kFirstGrey) / static_cast<double>(kGreyStep)));
}

std::filesystem::path encode(const std::vector<Image>& frames, const std::filesystem::path& path,
                             const Arguments& input, const Arguments& output) {
  if (frames.empty()) give_up("no frames for " + path.string());
  std::filesystem::path raw = path;
  raw += ".rgb";
  std::ofstream file(raw, std::ios::binary);
  for (const Image& frame : frames) {
    file.write(reinterpret_cast<const char*>(frame.data()),
               static_cast<std::streamsize>(frame.stride_bytes()) * frame.height_px());
  }
  file.close();
  if (!file) give_up("cannot write " + raw.string());
  Arguments arguments = {"-f", "rawvideo", "-pix_fmt", "rgb24", "-s"};
  arguments.push_back(std::to_string(frames[0].width_px()) + "x" +
                      std::to_string(frames[0].height_px()));
  arguments.insert(arguments.end(), input.begin(), input.end());
  arguments.insert(arguments.end(), {"-i", raw.string()});
  arguments.insert(arguments.end(), output.begin(), output.end());
  arguments.insert(arguments.end(), {"-bitexact", path.string()});
  run_ffmpeg(arguments);
  std::filesystem::remove(raw);
  return path;
}

std::filesystem::path numbered_video(const std::filesystem::path& path, int count, double rate_hz,
                                     const Arguments& output) {
  std::vector<Image> frames;
  for (int i = 0; i < count; ++i) frames.push_back(numbered_frame(64, 48, i));
  Arguments all = {"-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", "10"};
  all.insert(all.end(), output.begin(), output.end());
  return encode(frames, path, {"-r", number_text(rate_hz)}, all);
}

void set_display_matrix(const std::filesystem::path& mp4, const std::vector<std::int32_t>& matrix) {
  std::string bytes = read_bytes(mp4);
  const std::size_t box = bytes.find("tkhd");
  if (box == std::string::npos || matrix.size() != 9) give_up("no tkhd box in " + mp4.string());
  // Version 0: 4 flags, 5 times and ids of 4 bytes, 8 reserved, 4 numbers of 2 bytes (ISO/IEC
  // 14496-12, 8.3.2); version 1 has three of the times in 8 bytes.
  const std::size_t place = box + 4 + (bytes[box + 4] == 1 ? 52 : 40);
  for (std::size_t i = 0; i < 9; ++i) {
    bytes.replace(place + 4 * i, 4, big_endian(static_cast<std::uint32_t>(matrix[i]), 4));
  }
  write_bytes(mp4, bytes);
}

void set_exif_orientation(const std::filesystem::path& jpeg, int orientation) {
  std::string bytes = read_bytes(jpeg);
  if (!std::string_view(bytes).starts_with("\xFF\xD8")) give_up("no JPEG: " + jpeg.string());
  using namespace std::string_view_literals;
  std::string exif("Exif\0\0MM\0*"sv);               // big-endian TIFF
  exif += big_endian(8, 4) + big_endian(1, 2);       // one entry at offset 8
  exif += big_endian(0x0112, 2) + big_endian(3, 2);  // Orientation, 16-bit
  exif += big_endian(1, 4);                          // one value
  exif += big_endian(static_cast<std::uint32_t>(orientation), 2) + big_endian(0, 2);
  exif += big_endian(0, 4);  // no further directory
  const std::string segment =
      "\xFF\xE1" + big_endian(static_cast<std::uint32_t>(exif.size() + 2), 2) + exif;
  bytes.insert(2, segment);
  write_bytes(jpeg, bytes);
}

std::filesystem::path cut_file(const std::filesystem::path& from, const std::filesystem::path& to,
                               double fraction) {
  const std::string bytes = read_bytes(from);
  return write_bytes(
      to, bytes.substr(0, static_cast<std::size_t>(static_cast<double>(bytes.size()) * fraction)));
}

}  // namespace mien::testing
