// Commands of a shell, for tests that install and package as a person would.
#pragma once

#include <string>

namespace mien::testing {

struct ShellRun {
  int exit_status = -1;  // 128 + signal where it was killed
  std::string out;       // standard output and standard error, in the order written
};

// Runs a command through bash in the source folder.
ShellRun shell(const std::string& command);

}  // namespace mien::testing
