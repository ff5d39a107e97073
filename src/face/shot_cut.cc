#include "face/shot_cut.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/check.h"

namespace mien {
namespace {

constexpr int kGridWidth = 64;
constexpr int kGridHeight = 48;
constexpr int kBlock = 8;
constexpr int kReach = 8;
constexpr int kBlockArea = kBlock * kBlock;
constexpr int kCellSamples = 3;  // along each side of a grid point

// Blocks with less contrast (standard deviation, of 255) say nothing; more than the upper value
// counts no more, so that one edge does not outvote the rest.
constexpr float kFlat = 2.55F;
constexpr float kContrasty = 25.5F;
// Added to the variance of the block looked at, so that noise in flat parts matches nothing.
constexpr float kNoiseVariance = 0.65F;
// Good enough to stop looking: most blocks of a resting picture end here at once.
constexpr float kAlike = 0.97F;

// Chosen on the measurements of docs/tracking.md: largest change within shots 0.16, with flashes
// and pans of a tenth of the width a frame 0.23; smallest at cuts between scenes 0.31.
constexpr float kCut = 0.24F;

constexpr int kBlocks = kGridWidth / kBlock * (kGridHeight / kBlock);

using Grid = std::array<std::int16_t, static_cast<std::size_t>(kGridWidth) * kGridHeight>;

Grid grid_of(std::span<const float> signature) {
  MIEN_CHECK(signature.size() == Grid{}.size(), "a signature made by frame_signature");
  Grid grid;
  for (std::size_t i = 0; i < grid.size(); ++i) grid[i] = static_cast<std::int16_t>(signature[i]);
  return grid;
}

struct Block {
  std::array<std::int16_t, kBlockArea> values;
  int sum = 0;
  float variance = 0;  // times kBlockArea squared
};

Block block_at(const Grid& grid, int x, int y) {
  Block block;
  int squares = 0;
  for (int row = 0; row < kBlock; ++row) {
    for (int column = 0; column < kBlock; ++column) {
      const int from = (y + row) * kGridWidth + x + column;
      const int to = row * kBlock + column;
      const int v = grid[static_cast<std::size_t>(from)];
      block.values[static_cast<std::size_t>(to)] = static_cast<std::int16_t>(v);
      block.sum += v;
      squares += v * v;
    }
  }
  block.variance = static_cast<float>(kBlockArea * squares - block.sum * block.sum);
  return block;
}

float correlation(const Block& block, const Grid& other, int x, int y) {
  int sum = 0;
  int squares = 0;
  int products = 0;
  for (int row = 0; row < kBlock; ++row) {
    const std::int16_t* theirs = other.data() + (y + row) * kGridWidth + x;
    const std::int16_t* ours = block.values.data() + row * kBlock;
    for (int column = 0; column < kBlock; ++column) {
      sum += theirs[column];
      squares += theirs[column] * theirs[column];
      products += theirs[column] * ours[column];
    }
  }
  const auto variance = static_cast<float>(kBlockArea * squares - sum * sum);
  const auto covariance = static_cast<float>(kBlockArea * products - sum * block.sum);
  return covariance /
         std::sqrt(block.variance * (variance + kNoiseVariance * kBlockArea * kBlockArea));
}

float best_correlation(const Block& block, const Grid& other, int x, int y) {
  float best = correlation(block, other, x, y);
  if (best >= kAlike) return best;
  for (int dy = std::max(-kReach, -y); dy <= std::min(kReach, kGridHeight - kBlock - y); ++dy) {
    for (int dx = std::max(-kReach, -x); dx <= std::min(kReach, kGridWidth - kBlock - x); ++dx) {
      best = std::max(best, correlation(block, other, x + dx, y + dy));
    }
  }
  return best;
}

float contrast_of(const Block& block) {
  return std::sqrt(block.variance) / kBlockArea;
}

float without_counterpart(const Grid& here, const Grid& there) {
  float weights = 0;
  float missing = 0;
  for (int y = 0; y < kGridHeight; y += kBlock) {
    for (int x = 0; x < kGridWidth; x += kBlock) {
      const Block block = block_at(here, x, y);
      const float contrast = contrast_of(block);
      if (contrast < kFlat) continue;
      const float weight = std::min(contrast, kContrasty);
      weights += weight;
      missing += weight * std::clamp(1 - best_correlation(block, there, x, y), 0.0F, 1.0F);
    }
  }
  return weights > 0 ? missing / weights : 0;
}

}  // namespace

std::vector<float> frame_signature(const ImageView& image) {
  if (image.empty()) return {};
  constexpr int kColumns = kGridWidth * kCellSamples;
  std::array<std::size_t, kColumns> offsets{};
  for (int i = 0; i < kColumns; ++i) {
    const std::int64_t x = (2 * std::int64_t{i} + 1) * image.width_px / (2 * kColumns);
    offsets[static_cast<std::size_t>(i)] = static_cast<std::size_t>(x) * 3;
  }
  constexpr int kRows = kGridHeight * kCellSamples;
  std::array<std::int32_t, Grid{}.size()> sums{};
  for (int j = 0; j < kRows; ++j) {
    const std::int64_t y = (2 * std::int64_t{j} + 1) * image.height_px / (2 * kRows);
    const std::uint8_t* row = image.row(static_cast<int>(y));
    std::int32_t* into = sums.data() + j / kCellSamples * kGridWidth;
    for (std::size_t x = 0; x < kGridWidth; ++x) {
      int red = 0;
      int green = 0;
      int blue = 0;
      for (std::size_t i = 0; i < kCellSamples; ++i) {
        const std::uint8_t* p = row + offsets[x * kCellSamples + i];
        red += p[0];
        green += p[1];
        blue += p[2];
      }
      into[x] += 299 * red + 587 * green + 114 * blue;  // Rec. 601 luma, times 1000
    }
  }
  constexpr std::int32_t kScale = 1000 * kCellSamples * kCellSamples;
  std::vector<float> signature(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::int32_t rounded = (sums[i] + kScale / 2) / kScale;
    signature[i] = static_cast<float>(rounded);
  }
  return signature;
}

bool is_blank(std::span<const float> signature) {
  if (signature.empty()) return true;
  const Grid grid = grid_of(signature);
  int telling = 0;
  for (int y = 0; y < kGridHeight; y += kBlock) {
    for (int x = 0; x < kGridWidth; x += kBlock) {
      telling += contrast_of(block_at(grid, x, y)) < kFlat ? 0 : 1;
    }
  }
  return 10 * telling < kBlocks;
}

float picture_change(std::span<const float> a, std::span<const float> b) {
  if (a.empty() || b.empty()) return 0;
  const Grid first = grid_of(a);
  const Grid second = grid_of(b);
  return (without_counterpart(first, second) + without_counterpart(second, first)) / 2;
}

bool is_cut(std::span<const float> a, std::span<const float> b) {
  return !is_blank(a) && !is_blank(b) && picture_change(a, b) > kCut;
}

}  // namespace mien
