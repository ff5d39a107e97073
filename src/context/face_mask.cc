#include "context/face_mask.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace mien {

namespace {

// Shares of the detector's box that a head reaches beyond it, looked at on the demo's clips and on
// pictures with many faces: docs/contexts-visual.md.
constexpr float kSides = 0.3F;
constexpr float kAbove = 0.6F;
constexpr float kBelow = 0.25F;

constexpr int kMaskCells = 64;  // on the picture's longer side
constexpr int kLeastCell_px = 4;
constexpr int kSweeps = 400;
constexpr float kOverRelaxation = 1.9F;  // Young 1954; near the best for grids of this size
constexpr int kGrain = 6;                // levels of noise each way, of the pixel and of a block
constexpr int kGrainBlock_px = 4;
constexpr int kPlaces = 200;

using Colour = std::array<float, 3>;

bool contains(const Region& region, int x, int y) {
  return x >= region.x_px && x < region.x_px + region.width_px && y >= region.y_px &&
         y < region.y_px + region.height_px;
}

std::vector<std::uint8_t> coverage(std::span<const Region> regions, int width_px, int height_px) {
  std::vector<std::uint8_t> covered(static_cast<std::size_t>(width_px) *
                                    static_cast<std::size_t>(height_px));
  for (const Region& region : regions) {
    for (int y = region.y_px; y < region.y_px + region.height_px; ++y) {
      auto row = covered.begin() + static_cast<std::ptrdiff_t>(y) * width_px;
      std::fill(row + region.x_px, row + region.x_px + region.width_px, std::uint8_t{1});
    }
  }
  return covered;
}

// Mean colours of cells, from the pixels that are not covered; the rest solved for.
class Membrane {
 public:
  Membrane(const ImageView& image, const std::vector<std::uint8_t>& covered)
      : cell_px_(
            std::max(kLeastCell_px,
                     (std::max(image.width_px, image.height_px) + kMaskCells - 1) / kMaskCells)),
        columns_((image.width_px + cell_px_ - 1) / cell_px_),
        rows_((image.height_px + cell_px_ - 1) / cell_px_),
        colours_(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_)) {
    average(image, covered);
    solve();
  }

  Colour at(int x_px, int y_px) const {
    const auto unit = static_cast<float>(cell_px_);
    const float u = (static_cast<float>(x_px) + 0.5F) / unit - 0.5F;
    const float v = (static_cast<float>(y_px) + 0.5F) / unit - 0.5F;
    const int column = static_cast<int>(std::floor(u));
    const int row = static_cast<int>(std::floor(v));
    const float right = u - static_cast<float>(column);
    const float below = v - static_cast<float>(row);
    Colour mixed{};
    for (std::size_t c = 0; c < 3; ++c) {
      const float top = (1 - right) * cell(column, row)[c] + right * cell(column + 1, row)[c];
      const float bottom =
          (1 - right) * cell(column, row + 1)[c] + right * cell(column + 1, row + 1)[c];
      mixed[c] = (1 - below) * top + below * bottom;
    }
    return mixed;
  }

 private:
  std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(std::clamp(row, 0, rows_ - 1)) *
               static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(std::clamp(column, 0, columns_ - 1));
  }
  const Colour& cell(int column, int row) const { return colours_[index(column, row)]; }

  void average(const ImageView& image, const std::vector<std::uint8_t>& covered) {
    std::vector<std::array<std::int64_t, 4>> sums(colours_.size());
    for (int y = 0; y < image.height_px; ++y) {
      const std::uint8_t* pixel = image.row(y);
      for (int x = 0; x < image.width_px; ++x, pixel += 3) {
        const std::size_t at =
            static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width_px) +
            static_cast<std::size_t>(x);
        if (covered[at] != 0) continue;
        auto& sum = sums[index(x / cell_px_, y / cell_px_)];
        for (std::size_t c = 0; c < 3; ++c) sum.at(c) += pixel[c];
        ++sum[3];
      }
    }
    std::array<std::int64_t, 4> all{};
    for (const auto& sum : sums) {
      for (std::size_t c = 0; c < 4; ++c) all.at(c) += sum.at(c);
    }
    constexpr float kMidGrey = 128;  // nothing of the picture is left
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (sums[i][3] == 0) unknown_.push_back(i);
      const auto& from = sums[i][3] > 0 ? sums[i] : all;
      for (std::size_t c = 0; c < 3; ++c) {
        colours_[i].at(c) =
            from[3] > 0 ? static_cast<float>(from.at(c)) / static_cast<float>(from[3]) : kMidGrey;
      }
    }
  }

  // Successive over-relaxation; at the picture's edge the colour goes on level.
  void solve() {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (const std::size_t i : unknown_) {
        const int row = static_cast<int>(i) / columns_;
        const int column = static_cast<int>(i) % columns_;
        for (std::size_t c = 0; c < 3; ++c) {
          const float mean = 0.25F * (cell(column - 1, row)[c] + cell(column + 1, row)[c] +
                                      cell(column, row - 1)[c] + cell(column, row + 1)[c]);
          colours_[i].at(c) += kOverRelaxation * (mean - colours_[i].at(c));
        }
      }
    }
  }

  int cell_px_;
  int columns_;
  int rows_;
  std::vector<Colour> colours_;
  std::vector<std::size_t> unknown_;
};

int grain(std::uint64_t bits) {
  return static_cast<int>(bits % (2 * kGrain + 1)) - kGrain;
}

int shared_px(const Region& a, const Region& b) {
  const int w = std::min(a.x_px + a.width_px, b.x_px + b.width_px) - std::max(a.x_px, b.x_px);
  const int h = std::min(a.y_px + a.height_px, b.y_px + b.height_px) - std::max(a.y_px, b.y_px);
  return w > 0 && h > 0 ? w * h : 0;
}

}  // namespace

