#include "pipeline/study/stage_progress.h"

#include <fmt/format.h>

namespace mien {

std::string stage_line(const StageProgress& progress, double elapsed_s) {
  std::string line = fmt::format("{}: {}", progress.stage, progress.done);
  if (progress.total > 0) line += fmt::format("/{}", progress.total);
  line += " " + progress.unit;
  if (elapsed_s <= 0 || progress.done == 0) return line;
  const double rate = static_cast<double>(progress.done) / elapsed_s;
  line += fmt::format(", {:.0f} {}/s", rate, progress.unit);
  if (progress.total > progress.done) {
    const auto left_s =
        static_cast<std::int64_t>(static_cast<double>(progress.total - progress.done) / rate + 0.5);
    line += fmt::format(", {}:{:02} left", left_s / 60, left_s % 60);
  }
  return line;
}

}  // namespace mien
