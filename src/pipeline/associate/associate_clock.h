// How long the stages of an association took.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "pipeline/associate/associate.h"

namespace mien {

class AssociateClock {
 public:
  explicit AssociateClock(std::vector<AssociateStage>& times) : times_(times) {}
  void finish(const std::string& stage) {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const auto same = std::find_if(times_.begin(), times_.end(),
                                   [&](const AssociateStage& time) { return time.stage == stage; });
    if (same != times_.end()) {
      same->seconds += seconds;
    } else {
      times_.push_back({stage, seconds});
    }
    last_ = now;
  }

 private:
  std::vector<AssociateStage>& times_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace mien
