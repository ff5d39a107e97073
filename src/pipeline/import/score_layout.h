// What the columns of another tool's file of scores mean.
//
// OpenFace 2 writes one row a face and frame: frame (from 1), face_id, timestamp in seconds,
// confidence in [0, 1], success 0 or 1, gaze and pose in radians, AUxx_r in [0, 5], AUxx_c 0 or 1.
// Py-Feat writes one row a face and frame: frame (from 0) and no exact time, FaceRect*, FaceScore,
// AUxx and emotions in [0, 1]. Any other table is told column by column. docs/import.md has the
// names and their sources.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "table/schema.h"

namespace mien {

enum class ScoreTool { kOpenFace, kPyFeat, kTable };

// As the command line gives it.
struct ScoreOptions {
  ScoreTool tool = ScoreTool::kOpenFace;
  std::string channel;  // prefix of the scores' columns; empty: openface, pyfeat; a table needs one
  double min_confidence = 0.5;  // rows below are missing
  double frames_per_s = 0;      // turns frame numbers into time; 0: the file's times are used
  // Columns of any other table.
  std::string time;                 // seconds
  std::string frame;                // number, the first one 0
  std::string face;                 // empty: one face
  std::string confidence;           // empty: every row counts
  std::vector<std::string> values;  // patterns of names, with * and ?
};

struct ScoreChannel {
  std::string source;  // the file's column
  ColumnSpec column;   // what the tables call it
};

struct ScoreLayout {
  ScoreTool tool = ScoreTool::kOpenFace;
  std::string tool_name;
  std::string channel;
  double min_confidence = 0;
  double frames_per_s = 0;
  std::int64_t first_frame = 0;
  // Columns; empty: there is none.
  std::string time, frame, face, confidence, success;
  std::vector<std::string> box;   // x, y, width, height in px; none or all
  std::vector<std::string> pose;  // OpenFace's Rx, Ry, Rz; none or all
  std::vector<ScoreChannel> channels;

  // Columns that a file may lack: then they are null.
  bool is_optional(const std::string& column) const;
  std::vector<ColumnSpec> channel_columns() const;
};

// `headers`: the column names of every file that can be read; of a table they decide which columns
// the patterns mean, those of all files together, sorted. kUsage names the option that is missing,
// does not fit or matches nothing.
Result<ScoreLayout> score_layout(const ScoreOptions& options,
                                 std::span<const std::vector<std::string>> headers);

// What decides how a file is read; part of the study's settings.
nlohmann::json to_json(const ScoreLayout& layout);

// "openface", "pyfeat", "table".
std::string to_string(ScoreTool tool);

}  // namespace mien
