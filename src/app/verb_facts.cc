#include "app/verb_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace mien {

namespace {

std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::string value_name(const std::string& type) {
  if (type == "INT" || type == "UINT") return "N";
  if (type == "FLOAT") return "X";
  return type;
}

// The parser tells of a type as "INT:INT in [0 - 10]", "TEXT:{a,b}", "TEXT:FILE".
void read_type(const std::string& type, OptionFacts& facts) {
  const std::size_t colon = type.find(':');
  facts.value = value_name(type.substr(0, colon));
  if (colon == std::string::npos) return;
  const std::string limits = type.substr(colon + 1);
  const std::size_t open = limits.find_first_of("{[");
  const std::size_t close = limits.find_last_of("}]");
  if (open == std::string::npos || close == std::string::npos) {
    if (limits == "POSITIVE") facts.range = "above 0";
    if (limits == "NONNEGATIVE") facts.range = "0 or more";
    if (limits == "FILE" || limits == "DIR") facts.value = limits;
    if (limits.starts_with("PATH")) facts.value = "PATH";
    return;
  }
  const std::string inside = limits.substr(open + 1, close - open - 1);
  if (limits[open] == '{') {
    facts.choices = split_at(inside, ',');
  } else if (const std::size_t dash = inside.find(" - "); dash != std::string::npos) {
    facts.range = inside.substr(0, dash) + " to " + inside.substr(dash + 3);
  }
}

// "[a,b]" as it is typed: "a,b".
std::string preset_of(const CLI::Option& option) {
  std::string preset = option.get_default_str();
  if (preset.starts_with('[') && preset.ends_with(']'))
    preset = preset.substr(1, preset.size() - 2);
  return preset;
}

OptionFacts option_facts(const CLI::Option& option, bool as_positional) {
  OptionFacts facts;
  facts.is_positional = as_positional;
  if (as_positional) {
    facts.names.push_back(option.get_name(true));
  } else {
    for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  }
  facts.is_required = option.get_required();
  facts.repeats = option.get_expected_max() > 1;
  if (option.get_type_size_max() != 0) read_type(option.get_type_name(), facts);
  facts.preset = preset_of(option);
  for (const CLI::Option* other : option.get_needs()) {
    facts.needs.push_back("--" + other->get_lnames().front());
  }
  std::sort(facts.needs.begin(), facts.needs.end());
  facts.description = option.get_description();
  return facts;
}

VerbFacts facts_below(const CLI::App& app, std::vector<std::string> path) {
  VerbFacts facts;
  path.push_back(app.get_name());
  facts.path = path;
  facts.description = app.get_description();
  facts.examples = split_at(app.get_footer(), '\n');
  for (const std::string& title : app.get_groups()) {
    if (title.empty()) continue;
    OptionGroup group{title, {}};
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() != title) continue;
      if (option->get_positional()) facts.positionals.push_back(option_facts(*option, true));
      if (option->nonpositional()) group.options.push_back(option_facts(*option, false));
    }
    if (!group.options.empty()) facts.groups.push_back(std::move(group));
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!verb->get_group().empty()) facts.verbs.push_back(facts_below(*verb, path));
  }
  return facts;
}

}  // namespace

std::string VerbFacts::name() const {
  return fmt::format("{}", fmt::join(path, " "));
}

void add_example(CLI::App* verb, const std::string& command) {
  const std::string before = verb->get_footer();
  verb->footer(before.empty() ? command : before + "\n" + command);
}

VerbFacts facts_of(const CLI::App& app) {
  std::vector<std::string> above;
  for (const CLI::App* parent = app.get_parent(); parent != nullptr;
       parent = parent->get_parent()) {
    above.insert(above.begin(), parent->get_name());
  }
  return facts_below(app, std::move(above));
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string lines;
  std::string line;
  const auto end_line = [&] {
    lines += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) end_line();
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) end_line();
  return lines;
}

}  // namespace mien
