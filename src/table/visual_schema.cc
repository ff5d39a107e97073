// Tables beside contexts that come from pictures alone.
#include "table/schema.h"

namespace mien {

namespace {

using enum ColumnType;

ColumnSpec filmed_video_column() {
  return {"video_id", kString, "The corpus's id of the video."};
}

}  // namespace

TableSchema context_frames_schema() {
  return {
      "context_frames",
      "video, source and frame",
      "The frames whose contexts are named, and how much of them was filled.",
      {filmed_video_column(),
       {"source", kString,
        "visual: heads filled; visual_visible: the frame as it is; visual_patches: patches of the "
        "heads' sizes filled elsewhere."},
       {"pts_us", kInt64, "Presentation time of the frame."},
       {"regions", kInt64, "Regions that were filled."},
       {"filled_share", kDouble, "Share of the picture that was filled, or would be, in [0, 1]."},
       {"on_heads_share", kDouble,
        "Share of the filled pixels that lie on heads: 1 for visual; for visual_patches above 0 "
        "where heads leave no room beside them; null where nothing was filled."},
       {"context", kString,
        "The context of the highest score; null where all scores are 0 or the frame was not "
        "assessed."},
       {"score_prob", kDouble, "Its score on this frame in [0, 1]; null where not assessed."},
       {"reason", kString,
        "Why the frame was not assessed: mostly_filled, heads cover more than half of it; null "
        "where it was."}}};
}

TableSchema scenes_schema() {
  return {"scenes",
          "video",
          "Simple measures of the whole picture over the analysed frames; not contexts.",
          {filmed_video_column(),
           {"cuts_per_minute", kDouble,
            "Cuts found a minute between the first and the last analysed frame; null below 1 s."},
           {"motion", kDouble,
            "Mean absolute change of luma from one analysed frame to the next within a shot, on a "
            "grid of 64 x 48, in [0, 1]; null for a single frame. Grows with the time between "
            "frames; camera and objects are not told apart."},
           {"brightness", kDouble, "Mean luma of the picture, in [0, 1]."},
           {"faces_per_frame", kDouble, "Mean number of faces on a frame."}}};
}

}  // namespace mien
