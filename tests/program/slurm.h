// A real Slurm of two nodes on this machine, without systemd, cgroups or a database: Debian's
// munged, slurmctld and two slurmd, started here and ended with the object. As root or as any user.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/paths.h"

namespace mien::testing {

struct CommandRun {
  int exit_status = -1;  // 128 + signal where it was killed
  std::string out;       // with what went to standard error
};

// Looked for in PATH; with this process's environment.
CommandRun run_command(const std::vector<std::string>& words);

class Slurm {
 public:
  static bool is_installed();

  // Nodes n1 and n2 of one processor each, idle, in the partition work, whose jobs give way to
  // those of the partition urgent and go back into the queue; SLURM_CONF of this process's
  // environment names the configuration, so that everything started from here finds it. An empty
  // error() is success.
  Slurm();
  Slurm(const Slurm&) = delete;
  Slurm& operator=(const Slurm&) = delete;
  ~Slurm();

  const std::string& error() const { return error_; }

  // Of a node: its daemon, and every process of the jobs that it runs.
  std::vector<pid_t> processes_of(const std::string& node) const;
  // It stands still, daemon, steps and jobs; gives what its jobs ran.
  std::vector<pid_t> freeze_node(const std::string& node);
  void thaw_node(const std::string& node);
  void kill_node(const std::string& node);   // the daemon and all that it runs, at once
  void start_node(const std::string& node);  // and waits for nothing

  // What the nodes' and the controller's logs say last.
  std::string log_tail() const;

 private:
  struct Daemon {
    std::string name;
    pid_t pid = -1;
  };
  pid_t start(const std::string& name, const std::vector<std::string>& words);
  void signal_node(const std::string& node, int signal_number);
  std::vector<pid_t> step_daemons_of(const std::string& node) const;
  void end(Daemon& daemon, int signal_number);
  bool write_configuration();
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  std::vector<Daemon> daemons_;
  std::string error_;
};

}  // namespace mien::testing
