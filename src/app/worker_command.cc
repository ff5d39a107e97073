#include "app/command.h"
#include "pipeline/worker/worker.h"

namespace mien {

void add_worker(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("worker", "Started by annotate; not for people");
  verb->group("");
  verb->callback([&line] { line.action = [] { return run_worker(); }; });
}

}  // namespace mien
