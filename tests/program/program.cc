#include "program/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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

int wait_for(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ProgramRun run_mien(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const auto err = folder.path() / "err";
  ProgramRun run;
  run.exit_status = wait_for(spawn(arguments, out, err));
  run.out = read_text(out);
  run.err = read_text(err);
  return run;
}

void run_mien_and_kill(const std::vector<std::string>& arguments, int milliseconds) {
  const TemporaryFolder folder;
  const pid_t pid = spawn(arguments, folder.path() / "out", folder.path() / "err");
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  kill(pid, SIGKILL);
  wait_for(pid);
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
