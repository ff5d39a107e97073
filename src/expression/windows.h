// Scores per frame -> windows of a track and means of a video.
//
// A track of T seconds (from its first frame to the end of its last grid step) has ceil(T / 3 s)
// consecutive windows of equal length; a track shorter than 1 s is one window flagged short; a
// still is one short window. Memory: one running window a track.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "face/face.h"
#include "table/table.h"

namespace mien {

enum class VideoMean { kAllFaces, kLargestFace, kOneVotePerTrack };

struct WindowOptions {
  double max_window_s = 3.0;
  double min_window_s = 1.0;
  VideoMean video_mean = VideoMean::kAllFaces;
};

struct ScoredFace {
  TrackId track;
  int shot = 0;
  std::int64_t pts_us = 0;
  const FaceObservation* face = nullptr;
  const std::vector<float>* channels = nullptr;  // null where the face is not scored
};

// Gathers one video. Windows need a track's length, so per track the running sums are kept on a
// fixed fine grid (see windows.cc); memory grows with the number of tracks and, by a few hundred
// bytes a second of face, not with frames or pixels.
class VideoSummary {
 public:
  VideoSummary(std::string video_id, std::vector<ColumnSpec> channel_columns, double grid_rate_hz,
               const WindowOptions& options = {});
  VideoSummary(VideoSummary&&) noexcept;
  VideoSummary& operator=(VideoSummary&&) noexcept;
  ~VideoSummary();

  void add(const ScoredFace& scored);  // in time order

  struct Tables {
    Table tracks;
    Table windows;
    Table expressions;  // one row
  };
  Tables finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mien
