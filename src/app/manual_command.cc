// Writes what comes out of the declarations of the options: manual pages and shell completion.
// Called when Mien is built and packaged.
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "app/command.h"
#include "app/completion.h"
#include "app/man_page.h"
#include "app/verb_facts.h"
#include "pipeline/study/program_version.h"
#include "store/durable_file.h"

namespace mien {

namespace fs = std::filesystem;

namespace {

Status write_file(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) return Error{ErrorCode::kIo, file.parent_path().string() + ": " + error.message()};
  return write_file_durably(file, text);
}

Status write_pages(const VerbFacts& verb, const fs::path& folder) {
  MIEN_TRY_VOID(write_file(folder / "man" / "man1" / man_page_name(verb),
                           man_page(verb, std::string(kProgramVersion))));
  for (const VerbFacts& below : verb.verbs) MIEN_TRY_VOID(write_pages(below, folder));
  return Ok{};
}

Status write_manual(const VerbFacts& program, const fs::path& folder) {
  MIEN_TRY_VOID(write_pages(program, folder));
  MIEN_TRY_VOID(
      write_file(folder / "bash-completion" / "completions" / "mien", bash_completion(program)));
  MIEN_TRY_VOID(write_file(folder / "zsh" / "site-functions" / "_mien", zsh_completion(program)));
  return write_file(folder / "fish" / "vendor_completions.d" / "mien.fish",
                    fish_completion(program));
}

}  // namespace

void add_manual(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand(
      "manual", "Write manual pages and shell completion below a folder; for packagers");
  verb->group("");
  const auto folder = std::make_shared<std::string>();
  verb->add_option("folder", *folder, "Where man/, bash-completion/, zsh/ and fish/ go")
      ->required();
  verb->callback([&line, folder] {
    line.action = [&line, folder] { return write_manual(facts_of(line.app), *folder); };
  });
}

}  // namespace mien
