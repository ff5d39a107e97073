// Each rule is tried by a process that is really shut in: a child of the test, since nothing of it
// can be undone.
#include "pipeline/worker/confinement.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include "support/paths.h"

#include "pipeline/worker/sanitizer.h"
#include "pipeline/worker/worker_limits.h"
#include "pipeline/worker/worker_watch.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

// How a child ended that did this; `act` gives its exit status.
ProcessEnd end_of(const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) _exit(act());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ProcessEnd end;
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.exit_status = WEXITSTATUS(status);
  return end;
}

// 0, or the errno of opening the file so.
int opened(const fs::path& path, int flags) {
  const int fd = open(path.c_str(), flags, 0600);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

class ConfinedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"in", "out", "other", "links"}) {
      fs::create_directory(folder_.path() / folder);
      std::ofstream(folder_.path() / folder / "file") << "x";
    }
    std::ofstream(folder_.path() / "other/second") << "x";
    fs::create_symlink(folder_.path() / "other/file", folder_.path() / "links/away");
    has_landlock_ = end_of([&] {
                      const auto abi = confine_files({});
                      return abi.ok() ? *abi : 100;
                    }).exit_status;
    ASSERT_LT(has_landlock_, 100);
    if (has_landlock_ == 0) GTEST_SKIP() << "this kernel has no Landlock";
  }
  // What the confined child got from opening the file.
  int tried(const std::string& name, int flags) const {
    return end_of([&] {
             const fs::path& root = folder_.path();
             std::vector<fs::path> readable = with_links(root / "links");
             readable.push_back(root / "in");
             const auto confined = confine_files({readable, {root / "out"}});
             return confined.ok() ? opened(root / name, flags) : 200;
           })
        .exit_status;
  }

  TemporaryFolder folder_;
  int has_landlock_ = 0;
};

