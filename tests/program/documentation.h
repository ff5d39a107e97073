// The commands and the printed lines that stand in the pages of the documentation.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mien::testing {

struct DocumentedCommand {
  std::string page;                    // "docs/annotate.md"
  std::string line;                    // as it stands there
  std::vector<std::string> arguments;  // of mien
};

// Every line of README.md and docs/*.md that begins with mien and stands in a block of code.
// Optional parts count as given, of alternatives the first; explanations and comments go.
std::vector<DocumentedCommand> documented_commands(const std::filesystem::path& root);

// Blocks ```sh of a page, each with the lines of the block ```text that follows it ("..." stands
// for what is left out).
struct DocumentedStep {
  std::vector<std::string> commands;
  std::vector<std::string> printed;
};
std::vector<DocumentedStep> documented_steps(const std::filesystem::path& page);

// The words of a command line: quotes hold together, "# ..." goes.
std::vector<std::string> words_of(const std::string& command);
// With single spaces and none at the ends.
std::string single_spaced(const std::string& line);

}  // namespace mien::testing
