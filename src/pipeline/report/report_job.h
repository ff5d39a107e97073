// The pages of a study, made from its published tables, one video at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct StudyReportRequest {
  std::filesystem::path study;
  std::filesystem::path web_assets;  // folder of the built pages
  // For what the pages say about models and channels; where the models are no longer those of the
  // study, the pages say less.
  std::filesystem::path manifest_folder;
  std::filesystem::path model_folder;
  std::filesystem::path prototype_file;
  std::filesystem::path declared_in;  // study.toml (study_declaration.h); need not be there
  bool has_study_pages = false;       // link to study/index.html, which somebody else writes
};

struct VideoLine {
  std::string video_id;
  std::string text;  // "1 face, 198.3 face-seconds; raters would most likely say: ..."
};

struct StudyReport {
  std::filesystem::path index_page;
  std::int64_t videos = 0;
  std::vector<VideoLine> first_videos;  // at most 10, for the terminal
  std::vector<std::string> problems;    // shards that do not hold and are left out
};

// Writes STUDY/report; a report that was there is replaced once the new one is whole. Errors:
// kNotFound where nothing is published or the pages are not built. Memory: one video's rows, and
// those of the corpus.
Result<StudyReport> write_study_report(const StudyReportRequest& request);

}  // namespace mien
