#include "program/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/paths.h"

#include "base/check.h"
#include "base/sha256.h"

extern char** environ;

namespace mien::testing {

namespace {

pid_t spawn(const std::vector<std::string>& arguments, const std::filesystem::path& out,
            const std::filesystem::path& err) {
  std::vector<std::string> words{program().string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  MIEN_CHECK(failed == 0, "the program could not be started: " + words.front());
  return pid;
}

ProgramRun wait_for(pid_t pid) {
  int status = 0;
  rusage usage{};
  ProgramRun run;
  if (wait4(pid, &status, 0, &usage) != pid) return run;
  run.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.peak_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  return run;
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ProgramRun run_mien(const std::vector<std::string>& arguments) {
  return RunningMien(arguments).finish();
}

RunningMien::RunningMien(const std::vector<std::string>& arguments)
    : pid_(spawn(arguments, folder_.path() / "out", folder_.path() / "err")) {}

RunningMien::~RunningMien() {
  if (pid_ <= 0) return;
  send(SIGKILL);
  wait_for(pid_);
}

std::vector<pid_t> RunningMien::workers() const {
  return children_of(pid_);
}

bool RunningMien::wait_for_workers(std::size_t count, double seconds) const {
  return comes_true(seconds, [&] { return workers().size() >= count; });
}

void RunningMien::send(int signal_number) const {
  kill(pid_, signal_number);
}

ProgramRun RunningMien::finish() {
  ProgramRun run = wait_for(pid_);
  pid_ = -1;
  run.out = read_text(folder_.path() / "out");
  run.err = read_text(folder_.path() / "err");
  return run;
}

bool is_running(pid_t pid) {
  const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');  // the state letter follows the name
  return name_end != std::string::npos && name_end + 2 < stat.size() && stat[name_end + 2] != 'Z' &&
         stat[name_end + 2] != 'X';
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> found;
  const std::string number = std::to_string(pid);
  std::istringstream children(read_text("/proc/" + number + "/task/" + number + "/children"));
  for (pid_t child = 0; children >> child;) {
    if (is_running(child)) found.push_back(child);
  }
  return found;
}

std::vector<pid_t> processes_with(const std::string& words, const std::string& file) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stol(name));
    std::string line = read_text(entry.path() / file);
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (pid != getpid() && line.find(words) != std::string::npos && is_running(pid)) {
      found.push_back(pid);
    }
  }
  return found;
}

bool comes_true(double seconds, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return condition();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::vector<nlohmann::json> table_rows(const std::filesystem::path& study,
                                       const std::string& table) {
  const ProgramRun run =
      run_mien({"export", study.string(), "--table", table, "--format", "jsonl"});
  MIEN_CHECK(run.exit_status == 0, run.err);
  std::vector<nlohmann::json> rows;
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
  return rows;
}

nlohmann::json row_of(const std::vector<nlohmann::json>& rows, const std::string& video_id) {
  for (const nlohmann::json& row : rows) {
    if (row.at("video_id") == video_id) return row;
  }
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> parquet_hashes(
    const std::filesystem::path& study) {
  std::vector<std::pair<std::string, std::string>> hashes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(study / "annotations")) {
    if (entry.path().extension() != ".parquet" || entry.path().filename() == "plan.parquet")
      continue;
    hashes.emplace_back(entry.path().lexically_relative(study).string(),
                        sha256_of_file(entry.path()).value());
  }
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

}  // namespace mien::testing