TEST_F(ConfinedFiles, AreReadWhereTheInputsLieAndNowhereElse) {
  EXPECT_EQ(tried("in/file", O_RDONLY), 0);
  EXPECT_EQ(tried("in/file", O_WRONLY), EACCES);
  EXPECT_EQ(tried("in/new", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(tried("links/file", O_RDONLY), 0);
  EXPECT_EQ(tried("other/second", O_RDONLY), EACCES);
  EXPECT_EQ(tried("../../../../../../etc/passwd", O_RDONLY), EACCES);
  EXPECT_EQ(tried("../../../../../../proc/1/environ", O_RDONLY), EACCES);
}

TEST_F(ConfinedFiles, AreReachedThroughTheLinksOfANamedFolder) {
  EXPECT_EQ(tried("links/away", O_RDONLY), 0);
  EXPECT_EQ(tried("links/away", O_WRONLY), EACCES);
}

TEST_F(ConfinedFiles, AreWrittenWhereTheStudyWantsThem) {
  EXPECT_EQ(tried("out/new", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(tried("out/file", O_RDWR | O_TRUNC), 0);
  const ProcessEnd renamed = end_of([&] {
    const fs::path out = folder_.path() / "out";
    if (!confine_files({{}, {out}}).ok()) return 200;
    if (mkdir((out / "a").c_str(), 0700) != 0) return 1;
    if (rename((out / "a").c_str(), (out / "b").c_str()) != 0) return 2;
    if (rmdir((out / "b").c_str()) != 0) return 3;
    return unlink((out / "file").c_str()) == 0 ? 0 : 4;
  });
  EXPECT_EQ(renamed.exit_status, 0);
}

TEST_F(ConfinedFiles, StartNoProgram) {
  if (kWithSanitizer) GTEST_SKIP() << "a sanitizer starts a program to name lines";
  const ProcessEnd started = end_of([&] {
    if (!confine_files({}).ok()) return 200;
    execl("/bin/true", "true", nullptr);
    return errno == EACCES ? 0 : errno;
  });
  EXPECT_EQ(started.exit_status, 0);
}

TEST_F(ConfinedFiles, AreRefusedToAProcessWithThreadsThatWouldStayFree) {
  if (kWithSanitizer) GTEST_SKIP() << "a sanitizer may have a thread of its own";
  const ProcessEnd refused = end_of([] {
    std::thread other([] { pause(); });
    const auto confined = confine_files({});
    other.detach();
    return !confined.ok() && confined.error().code == ErrorCode::kInternal ? 0 : 1;
  });
  EXPECT_EQ(refused.exit_status, 0);
}

class ConfinedCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    const ProcessEnd end = end_of([] {
      const auto confined = confine_system_calls();
      return !confined.ok() ? 2 : *confined ? 1 : 0;
    });
    ASSERT_NE(end.exit_status, 2);
    EXPECT_FALSE(kWithSanitizer && end.exit_status == 1);
    if (end.exit_status == 0) GTEST_SKIP() << "no seccomp in this kernel or build";
  }
  static ProcessEnd confined(const std::function<int()>& act) {
    return end_of([&] { return confine_system_calls().ok() ? act() : 200; });
  }
};

TEST_F(ConfinedCalls, EndTheProcessWhereTheyAreNeverNeeded) {
  const std::pair<const char*, std::function<long()>> calls[] = {
      {"socket", [] { return socket(AF_INET, SOCK_STREAM, 0); }},
      {"local socket", [] { return socket(AF_UNIX, SOCK_STREAM, 0); }},
      {"execve", [] { return execl("/bin/true", "true", nullptr); }},
      {"fork", [] { return fork(); }},
      {"ptrace", [] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"kill", [] { return kill(getppid(), 0); }},
      {"tgkill", [] { return syscall(SYS_tgkill, getppid(), getppid(), 0); }},
      {"process_vm_readv",
       [] { return syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0); }},
      {"io_uring_setup", [] { return syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"mount", [] { return syscall(SYS_mount, "a", "/", "tmpfs", 0, nullptr); }},
      {"unshare", [] { return syscall(SYS_unshare, 0x10000000); }},
      {"bpf", [] { return syscall(SYS_bpf, 0, nullptr, 0); }},
      {"memfd_create", [] { return memfd_create("a", 0); }},
      {"setuid", [] { return syscall(SYS_setuid, 0); }},
      {"chmod", [] { return chmod("/nowhere", 0600); }},
      {"symlink", [] { return symlink("/etc/passwd", "/nowhere/a"); }}};
  for (const auto& [name, call] : calls) {
    EXPECT_EQ(confined([&call = call] {
                call();
                return 0;
              }).signal,
              SIGSYS)
        << name;
  }
}

TEST_F(ConfinedCalls, AreUnknownWhereNobodyNamedThem) {
  EXPECT_EQ(confined([] { return syscall(SYS_getpriority, 0, 0) < 0 ? errno : 0; }).exit_status,
            ENOSYS);
}

TEST_F(ConfinedCalls, LeaveTheLimitOfProcessorTimeAndNoOther) {
  const ProcessEnd end = confined([] {
    rlimit limit{};
    if (getrlimit(RLIMIT_CPU, &limit) != 0) return 1;
    limit.rlim_cur = 1000;
    if (setrlimit(RLIMIT_CPU, &limit) != 0) return 2;
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return 3;
    return setrlimit(RLIMIT_CORE, &limit) == 0 ? 4 : 0;
  });
  EXPECT_EQ(end.exit_status, 0) << end.words();
}

TEST_F(ConfinedCalls, MakeNoMemoryExecutable) {
  const ProcessEnd end = confined([] {
    void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EPERM) return 2;
    memory = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED && errno == EPERM ? 0 : 3;
  });
  EXPECT_EQ(end.exit_status, 0);
}

TEST_F(ConfinedCalls, LeaveWhatDecodingNeeds) {
  const TemporaryFolder folder;
  const ProcessEnd end = confined([&] {
    int sum = 0;
    std::thread thread([&sum] { sum = 7; });
    thread.join();
    std::vector<char> memory(std::size_t{50} << 20, 'x');
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::ofstream(folder.path() / "a") << "text";
    fs::rename(folder.path() / "a", folder.path() / "b");
    return sum == 7 && memory[12345] == 'x' && fs::file_size(folder.path() / "b") == 4 ? 0 : 1;
  });
  EXPECT_EQ(end.exit_status, 0) << end.words();
  EXPECT_EQ(confined([] {
              std::abort();
              return 0;
            }).signal,
            SIGABRT);
}

TEST(ConfinedResources, EndAProcessThatWritesWithoutEnd) {
  const TemporaryFolder folder;
  const ProcessEnd end = end_of([&] {
    if (!limit_resources(0, 1 << 20).ok()) return 200;
    const int fd = open((folder.path() / "large").c_str(), O_WRONLY | O_CREAT, 0600);
    const std::string bytes(1 << 20, 'x');
    for (int i = 0; i < 3; ++i) {
      if (write(fd, bytes.data(), bytes.size()) < 0) return errno;
    }
    return 0;
  });
  EXPECT_EQ(end.signal, SIGXFSZ) << end.words();
  EXPECT_EQ(cause_of(end).reason, MediaReason::kWorkerDenied);
}

TEST(ConfinedResources, EndAProcessThatAsksForMoreMemory) {
  if (kWithSanitizer) GTEST_SKIP() << "a sanitizer maps terabytes";
  const ProcessEnd end = end_of([] {
    if (!limit_resources(300).ok()) return 200;
    std::vector<char> most(std::size_t{100} << 20);
    std::vector<char> more(std::size_t{400} << 20);
    return most.size() + more.size() > 0 ? 0 : 1;
  });
  EXPECT_EQ(end.exit_status, kExitNoMemory) << end.words();
  EXPECT_EQ(cause_of(end).reason, MediaReason::kWorkerMemory);
}

TEST(ConfinedResources, AreToldInWords) {
  EXPECT_EQ(to_string(Confinement{7, true, false}), "Landlock (ABI 7), seccomp");
  EXPECT_THAT(to_string(Confinement{0, false, false}), HasSubstr("no Landlock in this kernel"));
  EXPECT_THAT(to_string(Confinement{0, false, false}), HasSubstr("no seccomp in this kernel"));
  EXPECT_THAT(to_string(Confinement{7, false, true}), HasSubstr("sanitizers"));
}

TEST(WorkerLimitsTest, TimeGrowsWithContentThatTheFileCanHold) {
  EXPECT_EQ(most_seconds(300, 0, 1000), 300);
  EXPECT_EQ(most_seconds(300, 10, 1 << 20), 900);
  EXPECT_EQ(most_seconds(300, 1e12, 1000), 300 * (1 + 20 / 5.0));  // a header's word alone
  EXPECT_EQ(most_seconds(300, 10, -1), 900);                       // a folder, a size unknown
}

WorkerReply word(WorkerReply::Kind kind, double duration_s = 0) {
  WorkerReply reply;
  reply.kind = kind;
  reply.duration_s = duration_s;
  return reply;
}

TEST(WorkerWatchTest, EndsWhatIsSilentOrTakesTooLongButNotWhatOpensItsNetworks) {
  const WorkerLimits limits{0, 10};
  WorkerTask task;
  task.input.size_bytes = 1 << 20;
  WorkerWatch watch;
  watch.begin(task);
  EXPECT_FALSE(watch.check(limits, -1, 500).has_value());
  watch.hear(word(WorkerReply::Kind::kAlive));
  EXPECT_FALSE(watch.check(limits, -1, 9).has_value());
  const auto silent = watch.check(limits, -1, 2);
  ASSERT_TRUE(silent.has_value());
  EXPECT_EQ(silent->reason, MediaReason::kWorkerTimeout);
  EXPECT_THAT(silent->message, HasSubstr("no sign of life for 10 s"));

  watch.begin(task);
  watch.hear(word(WorkerReply::Kind::kProgress, 5));  // 20 s in all
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(watch.check(limits, -1, 5).has_value()) << i;
    watch.hear(word(WorkerReply::Kind::kAlive));
  }
  const auto slow = watch.check(limits, -1, 1);
  ASSERT_TRUE(slow.has_value());
  EXPECT_THAT(slow->message, HasSubstr("took more than 20 s"));
  EXPECT_FALSE(WorkerWatch().check({0, 0}, -1, 1e9).has_value());
}

