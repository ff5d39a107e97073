// What a run of a program took, with all that it started.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct MeasuredRun {
  double cpu_s = 0;  // user and system, of all its processes
  double wall_s = 0;
  double memory_mb = 0;  // greatest resident memory of the largest process
};

// Standard output goes to `output`. kInternal: it ended with another status than 0; kCancelled:
// interrupted.
Result<MeasuredRun> run_measured(const std::filesystem::path& program,
                                 const std::vector<std::string>& arguments,
                                 const std::filesystem::path& output);

}  // namespace mien
