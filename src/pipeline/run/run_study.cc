#include "pipeline/run/run_study.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/worker/process.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// path -> what it is now.
using Digests = std::map<std::string, std::string>;

Result<std::string> digest_of(const fs::path& file) {
  std::error_code failed;
  const auto size = static_cast<std::int64_t>(fs::file_size(file, failed));
  if (failed) return Error{ErrorCode::kIo, file.string() + ": " + failed.message()};
  if (size <= kMostHashedBytes) return sha256_of_file(file);
  const auto time = fs::last_write_time(file, failed).time_since_epoch().count();
  return fmt::format("{} bytes, written at {}", size, time);
}

// Folders count with all regular files in them but temporary ones.
Result<Digests> digests_of(const std::vector<fs::path>& paths, const fs::path& base) {
  std::set<fs::path> files;
  for (const fs::path& path : paths) {
    std::error_code failed;
    if (fs::is_regular_file(path, failed)) files.insert(path);
    if (!fs::is_directory(path, failed)) continue;
    for (auto it = fs::recursive_directory_iterator(path, failed);
         !failed && it != fs::recursive_directory_iterator(); it.increment(failed)) {
      if (it->is_regular_file(failed) && !is_temporary_name(it->path())) files.insert(it->path());
    }
  }
  Digests digests;
  for (const fs::path& file : files) {
    MIEN_TRY(digest, digest_of(file));
    digests[file.lexically_proximate(base).string()] = std::move(digest);
  }
  return digests;
}

Json json_of(const Digests& digests) {
  Json json = Json::object();
  for (const auto& [path, digest] : digests) json[path] = digest;
  return json;
}

// "maps/maps.parquet changed", "" where nothing did.
std::string difference(const Json& then, const Json& now, std::string_view what) {
  for (const auto& [path, digest] : now.items()) {
    if (!then.contains(path)) return fmt::format("{} is new", path);
    if (then[path] != digest) return fmt::format("{} {}", path, what);
  }
  for (const auto& [path, digest] : then.items()) {
    if (!now.contains(path)) return fmt::format("{} is gone", path);
  }
  return "";
}

class Record {
 public:
  static Record read(const fs::path& path) {
    Record record(path);
    const auto bytes = read_whole_file(path);
    if (!bytes.ok()) return record;
    const Json json = parse_outside_json<Json>(*bytes);
    if (json.is_object() && json.contains("stages") && json["stages"].is_object()) {
      record.stages_ = json["stages"];
    }
    return record;
  }

  // Why a stage has to run; empty where it has not.
  std::string why(const RunStage& stage, const Json& inputs, const Json& outputs) const {
    if (!stages_.contains(stage.verb)) return "not done yet";
    const Json& then = stages_[stage.verb];
    for (const char* key : {"arguments", "version", "inputs", "outputs"}) {
      if (!then.contains(key)) return "its record does not hold";
    }
    if (then["version"] != std::string(kProgramVersion)) return "another version of the program";
    if (then["arguments"] != Json(stage.arguments)) return "its options changed";
    if (then.value("declared", "") != stage.declared) return "what the study declares changed";
    const std::string input = difference(then["inputs"], inputs, "changed");
    return input.empty() ? difference(then["outputs"], outputs, "is not as it was left") : input;
  }

  bool knows(const std::string& verb) const { return stages_.contains(verb); }

  Status forget(const std::string& verb) {
    stages_.erase(verb);
    return save();
  }

  Status keep(const RunStage& stage, const Json& inputs, const Json& outputs) {
    stages_[stage.verb] = {{"version", std::string(kProgramVersion)},
                           {"arguments", stage.arguments},
                           {"inputs", inputs},
                           {"outputs", outputs}};
    if (!stage.declared.empty()) stages_[stage.verb]["declared"] = stage.declared;
    return save();
  }

 private:
  explicit Record(fs::path path) : path_(std::move(path)) {}
  Status save() const {
    return write_file_durably(path_, Json({{"stages", stages_}}).dump(1) + "\n");
  }

  fs::path path_;
  Json stages_ = Json::object();
};

