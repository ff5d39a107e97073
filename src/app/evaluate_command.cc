#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/contexts_commands.h"

namespace mien {

namespace {

nlohmann::json number(double value) {
  return std::isnan(value) ? nlohmann::json() : nlohmann::json(value);
}

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

nlohmann::json evaluation_json(const TextModelEvaluation& model) {
  const TextEvaluation& e = model.evaluation;
  nlohmann::json bins = nlohmann::json::array();
  for (const ReliabilityBin& bin : e.bins) {
    bins.push_back({{"from", bin.low},
                    {"to", bin.high},
                    {"scores", bin.scores},
                    {"mean_prob", number(bin.mean_prob)},
                    {"share_right", number(bin.share_right)}});
  }
  nlohmann::json contexts = nlohmann::json::object();
  for (std::size_t c = 0; c < e.contexts.size(); ++c) {
    const ContextCounts& counts = e.contexts[c];
    if (counts.texts == 0 && counts.given == 0) continue;
    contexts[model.contexts[c]] = {
        {"texts", counts.texts}, {"given", counts.given}, {"right", counts.right}};
  }
  return {{"model", model.id},
          {"vocabulary", model.vocabulary},
          {"texts", e.texts},
          {"with_context", e.with_context},
          {"none", e.none},
          {"answered", e.answered},
          {"not_answered", model.reasons},
          {"top1", number(e.top1)},
          {"top3", number(e.top3)},
          {"precision_at_3", number(e.precision_at_3)},
          {"false_of_none", number(e.none_above)},
          {"micro_f1", number(e.micro_f1)},
          {"macro_f1", number(e.macro_f1)},
          {"precision", number(e.precision)},
          {"recall", number(e.recall)},
          {"none_brier", number(e.none_brier)},
          {"calibration_error", number(e.calibration_error)},
          {"bins", bins},
          {"contexts", contexts}};
}

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
