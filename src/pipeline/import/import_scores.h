// Files of scores that another tool made -> the annotations of a study, so that every later verb
// goes on from there. docs/import.md.
//
// One file is one video. A file that cannot be read costs that video alone: it is recorded as
// failed. Shards, resuming, redoing and the study's settings are those of annotate
// (pipeline/study/study.h); the settings' options hold those that decide how files are read, under
// "imported". Each video has one more row, in the table imports (imports_schema).
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/import/score_layout.h"
#include "pipeline/study/stage_progress.h"

namespace mien {

struct ImportRequest {
  std::filesystem::path study;
  // Files, whose name without its ending is the video's id, and folders of .csv, .tsv and .parquet
  // files, where it is the path below the folder without the ending.
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path list;  // or a table with columns video_id and file, relative to its folder
  ScoreOptions scores;
  double rate_hz = 6;
  bool frames_table = false;
  int shard_videos = 64;
  bool redo = false;
  bool retry_failed = false;
  StageReport progress;
};

struct ImportFailure {
  std::string video_id;
  std::string reason;
  std::string message;  // names file, line and remedy
};

struct ImportSummary {
  std::int64_t videos = 0;
  std::int64_t already_done = 0;
  std::int64_t ok = 0;      // of those done now
  std::int64_t failed = 0;  // likewise
  std::int64_t forgotten = 0;
  std::int64_t new_to_corpus = 0;
  std::int64_t frames_analysed = 0;
  std::int64_t tracks = 0;
  double face_seconds = 0;
  std::int64_t missing_rows = 0;  // rows without a score
  std::vector<std::string> channels;
  std::vector<ImportFailure> failures;
  std::vector<std::string> problems;  // what did not hold and was done again
};

// Memory: one file's bytes and scores, and the corpus. One thread; the bytes of the tables depend
// on files and options only. Errors: those of score_layout and Study; kUsage (nothing named, two
// files of one id), kNotFound, kCancelled.
Result<ImportSummary> import_scores(const ImportRequest& request, const std::atomic<bool>& stop);

}  // namespace mien
