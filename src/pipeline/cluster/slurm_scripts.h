// The scripts of a study's jobs under Slurm, to be read and changed by people:
//
//   STUDY/cluster/shards.sh      job array, one task a shard: annotate, then its part of the texts
//                                and of the maps where these are asked for
//   STUDY/cluster/merge.sh       after them all, however they ended: refuses where a shard is
//   missing STUDY/cluster/associate.sh   after the merge: maps and comparison
//   STUDY/cluster/report.sh      after that: pages
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

struct SlurmOptions {
  std::filesystem::path study;  // absolute, as every node sees it
  std::string program;          // the words of a shell that start Mien on a node
  std::string partition;        // these three: empty: as the cluster has it
  std::string time;
  std::string mem;
  int cpus = 1;      // of a task
  int requeues = 3;  // of a task that is to be tried again, before it counts as failed
  std::vector<std::string> sbatch;  // further options, "--account=x"
  std::string annotate;             // further options of `annotate` for each shard
  bool retry_failed = false;        // videos that failed are measured again
  // Options of these verbs, as words of a shell; nullopt: not asked for.
  std::optional<std::string> texts;
  std::optional<std::string> associate;
  std::optional<std::string> compare;
  std::optional<std::string> report;
};

// An array holds at most this many tasks (Slurm's MaxArraySize is 1001 where nobody set it): shard
// 1234 is task 234 of the array that begins with shard 1000, which is the script's argument.
inline constexpr int kArrayBlock = 1000;

struct SlurmScript {
  std::string name;  // "shards.sh"
  std::string text;
};

// In the order in which they run. kUsage: a value that cannot stand in a script.
Result<std::vector<SlurmScript>> slurm_scripts(const SlurmOptions& options);

// One word of a shell.
std::string shell_word(const std::string& text);

}  // namespace mien
