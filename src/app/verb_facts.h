// What the declarations of verbs and options say, in the form that help, manual pages and shell
// completion are written from: one declaration, four texts.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace mien {

struct OptionFacts {
  std::vector<std::string> names;  // "-h", "--help"; of a positional its name alone
  bool is_positional = false;
  bool is_required = false;
  bool repeats = false;              // takes several values
  std::string value;                 // "N", "X", "FILE", "TEXT"...; empty: a flag
  std::vector<std::string> choices;  // the words that it takes, where they are few
  std::string range;                 // "0 to 100"; empty: any
  std::string preset;                // the value where it is not given; empty: none is told
  std::vector<std::string> needs;    // names of options that must stand beside it
  std::string description;
};

struct OptionGroup {
  std::string title;  // of the first "Options"
  std::vector<OptionFacts> options;
};

struct VerbFacts {
  std::vector<std::string> path;  // "mien", "cluster", "plan"
  std::string description;
  std::vector<std::string> examples;  // a command each
  std::vector<OptionFacts> positionals;
  std::vector<OptionGroup> groups;  // the first is what most calls need
  std::vector<VerbFacts> verbs;     // the verbs below, those of developers left out

  std::string name() const;  // "mien cluster plan"
};

// An example that the verb's help and manual page end with.
void add_example(CLI::App* verb, const std::string& command);

VerbFacts facts_of(const CLI::App& app);

// Words in lines of at most `width` characters, each after `indent` blanks; the first line too.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width);

}  // namespace mien
