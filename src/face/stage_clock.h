// Calls and time of one stage, its preparation of pixels included.
#pragma once

#include <chrono>
#include <cstdint>

namespace mien {

struct StageClock {
  std::int64_t calls = 0;
  double seconds = 0;

  // One call, from here to the end of the scope.
  class Call {
   public:
    explicit Call(StageClock& clock) : clock_(clock), begin_(std::chrono::steady_clock::now()) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
      clock_.seconds +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
      ++clock_.calls;
    }

   private:
    StageClock& clock_;
    std::chrono::steady_clock::time_point begin_;
  };
};

}  // namespace mien
