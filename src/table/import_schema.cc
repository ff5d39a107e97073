#include "table/import_schema.h"

namespace mien {

using enum ColumnType;

TableSchema imports_schema() {
  return {"imports",
          "video whose scores `mien import` took from a file",
          "Which file of which other tool a video's scores come from; Mien did not see the video.",
          {{"video_id", kString, "The corpus's id of the video."},
           {"tool", kString, "OpenFace 2, Py-Feat, or table (any other)."},
           {"file", kString, "The file's name, without its folder."},
           {"sha256", kString, "SHA-256 of the file; null where it could not be read."},
           {"rows", kInt64, "Rows of the file; null where it could not be read to its end."},
           {"rows_scored", kInt64,
            "Of them, rows with a face that the tool found, sure enough, and at least one score; "
            "null where the file could not be read to its end."}}};
}

}  // namespace mien
