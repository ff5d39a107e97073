#include "package/shell.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "support/paths.h"

namespace mien::testing {

ShellRun shell(const std::string& command) {
  ShellRun run;
  const std::string whole = "cd '" + source_dir().string() + "' && ( " + command + "\n) 2>&1";
  FILE* pipe = popen(whole.c_str(), "r");
  if (pipe == nullptr) return run;
  std::array<char, 4096> bytes{};
  while (std::fgets(bytes.data(), bytes.size(), pipe) != nullptr) run.out += bytes.data();
  const int status = pclose(pipe);
  run.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace mien::testing
