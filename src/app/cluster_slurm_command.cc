#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "app/annotate_flags.h"
#include "app/cluster_commands.h"
#include "app/print.h"
#include "pipeline/cluster/cluster_status.h"
#include "pipeline/cluster/slurm_scripts.h"
#include "pipeline/study/study_parts.h"
#include "pipeline/worker/process.h"
#include "store/durable_file.h"

namespace mien {

namespace {

struct SlurmFlags {
  AnnotateFlags annotate;
  SlurmOptions slurm;
  std::string texts, associate, compare, report;
  int shards = 0;
  int at_once = 0;
  bool no_submit = false;
  bool json = false;
};

// An option whose value may be left out: the verb without options of its own.
CLI::Option* add_stage(CLI::App* verb, const std::string& name, std::string& value,
                       const std::string& what) {
  return verb
      ->add_option(
          name, value,
          what + ", with these options of its own (--" + name.substr(2) + "='--option value')")
      ->expected(0, 1)
      ->group("Stages after the faces");
}

struct Submitted {
  ShardPlanSummary plan;
  std::vector<std::string> scripts;
  std::vector<std::int64_t> done, queued, wanted;
  std::optional<SlurmSubmission> submission;
};

nlohmann::json to_json(const Submitted& result) {
  nlohmann::json jobs = nlohmann::json::object();
  if (result.submission) {
    jobs["shards"] = nlohmann::json::array();
    for (const SlurmArray& array : result.submission->arrays) jobs["shards"].push_back(array.job);
    for (const SlurmJob& job : result.submission->then) jobs[job.name] = job.job;
  }
  return {{"plan", to_json(result.plan)},
          {"scripts", result.scripts},
          {"shards_done", result.done},
          {"shards_in_the_queue", result.queued},
          {"shards_to_do", result.wanted},
          {"submitted", result.submission.has_value()},
          {"jobs", jobs}};
}

std::string to_text(const Submitted& result) {
  std::string text = to_text(result.plan);
  text += fmt::format("{} shards are done, {} in the queue, {} to do\n", result.done.size(),
                      result.queued.size(), result.wanted.size());
  for (const std::string& script : result.scripts) text += "  " + script + "\n";
  if (!result.submission) return text + "nothing was submitted\n";
  for (const SlurmArray& array : result.submission->arrays) {
    text += fmt::format("job {}: shards {}\n", array.job, number_ranges(array.shards, ", "));
  }
  for (const SlurmJob& job : result.submission->then) {
    text += fmt::format("job {}: {}\n", job.job, job.name);
  }
  return text +
         "'mien cluster status' tells how far they are; the same command again submits what "
         "has failed\n";
}

Result<Submitted> run_slurm(SlurmFlags& flags) {
  Submitted result;
  MIEN_TRY(plan, plan_shards(flags.annotate.request, flags.shards));
  result.plan = plan;
  SlurmOptions& slurm = flags.slurm;
  slurm.study = std::filesystem::absolute(flags.annotate.request.study).lexically_normal();
  if (slurm.program.empty()) {
    MIEN_TRY(program, own_program());
    slurm.program = shell_word(program.string());
  }
  MIEN_TRY(scripts, slurm_scripts(slurm));
  const std::filesystem::path folder = slurm.study / "cluster";
  MIEN_TRY_VOID(make_folders(folder));
  std::vector<std::string> then;
  for (const SlurmScript& script : scripts) {
    MIEN_TRY_VOID(write_file_durably(folder / script.name, script.text));
    result.scripts.push_back((folder / script.name).string());
    const std::string name = script.name.substr(0, script.name.find('.'));
    if (name != "shards") then.push_back(name);
  }
  const std::string path = search_path();
  const SlurmQueue queue = read_slurm_queue(slurm.study, path);
  MIEN_TRY(status, cluster_status(slurm.study, queue));
  const auto has_parts = [&](std::int64_t shard) {
    std::error_code ignored;
    const std::string name = shard_name(shard);
    return (!slurm.texts || std::filesystem::exists(slurm.study / "texts/parts" / name, ignored)) &&
           (!slurm.associate ||
            std::filesystem::exists(slurm.study / "maps/parts" / name, ignored));
  };
  std::set<std::int64_t> again;
  if (slurm.retry_failed) {
    MIEN_TRY(with_failures, shards_with_failures(slurm.study, status));
    again = std::move(with_failures);
  }
  std::set<std::int64_t> in_queue;  // a shard that is measured again stays in its place meanwhile
  for (const QueuedTask& task : queue.tasks) {
    if (is_in_queue(task)) in_queue.insert(task.shard);
  }
  for (const ShardStatus& shard : status.shards) {
    const bool queued =
        status.queue_known &&
        (shard.progress == ShardProgress::kRunning || shard.progress == ShardProgress::kWaiting ||
         (again.contains(shard.shard) && in_queue.contains(shard.shard)));
    const bool done = shard.progress == ShardProgress::kDone && has_parts(shard.shard) &&
                      !again.contains(shard.shard);
    (done ? result.done : queued ? result.queued : result.wanted).push_back(shard.shard);
  }
  const bool all_queued = result.wanted.empty() && !result.queued.empty();  // and what follows too
  if (flags.no_submit || all_queued) return result;
  std::set<std::string> arrays;  // that are at work
  for (const QueuedTask& task : queue.tasks) {
    if (std::ranges::find(result.queued, task.shard) != result.queued.end())
      arrays.insert(task.job);
  }
  MIEN_TRY(
      submission,
      submit_to_slurm(slurm.study,
                      {result.wanted, flags.at_once, then, {arrays.begin(), arrays.end()}}, path));
  result.submission = submission;
  return result;
}

void add_slurm_flags(CLI::App* verb, SlurmFlags& flags) {
  const std::string group = "Slurm";
  SlurmOptions& slurm = flags.slurm;
  verb->add_option("--partition", slurm.partition, "Partition")->group(group);
  verb->add_option("--time", slurm.time, "Time limit of a job, as sbatch takes it")->group(group);
  verb->add_option("--mem", slurm.mem, "Memory of a job, as sbatch takes it")->group(group);
  verb->add_option("--cpus", slurm.cpus, "Processors of a job, and threads of its task")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--at-once", flags.at_once, "Most shards at a time; 0: as the cluster likes")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--requeues", slurm.requeues,
                   "How often a task that may be tried again goes back into the queue")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--sbatch", slurm.sbatch, "A further option of sbatch (--sbatch=--account=me)")
      ->group(group);
  verb->add_option("--program", slurm.program,
                   "What starts Mien on a node, as words of a shell (default: this program)")
      ->group(group);
}

}  // namespace

