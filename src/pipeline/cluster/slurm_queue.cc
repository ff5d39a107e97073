#include "pipeline/cluster/slurm_queue.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "pipeline/cluster/cluster_plan.h"
#include "pipeline/cluster/slurm_scripts.h"
#include "pipeline/worker/process.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

fs::path jobs_file(const fs::path& study) {
  return study / "cluster" / "jobs.json";
}

// What a program prints, line by line. kIo with how it ended where it was not well.
Result<std::vector<std::string>> lines_of(const fs::path& program,
                                          const std::vector<std::string>& arguments) {
  MIEN_TRY(process, ChildProcess::start(program, arguments));
  std::vector<std::string> lines;
  while (!process.ended()) {
    pollfd listened{process.output_fd(), POLLIN, 0};
    poll(&listened, 1, 1000);
    for (std::string& line : process.read_lines()) lines.push_back(std::move(line));
  }
  constexpr double kPatience_s = 5;
  if (const auto how = process.finish(kPatience_s)) {
    return Error{ErrorCode::kIo, program.filename().string() + " refused (" + *how +
                                     "); remedy: see what it said above"};
  }
  return lines;
}

// "%": nothing special in the pattern of an output file.
std::string pattern_of(const fs::path& path) {
  std::string text;
  for (const char letter : path.string())
    text += letter == '%' ? std::string("%%") : std::string(1, letter);
  return text;
}

nlohmann::json to_json(const SlurmSubmission& submission) {
  nlohmann::json arrays = nlohmann::json::array();
  for (const SlurmArray& array : submission.arrays) {
    arrays.push_back(
        {{"job", array.job}, {"first_shard", array.first_shard}, {"shards", array.shards}});
  }
  nlohmann::json then = nlohmann::json::array();
  for (const SlurmJob& job : submission.then)
    then.push_back({{"name", job.name}, {"job", job.job}});
  return {{"arrays", std::move(arrays)}, {"then", std::move(then)}};
}

class Sbatch {
 public:
  Sbatch(fs::path program, fs::path folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  // The job's id.
  Result<std::string> submit(std::vector<std::string> options, const std::string& script,
                             const std::string& log, const std::vector<std::string>& words) const {
    options.insert(options.begin(),
                   {"--parsable", "--output=" + pattern_of(folder_ / "log") + "/" + log});
    options.push_back((folder_ / script).string());
    options.insert(options.end(), words.begin(), words.end());
    MIEN_TRY(lines, lines_of(program_, options));
    if (lines.empty() || lines.back().empty()) {
      return Error{ErrorCode::kIo, "sbatch gave no job id for " + script};
    }
    return lines.back().substr(0, lines.back().find(';'));  // "123;cluster"
  }

 private:
  fs::path program_;
  fs::path folder_;
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream text(line);
  for (std::string field; std::getline(text, field, '|');) fields.push_back(field);
  return fields;
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Result<std::vector<SlurmSubmission>> read_submissions(const fs::path& study) {
  std::vector<SlurmSubmission> submissions;
  std::error_code ignored;
  if (!fs::exists(jobs_file(study), ignored)) return submissions;
  MIEN_TRY(text, read_whole_file(jobs_file(study)));
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    for (const nlohmann::json& entry : json.at("submissions")) {
      SlurmSubmission& submission = submissions.emplace_back();
      for (const nlohmann::json& item : entry.at("arrays")) {
        SlurmArray& array = submission.arrays.emplace_back();
        item.at("job").get_to(array.job);
        item.at("first_shard").get_to(array.first_shard);
        item.at("shards").get_to(array.shards);
      }
      for (const nlohmann::json& item : entry.at("then")) {
        submission.then.push_back({item.at("name"), item.at("job")});
      }
    }
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, jobs_file(study).string() + ": " + error.what() +
                                          "; remedy: remove it, the jobs that it named are then "
                                          "not known"};
  }
  return submissions;
}

