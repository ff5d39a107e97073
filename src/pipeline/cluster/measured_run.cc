#include "pipeline/cluster/measured_run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>

#include "pipeline/worker/process.h"
#include "store/durable_file.h"

namespace mien {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Result<MeasuredRun> run_measured(const std::filesystem::path& program,
                                 const std::vector<std::string>& arguments,
                                 const std::filesystem::path& output) {
  ChildStreams streams;
  streams.output_fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (streams.output_fd < 0) {
    return Error{ErrorCode::kIo, output.string() + ": cannot be written; " + io_remedy(errno)};
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto pid = spawn_program(program, arguments, streams, ChildInterrupts::kDefault);
  ::close(streams.output_fd);
  if (!pid.ok()) return Error(pid.error());
  int status = 0;
  struct rusage usage {};
  while (::wait4(*pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  const std::string what = "mien " + arguments.front();
  if (WIFSIGNALED(status)) {
    return Error{WTERMSIG(status) == SIGINT ? ErrorCode::kCancelled : ErrorCode::kInternal,
                 what + ": ended by signal " + std::to_string(WTERMSIG(status))};
  }
  if (WEXITSTATUS(status) != 0) {
    return Error{ErrorCode::kInternal, what + ": ended with status " +
                                           std::to_string(WEXITSTATUS(status)) +
                                           "; what it said stands above"};
  }
  MeasuredRun run;
  run.cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  run.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  run.memory_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  return run;
}

}  // namespace mien
