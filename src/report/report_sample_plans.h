// The videos of the sample report: what was found in each.
#pragma once

#include <string>
#include <vector>

namespace mien {

struct TrackPlan {
  double first_s;
  double last_s;
  double absent_from_s = -1;  // not seen
  double absent_to_s = -1;
  double unscored_from_s = -1;  // seen, not scored
  double unscored_to_s = -1;
  std::string reason = {};
};

struct VideoPlan {
  std::string id;
  std::string title;
  std::string status = "ok";
  std::string reason;
  std::string message;
  double duration_s = 0;
  double analysed_s = 0;
  std::vector<TrackPlan> tracks;
  bool has_frames = true;
  std::string country;
  bool labels_of_frames =
      true;  // false: as a head trained on ratings leaves them, which scores windows
};

// Every state that a page may show, and `more` plain videos behind them.
std::vector<VideoPlan> sample_plans(int more);

}  // namespace mien
