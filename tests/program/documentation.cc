#include "program/documentation.h"

#include <algorithm>
#include <cctype>
#include <fstream>

namespace mien::testing {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> lines_of(const fs::path& page) {
  std::vector<std::string> lines;
  std::ifstream file(page);
  for (std::string line; std::getline(file, line);) {
    // A backslash at the end: the next line belongs to it.
    if (!lines.empty() && lines.back().ends_with('\\')) {
      lines.back().pop_back();
      lines.back() += single_spaced(line);
    } else {
      lines.push_back(line);
    }
  }
  return lines;
}

// What stands after the command in the same line, three spaces or more away, and is no option.
std::string without_explanation(const std::string& line) {
  for (std::size_t at = line.find("   "); at != std::string::npos; at = line.find("   ", at + 1)) {
    const std::size_t next = line.find_first_not_of(' ', at);
    if (next == std::string::npos) return line.substr(0, at);
    const char c = line[next];
    if (c != '-' && c != '[' && std::isupper(static_cast<unsigned char>(c)) == 0)
      return line.substr(0, at);
    at = next;
  }
  return line;
}

// "[--mode choice|value]" -> "--mode choice"; "..." goes, or is a value where one is missing; a
// letter alone stands for a number or a name.
std::vector<std::string> as_given(std::vector<std::string> words) {
  std::vector<std::string> given;
  for (std::string& word : words) {
    std::erase_if(word, [](char c) { return c == '[' || c == ']'; });
    const bool is_option = word.starts_with("--");
    if (!is_option) word = word.substr(0, word.find('|'));
    while (word.size() > 3 && word.ends_with("...")) word.resize(word.size() - 3);
    if (word == "...") {
      const bool lacks =
          !given.empty() && given.back().starts_with("--") && given.back() != "--contexts";
      if (!lacks) continue;
      word = "X";
    }
    if (word.size() == 1 && std::isupper(static_cast<unsigned char>(word[0])) != 0) word = "2";
    if (!word.empty()) given.push_back(word);
  }
  return given;
}

}  // namespace

std::string single_spaced(const std::string& line) {
  std::string text;
  for (const char c : line) {
    const bool is_space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (is_space && (text.empty() || text.back() == ' ')) continue;
    text += is_space ? ' ' : c;
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

std::vector<std::string> words_of(const std::string& command) {
  std::vector<std::string> words(1);
  char quote = 0;
  for (const char c : command) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        words.back() += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == ' ') {
      if (!words.back().empty()) words.emplace_back();
    } else if (c == '#' && words.back().empty()) {
      break;
    } else {
      words.back() += c;
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::vector<DocumentedCommand> documented_commands(const fs::path& root) {
  std::vector<fs::path> pages = {root / "README.md"};
  for (const auto& entry : fs::directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  std::sort(pages.begin(), pages.end());
  std::vector<DocumentedCommand> commands;
  for (const fs::path& page : pages) {
    bool is_code = false;
    std::string variable;  // "$view" of "for view in face scene; do", and its first value
    std::string value;
    for (std::string line : lines_of(page)) {
      if (line.starts_with("```")) is_code = !is_code;
      if (!is_code && !line.starts_with("    ")) continue;
      if (const std::vector<std::string> loop = words_of(line);
          loop.size() > 3 && loop[0] == "for" && loop[2] == "in") {
        variable = "$" + loop[1];
        value = loop[3];
      }
      for (std::size_t at = 0; !variable.empty() && (at = line.find(variable)) != line.npos;)
        line.replace(at, variable.size(), value);
      std::vector<std::string> words = words_of(
          without_explanation(line.substr(std::min(line.find_first_not_of(' '), line.size()))));
      words.emplace_back("&&");  // so that the last command ends as the others do
      std::vector<std::string> command;
      for (const std::string& word : words) {
        if (word != "&&" && word != "|" && word != ">" && word != ";") {
          command.push_back(word);
          continue;
        }
        if (!command.empty() && (command[0] == "mien" || command[0] == "build/release/mien")) {
          command.erase(command.begin());
          commands.push_back({page.lexically_relative(root).string(), line, as_given(command)});
        }
        command.clear();
      }
    }
  }
  return commands;
}

std::vector<DocumentedStep> documented_steps(const fs::path& page) {
  std::vector<DocumentedStep> steps;
  std::string kind;  // of the block that is open
  for (const std::string& line : lines_of(page)) {
    if (line.starts_with("```")) {
      kind = kind.empty() ? line : "";
      if (kind == "```sh") steps.emplace_back();
    } else if (kind == "```sh") {
      steps.back().commands.push_back(line);
    } else if (kind == "```text" && !steps.empty() && single_spaced(line) != "...") {
      steps.back().printed.push_back(single_spaced(line));
    }
  }
  return steps;
}

}  // namespace mien::testing
