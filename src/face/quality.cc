#include "face/quality.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/missing.h"
#include "face/skin_tone.h"

namespace mien {
namespace {

constexpr int kSide = 48;        // points along the crop's side, see docs/quality.md
constexpr int kFewest = 4;       // fewer say nothing of a Laplacian
constexpr int kSamples = 4;      // at most, along each side of a point
constexpr float kMargin = 0.1F;  // of the box, cut off at each side: hair and background

struct Rectangle {  // in image pixels
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

Rectangle inner_part(const Box& box, double scale, const ImageView& image) {
  const double margin_x = static_cast<double>(kMargin * box.width_px);
  const double margin_y = static_cast<double>(kMargin * box.height_px);
  return {
      std::max(0.0, (static_cast<double>(box.x_px) + margin_x) / scale),
      std::max(0.0, (static_cast<double>(box.y_px) + margin_y) / scale),
      std::min<double>(image.width_px, (static_cast<double>(box.right_px()) - margin_x) / scale),
      std::min<double>(image.height_px, (static_cast<double>(box.bottom_px()) - margin_y) / scale)};
}

struct Grey {
  int side = 0;
  std::array<float, kSide * kSide> luma{};  // 0..255

  float at(int x, int y) const {
    const int position = y * side + x;
    return luma[static_cast<std::size_t>(position)];
  }
};

// Luma of the rectangle, stretched to a square of points; side 0 where it is too small.
Grey sample(const ImageView& image, const Rectangle& part) {
  const double width = part.right - part.left;
  const double height = part.bottom - part.top;
  Grey grey;
  if (!(width >= kFewest && height >= kFewest)) return grey;  // NaN ends here too
  grey.side = static_cast<int>(std::min<double>(kSide, std::min(width, height)));
  const double step_x = width / grey.side;
  const double step_y = height / grey.side;
  const int samples =
      std::clamp(static_cast<int>(std::ceil(std::max(step_x, step_y))), 1, kSamples);
  // Byte offsets of the sampled columns within a row.
  std::array<std::ptrdiff_t, static_cast<std::size_t>(kSide) * kSamples> columns{};
  std::size_t count = 0;
  for (int x = 0; x < grey.side; ++x) {
    for (int i = 0; i < samples; ++i) {
      const int column = static_cast<int>(part.left + (x + (i + 0.5) / samples) * step_x);
      columns[count++] = std::ptrdiff_t{3} * std::min(column, image.width_px - 1);
    }
  }
  const auto side = static_cast<std::size_t>(grey.side);
  const auto a_point = static_cast<std::size_t>(samples);
  float* luma = grey.luma.data();
  std::array<int, kSide> sums{};
  for (int y = 0; y < grey.side; ++y, luma += side) {
    sums.fill(0);
    for (int j = 0; j < samples; ++j) {
      const int row = static_cast<int>(part.top + (y + (j + 0.5) / samples) * step_y);
      const std::uint8_t* pixels = image.row(std::min(row, image.height_px - 1));
      for (std::size_t x = 0; x < side; ++x) {
        int red = 0;
        int green = 0;
        int blue = 0;
        for (std::size_t i = 0; i < a_point; ++i) {
          const std::uint8_t* p = pixels + columns[x * a_point + i];
          red += p[0];
          green += p[1];
          blue += p[2];
        }
        sums[x] += 299 * red + 587 * green + 114 * blue;
      }
    }
    for (std::size_t x = 0; x < side; ++x) {
      luma[x] = static_cast<float>(sums[x]) / static_cast<float>(1000 * samples * samples);
    }
  }
  return grey;
}

struct Moments {
  double mean = 0;
  double variance = 0;
};

template <typename At>
Moments moments(int from, int to, At at) {
  double sum = 0;
  double squares = 0;
  for (int y = from; y < to; ++y) {
    for (int x = from; x < to; ++x) {
      const auto v = static_cast<double>(at(x, y));
      sum += v;
      squares += v * v;
    }
  }
  const double n = static_cast<double>(to - from) * (to - from);
  return {sum / n, std::max(0.0, squares / n - sum / n * (sum / n))};
}

float sharpness_of(const Grey& grey, double luma_variance) {
  const Moments laplacian = moments(1, grey.side - 1, [&](int x, int y) {
    return 4 * grey.at(x, y) - grey.at(x - 1, y) - grey.at(x + 1, y) - grey.at(x, y - 1) -
           grey.at(x, y + 1);
  });
  // One grey level of variance added: a crop of one colour is not sharp.
  return static_cast<float>(laplacian.variance / (luma_variance + 1));
}

float share_inside(const Box& box, double scale, const ImageView& image) {
  const Box picture{0, 0, static_cast<float>(image.width_px * scale),
                    static_cast<float>(image.height_px * scale)};
  const float width = std::min(box.right_px(), picture.right_px()) - std::max(box.x_px, 0.0F);
  const float height = std::min(box.bottom_px(), picture.bottom_px()) - std::max(box.y_px, 0.0F);
  const float area = box.area_px2();
  if (!(area > 0) || !(width > 0) || !(height > 0)) return 0;
  return std::min(1.0F, width * height / area);
}

// 0.5 at the bound; NaN counts as 0.
float at_least(float measure, float bound) {
  if (bound <= 0) return 1;
  const float term = measure / (2 * bound);
  return term > 0 ? std::min(term, 1.0F) : 0.0F;
}

float at_most(float measure, float bound) {
  if (bound <= 0) return measure <= 0 ? 1.0F : 0.0F;
  const float term = 1 - measure / (2 * bound);
  return term > 0 ? term : 0.0F;
}

struct Term {
  float value;
  FaceReason reason;
};

}  // namespace

FaceQuality measure_quality(const ImageView& image, double scale, const FaceObservation& face,
                            const FaceOptions& options) {
  MIEN_CHECK(!image.empty() && scale > 0, "a picture and its scale");
  const Box& box = face.detection.box;
  FaceQuality quality;
  quality.size_px = std::sqrt(box.area_px2());
  quality.inside = share_inside(box, scale, image);
  quality.sharpness = kFloatNaN;
  quality.brightness = kFloatNaN;
  quality.skin_tone_ita_deg =
      face.has_landmarks ? skin_tone_ita_deg(image, scale, face.landmarks) : kFloatNaN;
  if (const Grey grey = sample(image, inner_part(box, scale, image)); grey.side > 0) {
    const Moments luma = moments(0, grey.side, [&](int x, int y) { return grey.at(x, y); });
    quality.brightness = static_cast<float>(luma.mean / 255);
    quality.sharpness = sharpness_of(grey, luma.variance);
  }

  const bool mesh = face.has_landmarks;
  const std::array<Term, 7> terms = {{
      {at_least(quality.size_px, options.min_size_px), FaceReason::kTooSmall},
      {at_most(1 - quality.inside, 1 - options.min_inside), FaceReason::kTruncated},
      {mesh ? 1.0F : 0.0F, FaceReason::kNoLandmarks},
      {mesh ? at_least(face.landmarks.presence_prob, options.min_presence_prob) : 0.0F,
       FaceReason::kLowConfidence},
      {mesh ? at_most(std::abs(face.pose.yaw_deg), options.max_yaw_deg) : 0.0F,
       FaceReason::kTurnedAway},
      {mesh ? at_most(std::abs(face.pose.pitch_deg), options.max_pitch_deg) : 0.0F,
       FaceReason::kTurnedAway},
      {at_least(quality.sharpness, options.min_sharpness), FaceReason::kBlurred},
  }};
  quality.value = 1;
  const bool is_enough = quality.inside >= kHeadInside;
  quality.only_cut = is_enough;
  quality.only_unmeshed = is_enough && !mesh;
  for (const Term& term : terms) {
    if (term.value < 0.5F && term.reason != FaceReason::kTruncated) quality.only_cut = false;
    // Without a mesh the terms of landmarks, confidence and pose are 0 together.
    const bool is_of_pixels =
        term.reason == FaceReason::kTooSmall || term.reason == FaceReason::kBlurred;
    if (term.value < 0.5F && is_of_pixels) quality.only_unmeshed = false;
    quality.value = std::min(quality.value, term.value);
    if (term.value < 0.5F && quality.reason == FaceReason::kNone) quality.reason = term.reason;
  }
  if (quality.reason != FaceReason::kTruncated) quality.only_cut = false;
  return quality;
}

}  // namespace mien
