// Faces on frames -> tracks: who is who over time within one video.
//
// Global assignment a frame (Hungarian, Kuhn 1955) over a cost of motion-predicted overlap, size
// and descriptor; cuts end tracks; a face back after a short gap keeps its TrackId. Descriptors are
// used here and forgotten with the tracker.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "face/frame_analyser.h"

namespace mien {

struct TrackerOptions {
  double max_gap_s = 2.0;  // longer away: a new track
  // further constants in tracker.cc, each with its source or experiment
};

class Tracker {
 public:
  explicit Tracker(const TrackerOptions& options = {});
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;
  ~Tracker();

  // Frames in time order. Gives the TrackId of every face, in the order of `frame.faces`.
  // `chunk_begins` says that the analyser knew nothing of earlier frames, as at the start of every
  // chunk.
  std::vector<TrackId> update(const FrameFaces& frame);

  int shot() const;  // number of the current shot, from 0

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mien
