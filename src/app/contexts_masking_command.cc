#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/contexts_commands.h"
#include "app/print.h"
#include "pipeline/panels/masking_panel.h"

namespace mien {

namespace {

std::string number(const nlohmann::ordered_json& value) {
  return value.is_null() ? "-" : fmt::format("{:.3f}", value.get<double>());
}

std::string with_interval(const nlohmann::ordered_json& estimate) {
  return fmt::format("{} ({} to {})", number(estimate.at("mean")), number(estimate.at("lower")),
                     number(estimate.at("upper")));
}

// Markdown.
std::string to_text(const nlohmann::ordered_json& result) {
  std::string text =
      "| arms | videos | contexts | mean change | mean absolute change | Spearman | same best "
      "context | present in first, second, both |\n|---|---|---|---|---|---|---|---|\n";
  for (const auto& pair : result.at("arms")) {
    text += fmt::format(
        "| `{}` - `{}` | {} | {} | {} | {} | {} | {} | {}, {}, {} |\n",
        pair.at("first").get<std::string>(), pair.at("second").get<std::string>(),
        pair.at("videos").get<int>(), pair.at("contexts").get<int>(),
        with_interval(pair.at("mean_change")), with_interval(pair.at("mean_absolute_change")),
        with_interval(pair.at("spearman")), pair.at("same_best_context").get<int>(),
        pair.at("present_in_first").get<int>(), pair.at("present_in_second").get<int>(),
        pair.at("present_in_both").get<int>());
  }
  text += "In brackets " + result.at("interval").get<std::string>() + ".\n";
  if (!result.contains("filled")) return text;
  for (const auto& arm : result.at("filled")) {
    text += fmt::format(
        "`{}`: {} frames, {} of them not assessed; {} regions a frame, {} of the picture filled, "
        "{} of that on heads\n",
        arm.at("source").get<std::string>(), arm.at("frames").get<int>(),
        arm.at("not_assessed").get<int>(), number(arm.at("regions_a_frame")),
        number(arm.at("filled_share")), number(arm.at("filled_on_heads_share")));
  }
  return text;
}

}  // namespace

void add_contexts_masking(CLI::App& contexts, CommandLine& line) {
  CLI::App* verb = contexts.add_subcommand(
      "masking", "How far a study's contexts from pictures depend on what was filled");
  const auto study = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  verb->add_option("--study,study", *study, "A study annotated in two or three arms of --faces")
      ->required();
  verb->add_flag("--json", *json, "As JSON");
  add_example(verb, "mien contexts masking --study study");
  verb->callback([&line, study, json] {
    line.action = [study, json]() -> Status {
      MIEN_TRY(database, Database::open());
      MIEN_TRY(panel, masking_panel(database, *study));
      if (!panel.not_possible.empty()) {
        return Error{ErrorCode::kNotFound, *study + ": " + panel.not_possible};
      }
      return print_text(*json ? panel.result.dump(1) + "\n" : to_text(panel.result));
    };
  });
}

}  // namespace mien
