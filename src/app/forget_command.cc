#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/forget/forget.h"

namespace mien {

namespace {

std::string to_text(const ForgetSummary& summary, const ForgetRequest& request) {
  const bool none = summary.videos + summary.uploaders + summary.raters == 0;
  std::string text;
  if (!none) {
    text = fmt::format("{}{}: {} videos, {} uploaders, {} raters\n",
                       summary.resumed ? "completing what was begun; " : "",
                       request.dry_run ? "would be forgotten" : "forgotten", summary.videos,
                       summary.uploaders, summary.raters);
  }
  for (const ForgetChange& change : summary.changes) {
    text += fmt::format("  {}: {}\n", change.place, change.what);
  }
  if (!summary.run_again.empty()) text += "run again, with the options of before:\n";
  for (const std::string& command : summary.run_again) text += "  " + command + "\n";
  if (!summary.models.empty()) text += "models to train again, and then what they were used for:\n";
  for (const AffectedModel& model : summary.models) {
    text += fmt::format("  {}: {}\n", model.folder.string(), model.why);
  }
  if (!summary.left.empty()) text += "left to you:\n";
  for (const std::string& left : summary.left) text += "  " + left + "\n";
  if (none && summary.models.empty()) text += "nothing is left undone\n";
  if (!none && !request.dry_run) {
    text += "what was published, copied or backed up before still has them\n";
  }
  return text;
}

nlohmann::ordered_json to_json(const ForgetSummary& summary, const ForgetRequest& request) {
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const ForgetChange& change : summary.changes) {
    changes.push_back({{"place", change.place}, {"what", change.what}});
  }
  nlohmann::ordered_json models = nlohmann::ordered_json::array();
  for (const AffectedModel& model : summary.models) {
    models.push_back(
        {{"folder", model.folder.string()}, {"why", model.why}, {"is_known", model.is_known}});
  }
  return {{"dry_run", request.dry_run},     {"resumed", summary.resumed},
          {"videos", summary.videos},       {"uploaders", summary.uploaders},
          {"raters", summary.raters},       {"changes", std::move(changes)},
          {"run_again", summary.run_again}, {"train_again", std::move(models)},
          {"left_to_you", summary.left}};
}

}  // namespace

void add_forget(CommandLine& line) {
  const auto request = std::make_shared<ForgetRequest>();
  const auto json = std::make_shared<bool>(false);
  CLI::App* verb = line.app.add_subcommand(
      "forget",
      "Remove videos, uploaders and raters from a study, for good.\n"
      "Without any, completes a call that was killed, and lists the models that hold what was "
      "forgotten");
  verb->add_option("study,--study", request->study, "The study folder")->required();
  verb->add_option("--video", request->videos, "Videos, by their ids");
  verb->add_option("--uploader", request->uploaders,
                   "Uploaders, by their names in the corpus, with all of their videos");
  verb->add_option("--rater", request->raters, "Raters, by their ids, with all they answered");
  verb->add_option("--model", request->models,
                   "Folders of models that were trained on the study and moved since");
  verb->add_flag("--dry-run", request->dry_run, "Say what would go and touch nothing");
  verb->add_flag("--json", *json, "The summary as JSON");
  add_example(verb, "mien forget study --uploader channel-17");
  verb->callback([&line, request, json] {
    line.action = [request, json]() -> Status {
      MIEN_TRY(summary, forget(*request));
      return print_text(*json ? to_json(summary, *request).dump() + "\n"
                              : to_text(summary, *request));
    };
  });
}

}  // namespace mien