Result<SlurmSubmission> submit_to_slurm(const fs::path& study, const SlurmOrder& order,
                                        const std::string& path) {
  MIEN_TRY(submissions, read_submissions(study));
  const auto program = find_in_path("sbatch", path);
  if (!program) {
    return Error{ErrorCode::kNotFound,
                 "there is no sbatch here; remedy: run this where Slurm's programs are, or write "
                 "the scripts alone with --no-submit"};
  }
  const Sbatch sbatch(*program, study / "cluster");
  MIEN_TRY_VOID(make_folders(study / "cluster" / "log"));
  SlurmSubmission submission;
  std::map<std::int64_t, std::vector<std::int64_t>> blocks;
  for (const std::int64_t shard : order.shards) blocks[shard / kArrayBlock].push_back(shard);
  std::string after;
  for (const std::string& job : order.after) after.append(":").append(job);
  for (const auto& [block, members] : blocks) {
    SlurmArray array{{}, block * kArrayBlock, members};
    std::vector<std::int64_t> tasks;
    for (const std::int64_t shard : members) tasks.push_back(shard - array.first_shard);
    std::string spec = "--array=" + number_ranges(tasks, ",");
    if (order.at_once > 0) spec.append("%").append(std::to_string(order.at_once));
    MIEN_TRY(job, sbatch.submit({spec}, "shards.sh", fmt::format("shard-{:02}%3a.txt", block),
                                {std::to_string(array.first_shard)}));
    array.job = job;
    after.append(":").append(job);
    submission.arrays.push_back(std::move(array));
  }
  std::string dependency = after.empty() ? "" : "afterany" + after;
  for (const std::string& name : order.then) {
    std::vector<std::string> options;
    if (!dependency.empty()) {
      options = {"--dependency=" + dependency, "--kill-on-invalid-dep=yes"};
    }
    MIEN_TRY(job, sbatch.submit(options, name + ".sh", name + ".txt", {}));
    submission.then.push_back({name, job});
    dependency = "afterok:" + job;
  }
  submissions.push_back(submission);
  nlohmann::json list = nlohmann::json::array();
  for (const SlurmSubmission& entry : submissions) list.push_back(to_json(entry));
  MIEN_TRY_VOID(write_file_durably(
      jobs_file(study), nlohmann::json{{"submissions", std::move(list)}}.dump(1) + "\n"));
  return submission;
}

SlurmQueue read_slurm_queue(const fs::path& study, const std::string& path) {
  SlurmQueue queue;
  const auto submissions = read_submissions(study);
  const auto program = find_in_path("squeue", path);
  if (!submissions.ok() || submissions->empty() || !program) return queue;
  const auto lines = lines_of(*program, {"--noheader", "--array", "--states=all",
                                         "--name=mien-shards,mien-merge,mien-associate,mien-report",
                                         "--format=%F|%K|%T|%N|%r"});
  if (!lines.ok()) return queue;
  queue.known = true;
  std::map<std::int64_t, QueuedTask> last;  // by shard
  for (const std::string& line : *lines) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() < 5) continue;
    for (const SlurmSubmission& submission : *submissions) {
      for (const SlurmArray& array : submission.arrays) {
        if (array.job != fields[0]) continue;
        const std::int64_t shard = array.first_shard + number_of(fields[1]);
        QueuedTask task{shard, fields[0], fields[2], fields[3], fields[4]};
        const auto [it, is_new] = last.emplace(shard, task);
        if (!is_new && number_of(it->second.job) < number_of(task.job)) it->second = task;
      }
      for (const SlurmJob& job : submission.then) {
        if (&submission == &submissions->back() && job.job == fields[0])
          queue.jobs.push_back({-1, job.name, fields[2], fields[3], fields[4]});
      }
    }
  }
  for (auto& [shard, task] : last) queue.tasks.push_back(std::move(task));
  return queue;
}

}  // namespace mien
