// One file of another tool's scores -> its rows.
//
// CSV or Parquet as store/table_cells.h reads it. A value that is empty, NA, null or nan (with
// any sign or suffix) is missing; an infinite one too. Any other text where a number belongs is an
// error. Rows may stand in any order.
//
// Errors name file, line (of Parquet: row, from 1) and remedy: kNotFound, kIo, kCorrupt (not the
// table it should be, a column that is missing, a face twice on a frame), kUnsupported (too large).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "face/face.h"
#include "pipeline/import/score_layout.h"
#include "store/database.h"

namespace mien {

struct ScoreRow {
  std::int64_t time_us = 0;
  std::uint32_t face = 0;  // faces by first appearance in the file
  std::int64_t line = 0;
  bool has_face = true;  // false: the tool says that there is none on this frame
  FaceReason reason = FaceReason::kNone;
  float confidence = 0;  // NaN: not told
  HeadPose pose;         // NaN: not told
  Box box;               // NaN: not told
  std::size_t first_value = 0;
};

struct ScoreSheet {
  std::vector<ScoreRow> rows;                // by time, then by face
  std::vector<float> values;                 // of each row one a channel; NaN: missing
  std::vector<std::int64_t> frame_times_us;  // distinct, rising; frames without a face too
  std::int64_t scored_rows = 0;
};

// Bounds of what a file may hold beside those of store/table_cells.h: 5 million rows, 10^6 seconds.
inline constexpr std::size_t kMostScoreRows = 5'000'000;
inline constexpr double kMostScoreTime_s = 1e6;

Result<ScoreSheet> read_scores(Database& database, const std::filesystem::path& file,
                               const ScoreLayout& layout);

// NaN: missing; nullopt: no number.
std::optional<double> score_number(std::string_view cell);

// OpenFace's angles in radians (R = Rx Ry Rz; axes: to the picture's right, down, away from the
// camera) as Mien tells a pose; NaN where one is.
HeadPose pose_from_openface(double rx, double ry, double rz);

struct OpenFaceAngles {
  double rx = 0, ry = 0, rz = 0;
};
// The reverse.
OpenFaceAngles pose_to_openface(const HeadPose& pose);

}  // namespace mien