TEST(WorkerWatchTest, SeesTheMemoryOfAProcess) {
  const double before_mb = own_memory_mb(getpid());
  const std::vector<char> memory(std::size_t{64} << 20, 'x');
  EXPECT_GT(own_memory_mb(getpid()), before_mb + 50 * (memory[77] == 'x' ? 1 : 0));
  WorkerWatch watch;
  watch.begin({});
  const auto cause = watch.check({1, 0}, getpid(), 0);
  ASSERT_TRUE(cause.has_value());
  EXPECT_EQ(cause->reason, MediaReason::kWorkerMemory);
  EXPECT_EQ(own_memory_mb(-1), 0);
}

TEST(WorkerWatchTest, DoesNotCountTheTimeThatAProcessWaitsForAProcessor) {
  // Two processes that each want the whole of one processor. What a process waited is known once it
  // runs again, so it is looked at until it has.
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  const auto spin = [&one] {
    const pid_t child = fork();
    if (child != 0) return child;
    sched_setaffinity(0, sizeof(one), &one);
    for (;;) {
    }
  };
  const pid_t starved = spin();
  const pid_t busy = spin();
  for (int looks = 0; looks < 2000 && queued_seconds(starved) <= 0.2; ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GT(queued_seconds(starved), 0.2);
  WorkerWatch watch;
  watch.begin({});
  watch.hear(word(WorkerReply::Kind::kAlive));
  EXPECT_FALSE(watch.check({0, 0.1}, starved, 0.2).has_value());
  EXPECT_TRUE(watch.check({0, 0.1}, -1, 0.2).has_value());
  for (const pid_t child : {starved, busy}) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
}

TEST(WorkerWatchTest, TellsWhyAWorkerDied) {
  EXPECT_EQ(cause_of({SIGSEGV, 0}).reason, MediaReason::kWorkerCrashed);
  EXPECT_EQ(cause_of({SIGKILL, 0}).reason, MediaReason::kWorkerCrashed);
  EXPECT_EQ(cause_of({SIGSYS, 0}).reason, MediaReason::kWorkerDenied);
  EXPECT_EQ(cause_of({SIGXCPU, 0}).reason, MediaReason::kWorkerTimeout);
  EXPECT_EQ(cause_of({0, 3}).reason, MediaReason::kWorkerCrashed);
  EXPECT_THAT(cause_of({0, 3}).message, HasSubstr("exit status 3"));
}

TEST(ReachableFilesTest, AreTheFoldersWhereTheFilesReallyLie) {
  const TemporaryFolder folder;
  const fs::path root = fs::canonical(folder.path());
  fs::create_directories(root / "far");
  fs::create_directories(root / "in");
  std::ofstream(root / "far/a.mp4") << "x";
  fs::create_symlink(root / "far/a.mp4", root / "in/link.mp4");
  WorkerSetup setup;
  setup.study = root / "study";
  setup.model_folder = root / "models";
  std::vector<WorkerTask> tasks(2);
  tasks[0].input.path = root / "in/link.mp4";
  tasks[1].input.path = root / "in/gone.mp4";
  tasks[1].overlay = true;
  const ReachableFiles files = reachable_for(setup, tasks);
  EXPECT_THAT(files.readable, ::testing::UnorderedElementsAre(root / "far", root / "models"));
  EXPECT_THAT(files.writable, ::testing::UnorderedElementsAre(root / "study/annotations/pending",
                                                              root / "study/overlays"));
  const auto back = decode_reachable(encode(files));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->readable, files.readable);
  EXPECT_EQ(back->writable, files.writable);
}

TEST(ReachableFilesTest, HoldNoDevicesAndNoProcesses) {
  const TemporaryFolder folder;
  std::vector<WorkerTask> tasks;
  for (const char* target : {"/dev/zero", "/proc/self/mem", "/proc", "/sys"}) {
    const fs::path link = folder.path() / std::to_string(tasks.size());
    fs::create_symlink(target, link);
    tasks.emplace_back().input.path = link;
  }
  EXPECT_THAT(reachable_for({}, tasks).readable, ::testing::IsEmpty());
}

TEST(ReachableFilesTest, AreNamedByParentsWhereThereAreMany) {
  const TemporaryFolder folder;
  const fs::path root = fs::canonical(folder.path());
  std::vector<WorkerTask> tasks;
  for (int i = 0; i < 510; ++i) {
    const fs::path file = root / std::to_string(i % 30) / std::to_string(i) / "a.mp4";
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "x";
    tasks.emplace_back().input.path = file;
  }
  const ReachableFiles files = reachable_for({}, tasks);
  EXPECT_EQ(files.readable.size(), 30U);
  EXPECT_EQ(files.readable.front(), root / "0");
}

}  // namespace
}  // namespace mien
