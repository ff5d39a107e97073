#include "pipeline/worker/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace mien {

namespace {

Error system_error(const std::string& what) {
  return {ErrorCode::kIo, what + ": " + std::generic_category().message(errno)};
}

}  // namespace

Result<pid_t> spawn_program(const std::filesystem::path& program,
                            const std::vector<std::string>& arguments, const ChildStreams& streams,
                            ChildInterrupts interrupts) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (streams.input_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, streams.input_fd, STDIN_FILENO);
  }
  if (streams.output_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, streams.output_fd, STDOUT_FILENO);
  }

  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  if (interrupts == ChildInterrupts::kBlocked) {
    posix_spawnattr_setsigmask(&attributes, &interrupt);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  } else {
    posix_spawnattr_setsigdefault(&attributes, &interrupt);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  }
  pid_t pid = -1;
  const int failed =
      posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == 0) return pid;
  errno = failed;
  return system_error(program.string() + " could not be started");
}

Result<ChildProcess> ChildProcess::start(const std::filesystem::path& program,
                                         const std::vector<std::string>& arguments) {
  std::array<int, 2> to_child{};
  std::array<int, 2> from_child{};
  if (pipe2(to_child.data(), O_CLOEXEC) != 0) return system_error("a pipe could not be made");
  if (pipe2(from_child.data(), O_CLOEXEC) != 0) {
    close(to_child[0]);
    close(to_child[1]);
    return system_error("a pipe could not be made");
  }
  const auto pid =
      spawn_program(program, arguments, {to_child[0], from_child[1]}, ChildInterrupts::kBlocked);
  close(to_child[0]);
  close(from_child[1]);
  if (!pid.ok()) {
    close(to_child[1]);
    close(from_child[0]);
    return pid.error();
  }
  fcntl(from_child[0], F_SETFL, O_NONBLOCK);
  return ChildProcess(*pid, to_child[1], from_child[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept {
  swap(other);
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  ChildProcess moved(std::move(other));
  swap(moved);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) finish(0.5);
}

void ChildProcess::swap(ChildProcess& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(input_fd_, other.input_fd_);
  std::swap(output_fd_, other.output_fd_);
  std::swap(ended_, other.ended_);
  std::swap(end_, other.end_);
  std::swap(partial_line_, other.partial_line_);
}

Status ChildProcess::write_line(const std::string& line) {
  const std::string bytes = line + "\n";
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = write(input_fd_, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("a worker does not listen");
    written += static_cast<std::size_t>(n);
  }
  return Ok{};
}

std::vector<std::string> ChildProcess::read_lines() {
  std::vector<std::string> lines;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t n = read(output_fd_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;  // nothing there now
    if (n == 0) {
      ended_ = true;
      break;
    }
    partial_line_.append(buffer.data(), static_cast<std::size_t>(n));
    if (partial_line_.size() > kMostUnread) {
      kill();
      partial_line_.clear();
      ended_ = true;
      break;
    }
  }
  std::size_t begin = 0;
  for (std::size_t end = partial_line_.find('\n'); end != std::string::npos;
       end = partial_line_.find('\n', begin)) {
    lines.push_back(partial_line_.substr(begin, end - begin));
    begin = end + 1;
  }
  partial_line_.erase(0, begin);
  return lines;
}

std::optional<std::string> ChildProcess::finish(double patience_s) {
  if (pid_ <= 0) return std::nullopt;
  close(input_fd_);
  close(output_fd_);
  int status = 0;
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
  for (;;) {
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) break;
    if (ended < 0 && errno != EINTR) break;
    if (std::chrono::steady_clock::now() > deadline) {
      kill();
      while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end_.exit_status = WEXITSTATUS(status);
  if (end_.signal == 0 && end_.exit_status == 0) return std::nullopt;
  return end_.words();
}

void ChildProcess::kill() const {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string ProcessEnd::words() const {
  if (signal != 0) return "killed by signal " + std::to_string(signal);
  if (exit_status != 0) return "exit status " + std::to_string(exit_status);
  return "ended on its own";
}

std::optional<std::filesystem::path> find_in_path(const std::string& name,
                                                  const std::string& path) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path program = std::filesystem::path(folder) / name;
    if (!folder.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

Result<std::filesystem::path> own_program() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Error{ErrorCode::kIo, "/proc/self/exe: " + error.message()};
  return program;
}

}  // namespace mien
