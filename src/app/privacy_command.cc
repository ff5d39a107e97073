#include <filesystem>
#include <memory>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/private/private_ledger.h"

namespace mien {

void add_privacy(CommandLine& line) {
  struct Options {
    std::filesystem::path study;
    bool as_json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = line.app.add_subcommand(
      "privacy", "What private releases of a study have cost, and may cost");
  verb->add_option("study,--study", options->study, "The study folder")
      ->required()
      ->check(CLI::ExistingDirectory);
  verb->add_flag("--json", options->as_json, "The ledger as JSON");
  add_example(verb, "mien privacy study");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      MIEN_TRY(ledger, read_privacy_ledger(options->study));
      return print_text(options->as_json ? privacy_json(options->study, ledger).dump(2) + "\n"
                                         : privacy_text(options->study, ledger));
    };
  });
}

}  // namespace mien
