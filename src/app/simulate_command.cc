#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/stage_lines.h"
#include "pipeline/simulate/simulate.h"

namespace mien {

namespace {

nlohmann::json to_json(const SimulateSummary& summary) {
  return {{"simulated", true},
          {"videos", summary.videos},
          {"uploaders", summary.uploaders},
          {"largest_uploader", summary.largest_uploader},
          {"context_rows", summary.context_rows},
          {"clipped_scores", summary.clipped_scores},
          {"regions", summary.regions},
          {"countries", summary.countries},
          {"seconds", summary.seconds}};
}

std::string to_text(const SimulateSummary& summary, const std::filesystem::path& study) {
  std::string text = fmt::format(
      "{}: {} simulated videos of {} uploaders in {} countries of {} regions, {} context rows, "
      "{:.1f} s\n",
      study.string(), summary.videos, summary.uploaders, summary.countries, summary.regions,
      summary.context_rows, summary.seconds);
  if (summary.clipped_scores > 0) {
    text += fmt::format(
        "note: {} scores were drawn in to [0, 1]; the truth holds only nearly. Remedy: a smaller "
        "--effect.\n",
        summary.clipped_scores);
  }
  return text;
}

void add_numbers(CLI::App& verb, SimulationDesign& design) {
  const auto number = [&](const char* name, double& value, const char* help) {
    verb.add_option(name, value, help)->capture_default_str()->group("The model's numbers");
  };
  number("--shared", design.shared, "Share of the maps' variance that all regions have in common");
  number("--geography", design.geography, "Share of the rest that near regions have in common");
  number("--distance", design.distance_km, "Kilometres over which that likeness falls to 1/e");
  number("--effect", design.effect, "SD of a context's effect on a score, in residual SDs");
  number("--zero-contexts", design.zero_contexts, "Share of contexts without any effect");
  number("--zero-cells", design.zero_cells,
         "Share of further cells without effect (the shared part is then not of its rank)");
  number("--covariate-effect", design.covariate_effect,
         "SD of a covariate's effect on a score, in residual SDs");
  number("--confounding", design.confounding, "How far covariates move contexts, 0 to 1");
  number("--country-level", design.country_level, "SD of countries' mean scores, in residual SDs");
  number("--country-slopes", design.country_slopes,
         "SD of countries' effects about their region's, in units of --effect");
  number("--country-prevalence", design.country_prevalence,
         "Relative SD of contexts' prevalence over countries");
  number("--uploader-scores", design.uploader_scores,
         "Intraclass correlation of scores within uploader");
  number("--uploader-contexts", design.uploader_contexts,
         "How far uploaders keep to contexts of their own, 0 to 0.95");
  number("--uploader-tail", design.uploader_tail,
         "Exponent of the Pareto distribution of videos an uploader");
  number("--rarity", design.rarity, "SD of the logarithm of contexts' prevalence");
  number("--absent-cells", design.absent_cells,
         "Share of region-context pairs in which the context never occurs");
  number("--rater-noise", design.rater_noise, "SD that raters add to a score, in residual SDs");
  number("--annotation-noise", design.annotation_noise,
         "SD that the network adds to a score, in residual SDs");
  number("--context-misses", design.context_misses, "Probability that a context is overlooked");
  number("--context-false", design.context_false,
         "Rate of wrongly named contexts, relative to their prevalence");
  number("--context-background", design.context_background,
         "Rate of rows under the threshold, relative to prevalence");
  number("--missing", design.missing,
         "Share of missing covariate cells, faces and named contexts, each on its own");
}

}  // namespace

void add_simulate(CommandLine& line) {
  const auto request = std::make_shared<SimulateRequest>();
  const auto json = std::make_shared<bool>(false);
  request->threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  SimulationDesign& design = request->design;
  CLI::App* verb = line.app.add_subcommand(
      "simulate", "Write a study drawn from a declared model, with its truth beside it");
  verb->add_option("--out", request->study, "The study folder to make")->required();
  verb->add_option("--videos", design.videos, "Videos")->capture_default_str();
  verb->add_option("--contexts", design.contexts, "Contexts")->capture_default_str();
  verb->add_option("--expressions", design.expressions, "Expressions")->capture_default_str();
  verb->add_option("--covariates", design.covariates, "Covariates")->capture_default_str();
  verb->add_option("--seed", design.seed, "Seed; the same one gives the same bytes")
      ->capture_default_str();
  verb->add_option("--regions", request->regions, "Regions, at most 12")->capture_default_str();
  verb->add_option("--countries", request->countries, "Countries, over all regions")
      ->capture_default_str();
  verb->add_option("--preserved", design.preserved,
                   "Dimensions of the part that all regions share (default: all expressions)");
  verb->add_option("--contexts-per-video", design.contexts_per_video,
                   "Mean number of contexts in a video (default: 10, at most a tenth of all)");
  add_numbers(*verb, design);
  verb->add_option("--threads", request->threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_flag("--json", *json, "The summary as JSON");
  add_example(verb, "mien simulate --out simulated --videos 20000 --seed 7");
  verb->callback([&line, request, json] {
    line.action = [&line, request, json]() -> Status {
      MIEN_TRY(countries, CountryTable::load(line.resources.data));
      request->progress = stage_lines();
      MIEN_TRY(summary, simulate(*request, countries, stop_on_interrupt()));
      const std::string text =
          *json ? to_json(summary).dump() + "\n" : to_text(summary, request->study);
      std::fputs(text.c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
