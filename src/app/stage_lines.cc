#include "app/stage_lines.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>

namespace mien {

namespace {

using Clock = std::chrono::steady_clock;

struct Lines {
  bool terminal = false;
  std::string stage;
  Clock::time_point stage_begin;
  Clock::time_point last;
};

}  // namespace

StageReport stage_lines() {
  const auto lines = std::make_shared<Lines>();
  lines->terminal = ::isatty(STDERR_FILENO) == 1;
  lines->last = Clock::now();
  return [lines](const StageProgress& progress) {
    const auto now = Clock::now();
    if (progress.stage != lines->stage) {
      lines->stage = progress.stage;
      lines->stage_begin = now;
    }
    const bool end = progress.total > 0 && progress.done >= progress.total;
    const std::chrono::milliseconds pause(lines->terminal ? 200 : 10000);
    if (now - lines->last < pause && !(end && lines->terminal)) return;
    lines->last = now;
    const double elapsed_s = std::chrono::duration<double>(now - lines->stage_begin).count();
    const std::string line = stage_line(progress, elapsed_s).substr(0, 110);
    const std::string shown = lines->terminal ? "\r\x1b[K" + line + (end ? "\n" : "") : line + "\n";
    std::fputs(shown.c_str(), stderr);
  };
}

}  // namespace mien
