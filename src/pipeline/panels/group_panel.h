// Confound panel (f): scores per group of people, where the corpus has a column that names groups.
//
// Per group and expression: mean and SD of the videos' scores, the difference of the group's mean
// from the mean of all videos with a group, and the same difference at equal facial actions: the
// group's coefficient beside the action columns in a linear regression of the score over videos,
// less the mean of all groups' coefficients weighted by videos. A label that follows the face alone
// has none of the latter, whatever people do with their faces. Intervals: delete-one-block
// jackknife over 64 blocks of uploaders, normal.
//
// Limits: linear, and as good as the actions are measured; who belongs to which group is the user's
// to know. Errors per group need ratings, which a study does not hold.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "pipeline/panels/video_panels.h"
#include "store/database.h"

namespace mien {

// Groups with fewer than `minimum` videos or uploaders are held back and counted; numbers of videos
// are as told_count() gives them. kUsage: the corpus has no such column of text, or it has more
// than 24 values. Memory: about 40 bytes a video.
Result<VideoPanel> group_panel(Database& database, const std::filesystem::path& study,
                               const std::string& channel, const std::string& column,
                               std::int64_t minimum);

}  // namespace mien
