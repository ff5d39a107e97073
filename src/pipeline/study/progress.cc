#include "pipeline/study/progress.h"

#include <fmt/format.h>

namespace mien {

std::string progress_line(const ProgressState& state, double elapsed_s) {
  std::string line = fmt::format("{}/{} videos", state.videos_done, state.videos_total);
  if (state.videos_failed > 0) line += fmt::format(", {} failed", state.videos_failed);
  line += fmt::format(", {:.0f} face-seconds", state.face_seconds);
  if (elapsed_s > 0) line += fmt::format(", {:.1f} face-s/s", state.face_seconds / elapsed_s);
  if (state.fraction > 0.005 && state.fraction < 1 && elapsed_s > 1) {
    const auto left_s = static_cast<long>(elapsed_s * (1 - state.fraction) / state.fraction + 0.5);
    if (left_s >= 3600) {
      line += fmt::format(", {}:{:02}:{:02} left", left_s / 3600, left_s / 60 % 60, left_s % 60);
    } else {
      line += fmt::format(", {}:{:02} left", left_s / 60, left_s % 60);
    }
  }
  if (!state.current.empty()) line += " | " + state.current;
  return line;
}

void Progress::update(const ProgressState& state) {
  if (style_ == Style::kNone) return;
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::milliseconds pause(style_ == Style::kTerminal ? 200 : 10000);
  if (last_ == std::chrono::steady_clock::time_point{}) last_ = start_;
  if (now - last_ < pause) return;
  last_ = now;
  draw(state);
}

void Progress::finish(const ProgressState& state) {
  if (style_ == Style::kNone) return;
  draw(state);
  if (style_ == Style::kTerminal) write_("\n");
}

void Progress::draw(const ProgressState& state) {
  const double elapsed_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const std::string line = progress_line(state, elapsed_s);
  if (style_ == Style::kTerminal) {
    write_("\r\x1b[K" + line.substr(0, 110));
  } else {
    write_(line + "\n");
  }
}

}  // namespace mien
