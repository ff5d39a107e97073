// The rows of another tool's scores -> a video's tables, as annotating the video writes them.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "pipeline/import/score_file.h"
#include "pipeline/import/score_layout.h"
#include "table/table.h"

namespace mien {

// What was found in a file, for the summary.
struct ImportedFacts {
  std::int64_t frames_analysed = 0;
  std::int64_t tracks = 0;
  double face_seconds = 0;
};

struct ImportedVideo {
  std::string video_id;
  const ScoreLayout& layout;
  double rate_hz = 6;
  bool frames_table = false;
  std::function<Status(const std::string& table, const Table& batch)> sink;
};

// A face id is a track. The frames that the tool measured are put on the grid of `rate_hz` by the
// rule that frames of a video are (media/grid_points.h): each point takes the nearest one, each
// frame is used at most once, so a slower file gives all of its frames and a faster one no more
// than the grid has. What follows is VideoSummary's rule, docs/windows.md. Tables: media, tracks,
// windows, expressions, and frames where asked for. kUnsupported where windows would be more than
// kMostImportedWindows.
inline constexpr std::int64_t kMostImportedWindows = 1'000'000;
Result<ImportedFacts> import_video(const ImportedVideo& video, const ScoreSheet& sheet);

// The tables of a video whose file cannot be read: media says failed, the others have no row.
Status import_failure(const ImportedVideo& video, const Error& error);

// "missing", "unreadable", "unsupported" or "damaged", as the media table has reasons.
std::string import_reason(const Error& error);

}  // namespace mien
