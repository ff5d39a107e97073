#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/interrupt.h"
#include "app/print.h"
#include "app/train_commands.h"
#include "app/worker_flags.h"
#include "pipeline/train/train_visual.h"

namespace mien {

namespace {

std::string to_text(const TrainVisualSummary& summary, const TrainVisualRequest& request) {
  std::string text =
      fmt::format("trained on {} videos ({} frames), calibrated on {}, measured on {} others:\n",
                  summary.training, summary.frames, summary.calibration, summary.held_out) +
      evaluation_text(summary.evaluation, "videos");
  for (const std::string& context : summary.left_out) {
    text += fmt::format("  left out, fewer than {} training videos: {}\n", kFewestTrainingVideos,
                        context);
  }
  for (const std::string& id : summary.not_found)
    text += fmt::format("  not in the study's corpus: {}\n", id);
  for (const std::string& video : summary.not_read) text += fmt::format("  not read: {}\n", video);
  return text + fmt::format("use it: mien annotate ... --contexts --context-model {}\n",
                            (request.out / "manifest.json").string());
}

}  // namespace

void add_train_visual(CommandLine& line, CLI::App& train) {
  CLI::App* verb = train.add_subcommand(
      "context-visual", "A probe of contexts from pictures, from labelled videos of a study");
  const auto request = std::make_shared<TrainVisualRequest>();
  const auto json = std::make_shared<bool>(false);
  verb->add_option("--study", request->study, "The study whose corpus names the videos")
      ->required();
  verb->add_option("--labels", request->labels,
                   "CSV file: video_id, contexts (ids separated by |), uploader")
      ->required();
  verb->add_option("--out", request->out, "The folder for probe.onnx, manifest.json and card.md")
      ->required();
  verb->add_option("--id", request->id, "What the model is called")->capture_default_str();
  verb->add_option("--network", request->network,
                   "Id of the picture network whose vectors are learned from")
      ->capture_default_str();
  verb->add_option("--model", request->extra_manifests,
                   "Manifest of a picture network of one's own (role embedding or image_text)")
      ->check(CLI::ExistingFile);
  verb->add_option("--vocabulary", request->vocabulary,
                   "CSV file of contexts (default: that which comes with Mien)")
      ->check(CLI::ExistingFile);
  verb->add_option("--penalty", request->penalty, "Of L2, on features of SD 1")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--seed", request->seed, "Decides who is held out")->capture_default_str();
  request->threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  verb->add_option("--threads", request->threads, "Threads; results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_worker_flags(verb, request->limits);
  verb->add_flag("--json", *json, "The summary as JSON");
  add_example(verb, "mien train context-visual --study study --labels labels.csv --out probe");
  verb->callback([&line, request, json] {
    line.action = [&line, request, json]() -> Status {
      request->manifest_folder = line.resources.manifests;
      request->model_folder = line.resources.models;
      request->data = line.resources.data;
      if (isatty(STDERR_FILENO) != 0) {
        request->progress = [](std::size_t done, std::size_t all) {
          std::fputs(fmt::format("\r{} of {} videos{}", done, all, done == all ? "\n" : "").c_str(),
                     stderr);
        };
      }
      MIEN_TRY(summary, train_visual(*request, stop_on_interrupt()));
      return print_text(*json ? to_json(summary).dump() + "\n" : to_text(summary, *request));
    };
  });
}

}  // namespace mien
