#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/interrupt.h"
#include "app/print.h"
#include "app/stage_lines.h"
#include "app/train_commands.h"
#include "app/worker_flags.h"
#include "expression/track_features.h"
#include "pipeline/train/train_expression.h"

namespace mien {

namespace {

constexpr std::size_t kListed = 20;

nlohmann::ordered_json to_json(const TrainExpressionSummary& summary) {
  return {{"clips", summary.clips},
          {"rows", summary.rows},
          {"videos", summary.videos},
          {"videos_from_cache", summary.videos_cached},
          {"left_out", summary.left_out},
          {"features_s", summary.features_s},
          {"fit_s", summary.fit_s},
          {"export_difference", summary.export_difference},
          {"fit", summary.fit}};
}

std::string to_text(const TrainExpressionSummary& summary, const TrainExpressionRequest& request) {
  std::string text = fmt::format(
      "{} clips, {} rows of features, of {} videos ({} from STUDY/features), {:.1f} s; fitted in "
      "{:.1f} s\n",
      summary.clips, summary.rows, summary.videos, summary.videos_cached, summary.features_s,
      summary.fit_s);
  for (std::size_t i = 0; i < std::min(kListed, summary.left_out.size()); ++i) {
    text += "  left out: " + summary.left_out[i] + "\n";
  }
  if (summary.left_out.size() > kListed) {
    text += fmt::format("  and {} more\n", summary.left_out.size() - kListed);
  }
  text += "labels:";
  for (const auto& label : summary.fit.at("labels")) text += " " + label.get<std::string>();
  text += "\n";
  for (const auto& label : summary.fit.at("dropped")) {
    text += "  dropped by the rule of card.md: " + label.get<std::string>() + "\n";
  }
  if (summary.fit.value("balanced_accuracy", nlohmann::ordered_json()).is_number()) {
    text += fmt::format("balanced accuracy on clips not trained on: {:.3f}\n",
                        summary.fit.at("balanced_accuracy").get<double>());
  }
  if (summary.fit.value("simulated", false)) text += "SIMULATED: no person rated.\n";
  text += fmt::format("the exported network agrees with the trained one to {:.1e}\n",
                      summary.export_difference);
  return text + fmt::format(
                    "what it is worth: {}\nuse it: mien annotate ... --expression-model {}\n"
                    "A label is what raters would call a face, never what a person feels.\n",
                    (request.out / "card.md").string(), request.out.string());
}

}  // namespace

void add_train_expression(CommandLine& line, CLI::App& train) {
  CLI::App* verb = train.add_subcommand(
      "expression", "A model of expressions from people's ratings of a study's clips");
  const auto request = std::make_shared<TrainExpressionRequest>();
  const auto json = std::make_shared<bool>(false);
  const auto mode = std::make_shared<std::string>();
  const auto no_cache = std::make_shared<bool>(false);
  verb->add_option("--ratings", request->ratings,
                   "CSV, TSV, JSON lines or Parquet: rater, clip, label, value; also group and "
                   "person (whose face the clip shows)")
      ->required()
      ->check(CLI::ExistingFile);
  verb->add_option("--study", request->study,
                   "The annotated study whose clips or videos were rated")
      ->required()
      ->check(CLI::ExistingDirectory);
  verb->add_option("--out", request->out, "The model's folder")->required();
  verb->add_option("--mode", *mode,
                   "What ratings are: labels chosen, or values (default: by the values)")
      ->check(CLI::IsMember({"choice", "value"}));
  verb->add_option("--id", request->id, "What the model is called")->capture_default_str();
  verb->add_option("--whose", request->whose_labels,
                   "Who the raters are, in words: country, language, how they were found");
  verb->add_flag("--simulated", request->simulated,
                 "No person rated; every table made with the model says so");
  verb->add_option("--head", request->head, "Which kind of head")
      ->check(CLI::IsMember({"auto", "pooled", "recurrent"}))
      ->capture_default_str();
  verb->add_option("--extra-features", request->extra_features,
                   "Also read these, separated by commas: blendshape, au; MediaPipe's bundle "
                   "gives them (mien models add), and annotate then needs it too")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(kExtraBlocks.begin(), kExtraBlocks.end())));
  verb->add_option("--evaluation", request->evaluation, "How it is measured")
      ->check(CLI::IsMember({"auto", "folds", "splits"}))
      ->capture_default_str();
  verb->add_option("--epochs", request->epochs, "Of the recurrent head, at most")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  verb->add_flag("--keep-all-labels", request->keep_all_labels,
                 "Also labels that raters do not agree on or that cannot be learned");
  verb->add_flag("--no-cache", *no_cache,
                 "Keep no features in the study (they are embeddings of faces)");
  verb->add_option("--seed", request->seed, "Decides splits and first weights")
      ->capture_default_str();
  request->threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  verb->add_option("--threads", request->threads, "Threads; results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_worker_flags(verb, request->limits);
  verb->add_flag("--json", *json, "The summary as JSON");
  add_example(verb, "mien train expression --study study --ratings ratings.csv --out model");
  verb->callback([&line, request, json, mode, no_cache] {
    line.action = [&line, request, json, mode, no_cache]() -> Status {
      if (!mode->empty()) {
        request->mode = *mode == "value" ? RatingMode::kValue : RatingMode::kChoice;
      }
      request->keep_features = !*no_cache;
      request->manifest_folder = line.resources.manifests;
      request->model_folder = line.resources.models;
      request->report = stage_lines();
      request->warn = [](const std::string& warning) {
        std::fputs(("warning: " + warning + "\n").c_str(), stderr);
      };
      MIEN_TRY(summary, train_expression(*request, stop_on_interrupt()));
      return print_text(*json ? to_json(summary).dump() + "\n" : to_text(summary, *request));
    };
  });
}

}  // namespace mien
