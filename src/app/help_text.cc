#include "app/help_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace mien {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 24;  // where descriptions of options begin

// `study` may be given as `--study` too, which needs no line of its own.
bool stands_as_positional(const VerbFacts& verb, const OptionFacts& option) {
  return std::any_of(
      verb.positionals.begin(), verb.positionals.end(),
      [&](const OptionFacts& other) { return "--" + other.names.front() == option.names.back(); });
}

std::string usage_of(const VerbFacts& verb) {
  std::string usage = verb.name();
  if (!verb.verbs.empty()) return usage + " VERB ...";
  for (const OptionFacts& positional : verb.positionals) {
    const std::string name = positional.names.front() + (positional.repeats ? "..." : "");
    usage += positional.is_required ? " " + name : " [" + name + "]";
  }
  for (const OptionGroup& group : verb.groups) {
    for (const OptionFacts& option : group.options) {
      if (!option.is_required || stands_as_positional(verb, option)) continue;
      usage += " " + option.names.back() + " " + option.value;
    }
  }
  return usage + " [options]";
}

// "0 to 1, default 0.5; with --contexts"
std::string notes_of(const OptionFacts& option) {
  std::string notes = option.range;
  const auto add = [&](const std::string& note) { notes += (notes.empty() ? "" : ", ") + note; };
  if (!option.choices.empty()) add(fmt::format("{}", fmt::join(option.choices, " | ")));
  if (!option.preset.empty()) add("default " + option.preset);
  if (!option.needs.empty()) add(fmt::format("with {}", fmt::join(option.needs, ", ")));
  return notes;
}

std::string entry(const std::string& head, const std::string& text, std::size_t column = kColumn) {
  std::string entry = "  " + head;
  const std::string body = wrapped(text, column, kWidth);
  if (body.empty()) return entry + "\n";
  if (entry.size() + 2 > column) return entry + "\n" + body;
  return entry + body.substr(entry.size());
}

std::string entry_of(const OptionFacts& option) {
  std::string head = fmt::format("{}", fmt::join(option.names, ", "));
  if (!option.is_positional && !option.value.empty()) {
    head += " " + option.value + (option.repeats ? "..." : "");
  }
  const std::string notes = notes_of(option);
  return entry(head, option.description + (notes.empty() ? "" : " (" + notes + ")"));
}

std::string list_of(const std::vector<VerbFacts>& verbs) {
  std::size_t longest = 0;
  for (const VerbFacts& verb : verbs) longest = std::max(longest, verb.path.back().size());
  std::string list = "\nVerbs:\n";
  for (const VerbFacts& verb : verbs) {
    const std::string first_sentence = verb.description.substr(0, verb.description.find('\n'));
    list += entry(verb.path.back(), first_sentence, longest + 4);
  }
  return list;
}

}  // namespace

std::string help_text(const VerbFacts& verb, bool all) {
  std::string text = wrapped(verb.description, 0, kWidth) + "\nUsage: " + usage_of(verb) + "\n";
  if (!verb.verbs.empty()) text += list_of(verb.verbs);
  if (!verb.positionals.empty()) text += "\n";
  for (const OptionFacts& positional : verb.positionals) text += entry_of(positional);
  std::vector<std::string> further;
  for (std::size_t g = 0; g < verb.groups.size(); ++g) {
    const OptionGroup& group = verb.groups[g];
    if (g > 0 && !all) {
      further.push_back(group.title);
      continue;
    }
    text += "\n" + group.title + ":\n";
    for (const OptionFacts& option : group.options) {
      if (!stands_as_positional(verb, option)) text += entry_of(option);
    }
  }
  if (!further.empty()) {
    text += "\n" + wrapped(fmt::format("Further options: {}; see '{} --help-all'.",
                                       fmt::join(further, ", "), verb.name()),
                           0, kWidth);
  }
  if (!verb.examples.empty()) text += "\nExample:\n";
  for (const std::string& example : verb.examples) text += "  " + example + "\n";
  return text;
}

}  // namespace mien
