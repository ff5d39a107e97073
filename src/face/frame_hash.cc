#include "face/frame_hash.h"

#include <charconv>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "face/shot_cut.h"

namespace mien {
namespace {

constexpr int kWidth = 64;
constexpr int kHeight = 48;
constexpr int kFrequencies = 11;  // the 64 lowest have a sum of at most 10
constexpr int kBits = 64;
constexpr std::size_t kDigits = 16;
constexpr std::size_t kPatterns = kHashedFrames / 2;

using Cosines = std::array<std::array<double, kWidth>, kFrequencies>;

Cosines cosines(int length) {
  Cosines result{};
  for (int u = 0; u < kFrequencies; ++u) {
    for (int x = 0; x < length; ++x) {
      result[static_cast<std::size_t>(u)][static_cast<std::size_t>(x)] =
          std::cos(std::numbers::pi * u * (2 * x + 1) / (2.0 * length));
    }
  }
  return result;
}

// How much of each pattern a picture has. Whole numbers, and no pattern has a mean, so that a
// change of brightness adds nothing.
std::array<std::int64_t, kPatterns> patterns_of(std::span<const float> signature) {
  std::array<std::int64_t, kPatterns> sums{};
  for (std::int64_t y = 0; y < kHeight; ++y) {
    const std::int64_t down = 2 * y - (kHeight - 1);
    std::int64_t row = 0;
    std::int64_t across = 0;
    std::int64_t outward = 0;
    for (std::int64_t x = 0; x < kWidth; ++x) {
      const auto luma =
          static_cast<std::int64_t>(signature[static_cast<std::size_t>(y * kWidth + x)]);
      const std::int64_t right = 2 * x - (kWidth - 1);
      row += luma;
      across += right * luma;
      outward += (3 * right * right - (kWidth * kWidth - 1)) * luma;
    }
    sums[0] += across;
    sums[1] += down * row;
    sums[2] += down * across;
    sums[3] += outward;
  }
  return sums;
}

}  // namespace

std::uint64_t frame_hash(std::span<const float> signature) {
  MIEN_CHECK(signature.size() == std::size_t{kWidth} * kHeight, "a signature of frame_signature");
  static const Cosines across = cosines(kWidth);
  static const Cosines down = cosines(kHeight);
  std::array<std::array<double, kFrequencies>, kHeight> rows{};
  for (std::size_t y = 0; y < kHeight; ++y) {
    for (std::size_t u = 0; u < kFrequencies; ++u) {
      double sum = 0;
      for (std::size_t x = 0; x < kWidth; ++x) sum += signature[y * kWidth + x] * across[u][x];
      rows[y][u] = sum;
    }
  }
  std::uint64_t hash = 0;
  int bit = 0;
  for (std::size_t order = 1; bit < kBits; ++order) {
    for (std::size_t u = 0; u <= order && bit < kBits; ++u, ++bit) {
      double sum = 0;
      for (std::size_t y = 0; y < kHeight; ++y) sum += rows[y][u] * down[order - u][y];
      if (sum > 0) hash |= std::uint64_t{1} << bit;
    }
  }
  return hash;
}

void FrameHasher::add(std::span<const float> signature) {
  if (is_blank(signature)) return;
  const std::array<std::int64_t, kPatterns> patterns = patterns_of(signature);
  for (std::size_t i = 0; i < kHashedFrames; ++i) {
    const std::int64_t value = i % 2 == 0 ? patterns[i / 2] : -patterns[i / 2];
    if (!chosen_[i].empty() && value <= value_[i]) continue;
    chosen_[i].assign(signature.begin(), signature.end());
    value_[i] = value;
  }
}

std::optional<FrameHashes> FrameHasher::hashes() const {
  if (chosen_.front().empty()) return std::nullopt;
  FrameHashes hashes{};
  for (std::size_t i = 0; i < kHashedFrames; ++i) hashes[i] = frame_hash(chosen_[i]);
  return hashes;
}

std::string to_text(const FrameHashes& hashes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t hash : hashes) {
    if (!text.empty()) text += ' ';
    for (int shift = 60; shift >= 0; shift -= 4) text += kHex[hash >> shift & 15U];
  }
  return text;
}

std::optional<FrameHashes> parse_frame_hashes(std::string_view text) {
  if (text.size() != kHashedFrames * (kDigits + 1) - 1) return std::nullopt;
  FrameHashes hashes{};
  for (std::size_t i = 0; i < kHashedFrames; ++i) {
    const char* begin = text.data() + i * (kDigits + 1);
    const auto [end, error] = std::from_chars(begin, begin + kDigits, hashes[i], 16);
    const bool is_followed = i + 1 == kHashedFrames || begin[kDigits] == ' ';
    if (error != std::errc{} || end != begin + kDigits || !is_followed) return std::nullopt;
  }
  return hashes;
}

}  // namespace mien
