#include <memory>
#include <string>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/compare/compare_study.h"
#include "pipeline/report/study_pages_job.h"

namespace mien {

namespace {

struct CompareRequest {
  std::string study;
  std::string maps;
  int experiment = 1;
  bool as_json = false;
  CompareOptions options;
};

Status run_compare(const CompareRequest& request) {
  if (request.maps.empty() == request.study.empty()) {
    return Error{
        ErrorCode::kUsage,
        "no maps are named; remedy: name a study's folder, or with --maps one of published maps"};
  }
  const bool is_folder_of_study = has_maps(request.maps);
  if (!request.maps.empty() && !is_folder_of_study) {
    MIEN_TRY(published,
             compare_published_with_panels(request.maps, request.experiment, request.options));
    return print_text(request.as_json ? to_json(published).dump(2) + "\n" : to_text(published));
  }
  DatabaseOptions database_options;
  database_options.threads = request.options.threads;
  MIEN_TRY(database, Database::open(database_options));
  CompareOptions options = request.options;
  options.embed = true;
  // Maps alone have no videos behind them.
  options.video_panels = options.video_panels && !is_folder_of_study;
  const std::string& study = is_folder_of_study ? request.maps : request.study;
  MIEN_TRY(comparison, compare_study(database, study, options));
  MIEN_TRY_VOID(write_comparison(database, study, comparison));
  return print_text(request.as_json ? to_json(comparison).dump(2) + "\n" : to_text(comparison));
}

}  // namespace

void add_compare(CommandLine& line) {
  const auto request = std::make_shared<CompareRequest>();
  CLI::App* verb = line.app.add_subcommand(
      "compare", "How alike the regions' maps are: similarity, preserved dimensions, geography");
  verb->add_option("study,--study", request->study, "The study folder, after `mien associate`");
  verb->add_option("--maps", request->maps,
                   "Maps without their study: a folder of published ones (Exp1_REGION.csv ...), "
                   "or of a private release (STUDY/private/release-0001)");
  verb->add_option("--experiment", request->experiment,
                   "Which experiment of the published maps: 1 (visual contexts), 2 (words)")
      ->capture_default_str();
  verb->add_flag("--json", request->as_json, "JSON on standard output instead of tables");
  add_example(verb, "mien compare study");
  verb->add_flag("--embed", request->options.embed,
                 "With --maps: also a map of contexts for the eye (seconds)");
  verb->add_option("--group", request->options.group,
                   "Column of the corpus that names a group of people a video, for panel (f)");
  verb->add_flag("!--no-video-panels", request->options.video_panels,
                 "Leave out the confound panels that read every video of the study again");
  verb->add_option("--threads", request->options.threads, "Changes no number")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--ridge", request->options.ridge, "Of the generalised canonical correlations")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--seed", request->options.seed, "Seed of all permutations")
      ->capture_default_str();
  verb->add_option("--permutations", request->options.permutations, "Of each permutation test")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  verb->add_option("--margin", request->options.margin,
                   "Regions' cells closer than this count as alike, in the units of the cells")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("--alpha", request->options.alpha, "Level of all tests")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->callback([&line, request] {
    request->options.data = line.resources.data;
    line.action = [request] { return run_compare(*request); };
  });
}

}  // namespace mien
