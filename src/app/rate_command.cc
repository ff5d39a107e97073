#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "app/command.h"
#include "app/print.h"
#include "app/rate_study_commands.h"
#include "pipeline/rate/rating_list.h"
#include "pipeline/rate/reliability_json.h"
#include "rating/view_comparison.h"

namespace mien {

namespace {

struct ReliabilityRequest {
  std::string file;
  std::string mode;  // empty: as the file's values are
  bool as_json = false;
  ReliabilityOptions options;
};

Result<MeasuredStudy> ratings_to_measure(const ReliabilityRequest& request) {
  std::error_code ignored;
  if (std::filesystem::is_directory(request.file, ignored)) {
    if (!request.mode.empty()) {
      return Error{ErrorCode::kUsage, "--mode is told by the study's rating.toml; leave it out"};
    }
    return ratings_of_study(request.file);
  }
  MIEN_TRY(database, Database::open());
  std::optional<RatingMode> mode;
  if (!request.mode.empty()) {
    mode = request.mode == "value" ? RatingMode::kValue : RatingMode::kChoice;
  }
  MIEN_TRY(ratings, read_ratings(database, request.file, mode));
  return MeasuredStudy{std::move(ratings), false, std::nullopt};
}

Status run_reliability(const ReliabilityRequest& request) {
  MIEN_TRY(study, ratings_to_measure(request));
  const ReliabilityReport report = reliability_of(study.ratings, request.options);
  std::vector<ViewComparison> views;
  if (study.clips.has_value()) {
    const ClipList& clips = *study.clips;
    views = compare_views(
        study.ratings,
        [&](std::string_view id) -> std::optional<ClipView> {
          const int at = clips.index_of(id);
          if (at < 0) return std::nullopt;
          const SurveyClip& clip = clips.clips()[static_cast<std::size_t>(at)];
          if (clip.pair.empty() || clip.view.empty()) return std::nullopt;
          return ClipView{clip.pair, clip.view == "scene"};
        },
        request.options);
  }
  if (!request.as_json) return print_text(to_text(report) + to_text(views));
  nlohmann::ordered_json json = to_json(report);
  if (!views.empty()) json["views"] = to_json(views);
  if (study.simulated) json["simulated"] = true;
  return print_text(json.dump(2) + "\n");
}

}  // namespace

void add_rate(CommandLine& line) {
  CLI::App* verb = line.app.add_subcommand("rate", "Ratings of clips by people");
  verb->require_subcommand(1);
  add_rate_prepare(line, verb);
  add_rate_study(line, verb);
  CLI::App* reliability =
      verb->add_subcommand("reliability", "How far raters agree, label by label, with intervals");
  const auto request = std::make_shared<ReliabilityRequest>();
  reliability
      ->add_option(
          "STUDY|FILE", request->file,
          "A study's folder, or ratings (.csv, .tsv, .jsonl, .parquet): rater, clip, label, "
          "value")
      ->required();
  reliability
      ->add_option(
          "--mode", request->mode,
          "choice: a label offered and not chosen is 0; value: what is not there is missing "
          "(default: choice where all values are 0 or 1)")
      ->check(CLI::IsMember({"choice", "value"}));
  reliability
      ->add_option("--bootstrap", request->options.replicates,
                   "Resamples for intervals (default 1000, fewer for very large tables)")
      ->check(CLI::Range(2, 1'000'000));
  reliability->add_option("--seed", request->options.seed, "Seed of splits and resamples")
      ->capture_default_str();
  request->options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  reliability->add_option("--threads", request->options.threads, "Changes no number")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  reliability->add_flag("--json", request->as_json, "JSON on standard output instead of a table");
  add_example(reliability, "mien rate reliability ratings.csv");
  reliability->callback(
      [&line, request] { line.action = [request] { return run_reliability(*request); }; });
}

}  // namespace mien
