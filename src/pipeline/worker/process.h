// A child process spoken to in lines over two pipes. The child is exec'd anew (posix_spawn), never
// forked off a process with threads.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

// Where a program's standard input and output lead; -1: where this process's do.
struct ChildStreams {
  int input_fd = -1;
  int output_fd = -1;
};
// What Ctrl-C on the terminal does to a program: nothing, or what it does to any.
enum class ChildInterrupts { kBlocked, kDefault };

// Starts a program with this environment and standard error. kIo: it cannot be started.
Result<pid_t> spawn_program(const std::filesystem::path& program,
                            const std::vector<std::string>& arguments, const ChildStreams& streams,
                            ChildInterrupts interrupts);

// How a process ended; neither: cleanly.
struct ProcessEnd {
  int signal = 0;
  int exit_status = 0;
  // "killed by signal 9", "exit status 3", "ended on its own".
  std::string words() const;
};

class ChildProcess {
 public:
  // The child's standard input and output are the pipes; its standard error is this process's. In
  // the child SIGINT is blocked: the parent decides when to stop.
  static Result<ChildProcess> start(const std::filesystem::path& program,
                                    const std::vector<std::string>& arguments);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // closes the pipes, waits a moment, then kills

  Status write_line(const std::string& line);
  int output_fd() const { return output_fd_; }

  pid_t pid() const { return pid_; }
  void kill() const;  // at once; finish() then tells of it

  // Reads what is there without blocking and returns the whole lines; `ended()` after end of file.
  // A child that says kMostUnread bytes in one go is killed: they would all be kept here.
  static constexpr std::size_t kMostUnread = std::size_t{64} << 20;
  std::vector<std::string> read_lines();
  bool ended() const { return ended_; }

  // Closes the child's input, waits for it to end (killing it after `patience_s`), and describes
  // how it ended: nullopt for a clean exit, else "killed by signal 9" or "exit status 3".
  std::optional<std::string> finish(double patience_s);
  ProcessEnd how_it_ended() const { return end_; }  // after finish()

 private:
  ChildProcess(pid_t pid, int input_fd, int output_fd)
      : pid_(pid), input_fd_(input_fd), output_fd_(output_fd) {}
  void swap(ChildProcess& other) noexcept;

  pid_t pid_ = -1;
  int input_fd_ = -1;
  int output_fd_ = -1;
  bool ended_ = false;
  ProcessEnd end_;
  std::string partial_line_;
};

// The first program of this name in the folders of a search path (PATH).
std::optional<std::filesystem::path> find_in_path(const std::string& name, const std::string& path);

// The running program, to be started again as a worker.
Result<std::filesystem::path> own_program();

}  // namespace mien
