#include "app/shard_task.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "pipeline/annotate/shard_record.h"

namespace mien {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value != nullptr ? value : "";
}

// What Slurm, AWS Batch or Kubernetes call this task.
std::string job_name() {
  const std::string array = variable("SLURM_ARRAY_JOB_ID");
  if (!array.empty()) return array + "_" + variable("SLURM_ARRAY_TASK_ID");
  for (const char* name : {"SLURM_JOB_ID", "AWS_BATCH_JOB_ID", "JOB_COMPLETION_INDEX"}) {
    if (std::string job = variable(name); !job.empty()) return job;
  }
  return {};
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  const std::string node = variable("SLURMD_NODENAME");
  return node.empty() ? name.data() : node;
}

std::string utc_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

void write(const ShardTask& task, const ShardRecord& record) {
  const Status written = write_shard_record(task.study, record);
  if (!written.ok()) {
    std::fputs(fmt::format("mien: {}\n", written.error().message).c_str(), stderr);
  }
}

}  // namespace

Status run_shard_task(CommandLine& line, const ShardTask& task, const Action& action) {
  line.is_task = true;
  std::vector<ShardRecord> records;
  for (const std::int64_t shard : task.shards) {
    ShardRecord record;
    record.shard = shard;
    record.stage = task.stage;
    const auto before = read_shard_record(task.study, shard);
    if (before) record.attempt = before->attempt + (task.stage == "annotate" ? 1 : 0);
    record.host = host_name();
    record.process = ::getpid();
    record.job = job_name();
    record.begin = utc_now();
    write(task, record);
    records.push_back(std::move(record));
  }
  const auto begin = std::chrono::steady_clock::now();
  Status status = action();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  for (ShardRecord& record : records) {
    record.end = utc_now();
    record.seconds = took.count() / static_cast<double>(records.size());
    record.exit = exit_status(line, status);
    if (!status.ok()) record.message = status.error().message;
    write(task, record);
  }
  return status;
}

}  // namespace mien
