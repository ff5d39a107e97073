// All three scripts first walk the words typed so far to the innermost verb ("mien cluster plan"),
// then offer what stands there: its verbs and options, or the words that the option before the
// cursor takes.
#include "app/completion.h"

#include <fmt/format.h>

#include <functional>

namespace mien {

namespace {

using Visit = std::function<void(const VerbFacts&)>;

void for_each_verb(const VerbFacts& verb, const Visit& visit) {
  visit(verb);
  for (const VerbFacts& below : verb.verbs) for_each_verb(below, visit);
}

void for_each_option(const VerbFacts& verb, const std::function<void(const OptionFacts&)>& visit) {
  for (const OptionGroup& group : verb.groups) {
    for (const OptionFacts& option : group.options) visit(option);
  }
}

// In single quotes for all three shells: quotes inside are taken out, line ends become blanks.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') continue;
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string paths_below(const VerbFacts& program, const std::string& before) {
  std::string cases;
  for_each_verb(program, [&](const VerbFacts& verb) {
    if (verb.path.size() > 1) cases += (cases.empty() ? "" : "|") + quoted(verb.name());
  });
  return before + cases + ") at=\"$at $word\" ;;\n";
}

// The words after each option that takes one of a few.
std::string cases_of_choices(const VerbFacts& program, const std::string& line) {
  std::string cases;
  for_each_verb(program, [&](const VerbFacts& verb) {
    for_each_option(verb, [&](const OptionFacts& option) {
      if (option.choices.empty()) return;
      for (const std::string& name : option.names) {
        cases += fmt::format(fmt::runtime(line), quoted(verb.name() + " " + name),
                             fmt::join(option.choices, " "));
      }
    });
  });
  return cases;
}

}  // namespace

std::string bash_completion(const VerbFacts& program) {
  std::string script =
      "# bash completion for mien\n"
      "_mien() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at=mien word "
      "words=\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$at $word\" in\n";
  script += paths_below(program, "      ");
  script += "    esac\n  done\n  COMPREPLY=()\n  case \"$at $before\" in\n";
  script += cases_of_choices(program,
                             "    {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n");
  script += "  esac\n  case \"$at\" in\n";
  for_each_verb(program, [&](const VerbFacts& verb) {
    std::string words;
    for (const VerbFacts& below : verb.verbs) words += " " + below.path.back();
    for_each_option(verb, [&](const OptionFacts& option) { words += " " + option.names.back(); });
    script += fmt::format("    {}) words='{}' ;;\n", quoted(verb.name()),
                          words.empty() ? "" : words.substr(1));
  });
  return script +
         "  esac\n"
         "  [[ $current == -* || $words == [a-z]* ]] && COMPREPLY=($(compgen -W \"$words\" -- "
         "\"$current\"))\n"
         "}\n"
         "complete -o bashdefault -o default -F _mien mien\n";
}

std::string zsh_completion(const VerbFacts& program) {
  std::string script =
      "#compdef mien\n"
      "_mien() {\n"
      "  local at=mien word\n"
      "  local -a offered\n"
      "  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$at $word\" in\n";
  script += paths_below(program, "      ");
  script += "    esac\n  done\n  case \"$at ${words[CURRENT-1]}\" in\n";
  script += cases_of_choices(program, "    {}) compadd {}; return ;;\n");
  script += "  esac\n  case \"$at\" in\n";
  for_each_verb(program, [&](const VerbFacts& verb) {
    script += fmt::format("    {}) offered=(\n", quoted(verb.name()));
    for (const VerbFacts& below : verb.verbs) {
      script += "      " + quoted(below.path.back() + ":" + below.description) + "\n";
    }
    for_each_option(verb, [&](const OptionFacts& option) {
      script += "      " + quoted(option.names.back() + ":" + option.description) + "\n";
    });
    script += "    ) ;;\n";
  });
  return script +
         "  esac\n"
         "  if [[ ${words[CURRENT]} == -* || ${offered[1]} != -* ]]; then\n"
         "    _describe mien offered\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "_mien \"$@\"\n";
}

std::string fish_completion(const VerbFacts& program) {
  std::string script =
      "# fish completion for mien\nfunction __mien_at\n  set -l at mien\n"
      "  for word in (commandline -opc)[2..-1]\n    switch \"$at $word\"\n      case";
  for_each_verb(program, [&](const VerbFacts& verb) {
    if (verb.path.size() > 1) script += " " + quoted(verb.name());
  });
  script += "\n        set at \"$at $word\"\n    end\n  end\n  test \"$at\" = \"$argv\"\nend\n";
  for_each_verb(program, [&](const VerbFacts& verb) {
    const std::string here = fmt::format("complete -c mien -n \"__mien_at {}\"", verb.name());
    for (const VerbFacts& below : verb.verbs) {
      script +=
          fmt::format("{} -f -a {} -d {}\n", here, below.path.back(), quoted(below.description));
    }
    for_each_option(verb, [&](const OptionFacts& option) {
      script += here;
      for (const std::string& name : option.names) {
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty()) script += " -r";
      if (!option.choices.empty()) {
        script += " -f -a " + quoted(fmt::format("{}", fmt::join(option.choices, " ")));
      }
      script += " -d " + quoted(option.description) + "\n";
    });
  });
  return script;
}

}  // namespace mien
