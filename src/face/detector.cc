#include "face/detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mien {
namespace {

constexpr std::size_t kRow = 16;  // numbers a box: centre, size, six keypoints
constexpr float kOverlap = 0.3F;
constexpr float kInside = 0.8F;
// Boxes less sure than this share of the best have no part in the mean. Balanced accuracy of basic7
// on the labelled faces 0.551 without it, 0.568 at 0.3, 0.571 at 0.4; at 0.5 one of 18 crossings
// splits a track.
constexpr float kSureShare = 0.4F;
constexpr float kAnyScore = 0.05F;

// Recall on composed pictures by a face's height in the network's pixels: 0.33 at 16, 0.65 at 20,
// 0.85 at 24, 0.96 at 32 at a score of 0.5.
constexpr float kLeastInNet_px = 32;
constexpr float kLeastFace_px = 32;
constexpr float kFinestTile_px = kDetectorSide_px * kLeastFace_px / kLeastInNet_px;
constexpr float kNoTilesBelow = 1.15F;  // base pass over finest tile
constexpr float kLevelFactor = 2.8F;
// A face that fills more of a tile is the pass above's to find, which sees all of it: the tile may
// see it cut, and would spoil its box. It brings back 10 of the 34 labelled close-ups that were
// lost.
constexpr float kLargestInTile = 0.5F;
// Tiles overlap by the size of the faces that the level above misses, and a little more.
constexpr float kOverlapOfParent = 1.1F * kLeastInNet_px / kDetectorSide_px;

// Centres of as few squares as cover `length_px` with at least this overlap, evenly spread.
std::vector<float> spread(float length_px, float side_px, float overlap_px) {
  if (side_px >= length_px) return {length_px / 2};
  const float step = side_px - overlap_px;
  const int count = static_cast<int>(std::ceil((length_px - overlap_px) / step));
  std::vector<float> centres;
  centres.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    centres.push_back(side_px / 2 + (length_px - side_px) * static_cast<float>(i) /
                                        static_cast<float>(count - 1));
  }
  return centres;
}

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

CropSquare base_pass(int width_px, int height_px, float border) {
  const auto w = static_cast<float>(width_px);
  const auto h = static_cast<float>(height_px);
  return {{w / 2, h / 2}, std::max(w, h) * (1 + 2 * border), 0};
}

std::vector<CropSquare> tile_passes(int width_px, int height_px, float border) {
  const float base = base_pass(width_px, height_px, border).side_px;
  std::vector<CropSquare> tiles;
  const float ratio = base / kFinestTile_px;
  if (ratio <= kNoTilesBelow) return tiles;
  const int levels =
      std::max(1, static_cast<int>(std::ceil(std::log(ratio) / std::log(kLevelFactor))));
  const float factor = std::pow(ratio, 1.0F / static_cast<float>(levels));
  float parent = base;
  for (int level = 0; level < levels; ++level) {
    const float side = parent / factor;
    const float overlap = kOverlapOfParent * parent;
    for (const float y : spread(static_cast<float>(height_px), side, overlap)) {
      for (const float x : spread(static_cast<float>(width_px), side, overlap)) {
        tiles.push_back({{x, y}, side, 0});
      }
    }
    parent = side;
  }
  return tiles;
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
    const std::size_t row_of_cells = cell / side;
    const Point2 anchor = {(static_cast<float>(cell % side) + 0.5F) * stride,
                           (static_cast<float>(row_of_cells) + 0.5F) * stride};
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
        if (faces[j].score_prob >= kSureShare * faces[i].score_prob) group.push_back(faces[j]);
      } else if (contained(faces[i].box, faces[j].box) > kInside) {
        taken[j] = true;
      }
    }
    merged.push_back(weighted_mean(group));
  }
  std::ranges::stable_sort(merged, better);
  return merged;
}

Detector::Detector(Session session)
    : session_(std::move(session)),
      input_(static_cast<std::size_t>(kDetectorSide_px) * kDetectorSide_px * 3) {}

Result<Detector> Detector::open(const ModelSet& models) {
  MIEN_TRY(session, models.open_session("blazeface"));
  return Detector(std::move(session));
}

Result<std::vector<FaceDetection>> Detector::look(const ImageView& image, double scale,
                                                  const CropSquare& square, float min_score_prob) {
  std::vector<FaceDetection> faces;
  if (image.empty() || !is_usable(square)) return faces;
  const StageClock::Call call(clock_);
  const Image crop = cut(image, scale, square, kDetectorSide_px, CropOutside::kGrey);
  write_scaled(crop.view(), session_.manifest().scaling, input_);
  MIEN_TRY(out, session_.run({{1, kDetectorSide_px, kDetectorSide_px, 3}, input_}));
  faces = decode_detections(out[0].data, out[2].data, 16, 2, square, min_score_prob);
  const std::vector<FaceDetection> coarse =
      decode_detections(out[1].data, out[3].data, 8, 6, square, min_score_prob);
  faces.insert(faces.end(), coarse.begin(), coarse.end());
  return merge_overlapping(std::move(faces), kOverlap);
}

Result<std::vector<FaceDetection>> Detector::candidates(const ImageView& image, double scale,
                                                        Passes passes, float border,
                                                        float min_score_prob) {
  const int width_px = static_cast<int>(std::lround(image.width_px * scale));
  const int height_px = static_cast<int>(std::lround(image.height_px * scale));
  MIEN_TRY(faces, look(image, scale, base_pass(width_px, height_px, border), min_score_prob));
  if (passes == Passes::kBase) return faces;
  for (const CropSquare& tile : tile_passes(width_px, height_px, border)) {
    MIEN_TRY(found, look(image, scale, tile, min_score_prob));
    std::erase_if(found, [&](const FaceDetection& face) {
      return std::max(face.box.width_px, face.box.height_px) > kLargestInTile * tile.side_px;
    });
    faces.insert(faces.end(), found.begin(), found.end());
  }
  return merge_overlapping(std::move(faces), kOverlap);
}

Result<std::optional<FaceDetection>> Detector::look_again(const ImageView& image, double scale,
                                                          const FaceDetection& candidate,
                                                          float around, float roll_rad) {
  const CropSquare square = {candidate.box.centre(), around * candidate.box.height_px, roll_rad};
  MIEN_TRY(found, look(image, scale, square, kAnyScore));
  for (const FaceDetection& face : found) {  // best first
    if (intersection_over_union(face.box, candidate.box) > kOverlap) return std::optional(face);
  }
  return std::optional<FaceDetection>();
}

}  // namespace mien
