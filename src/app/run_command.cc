#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/command.h"
#include "pipeline/run/run_study.h"
#include "pipeline/study/study_declaration.h"
#include "pipeline/worker/process.h"

namespace mien {

void add_run(CommandLine& line) {
  struct Options {
    std::filesystem::path file;
    bool redo = false;
    bool retry_failed = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = line.app.add_subcommand(
      "run", "Go the whole way that a study.toml describes, and redo only what changed");
  verb->add_option("file", options->file, "study.toml")->required();
  verb->add_flag("--redo", options->redo, "Do all stages again, changed or not");
  add_example(verb, "mien run study.toml");
  verb->add_flag("--retry-failed", options->retry_failed,
                 "Annotate again the videos that failed in an earlier run");
  verb->callback([&line, options] {
    line.action = [&line, options]() -> Status {
      MIEN_TRY(plan, read_run_plan(options->file));
      MIEN_TRY(program, own_program());
      const auto say = [](const std::string& text) {
        std::fputs(fmt::format("mien run: {}\n", text).c_str(), stderr);
      };
      const std::vector<std::string> missing = missing_declarations(plan.declaration);
      if (!missing.empty()) {
        say(fmt::format("warning: [study] of {} does not declare {}; the report says so",
                        options->file.string(), fmt::join(missing, ", ")));
      }
      MIEN_TRY(summary, run_study({std::move(plan), program, line.resources.web, options->redo,
                                   options->retry_failed, say}));
      say(fmt::format("{} stages done, {} unchanged", summary.done, summary.unchanged));
      return Ok{};
    };
  });
}

}  // namespace mien