// Ctrl-C goes to the stage, which stops cleanly; the run waits for it.
class InterruptsLeftToStages {
 public:
  InterruptsLeftToStages() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &before_);
  }
  InterruptsLeftToStages(const InterruptsLeftToStages&) = delete;
  InterruptsLeftToStages& operator=(const InterruptsLeftToStages&) = delete;
  ~InterruptsLeftToStages() { sigaction(SIGINT, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

Status start_and_wait(const fs::path& program, const RunStage& stage, const fs::path& output) {
  std::vector<std::string> words{stage.verb};
  words.insert(words.end(), stage.arguments.begin(), stage.arguments.end());
  ChildStreams streams;
  if (!output.empty()) {
    streams.output_fd = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (streams.output_fd < 0) {
      return Error{ErrorCode::kIo, output.string() + ": cannot be written; " + io_remedy(errno)};
    }
  }
  const auto pid = spawn_program(program, words, streams, ChildInterrupts::kDefault);
  if (streams.output_fd >= 0) close(streams.output_fd);
  if (!pid.ok()) return Error(pid.error()).with_context(stage.verb);
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Ok{};
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return Error{
        signal == SIGINT ? ErrorCode::kCancelled : ErrorCode::kInternal,
        fmt::format("{}: ended by signal {}; the next run goes on here", stage.verb, signal)};
  }
  const int code = WEXITSTATUS(status);
  return Error{
      code == 2 ? ErrorCode::kUsage : ErrorCode::kInternal,
      fmt::format("{}: ended with status {}; what it said stands above", stage.verb, code)};
}

Status clear_simulated(const RunStage& stage) {
  for (const fs::path& path : stage.outputs) {
    std::error_code failed;
    fs::remove(path, failed);
    if (failed) return Error{ErrorCode::kIo, path.string() + ": " + failed.message()};
  }
  return Ok{};
}

// Unfinished files of stages that were killed, in the folders whose stages do not look for them
// themselves. A stage that a killed run left alone, or somebody else's, may still be at work: what
// lies under its lock is left to it.
Status clear_what_a_kill_left(const fs::path& study) {
  const fs::path texts = study / kTextsFolder;
  const std::pair<fs::path, std::vector<fs::path>> held[] = {
      {study, {study, study / "maps", study / "compare", study / "log"}}, {texts, {texts}}};
  for (const auto& [holder, folders] : held) {
    std::error_code ignored;
    if (!fs::is_directory(holder, ignored)) continue;
    const auto lock = FileLock::acquire(holder / ".lock");
    if (!lock.ok()) continue;
    for (const fs::path& folder : folders) MIEN_TRY_VOID(clear_left_overs(folder));
  }
  return Ok{};
}

}  // namespace

Result<RunSummary> run_study(const RunRequest& request) {
  const fs::path& study = request.plan.study;
  const fs::path log = study / "log";
  MIEN_TRY_VOID(make_folders(log));
  MIEN_TRY(lock, FileLock::acquire(log / "run.lock"));
  const InterruptsLeftToStages interrupts;
  MIEN_TRY_VOID(clear_what_a_kill_left(study));
  Record record = Record::read(log / "run.json");
  RunSummary summary;
  for (const RunStage& stage : request.plan.stages) {
    std::vector<fs::path> sources = stage.inputs;
    if (stage.verb == "report") sources.push_back(request.web_assets);
    MIEN_TRY(inputs, digests_of(sources, study));
    MIEN_TRY(outputs, digests_of(stage.outputs, study));
    const bool is_own_judge = stage.verb == "annotate";
    std::string why = request.redo ? "asked to do it again"
                                   : record.why(stage, json_of(inputs), json_of(outputs));
    if (why.empty() && is_own_judge) why = "looks itself for what is new";
    if (why.empty()) {
      ++summary.unchanged;
      if (request.report) request.report(stage.verb + ": unchanged");
      continue;
    }
    if (request.report) request.report(stage.verb + ": " + why);
    const auto start = std::chrono::steady_clock::now();
    // A stage that breaks off must not count as done. `mien simulate` and `mien ingest` refuse a
    // folder with a corpus: what an earlier run simulated goes first, what it ingested is replaced;
    // what somebody else put there is left to them to refuse, unless ingest is asked for again. So
    // it is with contexts named from words.
    RunStage started = stage;
    if (stage.verb == "annotate" && request.retry_failed) {
      started.arguments.emplace_back("--retry-failed");
    }
    const bool is_replaced = stage.verb == "ingest" || stage.verb == "contexts";
    if (stage.verb != "simulate" && !is_replaced) {
      MIEN_TRY_VOID(record.forget(stage.verb));
    } else if (record.knows(stage.verb) || outputs.empty() || (is_replaced && request.redo)) {
      if (stage.verb == "simulate") MIEN_TRY_VOID(clear_simulated(stage));
      if (is_replaced && !outputs.empty()) started.arguments.emplace_back("--redo");
      const std::string first = stage.outputs.front().lexically_relative(study).string();
      MIEN_TRY_VOID(record.keep(stage, json_of(inputs), {{first, "unfinished"}}));
    }
    MIEN_TRY_VOID(
        start_and_wait(request.program, started,
                       stage.verb == "report" ? fs::path() : log / (stage.verb + ".txt")));
    MIEN_TRY(made, digests_of(stage.outputs, study));
    MIEN_TRY_VOID(record.keep(stage, json_of(inputs), json_of(made)));
    ++summary.done;
    if (request.report) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      request.report(fmt::format("{}: done in {:.1f} s", stage.verb, took.count()));
    }
  }
  return summary;
}

}  // namespace mien
