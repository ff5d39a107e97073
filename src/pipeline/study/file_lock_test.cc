#include "pipeline/study/file_lock.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <optional>

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileLockTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ =
      fs::path(testing::TempDir()) / ("mien_file_lock_" + std::to_string(::getpid()));
};

TEST_F(FileLockTest, AKilledHolderFreesItAndALiveOneIsNamed) {
  const fs::path path = folder_ / ".lock";
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<FileLock> lock = FileLock::acquire(path);
    const char answer = lock.ok() ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) _exit(1);
    ::pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const Result<FileLock> refused = FileLock::acquire(path);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("process {}", child)));
  EXPECT_THAT(refused.error().message, HasSubstr("remedy"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_TRUE(FileLock::acquire(path).ok());
}

TEST_F(FileLockTest, IsNotInheritedByStartedPrograms) {
  const fs::path path = folder_ / ".lock";
  pid_t child = -1;
  {
    const Result<FileLock> lock = FileLock::acquire(path);
    ASSERT_TRUE(lock.ok());
    child = ::fork();
    if (child == 0) {
      ::execl("/bin/sleep", "sleep", "30", nullptr);
      _exit(1);
    }
    // The program has started once the copy of the lock that fork made is closed by exec.
    for (int i = 0; i < 200; ++i) {
      std::ifstream name(fmt::format("/proc/{}/comm", child));
      std::string text;
      if (name >> text && text == "sleep") break;
      ::usleep(10000);
    }
  }
  EXPECT_TRUE(FileLock::acquire(path).ok());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(FileLockTest, GarbageInTheFileAndAPlaceThatIsNotThere) {
  std::ofstream(folder_ / ".lock") << "garbage";
  std::optional<Result<FileLock>> lock = FileLock::acquire(folder_ / ".lock");
  EXPECT_TRUE(lock->ok());
  const Result<FileLock> nowhere = FileLock::acquire(folder_ / "no" / ".lock");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace mien
