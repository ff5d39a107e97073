#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/contexts_commands.h"
#include "app/interrupt.h"
#include "app/print.h"
#include "app/shard_list.h"
#include "app/shard_task.h"
#include "app/stage_lines.h"
#include "pipeline/texts/text_contexts.h"
#include "pipeline/texts/text_parts.h"
#include "store/durable_file.h"

namespace mien {

namespace {

nlohmann::json to_json(const TextContextsSummary& summary, const TextModel& model) {
  return {{"model", model.id},
          {"vocabulary", model.vocabulary},
          {"videos", summary.videos},
          {"texts", summary.texts},
          {"resumed", summary.resumed},
          {"context_rows", summary.context_rows},
          {"above_threshold", summary.above_threshold},
          {"skipped", summary.reasons},
          {"languages", summary.languages},
          {"unchanged", summary.unchanged},
          {"seconds", summary.seconds}};
}

std::string to_text(const TextContextsSummary& summary, const TextModel& model) {
  std::string text = fmt::format(
      "{} videos by {} over '{}': {} context rows, {} above their threshold\n", summary.videos,
      model.id, model.vocabulary, summary.context_rows, summary.above_threshold);
  if (summary.unchanged) return text + "  nothing to do: these contexts were there already\n";
  text += fmt::format("  {} different texts read in {:.1f} s", summary.texts - summary.resumed,
                      summary.seconds);
  if (summary.resumed > 0) text += fmt::format(", {} by an earlier run", summary.resumed);
  text += "\n";
  for (const auto& [reason, videos] : summary.reasons) {
    text += fmt::format("  skipped, {}: {}\n", reason, videos);
  }
  return text;
}

}  // namespace

void add_text_model_places(const CommandLine& line, TextModelRequest& request) {
  request.manifests = line.resources.manifests;
  request.models = line.resources.models;
  request.data = line.resources.data;
  request.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  request.say = [](const std::string& said) { std::fprintf(stderr, "mien: %s\n", said.c_str()); };
}

void add_text_model_options(CLI::App& verb, const CommandLine& line, TextModelRequest& request) {
  add_text_model_places(line, request);
  verb.add_option("--vocabulary", request.vocabulary,
                  "CSV file of contexts (default: the everyday one; docs/contexts.md)");
  verb.add_option("--model", request.model,
                  "A sentence encoder's id, a manifest's file, or word_overlap");
  verb.add_option("--threads", request.threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

void add_least_prob(CLI::App& verb, TextModelRequest& request) {
  verb.add_option("--threshold", request.least_prob,
                  "No context counts as present below this score, whatever its own threshold is")
      ->check(CLI::Range(0.0, 1.0));
}

namespace {

struct TextFlags {
  TextModelRequest model;
  TextContextsRequest request;
  std::vector<std::string> shards;
  bool from_parts = false;
  bool json = false;
};

Status print_named(const TextFlags& flags, const TextContextsSummary& summary,
                   const TextModel& model) {
  return print_text(flags.json ? to_json(summary, model).dump() + "\n" : to_text(summary, model));
}

Status name_with_model(TextFlags& flags) {
  MIEN_TRY(shards, shard_list(flags.shards));
  MIEN_TRY(opened, open_text_model(flags.model));
  flags.request.vocabulary = opened.vocabulary;
  for (const std::int64_t shard : shards) {
    MIEN_TRY(summary,
             name_shard_contexts(flags.request, shard, *opened.scorer, stop_on_interrupt()));
    MIEN_TRY_VOID(print_named(flags, summary, opened));
  }
  if (!shards.empty()) return Ok{};
  MIEN_TRY(summary, name_text_contexts(flags.request, *opened.scorer, stop_on_interrupt()));
  return print_named(flags, summary, opened);
}

Status join_parts(const TextFlags& flags) {
  if (!flags.shards.empty()) {
    return Error{ErrorCode::kUsage, "--shard makes parts, --from-parts joins them: not both"};
  }
  MIEN_TRY(summary, join_text_parts(flags.request));
  const nlohmann::json json = {{"videos", summary.videos},
                               {"context_rows", summary.context_rows},
                               {"above_threshold", summary.above_threshold},
                               {"skipped", summary.reasons},
                               {"languages", summary.languages},
                               {"seconds", summary.seconds}};
  return print_text(flags.json ? json.dump() + "\n"
                               : fmt::format("{} videos of all shards joined: {} context rows, {} "
                                             "above their threshold\n",
                                             summary.videos, summary.context_rows,
                                             summary.above_threshold));
}

}  // namespace

void add_contexts_text(CLI::App& contexts, CommandLine& line) {
  CLI::App* verb =
      contexts.add_subcommand("text", "Name contexts from the titles and descriptions of a study");
  const auto flags = std::make_shared<TextFlags>();
  verb->add_option("--study", flags->request.study, "The study folder")->required();
  add_text_model_options(*verb, line, flags->model);
  verb->add_option("--calibration", flags->model.calibration,
                   "A calibration of one's own ('mien contexts calibrate')");
  add_least_prob(*verb, flags->model);
  verb->add_option("--shard", flags->shards,
                   "Only these shards of the study's plan (7 or 3-9), into texts/parts; any number "
                   "of machines at once")
      ->delimiter(',');
  verb->add_flag("--from-parts", flags->from_parts, "Join the parts of all shards; needs no model");
  verb->add_flag("--redo", flags->request.redo, "Replace what another model or vocabulary named");
  verb->add_flag("--json", flags->json, "The summary as JSON");
  add_example(verb, "mien contexts text --study study");
  verb->callback([&line, flags] {
    line.action = [&line, flags]() -> Status {
      flags->request.threads = flags->model.threads;
      flags->request.progress = stage_lines();
      if (flags->from_parts) return join_parts(*flags);
      if (flags->shards.empty()) return name_with_model(*flags);
      MIEN_TRY(shards, shard_list(flags->shards));
      return run_shard_task(line, {flags->request.study, shards, "contexts text"},
                            [&] { return name_with_model(*flags); });
    };
  });
}

void add_contexts_calibrate(CLI::App& contexts, CommandLine& line) {
  CLI::App* verb = contexts.add_subcommand(
      "calibrate", "Fit a model's probabilities and thresholds to labelled titles");
  const auto model = std::make_shared<TextModelRequest>();
  const auto titles = std::make_shared<TitleChoice>();
  const auto out = std::make_shared<std::filesystem::path>();
  add_text_model_options(*verb, line, *model);
  verb->add_option("--titles", titles->file, "CSV file: id, title, description, contexts, split")
      ->required();
  verb->add_option("--split", titles->split, "Only the titles of this split");
  verb->add_option("--out", *out, "The calibration to write, JSON")->required();
  add_example(verb, "mien contexts calibrate --titles titles.csv --out calibration.json");
  verb->callback([&line, model, titles, out] {
    line.action = [model, titles, out]() -> Status {
      MIEN_TRY(calibration, calibrate_text_model(*model, *titles));
      MIEN_TRY_VOID(write_file_durably(*out, calibration_json(calibration)));
      return print_text(fmt::format(
          "{}: fitted on {} texts, {} of them of no context; threshold {:.3f}\n", out->string(),
          calibration.texts, calibration.none_texts, calibration.threshold_prob));
    };
  });
}

}  // namespace mien
