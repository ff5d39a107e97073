// How far a long piece of work is, for verbs that go through tables in stages.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace mien {

struct StageProgress {
  std::string stage;       // "contexts"
  std::int64_t done = 0;   // of `total`
  std::int64_t total = 0;  // 0: not known
  std::string unit;        // "videos"
};

// Called often, from the thread that runs the stage; does nothing where it is empty.
using StageReport = std::function<void(const StageProgress&)>;

// "contexts: 1200000/3000000 videos, 85000 videos/s, 0:21 left": pure, for tests.
std::string stage_line(const StageProgress& progress, double elapsed_s);

}  // namespace mien