Region head_region(const FaceDetection& face, double scale, int width_px, int height_px) {
  const Point2& right_eye = face.keypoints[0];
  const Point2& left_eye = face.keypoints[1];
  const float across = left_eye.x - right_eye.x;
  const float down = left_eye.y - right_eye.y;
  const float length = std::hypot(across, down);
  // Without eyes apart, or where they stand on their head, the box is taken as it is.
  const bool is_level = !(length > 0) || !std::isfinite(length);
  const float c = is_level ? 1 : across / length;
  const float s = is_level ? 0 : down / length;
  const Point2 centre = face.box.centre();
  const float left = face.box.width_px * (0.5F + kSides);
  const float above = face.box.height_px * (0.5F + kAbove);
  const float below = face.box.height_px * (0.5F + kBelow);
  float x0 = std::numeric_limits<float>::max();
  float y0 = x0;
  float x1 = -x0;
  float y1 = -x0;
  for (const float u : {-left, left}) {
    for (const float v : {-above, below}) {
      const float x = centre.x + c * u - s * v;
      const float y = centre.y + s * u + c * v;
      x0 = std::min(x0, x);
      y0 = std::min(y0, y);
      x1 = std::max(x1, x);
      y1 = std::max(y1, y);
    }
  }
  if (!(x0 < x1) || !(y0 < y1)) return {};  // not finite
  const auto to_px = [scale](float value, int most) {
    return std::clamp(static_cast<double>(value) / scale, 0.0, static_cast<double>(most));
  };
  const int left_px = static_cast<int>(std::floor(to_px(x0, width_px)));
  const int top_px = static_cast<int>(std::floor(to_px(y0, height_px)));
  const int right_px = static_cast<int>(std::ceil(to_px(x1, width_px)));
  const int bottom_px = static_cast<int>(std::ceil(to_px(y1, height_px)));
  if (right_px <= left_px || bottom_px <= top_px) return {};
  return {left_px, top_px, right_px - left_px, bottom_px - top_px};
}

Image filled(const ImageView& image, std::span<const Region> regions, Random random) {
  Image out(image.width_px, image.height_px);
  for (int y = 0; y < image.height_px; ++y) {
    std::copy_n(image.row(y), out.stride_bytes(), out.row(y));
  }
  const std::vector<std::uint8_t> covered = coverage(regions, image.width_px, image.height_px);
  if (std::ranges::find(covered, 1) == covered.end()) return out;
  const Membrane membrane(image, covered);
  const Random fine = random.fork(0);
  const Random coarse = random.fork(1);
  for (int y = 0; y < image.height_px; ++y) {
    std::uint8_t* pixel = out.row(y);
    Random row = fine.fork(static_cast<std::uint64_t>(y));
    Random block = coarse.fork(static_cast<std::uint64_t>(y / kGrainBlock_px));
    int level = 0;
    for (int x = 0; x < image.width_px; ++x, pixel += 3) {
      if (x % kGrainBlock_px == 0) level = grain(block.next_u64());
      const std::size_t at =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width_px) +
          static_cast<std::size_t>(x);
      if (covered[at] == 0) continue;
      const Colour colour = membrane.at(x, y);
      const auto noise = static_cast<float>(level + grain(row.next_u64()));
      for (std::size_t c = 0; c < 3; ++c) {
        pixel[c] =
            static_cast<std::uint8_t>(std::clamp(std::lround(colour.at(c) + noise), 0L, 255L));
      }
    }
  }
  return out;
}

std::vector<Region> elsewhere(std::span<const Region> heads, int width_px, int height_px,
                              Random random) {
  std::vector<Region> placed;
  for (const Region& head : heads) {
    Region best = head;
    int least = std::numeric_limits<int>::max();
    for (int place = 0; place < kPlaces && least > 0; ++place) {
      Region tried = head;
      tried.x_px =
          static_cast<int>(random.below(static_cast<std::uint64_t>(width_px - head.width_px) + 1));
      tried.y_px = static_cast<int>(
          random.below(static_cast<std::uint64_t>(height_px - head.height_px) + 1));
      int shared = 0;
      for (const Region& other : heads) shared += shared_px(tried, other);
      if (shared >= least) continue;
      least = shared;
      best = tried;
    }
    placed.push_back(best);
  }
  return placed;
}

double share_covered(const Region& box, std::span<const Region> regions) {
  if (box.width_px <= 0 || box.height_px <= 0) return 0;
  std::int64_t covered = 0;
  for (int y = box.y_px; y < box.y_px + box.height_px; ++y) {
    for (int x = box.x_px; x < box.x_px + box.width_px; ++x) {
      covered += std::ranges::any_of(regions, [&](const Region& r) { return contains(r, x, y); });
    }
  }
  return static_cast<double>(covered) /
         (static_cast<double>(box.width_px) * static_cast<double>(box.height_px));
}

double share_on(std::span<const Region> regions, std::span<const Region> others, int width_px,
                int height_px) {
  const std::vector<std::uint8_t> in_regions = coverage(regions, width_px, height_px);
  const std::vector<std::uint8_t> in_others = coverage(others, width_px, height_px);
  std::int64_t all = 0;
  std::int64_t both = 0;
  for (std::size_t i = 0; i < in_regions.size(); ++i) {
    all += in_regions[i];
    both += in_regions[i] & in_others[i];
  }
  return all > 0 ? static_cast<double>(both) / static_cast<double>(all) : 0;
}

}  // namespace mien
