#include "app/man_page.h"

#include <fmt/format.h>

namespace mien {

namespace {

// A line that begins with a dot or a quote would be a request, a backslash begins an escape, and a
// plain hyphen may be set as one that cannot be copied into a shell.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\n') {
      out += ' ';
    } else {
      if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
      out += c;
    }
  }
  return out;
}

std::string bold(const std::string& text) {
  return "\\fB" + escaped(text) + "\\fR";
}
std::string italic(const std::string& text) {
  return "\\fI" + escaped(text) + "\\fR";
}

std::string paragraph_of(const OptionFacts& option) {
  std::string head;
  for (const std::string& name : option.names) {
    head += (head.empty() ? "" : ", ") + (option.is_positional ? italic(name) : bold(name));
  }
  if (!option.is_positional && !option.value.empty()) head += " " + italic(option.value);
  if (option.repeats) head += " ...";
  std::string text = ".TP\n" + head + "\n" + escaped(option.description) + ".\n";
  if (option.is_required) text += "Required.\n";
  if (!option.choices.empty()) {
    text += "One of " + escaped(fmt::format("{}", fmt::join(option.choices, ", "))) + ".\n";
  }
  if (!option.range.empty()) text += "Range: " + escaped(option.range) + ".\n";
  if (!option.preset.empty()) text += "Default: " + escaped(option.preset) + ".\n";
  if (!option.needs.empty()) {
    text += "Only with " + escaped(fmt::format("{}", fmt::join(option.needs, ", "))) + ".\n";
  }
  return text;
}

// "mien-cluster-plan"
std::string title_of(const std::vector<std::string>& path) {
  return fmt::format("{}", fmt::join(path, "-"));
}

}  // namespace

std::string man_page_name(const VerbFacts& verb) {
  return title_of(verb.path) + ".1";
}

std::string man_page(const VerbFacts& verb, const std::string& version) {
  const std::string page = title_of(verb.path);
  std::string text = fmt::format(".TH \"{}\" 1 \"\" \"mien {}\" \"Mien\"\n.SH NAME\n{} \\- {}\n",
                                 escaped(page), version, escaped(page), escaped(verb.description));
  text += ".SH SYNOPSIS\n" + bold(verb.name());
  if (!verb.verbs.empty()) text += " " + italic("verb") + " ...";
  for (const OptionFacts& positional : verb.positionals) {
    const std::string name = italic(positional.names.front()) + (positional.repeats ? " ..." : "");
    text += positional.is_required ? " " + name : " [" + name + "]";
  }
  text += verb.verbs.empty() ? " [" + italic("options") + "]\n" : "\n";
  if (!verb.verbs.empty()) {
    text += ".SH VERBS\n";
    for (const VerbFacts& below : verb.verbs) {
      text += ".TP\n" + bold(below.path.back()) + "\n" + escaped(below.description) + ".\n";
    }
  }
  if (!verb.positionals.empty()) text += ".SH ARGUMENTS\n";
  for (const OptionFacts& positional : verb.positionals) text += paragraph_of(positional);
  for (std::size_t g = 0; g < verb.groups.size(); ++g) {
    text += g == 0 ? ".SH OPTIONS\n" : ".SS " + escaped(verb.groups[g].title) + "\n";
    for (const OptionFacts& option : verb.groups[g].options) text += paragraph_of(option);
  }
  if (!verb.examples.empty()) text += ".SH EXAMPLES\n.nf\n";
  for (const std::string& example : verb.examples) text += escaped(example) + "\n";
  if (!verb.examples.empty()) text += ".fi\n";
  text +=
      ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 75 a task of a cluster that may be tried "
      "again.\n";
  text += ".SH NOTES\nA label is what raters would call a face, never what a person feels.\n";
  std::vector<std::string> others;
  for (const VerbFacts& below : verb.verbs) others.push_back(title_of(below.path));
  if (verb.path.size() > 1) {
    others.push_back(title_of({verb.path.begin(), verb.path.end() - 1}));
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    text += (i == 0 ? ".SH SEE ALSO\n" : ",\n") + bold(others[i]) + "(1)";
  }
  return text + (others.empty() ? "" : "\n");
}

}  // namespace mien
