#include "face/detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mien {
namespace {

constexpr std::size_t kRow = 16;  // numbers a box: centre, size, six keypoints
constexpr float kOverlap = 0.3F;

float sigmoid(float logit) {
  return 1.0F / (1.0F + std::exp(-logit));
}

// Share of the smaller box that lies inside the other.
float contained(const Box& a, const Box& b) {
  const float w = std::min(a.right_px(), b.right_px()) - std::max(a.x_px, b.x_px);
  const float h = std::min(a.bottom_px(), b.bottom_px()) - std::max(a.y_px, b.y_px);
  if (w <= 0 || h <= 0) return 0;
  const float least = std::min(a.area_px2(), b.area_px2());
  return least > 0 ? w * h / least : 0;
}

FaceDetection decode_row(std::span<const float> row, float score_prob, const Point2& anchor,
                         const CropSquare& square) {
  const auto place = [&](float dx, float dy) {
    const Point3 p = to_source(square, kDetectorSide_px, {anchor.x + dx, anchor.y + dy, 0});
    return Point2{p.x, p.y};
  };
  FaceDetection face;
  face.score_prob = score_prob;
  const Point2 centre = place(row[0], row[1]);
  const float unit = square.side_px / kDetectorSide_px;
  face.box = {centre.x - row[2] * unit / 2, centre.y - row[3] * unit / 2, row[2] * unit,
              row[3] * unit};
  for (std::size_t k = 0; k < face.keypoints.size(); ++k) {
    face.keypoints[k] = place(row[4 + 2 * k], row[5 + 2 * k]);
  }
  return face;
}

FaceDetection weighted_mean(std::span<const FaceDetection> faces) {
  FaceDetection mean;
  float weight = 0;
  for (const FaceDetection& face : faces) weight += face.score_prob;
  for (const FaceDetection& face : faces) {
    const float w = face.score_prob / weight;
    mean.score_prob = std::max(mean.score_prob, face.score_prob);
    mean.box.x_px += w * face.box.x_px;
    mean.box.y_px += w * face.box.y_px;
    mean.box.width_px += w * face.box.width_px;
    mean.box.height_px += w * face.box.height_px;
    for (std::size_t k = 0; k < mean.keypoints.size(); ++k) {
      mean.keypoints[k].x += w * face.keypoints[k].x;
      mean.keypoints[k].y += w * face.keypoints[k].y;
    }
  }
  return mean;
}

}  // namespace

std::vector<CropSquare> detector_passes(int width_px, int height_px,
                                        const DetectorOptions& options) {
  const auto w = static_cast<float>(width_px);
  const auto h = static_cast<float>(height_px);
  std::vector<CropSquare> passes;
  passes.push_back({{w / 2, h / 2}, std::max(w, h) * (1 + 2 * options.border), 0});
  return passes;
}

std::vector<FaceDetection> decode_detections(std::span<const float> scores,
                                             std::span<const float> boxes, int grid_side,
                                             int per_cell, const CropSquare& square,
                                             float min_score_prob) {
  const auto rows = static_cast<std::size_t>(grid_side) * static_cast<std::size_t>(grid_side) *
                    static_cast<std::size_t>(per_cell);
  MIEN_CHECK(scores.size() == rows && boxes.size() == rows * kRow, "rows of the whole grid");
  const float stride = static_cast<float>(kDetectorSide_px) / static_cast<float>(grid_side);
  std::vector<FaceDetection> faces;
  for (std::size_t r = 0; r < rows; ++r) {
    const float score_prob = sigmoid(scores[r]);
    if (!(score_prob >= min_score_prob)) continue;
    const std::span<const float> row = boxes.subspan(r * kRow, kRow);
    if (!std::ranges::all_of(row, [](float v) { return std::isfinite(v); })) continue;
    if (row[2] <= 0 || row[3] <= 0) continue;
    const std::size_t cell = r / static_cast<std::size_t>(per_cell);
    const auto side = static_cast<std::size_t>(grid_side);
    const Point2 anchor = {(static_cast<float>(cell % side) + 0.5F) * stride,
                           (static_cast<float>(cell / side) + 0.5F) * stride};
    faces.push_back(decode_row(row, score_prob, anchor, square));
  }
  return faces;
}

std::vector<FaceDetection> merge_overlapping(std::vector<FaceDetection> faces, float overlap) {
  const auto better = [](const FaceDetection& a, const FaceDetection& b) {
    if (a.score_prob != b.score_prob) return a.score_prob > b.score_prob;
    if (a.box.x_px != b.box.x_px) return a.box.x_px < b.box.x_px;
    return a.box.y_px < b.box.y_px;
  };
  std::ranges::stable_sort(faces, better);
  std::vector<FaceDetection> merged;
  std::vector<bool> taken(faces.size(), false);
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (taken[i]) continue;
    std::vector<FaceDetection> group = {faces[i]};
    for (std::size_t j = i + 1; j < faces.size(); ++j) {
      if (taken[j]) continue;
      if (intersection_over_union(faces[i].box, faces[j].box) > overlap) {
        taken[j] = true;
        group.push_back(faces[j]);
      } else if (contained(faces[i].box, faces[j].box) > 0.8F) {
        taken[j] = true;
      }
    }
    merged.push_back(weighted_mean(group));
  }
  std::ranges::stable_sort(merged, better);
  return merged;
}

Detector::Detector(Session session, const DetectorOptions& options)
    : session_(std::move(session)),
      options_(options),
      input_(static_cast<std::size_t>(kDetectorSide_px) * kDetectorSide_px * 3) {}

Result<Detector> Detector::open(const ModelSet& models, const DetectorOptions& options) {
  MIEN_TRY(session, models.open_session("blazeface"));
  return Detector(std::move(session), options);
}

Result<std::vector<FaceDetection>> Detector::detect_in(const ImageView& image, double scale,
                                                       const CropSquare& square) {
  const Image crop = cut(image, scale, square, kDetectorSide_px, CropOutside::kBlack);
  write_scaled(crop.view(), session_.manifest().scaling, input_);
  MIEN_TRY(out, session_.run({{1, kDetectorSide_px, kDetectorSide_px, 3}, input_}));
  std::vector<FaceDetection> faces =
      decode_detections(out[0].data, out[2].data, 16, 2, square, options_.min_score_prob);
  const std::vector<FaceDetection> coarse =
      decode_detections(out[1].data, out[3].data, 8, 6, square, options_.min_score_prob);
  faces.insert(faces.end(), coarse.begin(), coarse.end());
  return merge_overlapping(std::move(faces), kOverlap);
}

Result<std::vector<FaceDetection>> Detector::detect(const ImageView& image, double scale) {
  std::vector<FaceDetection> faces;
  if (image.empty()) return faces;
  const int width_px = static_cast<int>(std::lround(image.width_px * scale));
  const int height_px = static_cast<int>(std::lround(image.height_px * scale));
  for (const CropSquare& square : detector_passes(width_px, height_px, options_)) {
    MIEN_TRY(found, detect_in(image, scale, square));
    faces.insert(faces.end(), found.begin(), found.end());
  }
  return merge_overlapping(std::move(faces), kOverlap);
}

}  // namespace mien
