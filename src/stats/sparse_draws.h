// Which of many rare events happen, at a cost that grows with those that do, not with those that
// may: events of similar probability stand in one list that is walked in geometric steps, and each
// one met is thinned to its exact probability (Devroye 1986, "Non-uniform random variate
// generation", VI).
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace mien {

class SparseDraws {
 public:
  SparseDraws() = default;

  // Event i happens with probability at most caps[i], in [0, 1]; one with 0 never does.
  explicit SparseDraws(std::span<const double> caps);

  // Calls met(event, cap) for a random set of events, each met independently with probability cap
  // >= caps[event]; the caller thins: event i happens with probability p where uniform() * cap < p.
  template <typename Met>
  void draw(Random& random, const Met& met) const {
    for (const List& list : lists_) {
      std::size_t at = 0;
      while (true) {
        if (list.log_rest != 0) {
          const double steps = std::floor(std::log(1.0 - random.uniform()) / list.log_rest);
          if (steps >= static_cast<double>(list.end - list.begin - at)) break;
          at += static_cast<std::size_t>(steps);
        }
        if (list.begin + at >= list.end) break;
        met(events_[list.begin + at], list.cap);
        ++at;
      }
    }
  }

 private:
  struct List {
    double cap;
    double log_rest;  // log(1 - cap); 0 stands for cap 1, where every event is met
    std::size_t begin, end;
  };
  std::vector<List> lists_;
  std::vector<std::uint16_t> events_;
};

}  // namespace mien
