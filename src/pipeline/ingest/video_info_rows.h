// What yt-dlp wrote of videos (--write-info-json, or -j as JSON lines), as the rows of a list.
//
// A folder of *.info.json files, one a video, taken in the order of their names; one such file; or
// JSON lines. Of each video: id, title, description, language, upload_date, channel_id (else
// uploader_id), webpage_url, extractor, duration, view_count, tags; the media file, where it lies
// beside the info file under the same name. No country: yt-dlp tells none. A file or line that
// cannot be read, or that is a playlist, is a row with a problem, as in store/list_rows.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/bulk_batch.h"

namespace mien {

class VideoInfoRows {
 public:
  // A folder; a file called *.info.json; JSON lines (*.jsonl, *.ndjson, *.json) whose first object
  // has `id` and `extractor` and no `video_id`.
  static bool is_info(const std::filesystem::path& path);

  // kNotFound: a folder without such a file; kIo.
  static Result<VideoInfoRows> open(const std::filesystem::path& path);

  // What the corpus calls them, then columns of their own.
  const std::vector<std::string>& columns() const { return columns_; }
  TableSchema schema() const;           // as ListRows has it
  Result<bool> next(BulkBatch& batch);  // a BulkSource
  std::int64_t rows() const { return given_; }

 private:
  VideoInfoRows();
  // False at the end.
  bool next_text(std::string& text);
  void take(const std::string& text, BulkBatch& batch) const;

  std::vector<std::string> columns_;
  std::vector<std::filesystem::path> files_;
  std::ifstream lines_;  // of JSON lines
  bool is_lines_ = false;
  std::filesystem::path current_;  // info file; empty of lines
  std::int64_t number_ = 0;        // of the file or line, from 1
  std::int64_t given_ = 0;
};

}  // namespace mien
