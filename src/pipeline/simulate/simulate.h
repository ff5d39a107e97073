// A whole study drawn from a declared model, with its truth beside it. docs/simulate.md states the
// model; stats/generative_model.h holds it.
//
//   STUDY/corpus.parquet          countries, regions, uploaders, covariate_1...
//   STUDY/expressions.parquet     label_* of every video
//   STUDY/contexts.parquet        source `visual`
//   STUDY/context_status.parquet
//   STUDY/truth.parquet           the population value of every association (truth_schema)
//   STUDY/truth.json              the design, and what regions share in the population
//
// Every file says in its metadata that it is simulated (mien.simulated = "true") and from which
// design.
#pragma once

#include <atomic>
#include <filesystem>

#include "base/result.h"
#include "pipeline/study/country_table.h"
#include "pipeline/study/stage_progress.h"
#include "stats/simulation_design.h"
#include "table/schema.h"

namespace mien {

// A marker in the metadata of every simulated file; its value is "true".
inline constexpr const char* kSimulatedKey = "mien.simulated";

struct SimulateRequest {
  std::filesystem::path study;
  SimulationDesign design;  // regions empty: chosen by the two numbers below
  int regions = 12;
  int countries = 144;
  int threads = 1;
  StageReport progress;
};

struct SimulateSummary {
  std::int64_t videos = 0;
  std::int64_t uploaders = 0;
  std::int64_t largest_uploader = 0;
  std::int64_t context_rows = 0;
  std::int64_t clipped_scores =
      0;  // drawn in to [0, 1], where the closed form no longer holds exactly
  int regions = 0;
  int countries = 0;
  double seconds = 0;
};

// Memory: about 200 MB at 3 million videos x 653 contexts (tools/bench_study), and the model's
// parameters (8 bytes a country, context and expression), whatever the number of videos. The bytes
// do not depend on `threads`. Errors: kUsage for a design that cannot be, kMismatch where the
// folder holds a study already, kCancelled, kIo.
Result<SimulateSummary> simulate(const SimulateRequest& request, const CountryTable& countries,
                                 const std::atomic<bool>& stop);

// The regions of a simulated study: the first `regions` by name, `countries` shared out in
// proportion to how many each has, at least one each, the largest first. kUsage where there are not
// that many.
Result<std::vector<SimulatedRegion>> simulated_regions(const CountryTable& table, int regions,
                                                       int countries);

// The 16 labels of the study for 16 expressions, else expression_1...
std::vector<std::string> simulated_labels(int expressions);

TableSchema truth_schema();

}  // namespace mien
