// Small media files for tests, made when the test runs: by the `ffmpeg` program (an encoder that is
// not Mien's own), or byte by byte. A fixture that cannot be made ends the test program with the
// reason, since every test after it would be about nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/image.h"

namespace mien::testing {

using Arguments = std::vector<std::string>;

// ffmpeg -nostdin -y -v error ARGUMENTS..., one thread, bit-exact outputs.
void run_ffmpeg(const Arguments& arguments);

std::string read_bytes(const std::filesystem::path& path);
std::filesystem::path write_bytes(const std::filesystem::path& path, const std::string& bytes);

// A picture painted pixel by pixel.
struct Rgb {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};
Image painted(int width_px, int height_px, const std::function<Rgb(int x, int y)>& pixel);
Rgb pixel_at(const ImageView& image, int x, int y);

// Frame k of numbered_video(): one grey, from which frame_number() reads k back (0 to 63) after
// any encoding that keeps grey within 1.5 levels.
Image numbered_frame(int width_px, int height_px, int number);
int frame_number(const ImageView& image);

// Encodes frames of one size with ffmpeg: `input` stands before the frames ("-r 25"), `output`
// after them (codec, filters, tags); the container follows from the name's ending.
std::filesystem::path encode(const std::vector<Image>& frames, const std::filesystem::path& path,
                             const Arguments& input, const Arguments& output);

// `count` (at most 64) numbered frames at a constant rate, H.264 without B-frames unless `output`
// says otherwise.
std::filesystem::path numbered_video(const std::filesystem::path& path, int count, double rate_hz,
                                     const Arguments& output = {});

// The 3 x 3 display matrix (16.16, 2.30 in the last column) of an MP4's first video track replaced.
void set_display_matrix(const std::filesystem::path& mp4, const std::vector<std::int32_t>& matrix);

// A JPEG with the Exif orientation 1 to 8 put in.
void set_exif_orientation(const std::filesystem::path& jpeg, int orientation);

// The first `fraction` of a file, into another file.
std::filesystem::path cut_file(const std::filesystem::path& from, const std::filesystem::path& to,
                               double fraction);

}  // namespace mien::testing
