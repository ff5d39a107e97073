// A study's windows in the formats of other programs, one file a video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/export/export.h"

namespace mien {

enum class VideoFormat { kOpenFace, kElan, kWebVtt };

struct ExportVideosRequest {
  std::filesystem::path study;
  VideoFormat format = VideoFormat::kWebVtt;
  std::filesystem::path folder;       // where the files go; made where it is missing
  std::vector<std::string> videos;    // ids; empty: all
  std::vector<std::string> channels;  // prefixes; empty: those in [0, 1], of OpenFace's format all
  double threshold = 0.5;             // kElan, kWebVtt: scores below are left out
  bool frames = false;                // kOpenFace: of the table frames instead of windows
};

struct ExportVideosSummary {
  ExportSummary table;
  std::int64_t files = 0;
  std::int64_t videos_without_windows = 0;  // of those named; no file is written for them
  std::vector<std::string> labels;          // columns that were written
  std::vector<std::string> whose_labels;
};

// Files that are there are replaced, each in one step. Memory: one video's windows. Errors: those
// of export_table; kUsage (no such channel or video, nothing to write).
Result<ExportVideosSummary> export_videos(const ExportVideosRequest& request);

// "ID.vtt": the id with all that is no letter, digit, dot, - or _ as _, and where that changed
// anything, the beginning of the id's SHA-256.
std::string exported_name(const std::string& video_id, VideoFormat format);

}  // namespace mien
