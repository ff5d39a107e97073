// Walks the stages of a plan, each as the program's own verb in a process of its own, and redoes
// only those whose options, inputs or program changed, or whose outputs are not as they left them.
//
// What a stage was made from is written to STUDY/log/run.json once it has ended well: so a run that
// was stopped goes on where it stopped. Inputs count by their bytes; files beyond kMostHashedBytes
// by size and time. `annotate` is always asked: it knows itself what is new.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "pipeline/run/run_plan.h"

namespace mien {

inline constexpr std::int64_t kMostHashedBytes = std::int64_t{1} << 30;

// Before and after a stage: "associate: corpus.parquet changed", "compare: unchanged".
using RunReport = std::function<void(const std::string& line)>;

struct RunSummary {
  int done = 0;
  int unchanged = 0;
};

struct RunRequest {
  RunPlan plan;
  std::filesystem::path program;     // to start for every stage
  std::filesystem::path web_assets;  // an input of the report
  bool redo = false;                 // all stages
  bool retry_failed = false;         // annotate tries again what failed in an earlier run
  RunReport report;
};

// Verbs' output goes to STUDY/log/VERB.txt, that of the report to standard output. One run at a
// time (kBusy). A stage that fails ends the run: its error has the verb's exit status, and the verb
// has said the rest. kCancelled: Ctrl-C.
Result<RunSummary> run_study(const RunRequest& request);

}  // namespace mien
