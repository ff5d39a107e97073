#include "pipeline/verify/verify_study.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <system_error>
#include <vector>

#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/verify/verify_books.h"
#include "pipeline/verify/verify_coverage.h"
#include "pipeline/verify/verify_shards.h"
#include "pipeline/verify/verify_tables.h"
#include "store/durable_file.h"
#include "store/forgotten.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMemoryMb = 512;
constexpr std::string_view kReplaced = ".replaced";

class VerifyRun {
 public:
  explicit VerifyRun(const VerifyRequest& request)
      : study_(request.study), findings_(report_, request.repair) {}

  Result<VerifyReport> run() {
    const auto begin = std::chrono::steady_clock::now();
    std::error_code ignored;
    if (!fs::is_directory(study_, ignored)) {
      return Error{ErrorCode::kNotFound,
                   study_.string() + ": no such study folder; remedy: check the path"};
    }
    std::optional<FileLock> lock;
    if (findings_.repairs()) {
      MIEN_TRY(taken, FileLock::acquire(study_ / ".lock"));
      lock = std::move(taken);
    }
    DatabaseOptions options;
    options.memory_limit_mb = kMemoryMb;
    MIEN_TRY(database, Database::open(options));
    for (const fs::path& folder : own_folders()) MIEN_TRY_VOID(left_overs(folder));
    if (!no_forgetting_undone(study_).ok()) {
      findings_.damage({forget_journal(study_), "forgetting was begun and not completed",
                        "'mien forget " + study_.string() + "' completes it"});
    }
    verify_whole_tables(database, study_, findings_);
    MIEN_TRY_VOID(annotations(database));
    verify_ratings(study_, findings_);
    report_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(report_);
  }

 private:
  std::vector<fs::path> own_folders() const {
    std::vector<fs::path> folders{study_};
    for (const char* name : {"annotations", "annotations/pending", kTextsFolder, kCodedFolder,
                             "maps", "compare", "log"}) {
      folders.push_back(study_ / name);
    }
    return folders;
  }

  // What a crash left beside the names that readers look for.
  Status left_overs(const fs::path& folder) {
    std::int64_t temporary = 0;
    std::vector<std::string> aside;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (is_temporary_name(it->path())) ++temporary;
      if (name.starts_with('.') && name.ends_with(kReplaced)) {
        aside.push_back(name.substr(1, name.size() - 1 - kReplaced.size()));
      }
    }
    if (temporary == 0 && aside.empty()) return Ok{};
    if (findings_.repairs()) {
      MIEN_TRY_VOID(clear_left_overs(folder));
      findings_.repaired(fmt::format("{}: cleared {} left-overs of runs that were stopped",
                                     folder.string(), temporary + std::ssize(aside)));
      return Ok{};
    }
    for (const std::string& name : aside) {
      if (fs::exists(folder / name, error)) continue;
      findings_.damage({folder / name, "a crash in the middle of its replacement left it aside",
                        "'mien verify --repair', or the next 'mien annotate', brings it back"});
    }
    if (temporary > 0) {
      findings_.note(fmt::format("{}: {} temporary names, of runs that go on or were stopped",
                                 folder.string(), temporary));
    }
    return Ok{};
  }

  Status annotations(Database& database) {
    std::error_code ignored;
    CoverageRequest coverage;
    coverage.study = study_;
    if (fs::is_directory(study_ / "annotations", ignored)) {
      const StudyBooks books = verify_books(database, study_, findings_);
      const std::size_t shards = shard_folders(study_).size();
      coverage.has_plan =
          books.plan.has_value() && fs::exists(study_ / "annotations" / "plan.parquet", ignored);
      report_.shards_planned =
          books.plan.has_value() ? books.plan->shards() : static_cast<std::int64_t>(shards);
      if (books.settings.has_value()) {
        const ShardsToVerify request{study_, &*books.settings,
                                     books.plan.has_value() ? &*books.plan : nullptr};
        for (const fs::path& shard : verify_shard_folders(database, request, findings_)) {
          if (fs::exists(shard / "media.parquet", ignored)) {
            coverage.media.push_back(shard / "media.parquet");
          }
        }
        for (const fs::path& folder : verify_pending_folders(database, request, findings_)) {
          coverage.pending.push_back(folder / "media-000.parquet");
        }
      }
    }
    const Status told = verify_coverage(database, coverage, findings_);
    if (told.ok() || report_.damage.empty()) return told;
    findings_.note("coverage cannot be told while a table is damaged: " + told.error().message);
    return Ok{};
  }

  fs::path study_;
  VerifyReport report_;
  VerifyFindings findings_;
};

}  // namespace

Result<VerifyReport> verify_study(const VerifyRequest& request) {
  return VerifyRun(request).run();
}

}  // namespace mien
