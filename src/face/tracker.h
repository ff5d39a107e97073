// Faces on frames -> tracks: who is who over time within one video.
//
// On every frame, faces are assigned to the tracks of the last `max_gap_s` seconds of this shot all
// at once (assignment.h), at the least sum of
//   min(surprise, bound) + weight (cosine distance of descriptors - even), cut on both sides:
// the negative log likelihood of the motion (motion.h) with an outlier part, as a face seen again
// elsewhere is possible, less the log likelihood ratio of 'same person' by the descriptor, where
// the face and the track have one. A face that costs more than a new track is one. So continuity
// decides while people stand apart, the descriptor where they cross or come back, and a face of
// another person does not inherit a track. Follows SORT (Bewley et al. 2016) and DeepSORT (Wojke et
// al. 2017); the deviations and every constant's measurement: docs/tracking.md.
//
// Cuts end tracks: a cut is where shot_cut.h finds one between the signatures of consecutive
// frames (blank ones left out), or where a frame says `shot_begins`. The same person after a cut is
// a new track. Every face gets a track, also one that was seen once: what is worth scoring is a
// matter of quality.
//
// The result depends on the order of frames only, not on chunks nor on the order of faces on a
// frame. Descriptors are best given as descriptor_rule.h asks; they are used here and forgotten
// with the tracker. Memory: the tracks of the last `max_gap_s` seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "face/frame_analyser.h"

namespace mien {

struct TrackerOptions {
  double max_gap_s = 2.0;  // longer away: a new track
};

class Tracker {
 public:
  explicit Tracker(const TrackerOptions& options = {});
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;
  ~Tracker();

  // Frames in time order. Gives the TrackId of every face, in the order of `frame.faces`: 0,
  // 1, 2... by first appearance, from left to right within a frame. About 2 us a face for a few
  // faces.
  std::vector<TrackId> update(const FrameFaces& frame);

  int shot() const;  // number of the current shot, from 0
  // Tracks that a face may still join: those that were seen in the last `max_gap_s`.
  std::size_t open_tracks() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mien
