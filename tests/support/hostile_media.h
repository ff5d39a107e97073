// Files that are made to hurt whoever reads them, byte by byte.
#pragma once

#include <cstdint>
#include <string>

namespace mien::testing {

// A GIF of a few hundred bytes: a canvas of that size, one small picture in its corner.
std::string gif_with_canvas(int width_px, int height_px);

// What `bytes` zeros compress to as a zlib stream: about a thousandth of them.
std::string zlib_of_zeros(std::uint64_t bytes);

// PNGs whose header says that size: one row of a grey picture and no more; or the whole of one with
// transparency, all zeros: 4 bytes a pixel when it is decoded, a thousandth of that before.
std::string png_header_only(std::uint32_t width_px, std::uint32_t height_px);
std::string blank_png(std::uint32_t width_px, std::uint32_t height_px);
// A one-pixel PNG with a text chunk that inflates to `bytes`.
std::string png_with_text_bomb(std::uint64_t bytes);

// A MOV whose index is compressed and says that it inflates to `bytes`, zeros all of them.
std::string mov_with_index_bomb(std::uint32_t bytes);

// The JPEG's frame header told to be of another size.
std::string with_jpeg_size(std::string jpeg, int width_px, int height_px);

// One frame's MP4 whose index then declares `samples` of `sample_bytes`, in chunks of `per_chunk`.
std::string with_samples(std::string mp4, std::uint32_t samples, std::uint32_t per_chunk,
                         std::uint32_t sample_bytes);

// Big-endian, as most containers write numbers.
std::string big_endian(std::uint32_t value);
std::uint32_t number_at(const std::string& bytes, std::size_t place);

// `count` bytes from `from` on, each changed with the given probability; the same for one seed.
std::string flipped(std::string bytes, std::size_t from, std::size_t count, double share,
                    std::uint64_t seed);

}  // namespace mien::testing
