// Rows of a study's windows or frames under the column names of OpenFace 2.
//
// frame, face_id, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, and AUxx_r or AUxx_c
// for every channel column that tells of an Action Unit by number ("au_12", "..._au12",
// "..._au12_r", "..._au12_c"), its values as the study has them. What the study has not is an empty
// field, never 0. What each column holds, and which of OpenFace's columns are left out:
// docs/export.md.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "table/table.h"

namespace mien {

class OpenFaceTable {
 public:
  // `schema`: that of the table windows or frames. kUsage where two of its `channels` would be the
  // same column of OpenFace.
  static Result<OpenFaceTable> open(const TableSchema& schema,
                                    const std::vector<std::string>& channels);

  std::string header() const;  // with its line end
  // The next row of a video; rows come by time within a track. `frame` is the number of its time
  // among the video's, from 1.
  void append(const Table& batch, std::size_t row, std::int64_t frame, std::string& text) const;

  bool is_windows() const { return is_windows_; }

 private:
  OpenFaceTable() = default;

  bool is_windows_ = false;
  std::vector<std::pair<std::string, std::string>> actions_;  // OpenFace's name, the study's
};

// "AU12_r" of "openface_au12_r" and "pyfeat_au12", "AU12_c" of "openface_au12_c"; nullopt of
// anything else.
std::optional<std::string> openface_name(const std::string& column);

}  // namespace mien
