// The pages of a study, made from its published tables, one video at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct VideoLine {
  std::string video_id;
  std::string text;  // "1 face, 198.3 face-seconds; raters would most likely say: ..."
};

struct StudyReport {
  std::filesystem::path index_page;
  std::int64_t videos = 0;
  std::vector<VideoLine> first_videos;  // at most 10, for the terminal
};

// `web_assets` is the folder of built pages. Writes STUDY/report; a report that was there is
// replaced once the new one is whole.
Result<StudyReport> write_study_report(const std::filesystem::path& study,
                                       const std::filesystem::path& web_assets);

}  // namespace mien
