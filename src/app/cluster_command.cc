#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/annotate_flags.h"
#include "app/cluster_commands.h"
#include "app/command.h"
#include "app/print.h"
#include "pipeline/cluster/cluster_plan.h"

namespace mien {

nlohmann::json to_json(const ShardPlanSummary& plan) {
  return {{"videos", plan.videos},
          {"shards", plan.shards},
          {"new_videos", plan.new_videos},
          {"new_shards", plan.new_shards},
          {"new_videos_without_duration", plan.without_duration},
          {"shortest_new_shard_s", plan.least_s},
          {"longest_new_shard_s", plan.most_s}};
}

std::string to_text(const ShardPlanSummary& plan) {
  std::string text = fmt::format("{} videos in {} shards", plan.videos, plan.shards);
  if (plan.new_videos == 0) return text + ", all planned before\n";
  return text + fmt::format(
                    "; new: {} videos in {} shards of {:.0f} to {:.0f} s, {} of them by the "
                    "size of their file\n",
                    plan.new_videos, plan.new_shards, plan.least_s, plan.most_s,
                    plan.without_duration);
}

Status take_plan_flags(AnnotateFlags& flags, const Resources& resources) {
  MIEN_TRY_VOID(take_flags(flags, resources));
  std::error_code ignored;
  const bool is_planned =
      std::filesystem::exists(flags.request.study / "annotations" / "run.json", ignored);
  if (!is_planned || flags.request.redo) return Ok{};
  return take_options_of_plan(flags);
}

namespace {

void add_cluster_plan(CommandLine& line, CLI::App* cluster) {
  struct Options {
    AnnotateFlags annotate;
    int shards = 1;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = cluster->add_subcommand(
      "plan", "Spread a corpus's videos over shards that take like long, for any engine");
  verb->add_option("study", options->annotate.request.study, "The study folder")->required();
  verb->add_option("--shards", options->shards, "Shards for the videos that have none yet")
      ->required()
      ->check(CLI::Range(1, 100000));
  verb->add_flag("--redo", options->annotate.request.redo,
                 "Replace what was planned or annotated with other options or models");
  verb->add_flag("--json", options->json, "As JSON");
  add_measuring_flags(verb, options->annotate);
  add_example(verb, "mien cluster plan study --shards 200");
  verb->callback([&line, options] {
    line.action = [&line, options]() -> Status {
      MIEN_TRY_VOID(take_plan_flags(options->annotate, line.resources));
      MIEN_TRY(plan, plan_shards(options->annotate.request, options->shards));
      return print_text(options->json ? to_json(plan).dump(2) + "\n" : to_text(plan));
    };
  });
}

void add_merge_shards(CommandLine& line, CLI::App* cluster) {
  struct Options {
    std::filesystem::path study;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = cluster->add_subcommand(
      "merge", "When all shards are there: what is told of the study as a whole");
  verb->add_option("study", options->study, "The study folder")->required();
  verb->add_flag("--json", options->json, "As JSON");
  add_example(verb, "mien cluster merge study");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      MIEN_TRY(merged, merge_shards(options->study));
      if (options->json) {
        const nlohmann::json json = {{"videos", merged.videos},
                                     {"shards", merged.shards},
                                     {"near_duplicate_clusters", merged.duplicates.clusters},
                                     {"problems", merged.problems}};
        return print_text(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                          "\n");
      }
      return print_text(
          fmt::format("{} videos in {} shards, all whole; {} clusters of "
                      "near-duplicates\n",
                      merged.videos, merged.shards, merged.duplicates.clusters));
    };
  });
}

}  // namespace

void add_cluster(CommandLine& line) {
  CLI::App* cluster = line.app.add_subcommand(
      "cluster", "Fill a study by many machines: a shard is a task of its own");
  cluster->require_subcommand(1);
  add_cluster_plan(line, cluster);
  add_cluster_slurm(line, cluster);
  add_cluster_status(line, cluster);
  add_merge_shards(line, cluster);
}

}  // namespace mien
