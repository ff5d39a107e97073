#include "pipeline/rate/clip_view.h"

#include <algorithm>
#include <cmath>

namespace mien {

namespace {

// Shares of the box that head_region() adds.
constexpr float kSides = 0.3F;
constexpr float kAbove = 0.6F;
constexpr float kBelow = 0.25F;

constexpr float kRim = 0.1F;  // share of the oval over which the head fades into the grey
constexpr float kGrey = 128;
constexpr int kGrain = 6;  // levels each way, as in face_mask.cc

bool contains(const Box& box, float x_px, float y_px) {
  return x_px >= box.x_px && x_px < box.right_px() && y_px >= box.y_px && y_px < box.bottom_px();
}

bool in_any_box(std::span<const OtherHead> others, float x_px, float y_px) {
  return std::ranges::any_of(
      others, [&](const OtherHead& other) { return contains(other.box, x_px, y_px); });
}

Box cropped(const Box& box, const CropSquare& square, int side_px) {
  const Point2 from = to_crop(square, side_px, {box.x_px, box.y_px});
  const Point2 to = to_crop(square, side_px, {box.right_px(), box.bottom_px()});
  return {from.x, from.y, to.x - from.x, to.y - from.y};
}

std::uint8_t mixed(std::uint8_t own, float grey, float share) {
  const float value = share * static_cast<float>(own) + (1 - share) * grey;
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

}  // namespace

float HeadOval::reach(float x_px, float y_px) const {
  const float c = std::cos(roll_rad);
  const float s = std::sin(roll_rad);
  const float u = c * (x_px - centre.x) + s * (y_px - centre.y);
  const float v = c * (y_px - centre.y) - s * (x_px - centre.x);
  return std::hypot(u / across_px, v / along_px);
}

Box HeadOval::bounds() const {
  const float c = std::cos(roll_rad);
  const float s = std::sin(roll_rad);
  const float half_width = std::hypot(across_px * c, along_px * s);
  const float half_height = std::hypot(across_px * s, along_px * c);
  return {centre.x - half_width, centre.y - half_height, 2 * half_width, 2 * half_height};
}

HeadOval head_oval(const FaceDetection& face) {
  const Point2& right_eye = face.keypoints[0];
  const Point2& left_eye = face.keypoints[1];
  const float across = left_eye.x - right_eye.x;
  const float down = left_eye.y - right_eye.y;
  const float apart = std::hypot(across, down);
  HeadOval oval;
  oval.across_px = face.box.width_px * (0.5F + kSides);
  oval.along_px = face.box.height_px * (1 + kAbove + kBelow) / 2;
  oval.roll_rad = apart > 0 && std::isfinite(apart) ? std::atan2(down, across) : 0;
  const float up = face.box.height_px * (kAbove - kBelow) / 2;
  const Point2 middle = face.box.centre();
  oval.centre = {middle.x + std::sin(oval.roll_rad) * up, middle.y - std::cos(oval.roll_rad) * up};
  return oval;
}

Image face_view(const ImageView& image, const CropSquare& square, int side_px,
                const FaceDetection& followed, std::span<const OtherHead> others, Random random) {
  Image view = cut(image, 1, square, side_px, CropOutside::kGrey);
  FaceDetection face = followed;
  face.box = cropped(followed.box, square, side_px);
  for (Point2& point : face.keypoints) point = to_crop(square, side_px, point);
  std::vector<OtherHead> near;
  for (const OtherHead& other : others) {
    near.push_back({cropped(other.box, square, side_px), other.region});
  }
  const HeadOval oval = head_oval(face);
  for (int y = 0; y < side_px; ++y) {
    std::uint8_t* pixel = view.row(y);
    Random row = random.fork(static_cast<std::uint64_t>(y));
    for (int x = 0; x < side_px; ++x, pixel += 3) {
      const auto noise = static_cast<float>(row.next_u64() % (2 * kGrain + 1)) - kGrain;
      const float u = static_cast<float>(x) + 0.5F;
      const float v = static_cast<float>(y) + 0.5F;
      if (contains(face.box, u, v)) continue;
      float share = 0;
      if (!in_any_box(near, u, v))
        share = std::clamp((1 - oval.reach(u, v)) / kRim + 1, 0.0F, 1.0F);
      for (int c = 0; c < 3; ++c) pixel[c] = mixed(pixel[c], kGrey + noise, share);
    }
  }
  return view;
}

Image scene_view(const ImageView& image, const FaceDetection& followed,
                 std::span<const OtherHead> others, Random random) {
  std::vector<Region> regions;
  for (const OtherHead& other : others) {
    if (other.region.width_px > 0) regions.push_back(other.region);
  }
  Image view = filled(image, regions, random);
  if (regions.empty()) return view;
  const HeadOval oval = head_oval(followed);
  const Box around = oval.bounds();
  const auto inside = [](float value, int most) {
    return static_cast<int>(std::clamp(value, 0.0F, static_cast<float>(most)));
  };
  const int left = inside(std::min(around.x_px, followed.box.x_px), image.width_px);
  const int right =
      inside(std::max(around.right_px(), followed.box.right_px()) + 1, image.width_px);
  const int top = inside(std::min(around.y_px, followed.box.y_px), image.height_px);
  const int bottom =
      inside(std::max(around.bottom_px(), followed.box.bottom_px()) + 1, image.height_px);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const float u = static_cast<float>(x) + 0.5F;
      const float v = static_cast<float>(y) + 0.5F;
      const bool is_own =
          contains(followed.box, u, v) || (!in_any_box(others, u, v) && oval.reach(u, v) <= 1);
      if (is_own) std::copy_n(image.row(y) + std::ptrdiff_t{3} * x, 3, view.row(y) + 3 * x);
    }
  }
  return view;
}

Image shrunk(const ImageView& image, int width_px, int height_px) {
  width_px = std::clamp(width_px, 1, image.width_px);
  height_px = std::clamp(height_px, 1, image.height_px);
  Image out(width_px, height_px);
  const auto across = static_cast<std::int64_t>(image.width_px);
  const auto down = static_cast<std::int64_t>(image.height_px);
  // In units of 1 / width_px of a source pixel: each covers width_px, an output pixel `across`.
  for (int y = 0; y < height_px; ++y) {
    std::uint8_t* pixel = out.row(y);
    const std::int64_t top = y * down;
    const std::int64_t bottom = top + down;
    for (int x = 0; x < width_px; ++x, pixel += 3) {
      const std::int64_t left = x * across;
      const std::int64_t right = left + across;
      std::int64_t sums[3] = {};
      for (std::int64_t v = top / height_px; v * height_px < bottom; ++v) {
        const std::int64_t high =
            std::min(bottom, (v + 1) * height_px) - std::max(top, v * height_px);
        const std::uint8_t* from = image.row(static_cast<int>(v)) + 3 * (left / width_px);
        for (std::int64_t u = left / width_px; u * width_px < right; ++u, from += 3) {
          const std::int64_t area =
              high * (std::min(right, (u + 1) * width_px) - std::max(left, u * width_px));
          for (int c = 0; c < 3; ++c) sums[c] += area * from[c];
        }
      }
      for (int c = 0; c < 3; ++c) {
        pixel[c] = static_cast<std::uint8_t>((sums[c] + across * down / 2) / (across * down));
      }
    }
  }
  return out;
}

}  // namespace mien
