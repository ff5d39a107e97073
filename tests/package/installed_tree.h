// A tree that `make install` made, installed once below DESTDIR and moved elsewhere, where every
// test looks at it.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "package/shell.h"
#include "support/paths.h"

namespace mien::testing {

class Installed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    const std::filesystem::path staging = folder_->path() / "staging";
    installed_ =
        shell("DESTDIR='" + staging.string() + "' tools/install /opt/mien program library");
    std::error_code error;
    std::filesystem::rename(staging / "opt" / "mien", folder_->path() / "moved", error);
    prefix_ = folder_->path() / "moved";
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override { ASSERT_EQ(installed_.exit_status, 0) << installed_.out; }

  static ShellRun run(const std::string& arguments) {
    return shell("'" + (prefix_ / "bin" / "mien").string() + "' " + arguments);
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline std::filesystem::path prefix_;
  static inline ShellRun installed_;
};

}  // namespace mien::testing
