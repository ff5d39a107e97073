// Confound panel (a) of single videos: how far the contexts that pictures are given depend on what
// is filled (docs/contexts-visual.md). Needs no maps, and so also a study of few videos.
//
// For each two arms of source visual (heads filled), visual_visible, visual_patches, over the
// videos that were assessed in both, and of each video over the contexts kept in either (a context
// without a row counts as 0: scores below 0.01 are not kept): the mean change of the score, the
// mean absolute change, and Spearman's correlation. Frames that heads mostly fill are assessed in
// no arm (visual_scorer.h), so the frames of both are the same. Each video counts once; intervals
// are Student's t over videos, 95%, of correlations on Fisher's scale (stats/correlation.h), null
// for fewer than 3; videos of one uploader are taken as independent.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "pipeline/panels/video_panels.h"
#include "store/database.h"

namespace mien {

// not_possible where fewer than two arms were assessed in any video. Errors: of reading.
Result<VideoPanel> masking_panel(Database& database, const std::filesystem::path& study);

}  // namespace mien
