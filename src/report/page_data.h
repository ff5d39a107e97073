// Tables of one video -> the data of its page and its row of the index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/report_writer.h"

namespace mien {

inline constexpr std::int64_t kMaxWindowValues = 1'000'000;  // of one page; the rest is counted

std::string channel_prefix(const std::string& channel);  // "basic7_happy" -> "basic7"

// Of a group whose values lie in [0, 1], the channel with the greatest mean over the video.
struct LeadingLabel {
  int channel = -1;  // position in ReportFacts::channels; -1: nothing was scored
  double value = 0;
};

struct Coverage {
  std::int64_t frames_decoded = 0;
  std::int64_t frames_analysed = 0;
  std::int64_t frames_with_face = 0;
  std::int64_t face_rows = 0;    // faces on frames: the sum of the tracks' frames
  std::int64_t scored_rows = 0;  // of these, with scores: the sum of the windows' frames
  std::int64_t tracks = 0;
  std::int64_t tracks_scored = 0;
  std::int64_t windows = 0;
  std::int64_t windows_short = 0;
  std::int64_t windows_empty = 0;  // no scored frame
};

struct VideoPage {
  std::string id;
  std::string title;  // the corpus's, else the id
  std::string status;
  std::string reason;
  std::string message;
  double duration_s = 0;    // NaN where unknown or a still
  double face_seconds = 0;  // NaN where unknown
  Coverage coverage;
  std::vector<LeadingLabel> leading;  // one a group of `leading_groups`
  bool has_overlay = false;
};

// Positions in `groups` of those that have a leading label.
std::vector<std::size_t> leading_groups(const std::vector<ChannelGroup>& groups);

// Checks the tables' shape (MIEN_CHECK), reads the frames once and fills `json` with everything the
// page shows; `place` is the folder of the report. The facts' groups must be filled.
Result<VideoPage> make_video_page(const VideoTables& video, const ReportFacts& facts,
                                  const std::filesystem::path& place, nlohmann::json& json);

// One row of the index: [id, title, country, region, language, status, reason, duration_s,
// frames_analysed, frames_with_face, tracks, face_seconds, scored_share, leading channel and value
// by turns].
nlohmann::json index_row(const VideoPage& page, const VideoTables& video);

}  // namespace mien
