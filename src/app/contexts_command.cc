#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/contexts_commands.h"
#include "app/print.h"
#include "context/vocabulary.h"
#include "pipeline/texts/vocabulary_import.h"
#include "store/durable_file.h"

namespace mien {

namespace {

Status print_counts(const ContextVocabulary& vocabulary, bool json) {
  const std::map<std::string, std::size_t> languages = vocabulary.wordings_by_language();
  if (json) {
    const nlohmann::json out = {{"ok", true},
                                {"contexts", vocabulary.contexts.size()},
                                {"roots", vocabulary.roots()},
                                {"expression_words", vocabulary.expression_words()},
                                {"languages", languages.size()},
                                {"wordings", languages},
                                {"repeated_names", vocabulary.repeated_names()}};
    return print_text(out.dump(2) + "\n");
  }
  std::string text =
      fmt::format("contexts          {}\nroots             {}\nexpression words  {}\n",
                  vocabulary.contexts.size(), vocabulary.roots(), vocabulary.expression_words());
  text += fmt::format("languages         {}\n", languages.size());
  for (const auto& [language, count] : languages) {
    text += fmt::format("  {:<14}  {} wordings\n", language, count);
  }
  for (const std::string& name : vocabulary.repeated_names()) {
    text += fmt::format("several contexts are called '{}'; only their ids tell them apart\n", name);
  }
  return print_text(text);
}

Status check_vocabulary(const std::string& file, bool json) {
  MIEN_TRY(bytes, read_whole_file(file));
  const Result<ContextVocabulary> vocabulary = parse_vocabulary(bytes, file);
  if (vocabulary.ok()) return print_counts(*vocabulary, json);
  if (json) {
    nlohmann::json problems = nlohmann::json::array();
    std::string_view rest = vocabulary.error().message;
    while (true) {
      const std::size_t end = rest.find('\n');
      problems.push_back(rest.substr(0, end));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    const nlohmann::json out = {{"ok", false}, {"problems", problems}};
    MIEN_TRY_VOID(
        print_text(out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
  }
  return vocabulary.error();
}

}  // namespace

void add_contexts(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("contexts", "The situations that videos are given");
  verb->require_subcommand(1);
  CLI::App* vocabulary = verb->add_subcommand("vocabulary", "The list of contexts to choose from");
  vocabulary->require_subcommand(1);
  CLI::App* check = vocabulary->add_subcommand("check", "Counts of a vocabulary, or its errors");
  const auto file = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  check->add_option("FILE", *file, "CSV file: id, name and more (docs/contexts.md)")->required();
  check->add_flag("--json", *json, "As JSON");
  add_example(check, "mien contexts vocabulary check contexts.csv");
  check->callback([&line, file, json] {
    line.action = [file, json] { return check_vocabulary(*file, *json); };
  });
  CLI::App* from_maps =
      vocabulary->add_subcommand("import", "A vocabulary out of the row names of published maps");
  const auto maps = std::make_shared<std::string>();
  const auto experiment = std::make_shared<int>(1);
  const auto out = std::make_shared<std::string>();
  from_maps->add_option("MAPS", *maps, "Folder of published maps (docs/compare.md)")->required();
  from_maps->add_option("--experiment", *experiment, "Whose maps")->capture_default_str();
  from_maps->add_option("--out", *out, "The vocabulary to write, CSV")->required();
  add_example(from_maps, "mien contexts vocabulary import published-maps/ --out contexts.csv");
  from_maps->callback([&line, maps, experiment, out] {
    line.action = [maps, experiment, out]() -> Status {
      MIEN_TRY(csv, vocabulary_of_maps(*maps, *experiment));
      return write_file_durably(*out, csv);
    };
  });
  add_contexts_import(*verb, line);
  add_contexts_text(*verb, line);
  add_contexts_calibrate(*verb, line);
  add_contexts_masking(*verb, line);
}

}  // namespace mien
