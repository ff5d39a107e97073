#include "pipeline/associate/associate.h"

#include <optional>

#include "pipeline/associate/associate_clock.h"
#include "pipeline/associate/association_maps.h"
#include "pipeline/associate/association_pieces.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_tables.h"

namespace mien {

namespace {

constexpr std::int64_t kDatabaseMemoryMb = 640;

}  // namespace

Result<FileMetadata> origin_metadata(Database& database, const std::filesystem::path& study) {
  MIEN_TRY(files, study_table_files(study, "expressions"));
  MIEN_TRY(metadata, database.read_metadata(files.front()));
  FileMetadata result;
  for (const auto& [key, value] : metadata) result["expressions_" + key] = value;
  return result;
}

Result<Database> association_database(int threads) {
  DatabaseOptions options;
  options.threads = threads;
  options.memory_limit_mb = kDatabaseMemoryMb;
  return Database::open(options);
}

Result<AssociateSummary> associate(const AssociateOptions& options) {
  std::vector<AssociateStage> times;
  AssociateClock clock(times);
  std::error_code code;
  if (!std::filesystem::is_directory(options.study, code)) {
    return Error{ErrorCode::kNotFound,
                 options.study.string() + ": no such study folder; remedy: check the path"};
  }
  MIEN_TRY(lock, FileLock::acquire(options.study / ".lock"));
  MIEN_TRY(opened, association_database(options.map.threads));
  std::optional<Database> database(std::move(opened));
  MIEN_TRY_VOID(verify_shards(options.study));
  MIEN_TRY(origin, origin_metadata(*database, options.study));
  MIEN_TRY_VOID(clear_pieces(options.study / "maps"));
  AssociationUnion parts;
  MIEN_TRY_VOID(
      reduce_whole(database, options, parts, [&](const char* stage) { clock.finish(stage); }));
  MIEN_TRY(whole, parts.finish(options));
  MIEN_TRY(writer, association_database(options.map.threads));
  MIEN_TRY(summary,
           write_maps(std::move(whole.sums), options.study / "maps", options.map, origin, writer));
  summary.corpus_videos = whole.videos;
  summary.notes = std::move(whole.notes);
  summary.times.insert(summary.times.begin(), times.begin(), times.end());
  return summary;
}

}  // namespace mien
