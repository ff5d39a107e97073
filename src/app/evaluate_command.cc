#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/contexts_commands.h"

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

}  // namespace

void add_evaluate(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("evaluate", "Hold models against labelled data");
  verb->require_subcommand(1);
  CLI::App* text = verb->add_subcommand("context-text", "Contexts named from words");
  const auto request = std::make_shared<TextModelRequest>();
  const auto titles = std::make_shared<TitleChoice>();
  const auto models = std::make_shared<std::vector<std::string>>();
  const auto json = std::make_shared<bool>(false);
  add_text_model_places(line, *request);
  text->add_option("--titles", titles->file, "CSV file: id, title, description, contexts, split")
      ->required();
  text->add_option("--split", titles->split, "Only the titles of this split");
  text->add_option("--language", titles->language, "Only the titles in this language");
  text->add_option("--model", *models, "As of 'mien contexts text'; may be given several times");
  text->add_option("--vocabulary", request->vocabulary, "CSV file of contexts");
  text->add_option("--calibration", request->calibration, "A calibration of one's own");
  text->add_option("--threads", request->threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  text->add_flag("--json", *json, "As JSON, with counts by context and reliability");
  text->callback([&line, request, titles, models, json] {
    line.action = [request, titles, models, json]() -> Status {
      if (models->empty()) models->emplace_back();
      nlohmann::json all = nlohmann::json::array();
      if (!*json) std::fputs(heading().c_str(), stdout);
      for (const std::string& model : *models) {
        request->model = model;
        MIEN_TRY(evaluation, evaluate_text_model(*request, *titles));
        if (*json) {
          all.push_back(evaluation_json(evaluation));
        } else {
          std::fputs(line_of_model(evaluation).c_str(), stdout);
        }
      }
      if (*json) std::fputs((all.dump(1) + "\n").c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
