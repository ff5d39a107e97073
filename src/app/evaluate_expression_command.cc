#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/evaluate_commands.h"
#include "app/print.h"
#include "pipeline/train/evaluate_expression.h"
#include "training/card.h"

namespace mien {

namespace {

std::string to_text(const EvaluateExpressionSummary& summary) {
  const Evaluation& e = summary.evaluation;
  std::string text = fmt::format(
      "{} judgements by {} raters of {} clips, {} of them without a score; {} rated clips are not "
      "of "
      "this study\n",
      e.judgements, e.raters, e.clips, e.clips_without_score, summary.not_found.size());
  for (const std::string& label : summary.unmatched)
    text += "no score for the label '" + label + "'\n";
  text += "\n" + figures_table(e) + "\n" + confusion_table(e);
  text += fmt::format(
      "\nhighest score against the raters' first choice: accuracy {:.3f}, mean over labels {:.3f} "
      "({} clips where they have one)\n",
      e.accuracy, e.balanced_accuracy, e.decided_clips);
  return text + "A label is what raters would call a face, never what a person feels.\n";
}

// "COLUMN=LABEL", checked by the parser.
std::pair<std::string, std::string> parted(const std::string& match) {
  const std::size_t sign = match.find('=');
  return {match.substr(0, sign), match.substr(sign + 1)};
}

}  // namespace

void add_evaluate_expression(CommandLine& line, CLI::App& evaluate) {
  CLI::App* verb = evaluate.add_subcommand(
      "expression", "A channel of a study against people's ratings of its clips or videos");
  const auto request = std::make_shared<EvaluateExpressionRequest>();
  const auto json = std::make_shared<bool>(false);
  const auto mode = std::make_shared<std::string>();
  const auto matches = std::make_shared<std::vector<std::string>>();
  verb->add_option("--study,study", request->study, "The annotated study")
      ->required()
      ->check(CLI::ExistingDirectory);
  verb->add_option("--ratings", request->ratings,
                   "CSV, TSV, JSON lines or Parquet: rater, clip, label, value; also group")
      ->required()
      ->check(CLI::ExistingFile);
  verb->add_option("--mode", *mode, "What the ratings are; default: as their values tell")
      ->check(CLI::IsMember({"choice", "value"}));
  verb->add_option("--channel", request->channel, "CHANNEL_WORD is held against ratings of WORD")
      ->check(CLI::IsMember({"label", "basic7", "action"}))
      ->capture_default_str();
  verb->add_option("--match", *matches,
                   "COLUMN=LABEL: another column for a label; may be given several times")
      ->check([](const std::string& match) {
        return match.find('=') == std::string::npos ? "COLUMN=LABEL is expected" : "";
      });
  verb->add_option("--seed", request->seed, "Of the resamples")->capture_default_str();
  verb->add_option("--threads", request->threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_flag("--json", *json, "All figures as JSON");
  add_example(verb, "mien evaluate expression study --ratings ratings.csv");
  verb->callback([&line, request, json, mode, matches] {
    line.action = [request, json, mode, matches]() -> Status {
      if (!mode->empty())
        request->mode = *mode == "choice" ? RatingMode::kChoice : RatingMode::kValue;
      for (const std::string& match : *matches) request->matches.push_back(parted(match));
      MIEN_TRY(summary, evaluate_expression(*request));
      return print_text(*json ? to_json(summary).dump(1) + "\n" : to_text(summary));
    };
  });
}

}  // namespace mien
