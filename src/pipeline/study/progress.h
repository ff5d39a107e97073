// How far long work is: one line that redraws itself on a terminal, a plain line now and then in a
// log. Writes to standard error through the function it is given; it prints nothing itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace mien {

struct ProgressState {
  std::int64_t videos_done = 0;
  std::int64_t videos_failed = 0;
  std::int64_t videos_total = 0;
  double face_seconds = 0;
  double fraction = 0;  // of all work, in [0, 1], with running videos counted by their position
  std::string current;  // what is being worked on
};

// "12/40 videos, 1 failed, 318 face-seconds, 7.9 face-s/s, 1:24 left": pure, for tests.
std::string progress_line(const ProgressState& state, double elapsed_s);

class Progress {
 public:
  enum class Style { kNone, kTerminal, kLog };
  using Write = std::function<void(const std::string& bytes)>;

  Progress(Style style, Write write)
      : style_(style), write_(std::move(write)), start_(std::chrono::steady_clock::now()) {}

  void update(const ProgressState& state);  // at most 5 times a second (terminal), every 10 s (log)
  void finish(const ProgressState& state);  // the last line, always written

 private:
  void draw(const ProgressState& state);

  Style style_;
  Write write_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace mien
