#include "report/overlay.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "base/check.h"

namespace mien {

namespace {

// Okabe and Ito (2008), "Color universal design": told apart under all common forms of colour
// blindness. Black is left out (rims and plates are black); sky blue, which stands out best on
// skin, comes first.
const cv::Scalar kPalette[] = {{86, 180, 233},  {230, 159, 0}, {240, 228, 66}, {0, 158, 115},
                               {204, 121, 167}, {213, 94, 0},  {0, 114, 178}};
const cv::Scalar kPlate{16, 16, 16};
const cv::Scalar kInk{255, 255, 255};

constexpr std::size_t kMaxTextLength = 40;

std::string ascii(const std::string& text) {
  std::string out = text.substr(0, kMaxTextLength);
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

std::string caption_of(const OverlayFace& face) {
  std::string caption = "#";
  caption += std::to_string(face.track.value());
  if (!face.reason.empty()) {
    std::string words = ascii(face.reason);
    std::replace(words.begin(), words.end(), '_', ' ');
    caption += " ";
    caption += words;
    return caption;
  }
  if (face.leading_label.empty()) return caption;
  caption += " ";
  caption += ascii(face.leading_label);
  if (std::isfinite(face.value)) {
    char number[32];
    std::snprintf(number, sizeof number, " %.2f", std::clamp(face.value, -999.0, 999.0));
    caption += number;
  }
  return caption;
}

// Sizes of everything drawn, from the picture's shorter side.
struct Pen {
  int line_px;
  double font;
  int text_px;
};

Pen pen_for(const Image& image) {
  const int side = std::min(image.width_px(), image.height_px());
  // Two pixels at least: video keeps one colour for 2 x 2 pixels, and a thinner line is lost to its
  // rim.
  const int line = std::clamp(side / 360, 2, 6);
  return {line, std::clamp(side / 800.0, 0.4, 2.0), std::clamp(side / 700, 1, 4)};
}

void draw_line(cv::Mat& picture, cv::Point a, cv::Point b, const cv::Scalar& colour, int width) {
  cv::line(picture, a, b, colour, width, cv::LINE_8);
}

// `dash` px drawn, `dash` px left out; 0 for a whole line. Rim and line take the same dashes.
void draw_edges(cv::Mat& picture, cv::Rect box, const cv::Scalar& colour, int width, int dash) {
  const cv::Point corners[] = {{box.x, box.y},
                               {box.x + box.width, box.y},
                               {box.x + box.width, box.y + box.height},
                               {box.x, box.y + box.height}};
  for (int i = 0; i < 4; ++i) {
    const cv::Point a = corners[i];
    const cv::Point b = corners[(i + 1) % 4];
    if (dash == 0) {
      draw_line(picture, a, b, colour, width);
      continue;
    }
    const int length = std::max(std::abs(b.x - a.x), std::abs(b.y - a.y));
    const int dx = (b.x > a.x) - (b.x < a.x);
    const int dy = (b.y > a.y) - (b.y < a.y);
    for (int at = 0; at < length; at += 2 * dash) {
      const int to = std::min(length, at + dash);
      draw_line(picture, {a.x + dx * at, a.y + dy * at}, {a.x + dx * to, a.y + dy * to}, colour,
                width);
    }
  }
}

void draw_caption(cv::Mat& picture, cv::Rect box, const std::string& caption,
                  const cv::Scalar& colour, const Pen& pen) {
  int below = 0;
  const cv::Size text =
      cv::getTextSize(caption, cv::FONT_HERSHEY_SIMPLEX, pen.font, pen.text_px, &below);
  const int margin = 3 * pen.text_px;
  const int width = text.width + 2 * margin + 3 * pen.line_px;
  const int height = text.height + below + 2 * margin;
  const int left = std::max(0, std::min(box.x, picture.cols - width));
  const int above = box.y - height - pen.line_px;
  const int top = above >= 0 ? above : std::min(box.y + pen.line_px, picture.rows - height);
  cv::rectangle(picture, {left, top, width, height}, kPlate, cv::FILLED);
  cv::rectangle(picture, {left, top, 3 * pen.line_px, height}, colour, cv::FILLED);
  cv::putText(picture, caption,
              {left + 3 * pen.line_px + margin, top + margin + text.height + below / 2},
              cv::FONT_HERSHEY_SIMPLEX, pen.font, kInk, pen.text_px, cv::LINE_8);
}

}  // namespace

void draw_overlay(Image& image, double scale, std::span<const OverlayFace> faces) {
  MIEN_CHECK(!image.empty() && scale > 0, "an overlay needs a picture and a scale");
  cv::Mat picture(image.height_px(), image.width_px(), CV_8UC3, image.data(), image.stride_bytes());
  const Pen pen = pen_for(image);
  const auto pixel = [&](double source, int size) {
    return static_cast<int>(std::lround(std::clamp(source / scale, -64.0, size + 64.0)));
  };
  for (const OverlayFace& face : faces) {
    const Box& box = face.box;
    const double edges[] = {box.x_px, box.y_px, box.right_px(), box.bottom_px()};
    if (!std::all_of(std::begin(edges), std::end(edges), [](double e) { return std::isfinite(e); }))
      continue;
    const cv::Point first(pixel(edges[0], picture.cols), pixel(edges[1], picture.rows));
    const cv::Point last(pixel(edges[2], picture.cols), pixel(edges[3], picture.rows));
    const cv::Rect drawn(first.x, first.y, last.x - first.x, last.y - first.y);
    if ((drawn & cv::Rect(0, 0, picture.cols, picture.rows)).empty()) continue;
    const auto colours = static_cast<std::int32_t>(std::size(kPalette));
    const cv::Scalar colour = kPalette[((face.track.value() % colours) + colours) % colours];
    const int dash = face.reason.empty() ? 0 : 6 + 3 * pen.line_px;  // a rim's caps leave a gap
    draw_edges(picture, drawn, kPlate, pen.line_px + 2, dash);
    draw_edges(picture, drawn, colour, pen.line_px, dash);
    draw_caption(picture, drawn, caption_of(face), colour, pen);
  }
}

}  // namespace mien
