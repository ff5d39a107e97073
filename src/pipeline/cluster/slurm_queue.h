// Slurm's own programs: what a study's jobs are handed to, and what it says of them.
//
//   STUDY/cluster/jobs.json   the jobs that were submitted, one entry a submission
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct SlurmArray {
  std::string job;
  std::int64_t first_shard = 0;  // of task 0
  std::vector<std::int64_t> shards;
};

struct SlurmJob {
  std::string name;  // "merge"
  std::string job;
};

struct SlurmSubmission {
  std::vector<SlurmArray> arrays;
  std::vector<SlurmJob> then;  // each after the one before
};

// Nothing where there is no jobs.json. kCorrupt.
Result<std::vector<SlurmSubmission>> read_submissions(const std::filesystem::path& study);

struct SlurmOrder {
  std::vector<std::int64_t> shards;
  int at_once = 0;                // most of an array at a time; 0: as the cluster likes
  std::vector<std::string> then;  // names of the scripts that follow, each after the one before
  std::vector<std::string>
      after;  // arrays that the first of them waits for, beside those made here
};

// Hands the scripts in STUDY/cluster to sbatch and notes the jobs in jobs.json. What follows the
// arrays begins when all their tasks have ended, however they did. `path` is where programs are
// looked for. kNotFound: no sbatch; kIo: it refused.
Result<SlurmSubmission> submit_to_slurm(const std::filesystem::path& study, const SlurmOrder& order,
                                        const std::string& path);

struct QueuedTask {
  std::int64_t shard = 0;
  std::string job;    // the array's, "123"; of those that follow their name
  std::string state;  // Slurm's word: RUNNING, PENDING, FAILED, TIMEOUT...
  std::string node;
  std::string reason;
};

struct SlurmQueue {
  bool known = false;             // false: there is no squeue, or it did not answer
  std::vector<QueuedTask> tasks;  // of the study's arrays; a shard's last job alone
  std::vector<QueuedTask> jobs;   // those that follow the last submission; shard is -1
};

SlurmQueue read_slurm_queue(const std::filesystem::path& study, const std::string& path);

}  // namespace mien
