#include "program/slurm.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "program/program.h"

extern char** environ;

namespace mien::testing {

namespace {

pid_t spawn_words(const std::vector<std::string>& words, const std::filesystem::path& output) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -1;
}

// Ports that nobody listens at now, all different.
std::array<int, 3> free_ports() {
  std::array<int, 3> ports{};
  std::array<int, 3> sockets{};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    sockets.at(i) = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(sockets.at(i), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        getsockname(sockets.at(i), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      ports.at(i) = ntohs(address.sin_port);
    }
  }
  for (const int descriptor : sockets) close(descriptor);
  return ports;
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  const std::string host = name.data();
  return host.substr(0, host.find('.'));
}

std::string user_name() {
  const passwd* user = getpwuid(geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return user != nullptr ? user->pw_name : std::to_string(geteuid());
}

}  // namespace

CommandRun run_command(const std::vector<std::string>& words) {
  const TemporaryFolder folder;
  const pid_t pid = spawn_words(words, folder.path() / "out");
  if (pid < 0) return {127, words.front() + " is not there"};
  int status = 0;
  waitpid(pid, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          read_text(folder.path() / "out")};
}

bool Slurm::is_installed() {
  for (const char* program : {"/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd",
                              "/usr/bin/sbatch", "/usr/bin/scontrol"}) {
    if (access(program, X_OK) != 0) return false;
  }
  return true;
}

bool Slurm::write_configuration() {
  const auto ports = free_ports();
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::owner_all);
  {
    std::ifstream random("/dev/urandom", std::ios::binary);
    std::string key(128, '\0');
    random.read(key.data(), static_cast<std::streamsize>(key.size()));
    std::ofstream(file("munge.key"), std::ios::binary) << key;
    std::filesystem::permissions(file("munge.key"), std::filesystem::perms::owner_read);
  }
  const std::string host = host_name();
  const std::string user = user_name();
  const std::string root = folder_.path().string();
  std::ofstream conf(file("slurm.conf"));
  conf << "ClusterName=mien\nSlurmctldHost=" << host << "(127.0.0.1)\n"
       << "SlurmUser=" << user << "\nSlurmdUser=" << user << "\nSlurmctldPort=" << ports[0] << "\n"
       << "AuthType=auth/munge\nAuthInfo=socket=" << root << "/munge.sock,cred_expire=5\n"
       << "CryptoType=crypto/munge\nStateSaveLocation=" << root << "/state\n"
       << "SlurmdSpoolDir=" << root << "/%n\nSlurmctldPidFile=" << root << "/ctld.pid\n"
       << "SlurmdPidFile=" << root << "/%n.pid\nSlurmctldLogFile=" << root << "/ctld.log\n"
       << "SlurmdLogFile=" << root << "/%n.log\n"
       << "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n"
       << "JobAcctGatherType=jobacct_gather/none\nMpiDefault=none\nSwitchType=switch/none\n"
       << "SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\n"
       << "SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0\n"
       << "AccountingStorageType=accounting_storage/none\nJobCompType=jobcomp/none\n"
       << "JobRequeue=1\nMinJobAge=3600\nReturnToService=2\nSlurmdTimeout=10\nKillWait=2\n"
       << "MailProg=/bin/true\n";
  for (int node = 1; node <= 2; ++node) {
    conf << "NodeName=n" << node << " NodeHostname=" << host
         << " NodeAddr=127.0.0.1 Port=" << ports.at(static_cast<std::size_t>(node))
         << " CPUs=1 RealMemory=2000\n";
  }
  conf << "PreemptType=preempt/partition_prio\nPreemptMode=REQUEUE\n"
       << "PartitionName=work Nodes=n1,n2 Default=YES State=UP MaxTime=INFINITE PriorityTier=1\n"
       << "PartitionName=urgent Nodes=n1,n2 State=UP MaxTime=INFINITE PriorityTier=9\n";
  for (const char* name : {"state", "n1", "n2"}) std::filesystem::create_directory(file(name));
  return conf.good();
}

pid_t Slurm::start(const std::string& name, const std::vector<std::string>& words) {
  const pid_t pid = spawn_words(words, file(name + ".out"));
  if (pid < 0) error_ = words.front() + " could not be started";
  daemons_.push_back({name, pid});
  return pid;
}

void Slurm::start_node(const std::string& node) {
  start(node, {"/usr/sbin/slurmd", "-D", "-N", node, "-f", file("slurm.conf").string()});
}

