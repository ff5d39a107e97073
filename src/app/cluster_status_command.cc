#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cluster_commands.h"
#include "app/print.h"
#include "pipeline/cluster/cluster_status.h"

namespace mien {

namespace {

constexpr ShardProgress kAllProgress[] = {ShardProgress::kDone, ShardProgress::kRunning,
                                          ShardProgress::kWaiting, ShardProgress::kFailed,
                                          ShardProgress::kTodo};

nlohmann::json number_or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const ClusterStatus& status) {
  nlohmann::json counts;
  for (const ShardProgress progress : kAllProgress) {
    counts[std::string(to_string(progress))] = status.count(progress);
  }
  nlohmann::json shards = nlohmann::json::array();
  for (const ShardStatus& shard : status.shards) {
    nlohmann::json one = {{"shard", shard.shard},   {"progress", to_string(shard.progress)},
                          {"videos", shard.videos}, {"videos_done", shard.videos_done},
                          {"reason", shard.reason}, {"node", shard.node}};
    if (shard.record) {
      one["attempt"] = shard.record->attempt;
      one["stage"] = shard.record->stage;
      one["exit"] = shard.record->exit;
      one["seconds"] = shard.record->seconds;
    }
    shards.push_back(std::move(one));
  }
  nlohmann::json jobs = nlohmann::json::array();
  for (const QueuedTask& job : status.jobs) {
    jobs.push_back({{"name", job.job}, {"state", job.state}, {"reason", job.reason}});
  }
  return {{"videos", status.videos},
          {"videos_done", status.videos_done},
          {"shards", counts},
          {"text_parts", status.text_parts},
          {"map_parts", status.map_parts},
          {"queue_known", status.queue_known},
          {"jobs", jobs},
          {"seconds_per_shard", number_or_null(status.seconds_per_shard)},
          {"videos_per_hour", number_or_null(status.videos_per_hour)},
          {"seconds_left", number_or_null(status.seconds_left)},
          {"shard_list", shards}};
}

std::string to_text(const ClusterStatus& status) {
  std::string text = fmt::format("{} of {} videos; {} shards:", status.videos_done, status.videos,
                                 status.shards.size());
  for (const ShardProgress progress : kAllProgress) {
    text += fmt::format(" {} {}", status.count(progress), to_string(progress));
  }
  text += "\n";
  if (status.text_parts > 0 || status.map_parts > 0) {
    text += fmt::format("parts: {} of texts, {} of maps\n", status.text_parts, status.map_parts);
  }
  if (status.videos_per_hour) {
    text +=
        fmt::format("{:.0f} videos an hour, about {:.1f} hours left with as many tasks as now\n",
                    *status.videos_per_hour, *status.seconds_left / 3600);
  }
  for (const ShardStatus& shard : status.shards) {
    if (shard.progress == ShardProgress::kRunning) {
      text += fmt::format("  shard {} runs on {}: {} of {} videos\n", shard.shard, shard.node,
                          shard.videos_done, shard.videos);
    } else if (shard.progress == ShardProgress::kFailed) {
      text += fmt::format("  shard {} failed on {}: {}\n", shard.shard, shard.node, shard.reason);
    }
  }
  for (const QueuedTask& job : status.jobs) {
    text += fmt::format("  {}: {}{}\n", job.job, job.state,
                        job.reason.empty() || job.reason == "None" ? "" : " (" + job.reason + ")");
  }
  if (!status.queue_known) text += "no queue was asked: states are as the tasks left them\n";
  return text;
}

}  // namespace

std::string search_path() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): before any thread
  return path != nullptr ? path : "/usr/bin:/bin";
}

void add_cluster_status(CommandLine& line, CLI::App* cluster) {
  struct Options {
    std::filesystem::path study;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = cluster->add_subcommand("status", "How far the shards are, and why some failed");
  verb->add_option("study", options->study, "The study folder")->required();
  verb->add_flag("--json", options->json, "As JSON");
  add_example(verb, "mien cluster status study");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      const std::filesystem::path study =
          std::filesystem::absolute(options->study).lexically_normal();
      MIEN_TRY(status, cluster_status(study, read_slurm_queue(study, search_path())));
      return print_text(
          options->json
              ? to_json(status).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
              : to_text(status));
    };
  });
}

}  // namespace mien
