#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/contexts_commands.h"
#include "app/evaluate_commands.h"
#include "app/print.h"

namespace mien {

namespace {

std::string heading() {
  return fmt::format("{:<16}{:>9}{:>8}{:>8}{:>13}{:>10}{:>10}{:>11}\n", "model", "answered",
                     "top-1", "top-3", "false of none", "micro F1", "macro F1", "none Brier");
}

std::string line_of_model(const TextModelEvaluation& model) {
  const TextEvaluation& e = model.evaluation;
  return fmt::format("{:<16}{:>5}/{:<3}{:>8.3f}{:>8.3f}{:>13.3f}{:>10.3f}{:>10.3f}{:>11.3f}\n",
                     model.id, e.answered, e.texts, e.top1, e.top3, e.none_above, e.micro_f1,
                     e.macro_f1, e.none_brier);
}

std::string curve_of_model(const TextModelEvaluation& model) {
  std::string text = fmt::format("  {:>12}{:>14}{:>8}{:>11}{:>8}{:>10}\n", "threshold",
                                 "false of none", "found", "precision", "recall", "micro F1");
  for (const OperatingPoint& point : model.points) {
    text += fmt::format("  {:>12.4f}{:>7} of {:<3}{:>8.3f}{:>11.3f}{:>8.3f}{:>10.3f}\n",
                        point.least_prob, point.none_given, model.evaluation.none, point.found,
                        point.precision, point.recall, point.micro_f1);
  }
  return text;
}

}  // namespace

void add_evaluate(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("evaluate", "Hold models against labelled data");
  verb->require_subcommand(1);
  add_evaluate_expression(line, *verb);
  CLI::App* text = verb->add_subcommand("context-text", "Contexts named from words");
  const auto request = std::make_shared<TextModelRequest>();
  const auto titles = std::make_shared<TitleChoice>();
  const auto models = std::make_shared<std::vector<std::string>>();
  const auto json = std::make_shared<bool>(false);
  const auto curve = std::make_shared<bool>(false);
  add_text_model_places(line, *request);
  text->add_option("--titles", titles->file, "CSV file: id, title, description, contexts, split")
      ->required();
  text->add_option("--split", titles->split, "Only the titles of this split");
  text->add_option("--language", titles->language, "Only the titles in this language");
  text->add_option("--model", *models, "As of 'mien contexts text'; may be given several times");
  text->add_option("--vocabulary", request->vocabulary, "CSV file of contexts");
  text->add_option("--calibration", request->calibration, "A calibration of one's own");
  add_least_prob(*text, *request);
  text->add_flag("--curve", *curve,
                 "Also what is found where fewer texts of no context are given one");
  text->add_option("--threads", request->threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  text->add_flag("--json", *json, "As JSON, with counts by context and reliability");
  add_example(text, "mien evaluate context-text --titles titles.csv");
  text->callback([&line, request, titles, models, json, curve] {
    line.action = [request, titles, models, json, curve]() -> Status {
      if (models->empty()) models->emplace_back();
      nlohmann::json all = nlohmann::json::array();
      if (!*json) MIEN_TRY_VOID(print_text(heading()));
      for (const std::string& model : *models) {
        request->model = model;
        MIEN_TRY(evaluation, evaluate_text_model(*request, *titles));
        if (*json) {
          all.push_back(evaluation_json(evaluation));
        } else {
          MIEN_TRY_VOID(print_text(line_of_model(evaluation)));
          if (*curve) MIEN_TRY_VOID(print_text(curve_of_model(evaluation)));
        }
      }
      return *json ? print_text(all.dump(1) + "\n") : Ok{};
    };
  });
}

}  // namespace mien
