#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/print.h"
#include "app/train_commands.h"
#include "pipeline/texts/train_text.h"

namespace mien {

namespace {

nlohmann::json to_json(const TrainTextSummary& summary) {
  return {{"training", summary.training},
          {"calibration", summary.calibration},
          {"held_out", summary.held_out},
          {"train_s", summary.train_s},
          {"evaluation", evaluation_json(summary.evaluation)}};
}

std::string to_text(const TrainTextSummary& summary, const TrainTextRequest& request) {
  return fmt::format("trained on {} texts in {:.1f} s, calibrated on {}, measured on {} others:\n",
                     summary.training, summary.train_s, summary.calibration, summary.held_out) +
         evaluation_text(summary.evaluation, "texts") +
         fmt::format("use it: mien contexts text --model {}\n",
                     (request.out / "manifest.json").string());
}

}  // namespace

std::string evaluation_text(const TextModelEvaluation& model, const std::string& of) {
  const TextEvaluation& e = model.evaluation;
  std::string text = fmt::format(
      "  micro F1 {:.3f}  macro F1 {:.3f}  precision at 1 {:.3f}, at 3 {:.3f}\n"
      "  calibration error {:.3f}; given a context though of none: {:.3f} of {}\n",
      e.micro_f1, e.macro_f1, e.top1, e.precision_at_3, e.calibration_error, e.none_above, e.none);
  for (std::size_t c = 0; c < e.contexts.size(); ++c) {
    const ContextCounts& counts = e.contexts[c];
    text += fmt::format("  {:<28} {:>6} {}, F1 {:.3f}\n", model.contexts[c], counts.texts, of,
                        counts.f1());
  }
  return text;
}

void add_train(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("train", "Train models on data of one's own");
  verb->require_subcommand(1);
  add_train_expression(line, *verb);
  add_train_visual(line, *verb);
  CLI::App* text =
      verb->add_subcommand("context-text", "A classifier of contexts from labelled titles");
  const auto request = std::make_shared<TrainTextRequest>();
  const auto json = std::make_shared<bool>(false);
  text->add_option("--labels", request->labels,
                   "CSV file: video_id, title, description, contexts, uploader")
      ->required();
  text->add_option("--out", request->out, "The folder for model.ftz and manifest.json")->required();
  text->add_option("--id", request->id, "What the model is called")->capture_default_str();
  FastTextOptions& options = request->options;
  text->add_option("--epochs", options.epochs, "Times that every text is seen")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  text->add_option("--learning-rate", options.learning_rate, "At the beginning of training")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  text->add_option("--dimensions", options.dimensions, "Length of a word's vector")
      ->check(CLI::Range(2, 1024))
      ->capture_default_str();
  text->add_option("--seed", options.seed, "Decides who is held out")->capture_default_str();
  text->add_flag("--json", *json, "The summary as JSON");
  add_example(text, "mien train context-text --labels titles.csv --out contexts-model");
  text->callback([&line, request, json] {
    line.action = [request, json]() -> Status {
      MIEN_TRY(summary, train_text(*request));
      return print_text(*json ? to_json(summary).dump() + "\n" : to_text(summary, *request));
    };
  });
}

}  // namespace mien
