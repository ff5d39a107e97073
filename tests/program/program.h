// Runs the built program as a person would.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/paths.h"

namespace mien::testing {

struct ProgramRun {
  int exit_status = -1;  // 128 + signal where it was killed
  std::string out;
  std::string err;
  double peak_mb = 0;  // of the largest process, workers included
};

ProgramRun run_mien(const std::vector<std::string>& arguments);

// The program while it runs. Destroyed, it is killed.
class RunningMien {
 public:
  explicit RunningMien(const std::vector<std::string>& arguments);
  RunningMien(const RunningMien&) = delete;
  RunningMien& operator=(const RunningMien&) = delete;
  ~RunningMien();

  pid_t pid() const { return pid_; }
  std::vector<pid_t> workers() const;  // processes that it started and that still run
  bool wait_for_workers(std::size_t count, double seconds) const;
  void send(int signal_number) const;
  ProgramRun finish();  // waits for the end

 private:
  TemporaryFolder folder_;
  pid_t pid_ = -1;
};

bool is_running(pid_t pid);
std::vector<pid_t> children_of(pid_t pid);  // that still run
// Processes, other than this one, whose command line (or another file of /proc/PID, a space for
// every zero byte) holds these words.
std::vector<pid_t> processes_with(const std::string& words, const std::string& file = "cmdline");
// Whether `condition` comes true within `seconds`, looked at every few milliseconds.
bool comes_true(double seconds, const std::function<bool()>& condition);

// A table of a study, through `mien export --format jsonl`: one object a row.
std::vector<nlohmann::json> table_rows(const std::filesystem::path& study,
                                       const std::string& table);

// The row whose video_id this is; null where there is none.
nlohmann::json row_of(const std::vector<nlohmann::json>& rows, const std::string& video_id);

// SHA-256 of every Parquet file below a study's annotations, by path relative to it.
std::vector<std::pair<std::string, std::string>> parquet_hashes(const std::filesystem::path& study);

std::string read_text(const std::filesystem::path& path);

}  // namespace mien::testing