Slurm::Slurm() {
  if (!write_configuration()) {
    error_ = "the configuration could not be written";
    return;
  }
  const std::string conf = file("slurm.conf").string();
  setenv("SLURM_CONF", conf.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
  start(
      "munged",
      {"/usr/sbin/munged", "--foreground", "--force", "--key-file=" + file("munge.key").string(),
       "--socket=" + file("munge.sock").string(), "--pid-file=" + file("munged.pid").string(),
       "--log-file=" + file("munged.log").string(), "--seed-file=" + file("munged.seed").string()});
  if (!comes_true(10, [&] { return std::filesystem::exists(file("munge.sock")); })) {
    error_ = "munged does not come up";
    return;
  }
  start("ctld", {"/usr/sbin/slurmctld", "-D", "-i", "-f", conf});
  start_node("n1");
  start_node("n2");
  const bool idle = comes_true(30, [] {
    const CommandRun nodes =
        run_command({"sinfo", "--noheader", "--Node", "--partition=work", "--format=%t"});
    return nodes.exit_status == 0 && nodes.out == "idle\nidle\n";
  });
  if (!idle) error_ = "the nodes do not come up: " + log_tail();
}

void Slurm::end(Daemon& daemon, int signal_number) {
  if (daemon.pid <= 0) return;
  kill(daemon.pid, signal_number);
  if (!comes_true(5, [&] { return waitpid(daemon.pid, nullptr, WNOHANG) != 0; })) {
    kill(daemon.pid, SIGKILL);
    waitpid(daemon.pid, nullptr, 0);
  }
  daemon.pid = -1;
}

Slurm::~Slurm() {
  for (const char* node : {"n1", "n2"}) kill_node(node);
  for (auto it = daemons_.rbegin(); it != daemons_.rend(); ++it) end(*it, SIGKILL);
  unsetenv("SLURM_CONF");  // NOLINT(concurrency-mt-unsafe): one thread
}

std::vector<pid_t> Slurm::processes_of(const std::string& node) const {
  std::vector<pid_t> found;
  const std::string mine = "SLURM_CONF=" + file("slurm.conf").string();
  for (const pid_t pid : processes_with("SLURMD_NODENAME=" + node, "environ")) {
    const std::string environment = read_text("/proc/" + std::to_string(pid) + "/environ");
    if (environment.find(mine) != std::string::npos) found.push_back(pid);
  }
  return found;
}

// The parents of what a node runs: their own environment is not to be read.
std::vector<pid_t> Slurm::step_daemons_of(const std::string& node) const {
  std::vector<pid_t> found;
  for (const pid_t pid : processes_of(node)) {
    const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream after_name(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    char state = 0;
    pid_t parent = 0;
    after_name >> state >> parent;
    if (read_text("/proc/" + std::to_string(parent) + "/cmdline").starts_with("slurmstepd")) {
      found.push_back(parent);
    }
  }
  return found;
}

// The daemons first, so that they do not tell the controller what becomes of the jobs.
void Slurm::signal_node(const std::string& node, int signal_number) {
  for (const Daemon& daemon : daemons_) {
    if (daemon.name == node && daemon.pid > 0) kill(daemon.pid, signal_number);
  }
  for (const pid_t pid : step_daemons_of(node)) kill(pid, signal_number);
}

std::vector<pid_t> Slurm::freeze_node(const std::string& node) {
  signal_node(node, SIGSTOP);
  std::vector<pid_t> jobs = processes_of(node);
  for (const pid_t pid : jobs) kill(pid, SIGSTOP);
  return jobs;
}

void Slurm::thaw_node(const std::string& node) {
  signal_node(node, SIGCONT);
}

void Slurm::kill_node(const std::string& node) {
  signal_node(node, SIGKILL);
  for (const pid_t pid : processes_of(node)) kill(pid, SIGKILL);
  for (Daemon& daemon : daemons_) {
    if (daemon.name == node) end(daemon, SIGKILL);
  }
}

std::string Slurm::log_tail() const {
  std::string text;
  for (const char* name : {"ctld.log", "n1.log", "n2.log", "ctld.out", "munged.out"}) {
    const std::string log = read_text(file(name));
    text +=
        std::string(name) + ":\n" + log.substr(log.size() > 1500 ? log.size() - 1500 : 0) + "\n";
  }
  return text;
}

}  // namespace mien::testing
