#include "pipeline/associate/associate.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>

#include "pipeline/associate/association_file.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/associate/association_pieces.h"
#include "pipeline/associate/association_rows.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"

namespace mien {

namespace {

constexpr std::int64_t kDatabaseMemoryMb = 640;

class StageClock {
 public:
  explicit StageClock(std::vector<AssociateStage>& times) : times_(times) {}
  void finish(const std::string& stage) {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const auto same = std::find_if(times_.begin(), times_.end(),
                                   [&](const AssociateStage& time) { return time.stage == stage; });
    if (same != times_.end()) {
      same->seconds += seconds;
    } else {
      times_.push_back({stage, seconds});
    }
    last_ = now;
  }

 private:
  std::vector<AssociateStage>& times_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

SourceSummary summary_of(const AssociationSums& sums, AssociationMap map, std::int64_t minimum) {
  SourceSummary summary;
  summary.layout = sums.layout;
  summary.map = std::move(map);
  summary.exclusions = shown_exclusions(sums.exclusions, minimum);
  for (const AssociationBlock& block : sums.blocks) summary.videos += block.videos;
  return summary;
}

// Sums of a source that the present maps do not have must not stay beside them.
void remove_other_sums(const std::filesystem::path& folder,
                       const std::vector<AssociationSums>& sums) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (!is_association_file(entry.path())) continue;
    const bool is_present = std::any_of(sums.begin(), sums.end(), [&](const auto& part) {
      return association_file_path(folder, part.layout.source) == entry.path();
    });
    if (!is_present) std::filesystem::remove(entry.path(), code);
  }
}

FileMetadata layout_metadata(const AssociationLayout& layout) {
  return {{"by", layout.by},
          {"contexts", layout.context_use},
          {"weights", layout.weight},
          {"covariates", joined(layout.covariates)},
          {"expressions", joined(layout.expressions)}};
}

}  // namespace

Result<AssociateSummary> write_maps(const std::vector<AssociationSums>& sums,
                                    const std::filesystem::path& folder, const MapOptions& options,
                                    const FileMetadata& origin, Database& database) {
  AssociateSummary summary;
  StageClock clock(summary.times);
  FileMetadata metadata = map_metadata(options);
  metadata.insert(origin.begin(), origin.end());
  FileMetadata of_layout = layout_metadata(sums.front().layout);
  of_layout.insert(metadata.begin(), metadata.end());
  MIEN_TRY_VOID(make_folders(folder));
  for (const char* file : {"maps.parquet", "excluded.parquet"})
    MIEN_TRY_VOID(clear_left_overs_of(folder / file));
  for (const AssociationSums& part : sums)
    MIEN_TRY_VOID(clear_left_overs_of(association_file_path(folder, part.layout.source)));
  // The disk is waited for while the maps are made.
  std::future<Status> written = std::async(std::launch::async, [&]() -> Status {
    for (const AssociationSums& part : sums) {
      MIEN_TRY_VOID(write_association_file(association_file_path(folder, part.layout.source), part,
                                           metadata));
    }
    return Ok{};
  });
  std::vector<AssociationMap> maps;
  for (const AssociationSums& part : sums) maps.push_back(association_map(part, options));
  clock.finish("estimate");
  MIEN_TRY_VOID(written.get());
  remove_other_sums(folder, sums);
  clock.finish("write statistics");
  MIEN_TRY_VOID(database.write_stream(maps_schema(), map_rows(sums, maps, options),
                                      folder / "maps.parquet", of_layout));
  MIEN_TRY_VOID(database.write_parquet(excluded_rows(sums, options.minimum),
                                       folder / "excluded.parquet", of_layout));
  clock.finish("write maps");
  for (std::size_t i = 0; i < sums.size(); ++i) {
    summary.sources.push_back(summary_of(sums[i], std::move(maps[i]), options.minimum));
  }
  return summary;
}

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
  StageClock clock(times);
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
  AssociationUnion parts;
  MIEN_TRY_VOID(
      reduce_whole(database, options, parts, [&](const char* stage) { clock.finish(stage); }));
  MIEN_TRY(whole, parts.finish(options));
  MIEN_TRY(writer, association_database(options.map.threads));
  MIEN_TRY(summary, write_maps(whole.sums, options.study / "maps", options.map, origin, writer));
  summary.corpus_videos = whole.videos;
  summary.notes = std::move(whole.notes);
  summary.times.insert(summary.times.begin(), times.begin(), times.end());
  return summary;
}

}  // namespace mien
