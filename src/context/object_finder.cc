#include "context/object_finder.h"

#include <algorithm>
#include <utility>

#include "context/network_picture.h"

namespace mien {

namespace {

constexpr int kSide_px = 512;
constexpr int kHeatmapCells = 128;

}  // namespace

std::vector<FoundObject> decode_objects(std::span<const float> heat, std::span<const float> extents,
                                        int side_cells, std::size_t classes, int network_side_px,
                                        int width_px, int height_px, float min_score_prob) {
  const auto value = [&](int row, int column, std::size_t label) {
    return heat[(static_cast<std::size_t>(row) * static_cast<std::size_t>(side_cells) +
                 static_cast<std::size_t>(column)) *
                    classes +
                label];
  };
  const auto is_peak = [&](int row, int column, std::size_t label, float score) {
    for (int y = std::max(0, row - 1); y <= std::min(side_cells - 1, row + 1); ++y) {
      for (int x = std::max(0, column - 1); x <= std::min(side_cells - 1, column + 1); ++x) {
        if (value(y, x, label) > score) return false;
      }
    }
    return true;
  };
  std::vector<FoundObject> objects;
  const float cell_px = static_cast<float>(network_side_px) / static_cast<float>(side_cells);
  const float across = static_cast<float>(width_px) / static_cast<float>(network_side_px);
  const float down = static_cast<float>(height_px) / static_cast<float>(network_side_px);
  for (int row = 0; row < side_cells; ++row) {
    for (int column = 0; column < side_cells; ++column) {
      for (std::size_t label = 0; label < classes; ++label) {
        const float score = value(row, column, label);
        if (!(score >= min_score_prob) || !is_peak(row, column, label, score)) continue;
        const float* sides =
            &extents[(static_cast<std::size_t>(row) * static_cast<std::size_t>(side_cells) +
                      static_cast<std::size_t>(column)) *
                     4];
        const float x = static_cast<float>(column) * cell_px;
        const float y = static_cast<float>(row) * cell_px;
        objects.push_back({label, score,
                           Box{(x - sides[0]) * across, (y - sides[1]) * down,
                               (sides[0] + sides[2]) * across, (sides[1] + sides[3]) * down}});
      }
    }
  }
  std::ranges::stable_sort(objects, std::ranges::greater{}, &FoundObject::score_prob);
  if (objects.size() > kMaxObjects) objects.resize(kMaxObjects);
  return objects;
}

ObjectFinder::ObjectFinder(Session session)
    : session_(std::move(session)), input_(static_cast<std::size_t>(kSide_px) * kSide_px * 3) {}

Result<ObjectFinder> ObjectFinder::open(const ModelSet& models) {
  MIEN_TRY(session, models.open_session("centernet"));
  return ObjectFinder(std::move(session));
}

Result<std::vector<FoundObject>> ObjectFinder::find(const ImageView& image, float min_score_prob) {
  const StageClock::Call call(clock_);
  write_picture(image, session_.manifest(), Framing::kStretched, input_);
  MIEN_TRY(out, session_.run({{1, kSide_px, kSide_px, 3}, input_}));
  return decode_objects(out[0].data, out[1].data, kHeatmapCells, labels().size(), kSide_px,
                        image.width_px, image.height_px, min_score_prob);
}

}  // namespace mien
