#include "pipeline/cluster/slurm_scripts.h"

#include <fmt/format.h>

namespace mien {

namespace {

std::string head(const SlurmOptions& options, const std::string& name, int cpus,
                 const std::string& what) {
  std::string text = "#!/bin/bash\n# " + what + "\n";
  const auto line = [&](const std::string& option) { text += "#SBATCH " + option + "\n"; };
  line("--job-name=mien-" + name);
  line("--requeue");
  line("--open-mode=append");
  line(fmt::format("--nodes=1 --ntasks=1 --cpus-per-task={}", cpus));
  if (!options.partition.empty()) line("--partition=" + options.partition);
  if (!options.time.empty()) line("--time=" + options.time);
  if (!options.mem.empty()) line("--mem=" + options.mem);
  for (const std::string& option : options.sbatch) line(option);
  text += "set -u\n";
  text += "study=" + shell_word(options.study.string()) + "\n";
  text += "mien() { " + options.program + " \"$@\"; }\n\n";
  return text;
}

std::string with(const std::string& command, const std::string& options) {
  return options.empty() ? command : command + " " + options;
}

std::string joined(const std::vector<std::string>& commands) {
  return fmt::format("{}", fmt::join(commands, " &&\n  "));
}

std::string shards_script(const SlurmOptions& options) {
  std::string text = head(options, "shards", options.cpus,
                          "One task is one shard: its number is the task's plus the argument.");
  text += "shard=$((${1:-0} + SLURM_ARRAY_TASK_ID))\n\n";
  std::string annotate = fmt::format(
      "mien annotate --study \"$study\" --shard \"$shard\" --threads {} --quiet", options.cpus);
  if (options.retry_failed) annotate += " --retry-failed";
  std::vector<std::string> commands{with(annotate, options.annotate)};
  if (options.texts) {
    commands.push_back(
        with("mien contexts text --study \"$study\" --shard \"$shard\"", *options.texts));
  }
  if (options.associate) {
    commands.push_back(with("mien associate \"$study\" --shard \"$shard\"", *options.associate));
  }
  text += joined(commands) + "\n";
  text += fmt::format(
      R"(status=$?

# 75: the disk full, a file not to be read, or asked to stop; above 128: killed. Both may go well
# later or on another node; what was measured is kept. Anything else would fail again.
if [ $status -eq 75 ] || [ $status -gt 128 ]; then
  if [ "${{SLURM_RESTART_COUNT:-0}}" -lt {} ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}" && sleep 120
  fi
fi
exit $status
)",
      options.requeues);
  return text;
}

std::string small_script(const SlurmOptions& options, const std::string& name,
                         const std::string& what, const std::vector<std::string>& commands) {
  return head(options, name, options.cpus, what) + joined(commands) + "\n";
}

Status check_line(const std::string& value) {
  if (value.find('\n') == std::string::npos) return Ok{};
  return Error{ErrorCode::kUsage, "'" + value + "' has a line end and cannot stand in a script"};
}

}  // namespace

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char letter : text)
    word += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return word + "'";
}

Result<std::vector<SlurmScript>> slurm_scripts(const SlurmOptions& options) {
  for (const std::string& value :
       {options.program, options.partition, options.time, options.mem, options.annotate,
        options.texts.value_or(""), options.associate.value_or(""), options.compare.value_or(""),
        options.report.value_or("")}) {
    MIEN_TRY_VOID(check_line(value));
  }
  for (const std::string& option : options.sbatch) MIEN_TRY_VOID(check_line(option));

  std::vector<SlurmScript> scripts{{"shards.sh", shards_script(options)}};
  std::vector<std::string> merge{"mien cluster merge \"$study\""};
  if (options.texts) {
    merge.push_back(with("mien contexts text --study \"$study\" --from-parts", *options.texts));
  }
  scripts.push_back({"merge.sh", small_script(options, "merge",
                                              "Once, when all tasks have ended: what is told of "
                                              "the study as a whole.",
                                              merge)});
  std::vector<std::string> maps;
  if (options.associate) {
    maps.push_back(with("mien associate \"$study\" --from-parts", *options.associate));
  }
  if (options.compare) maps.push_back(with("mien compare \"$study\"", *options.compare));
  if (!maps.empty()) {
    scripts.push_back(
        {"associate.sh",
         small_script(options, "associate",
                      "The maps of all shards together, and their comparison.", maps)});
  }
  if (options.report) {
    scripts.push_back(
        {"report.sh", small_script(options, "report", "The pages.",
                                   {with("mien report \"$study\"", *options.report)})});
  }
  return scripts;
}

}  // namespace mien
