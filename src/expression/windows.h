// Scores per frame -> windows of a track, and means of a track and of a video.
//
// A track lasts from its first frame to the end of its last frame's grid step; it has
// ceil(T / 3 s) consecutive windows of equal length (window_span.h). A track shorter than 1 s is
// one window flagged short, and so is a single frame at any rate (a still). A window's channels are
// means over its scored frames, null where a channel has none. The exact definition of every
// column, the video's three means included: docs/windows.md.
//
// Sums are taken in double and in the order of frames, windows and tracks, so the tables depend on
// the frames only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "expression/expression_head.h"
#include "face/face.h"
#include "table/table.h"

namespace mien {

enum class VideoMean { kAllFaces, kLargestFace, kOneVotePerTrack };

struct WindowOptions {
  double max_window_s = 3.0;
  double min_window_s = 1.0;  // at most half of max_window_s, else windows of long tracks are short
  VideoMean video_mean = VideoMean::kAllFaces;
};

// The table tracks with one more column an action, "baseline_action_<name>": the median over the
// track's scored frames, a person's own level; null where the track has under kBaseline_s of them.
// Nothing is taken off any score.
inline constexpr double kBaseline_s = 10;
TableSchema tracks_schema_with_baselines(ChannelColumns channels);

struct ScoredFace {
  TrackId track;
  int shot = 0;
  std::int64_t pts_us = 0;
  const FaceObservation* face = nullptr;
  const std::vector<float>* channels = nullptr;  // null where the face is not scored
  const std::vector<float>* features = nullptr;  // where a head is there and the face is scored
};

// Columns that are not means over frames: what a head makes of the features of a window's scored
// frames.
struct HeadColumns {
  std::size_t first = 0;           // of the channel columns
  ExpressionHead* head = nullptr;  // outlives the summary
};

// Gathers one video. Where windows lie is known only when a track ends, so scored frames are kept
// until then, 8 bytes and 4 a channel each (about 1.1 KB a second of face with 44 channels at
// 6 Hz); features beyond the first kMemoryRows of a shot lie in a temporary file. Tracks end with
// their shot: memory grows with the longest shot's faces, with the tables' rows, and with nothing
// else.
class VideoSummary {
 public:
  // grid_rate_hz and max_window_s: finite, above 0 and at most 10^6.
  VideoSummary(std::string video_id, std::vector<ColumnSpec> channel_columns, double grid_rate_hz,
               const WindowOptions& options = {}, const HeadColumns& head = {});
  VideoSummary(VideoSummary&&) noexcept;
  VideoSummary& operator=(VideoSummary&&) noexcept;
  ~VideoSummary();

  // In time order; a track belongs to one shot and is not seen again after it.
  void add(const ScoredFace& scored);

  struct Tables {
    Table tracks;
    Table windows;
    Table expressions;  // one row
  };
  Tables finish();  // once
  // Ok, or the first error of the head or of the features' file; the tables are then worth nothing.
  Status status() const;

  static constexpr std::size_t kMemoryRows = 4096;  // 11 minutes of one face at 6 Hz, 12 MB

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mien
