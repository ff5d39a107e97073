// Files that are made to hurt whoever reads them, byte by byte.
#pragma once

#include <cstdint>
#include <string>

namespace mien::testing {

// A PNG with transparency, all zeros: 4 bytes a pixel when it is decoded, a thousandth of that
// before.
std::string blank_png(std::uint32_t width_px, std::uint32_t height_px);

// One frame's MP4 whose index then declares `samples` of `sample_bytes`, in chunks of `per_chunk`.
std::string with_samples(std::string mp4, std::uint32_t samples, std::uint32_t per_chunk,
                         std::uint32_t sample_bytes);

// Big-endian, as most containers write numbers.
std::string big_endian(std::uint32_t value);
std::uint32_t number_at(const std::string& bytes, std::size_t place);

}  // namespace mien::testing
