#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/annotate_flags.h"
#include "app/command.h"
#include "app/shard_list.h"
#include "app/shard_task.h"
#include "app/worker_flags.h"
#include "pipeline/annotate/annotate.h"

namespace mien {

namespace {

const std::string kShardOptions = "Shards";

std::atomic<bool> stop_asked{false};

extern "C" void on_interrupt(int) {
  if (stop_asked.exchange(true)) _exit(130);  // asked twice: go at once
}

nlohmann::json to_json(const Confinement& confinement) {
  return {{"landlock_abi", confinement.landlock_abi}, {"seccomp", confinement.system_calls}};
}

nlohmann::json to_json(const AnnotateSummary& summary) {
  nlohmann::json failures = nlohmann::json::array();
  for (const VideoFailure& failure : summary.failures) {
    failures.push_back({{"video_id", failure.video_id},
                        {"status", failure.status},
                        {"reason", failure.reason},
                        {"message", failure.message}});
  }
  nlohmann::json stages = nlohmann::json::array();
  for (const StageTime& stage : summary.stages) {
    stages.push_back({{"stage", stage.stage}, {"calls", stage.calls}, {"seconds", stage.seconds}});
  }
  return {{"videos", summary.videos},
          {"already_done", summary.already_done},
          {"ok", summary.ok},
          {"partial", summary.partial},
          {"failed", summary.failed},
          {"forgotten", summary.forgotten},
          {"not_done", summary.not_done},
          {"frames_analysed", summary.frames_analysed},
          {"faces", summary.faces},
          {"face_seconds", summary.face_seconds},
          {"seconds", summary.seconds},
          {"failures", failures},
          {"failures_listed", summary.failures.size()},
          {"problems", summary.problems},
          {"near_duplicates",
           {{"clusters", summary.duplicates.clusters},
            {"videos", summary.duplicates.videos},
            {"videos_with_same_pictures", summary.duplicates.by_pictures},
            {"clusters_across_regions", summary.duplicates.across_regions},
            {"clusters_across_uploaders", summary.duplicates.across_uploaders}}},
          {"confinement",
           summary.confinement.has_value() ? to_json(*summary.confinement) : nlohmann::json()},
          {"stages", stages}};
}

std::string to_text(const AnnotateSummary& summary, const std::filesystem::path& study) {
  std::string text = fmt::format("{} videos: {} ok, {} partial, {} failed", summary.videos,
                                 summary.ok, summary.partial, summary.failed);
  if (summary.already_done > 0)
    text += fmt::format(" ({} were done already)", summary.already_done);
  if (summary.forgotten > 0) {
    text += fmt::format(", {} forgotten by this study and passed over", summary.forgotten);
  }
  if (summary.not_done > 0) text += fmt::format(", {} not done", summary.not_done);
  text +=
      fmt::format("\n{} face tracks, {:.1f} scored face-seconds in {} frames, {:.1f} s\n",
                  summary.faces, summary.face_seconds, summary.frames_analysed, summary.seconds);
  if (summary.duplicates.clusters > 0) {
    text += fmt::format(
        "near-duplicates in the study: {} clusters of {} videos, {} of them with the pictures of "
        "another; {} clusters across regions, {} across uploaders\n",
        summary.duplicates.clusters, summary.duplicates.videos, summary.duplicates.by_pictures,
        summary.duplicates.across_regions, summary.duplicates.across_uploaders);
  }
  for (const VideoFailure& failure : summary.failures) {
    text += fmt::format("  {} {} ({}): {}\n", failure.status, failure.video_id, failure.reason,
                        failure.message);
  }
  for (const std::string& problem : summary.problems) {
    text += fmt::format("  done again: {}\n", problem);
  }
  if (summary.confinement.has_value()) {
    text += "workers confined by: " + to_string(*summary.confinement) + "\n";
  }
  if (!summary.stages.empty()) {
    text += "time per stage, summed over threads:\n";
    for (const StageTime& stage : summary.stages) {
      text +=
          fmt::format("  {:<12} {:>8.2f} s {:>8} calls {:>8.2f} ms each\n", stage.stage,
                      stage.seconds, stage.calls,
                      stage.calls > 0 ? 1e3 * stage.seconds / static_cast<double>(stage.calls) : 0);
    }
  }
  text += fmt::format(
      "Labels are what raters would call a face, never what a person feels.\nTables: {}\n",
      (study / "annotations").string());
  return text;
}

Status take_shards(AnnotateFlags& flags) {
  MIEN_TRY(shards, shard_list(flags.shards));
  flags.request.shards = std::move(shards);
  if (!flags.request.shards.empty() && !flags.request.inputs.empty()) {
    return Error{ErrorCode::kUsage, "--shard names shards of the study's plan; no videos with it"};
  }
  if (flags.request.inputs.empty() && flags.request.redo) {
    return Error{ErrorCode::kUsage,
                 "--redo begins a study anew and needs its videos; remedy: name them"};
  }
  return Ok{};
}

Status annotate_and_tell(const AnnotateFlags& flags) {
  MIEN_TRY(summary, annotate(flags.request, stop_asked));
  const std::string text =
      flags.json
          ? to_json(summary).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
          : to_text(summary, flags.request.study);
  std::fputs(text.c_str(), stdout);
  if (summary.not_done > 0) {
    return Error{ErrorCode::kCancelled,
                 fmt::format("stopped with {} videos to do; the same command goes on from here",
                             summary.not_done)};
  }
  return Ok{};
}

}  // namespace

void add_annotate(CommandLine& line) {
  const auto flags = std::make_shared<AnnotateFlags>();
  AnnotateRequest& request = flags->request;
  request.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* verb = line.app.add_subcommand(
      "annotate", "Find, follow and score every face of videos; write tables into a study");
  verb->add_option("input", request.inputs,
                   "Videos, stills, folders of them, or one corpus list (.csv, .tsv, .parquet); "
                   "none: those that the study plans, measured as it was planned");
  verb->add_option("--out,--study", request.study, "The study folder, made where it is missing")
      ->required();
  verb->add_option("--shard", flags->shards,
                   "Without inputs: these shards of the plan alone (7 or 3-9), beside others that "
                   "do the same elsewhere; exits 75 where it may be tried again")
      ->delimiter(',')
      ->group(kShardOptions);
  verb->add_flag("--overlay", request.overlay,
                 "Also write an MP4 with boxes, track ids and leading labels; with --contexts one "
                 "more of the frames with heads filled; it shows the faces: as sensitive as the "
                 "video");
  verb->add_option("--threads", request.threads, "Threads in all; results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--shard-videos", request.shard_videos, "Videos per shard of a new study")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str()
      ->group(kShardOptions);
  verb->add_flag("--redo", request.redo, "Replace a study made with other options or models");
  verb->add_flag("--retry-failed", request.retry_failed,
                 "Try the named videos again that failed in an earlier run");
  add_worker_flags(verb, request.limits);
  verb->add_flag("--json", flags->json, "Summary as JSON on standard output");
  verb->add_flag("--quiet", flags->quiet, "No progress");
  add_measuring_flags(verb, *flags);
  add_example(verb, "mien annotate clips/ --out study --contexts");
  add_example(verb, "mien annotate corpus.csv --out study --threads 8");
  verb->callback([&line, flags] {
    line.action = [&line, flags]() -> Status {
      AnnotateRequest& wanted = flags->request;
      MIEN_TRY_VOID(take_flags(*flags, line.resources));
      MIEN_TRY_VOID(take_shards(*flags));
      if (wanted.inputs.empty()) MIEN_TRY_VOID(take_options_of_plan(*flags));
      wanted.progress_style = flags->quiet     ? Progress::Style::kNone
                              : isatty(2) != 0 ? Progress::Style::kTerminal
                                               : Progress::Style::kLog;
      wanted.write_progress = [](const std::string& bytes) {
        std::fputs(bytes.c_str(), stderr);
        std::fflush(stderr);
      };
      std::signal(SIGINT, on_interrupt);
      std::signal(SIGTERM, on_interrupt);
      if (wanted.shards.empty()) return annotate_and_tell(*flags);
      return run_shard_task(line, {wanted.study, wanted.shards, "annotate"},
                            [&] { return annotate_and_tell(*flags); });
    };
  });
}

}  // namespace mien
