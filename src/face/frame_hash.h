// A few 64-bit hashes that tell whether two videos show the same pictures.
//
// A hash is the signs of the 64 lowest frequencies but the mean of a picture's luma (perceptual
// hash by discrete cosine transform: Zauner 2010, "Implementation and benchmarking of perceptual
// image hash functions", chapter 3; here of the 64 x 48 grid of frame_signature, and by sign
// instead of median, so that brightness and contrast do not matter). Pictures differ by the number
// of bits in which their hashes do. No picture can be made from 64 signs.
//
// Which frames are hashed follows from the pictures and not from the time, so that a copy without
// beginning or end has most of them too: for each of four patterns (left against right, above
// against below, one diagonal against the other, middle against sides) the frame with the most and
// the one with the least of it. Blank frames are passed over. What a copy changes in the
// arrangement of the picture (mirrored, turned, cropped, with a border) makes it another picture.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mien {

inline constexpr std::size_t kHashedFrames = 8;
using FrameHashes = std::array<std::uint64_t, kHashedFrames>;

// Of a signature of frame_signature(). About 50,000 multiplications.
std::uint64_t frame_hash(std::span<const float> signature);

// Takes the frames of one video in any order; of equal ones the first given counts.
class FrameHasher {
 public:
  void add(std::span<const float> signature);

  // Nothing where every frame was blank. The same pictures, the same hashes.
  std::optional<FrameHashes> hashes() const;

 private:
  std::array<std::vector<float>, kHashedFrames> chosen_;
  std::array<std::int64_t, kHashedFrames> value_{};
};

// 8 words of 16 hexadecimal digits with spaces between; and back, nothing where it is not that.
std::string to_text(const FrameHashes& hashes);
std::optional<FrameHashes> parse_frame_hashes(std::string_view text);

}  // namespace mien