void add_cluster_slurm(CommandLine& line, CLI::App* cluster) {
  const auto flags = std::make_shared<SlurmFlags>();
  AnnotateRequest& request = flags->annotate.request;
  CLI::App* verb = cluster->add_subcommand(
      "slurm", "Plan shards, write the scripts of their jobs, and submit what is not done");
  verb->add_option("study", request.study,
                   "The study folder, on a file system that all nodes share")
      ->required();
  verb->add_option("--shards", flags->shards, "Shards for the videos that have none yet")
      ->required()
      ->check(CLI::Range(1, 100000));
  verb->add_flag("--no-submit", flags->no_submit, "Write the scripts, submit nothing");
  verb->add_flag("--redo", request.redo,
                 "Replace what was planned or annotated with other options or models");
  verb->add_flag("--retry-failed", flags->slurm.retry_failed,
                 "Also measure again the videos that failed, and submit their shards");
  verb->add_flag("--json", flags->json, "As JSON");
  add_slurm_flags(verb, *flags);
  CLI::Option* texts = add_stage(verb, "--texts", flags->texts, "Also 'mien contexts text'");
  CLI::Option* associate =
      add_stage(verb, "--associate", flags->associate, "Also 'mien associate'");
  CLI::Option* compare = add_stage(verb, "--compare", flags->compare, "Also 'mien compare'");
  CLI::Option* report = add_stage(verb, "--report", flags->report, "Also 'mien report'");
  add_measuring_flags(verb, flags->annotate);
  add_example(verb, "mien cluster slurm study --shards 200 --associate --report");
  verb->callback([&line, flags, texts, associate, compare, report] {
    line.action = [&line, flags, texts, associate, compare, report]() -> Status {
      MIEN_TRY_VOID(take_plan_flags(flags->annotate, line.resources));
      if (texts->count() > 0) flags->slurm.texts = flags->texts;
      if (associate->count() > 0) flags->slurm.associate = flags->associate;
      if (compare->count() > 0) flags->slurm.compare = flags->compare;
      if (report->count() > 0) flags->slurm.report = flags->report;
      MIEN_TRY(result, run_slurm(*flags));
      return print_text(flags->json ? to_json(result).dump(2) + "\n" : to_text(result));
    };
  });
}

}  // namespace mien
