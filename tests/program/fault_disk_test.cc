// Disks that are full, broken, read-only, slow or interrupt, in the middle of the whole way from a
// list to a report: through a layer below the program and all of its libraries
// (tests/support/fault_layer.cc), and, where this user may mount, on a real full and a real
// read-only file system. The run ends in the bytes of one that nobody disturbed, or stops with a
// message that names a remedy, and does so once the cause is gone. MIEN_SOAK: many more moments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "program/fault_study.h"

#include "base/random.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What the layer counted: calls that could have failed, and calls that did.
struct Counted {
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;
};

struct DiskFault {
  const char* kind;
  bool lasts;           // until the cause is gone, and not for one call
  std::uint64_t space;  // one call in so many
};

class FaultDisk : public ::testing::TestWithParam<DiskFault> {
 protected:
  static void SetUpTestSuite() {
    if (!FaultStudy::can_run()) GTEST_SKIP() << "build/web is not there; tools/build_web makes it";
    made_ = new FaultStudy();
    const ProgramRun whole = run_mien(made_->command("whole"));
    ASSERT_EQ(whole.exit_status, 0) << whole.err;
    expected_ = new auto(study_hashes(made_->study("whole")));
  }
  static void TearDownTestSuite() {
    delete expected_;
    delete made_;
  }

  static bool soak() {
    return std::getenv("MIEN_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  }

  // A run with a bad disk under the study's folder.
  ProgramRun run_on_bad_disk(const std::string& name, const DiskFault& fault, std::uint64_t from,
                             std::uint64_t calls) {
    const auto command = made_->command(name);
    fs::remove(counter());
    const EnvironmentVariable under("MIEN_FAULT_UNDER", (made_->root() / name).string());
    const EnvironmentVariable kind("MIEN_FAULT_KIND", fault.kind);
    const EnvironmentVariable counted("MIEN_FAULT_COUNTER", counter().string());
    const EnvironmentVariable first("MIEN_FAULT_FROM", std::to_string(from));
    const EnvironmentVariable many("MIEN_FAULT_CALLS", std::to_string(calls));
    const EnvironmentVariable space("MIEN_FAULT_SPACE", std::to_string(fault.space));
    const EnvironmentVariable preload("LD_PRELOAD", layer());
    return run_mien(command);
  }
  static std::string layer() {
    const char* file = std::getenv("MIEN_FAULT_LAYER");  // NOLINT(concurrency-mt-unsafe)
    return file == nullptr ? "" : file;
  }
  Counted counted() const {
    Counted counts;
    const std::string bytes = read_text(counter());
    if (bytes.size() >= sizeof(counts)) std::memcpy(&counts, bytes.data(), sizeof(counts));
    return counts;
  }
  fs::path counter() const { return made_->root() / "counter"; }

  // Ends in the bytes of the undisturbed run, with nothing left over.
  void expect_finishes(const std::string& name) {
    const ProgramRun run = run_mien(made_->command(name));
    ASSERT_EQ(run.exit_status, 0) << run.err;
    expect_whole(name);
  }
  void expect_whole(const std::string& name) {
    EXPECT_EQ(study_hashes(made_->study(name)), *expected_);
    EXPECT_THAT(left_overs(made_->study(name)), IsEmpty());
    const ProgramRun verified = run_mien({"verify", made_->study(name).string()});
    EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
  }

  static FaultStudy* made_;
  static std::map<std::string, std::string>* expected_;
};
FaultStudy* FaultDisk::made_ = nullptr;
std::map<std::string, std::string>* FaultDisk::expected_ = nullptr;

TEST_P(FaultDisk, EndsInTheSameBytesOrNamesARemedy) {
  const DiskFault& fault = GetParam();
  ASSERT_TRUE(fs::exists(layer())) << "MIEN_FAULT_LAYER names no library";
  // Without the time to count them, the first calls: up to the shards of every study.
  std::uint64_t calls = 150;
  if (soak()) {
    ASSERT_EQ(run_on_bad_disk("counted", fault, 0, 0).exit_status, 0);
    calls = counted().calls * 9 / 10;  // another run may make a few less
    fs::remove_all(made_->root() / "counted");
  }
  ASSERT_GT(calls, 50U);

  const int moments = soak() ? 25 : 1;
  Random random = Random(20210109).fork(std::hash<std::string_view>()(fault.kind) + fault.space);
  int stopped = 0;
  std::uint64_t failed = 0;
  for (int i = 0; i < moments; ++i) {
    const std::string name = "disk-" + std::to_string(i);
    const std::uint64_t from = random.below(calls);
    const std::uint64_t many = fault.lasts ? std::numeric_limits<std::uint32_t>::max() : 1;
    const ProgramRun run = run_on_bad_disk(name, fault, from, many);
    failed += counted().failed;
    SCOPED_TRACE(std::string(fault.kind) + " from call " + std::to_string(from) + " of " +
                 std::to_string(calls) + "\n" + run.err);
    EXPECT_LT(run.exit_status, 128) << "killed by a signal";
    if (run.exit_status != 0) {
      ++stopped;
      EXPECT_THAT(run.err, HasSubstr("remedy:"));
      expect_finishes(name);
    } else {
      expect_whole(name);
    }
    if (::testing::Test::HasFailure()) return;
    fs::remove_all(made_->root() / name);
  }
  EXPECT_GT(failed, 0U);
  std::printf("%s%s: %d runs, %llu calls failed, %d runs stopped with a remedy and went on\n",
              fault.kind, fault.lasts ? " that lasts" : "", moments,
              static_cast<unsigned long long>(failed), stopped);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FaultDisk,
                         ::testing::Values(DiskFault{"ENOSPC", true, 1},
                                           DiskFault{"ENOSPC", false, 1}, DiskFault{"EIO", true, 1},
                                           DiskFault{"EIO", false, 1}, DiskFault{"EINTR", true, 3},
                                           DiskFault{"SHORT", true, 2}, DiskFault{"EROFS", true, 1},
                                           DiskFault{"SLOW", true, 20}),
                         [](const auto& fault) {
                           return std::string(fault.param.kind) +
                                  (fault.param.lasts ? "" : "_once");
                         });

// A file system of its own for this process and those that it starts; false where it may not.
bool mount_small(const fs::path& folder, const char* size) {
  if (unshare(CLONE_NEWNS) != 0) return false;
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return mount("tmpfs", folder.c_str(), "tmpfs", 0, size) == 0;
}

using FaultRealDisk = FaultDisk;

TEST_F(FaultRealDisk, AFullAndAReadOnlyFileSystem) {
  const fs::path folder = made_->root() / "mounted";
  fs::create_directories(folder);
  if (!mount_small(folder, "size=48k")) GTEST_SKIP() << "this user may not mount";
  struct Unmounted {
    fs::path folder;
    ~Unmounted() { umount2(folder.c_str(), MNT_DETACH); }
  } const unmounted{folder};

  const ProgramRun full = run_mien(made_->command("mounted"));
  EXPECT_EQ(full.exit_status, 1);
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));
  EXPECT_THAT(full.err, HasSubstr("remedy: free some space"));
  ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  expect_finishes("mounted");

  ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64m"), 0);
  const ProgramRun verified = run_mien({"verify", made_->study("mounted").string()});
  EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
  const ProgramRun refused = run_mien(made_->command("mounted"));
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("remedy:"));
  ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  expect_finishes("mounted");
}

}  // namespace
}  // namespace mien::testing
