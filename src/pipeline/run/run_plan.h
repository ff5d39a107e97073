// study.toml -> the stages of a study and how each is asked for.
//
//   [study]                     out = "FOLDER" (default: the file's own folder), and what the study
//                               declares of itself (study_declaration.h)
//   [simulate] or [ingest]      where the corpus comes from; [ingest], with its list = "FILE", is
//                               read by `mien ingest` itself
//   [annotate]                  options of `mien annotate`; its videos are those of the ingested
//                               list, or, without [ingest], inputs = ["videos/"]
//   [associate] [compare] [report]   options of the verb of that name
//
// A key is an option's long name with `_` for `-`: `min_count = 20` is `--min-count 20`. true gives
// the bare flag, false nothing, a list the option once for each. What a verb does not know, it says
// itself. Paths (inputs, list, published) are relative to the file. A table makes its stage run;
// [associate] brings compare with it, and the report is always made.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/study/study_declaration.h"

namespace mien {

struct RunStage {
  std::string verb;
  std::vector<std::string> arguments;  // after the verb
  // Files, or folders with all that is in them; what is missing is left out.
  std::vector<std::filesystem::path> inputs;
  std::vector<std::filesystem::path> outputs;
  std::string declared{};  // what else it is made from: the study's declaration, as JSON
};

struct RunPlan {
  std::filesystem::path study;
  std::vector<RunStage> stages;  // in the order in which they run
  StudyDeclaration declaration;
};

// kNotFound; kCorrupt: no TOML, with the line; kUsage: a table or a value that cannot be.
Result<RunPlan> read_run_plan(const std::filesystem::path& file);

}  // namespace mien
