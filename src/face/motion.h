// Where a face will be, and how surprising it is to find it elsewhere.
//
// Three independent constant-velocity Kalman filters (Kalman 1960): centre x, centre y and the
// logarithm of the box's size. Noise is in units of the face's size, as in SORT's successors
// (Bewley et al. 2016; Wojke et al. 2017), but per second instead of per frame, so that the frame
// rate and gaps need no tuning. The constants and how they fit real clips: docs/tracking.md.
#pragma once

#include <array>

#include "base/geometry.h"

namespace mien {

// How far a box may be off, in face sizes (standard deviation). In the clear: the detector's
// jitter, DeepSORT's 1/20 (Wojke et al. 2017, code). Beside another head: what a half covered face
// loses of its width and moves by (real_tracks_test.cc, two who cross).
inline constexpr double kClearNoise = 0.05;
inline constexpr double kCoveredNoise = 0.1;

class FaceMotion {
 public:
  FaceMotion(const Box& box, double time_s);

  // Negative log likelihood of `box` at `time_s`, from 0 (exactly where a face was expected whose
  // place is known for certain) upwards: half the squared Mahalanobis distance, plus what it costs
  // that the expectation was vague, so that a track lost for long does not draw faces from one that
  // is followed. The box has an area; an earlier time counts as the last one.
  double surprise(const Box& box, double time_s, double noise_sizes = kClearNoise) const;

  void update(const Box& box, double time_s);

  Point2 expected_centre(double time_s) const;

 private:
  struct Axis {
    double position = 0;
    double velocity = 0;
    double variance = 0;  // of the position
    double covariance = 0;
    double velocity_variance = 0;

    void predict(double seconds, double unit);
    void correct(double measured, double unit);
  };
  std::array<Axis, 3> expected(double time_s) const;

  std::array<Axis, 3> axes_;
  double time_s_ = 0;
};

}  // namespace mien
