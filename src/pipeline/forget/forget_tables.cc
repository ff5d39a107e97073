// What is forgotten leaves the tables: those of one file, shards, pending videos and the plan.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/annotate/pending.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/forget/forget_task.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCluster = "duplicate_cluster";

Result<std::int64_t> count_of(Database& database, const std::string& sql) {
  MIEN_TRY(table, database.query(sql));
  return table.column(0).integers()[0];
}

// The rows of one file that stay.
struct Filter {
  std::string select;  // of the rows that stay
  std::int64_t rows = 0, removed = 0;
};

// Videos of one title are a cluster under the id of the first: without it, the next is the first,
// and one that is left alone is in no cluster.
std::string select_kept(const std::string& from, const std::string& stays, bool has_clusters) {
  if (!has_clusters) return "SELECT * FROM " + from + " WHERE " + stays;
  return fmt::format(
      "SELECT * EXCLUDE (row_of_file) REPLACE (CASE WHEN {0} IS NULL OR count(*) OVER (PARTITION "
      "BY {0}) < 2 THEN NULL ELSE first_value(video_id) OVER (PARTITION BY {0} ORDER BY "
      "row_of_file) END AS {0}) FROM (SELECT *, file_row_number AS row_of_file FROM {1} WHERE {2}) "
      "ORDER BY row_of_file",
      kCluster, from, stays);
}

Result<Filter> filter_of(ForgetTask& task, const fs::path& file) {
  Filter filter;
  MIEN_TRY(schema, task.database.read_schema(file));
  if (schema.index_of("video_id") < 0) return filter;
  std::string goes = "coalesce(video_id IN (" + task.sql_list_of_videos() + "), false)";
  if (schema.index_of("uploader") >= 0 && !task.uploaders.empty()) {
    std::string names;
    for (const std::string& name : task.uploaders) {
      names += (names.empty() ? "" : ", ") + sql_quote(name);
    }
    goes += " OR coalesce(CAST(uploader AS VARCHAR) IN (" + names + "), false)";
  }
  const std::string from = sql_read_parquet(file);
  MIEN_TRY(rows, count_of(task.database, "SELECT count(*) FROM " + from));
  MIEN_TRY(removed, count_of(task.database, "SELECT count(*) FROM " + from + " WHERE " + goes));
  filter.rows = rows;
  filter.removed = removed;
  filter.select = select_kept(from, "NOT (" + goes + ")", schema.index_of(kCluster) >= 0);
  return filter;
}

// `metadata` of the file as it is, unless another is given.
Status filter_file(ForgetTask& task, const fs::path& file, const FileMetadata* metadata = nullptr) {
  MIEN_TRY(filter, filter_of(task, file));
  if (filter.removed == 0 && metadata == nullptr) return Ok{};
  if (filter.removed > 0) {
    task.note(file, fmt::format("{} of {} rows removed", filter.removed, filter.rows));
  }
  if (task.dry_run || filter.select.empty()) return Ok{};
  MIEN_TRY(own, task.database.read_metadata(file));
  return task.database.write_query_parquet(filter.select, file,
                                           metadata == nullptr ? own : *metadata);
}

// Rows that ingest refused keep what stood in the list; their words may be anything.
Status filter_rejects(ForgetTask& task, const fs::path& file) {
  MIEN_TRY(table, task.database.read_parquet(file));
  Table kept(table.schema());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::vector<Cell> cells;
    bool goes = false;
    for (std::size_t c = 0; c < table.schema().columns.size(); ++c) {
      cells.push_back(table.column(c).at(row));
      const auto* text = std::get_if<std::string>(&cells.back());
      goes = goes || (text != nullptr && task.is_named_in(*text));
    }
    if (!goes) kept.append(cells);
  }
  if (kept.rows() == table.rows()) return Ok{};
  task.note(file, fmt::format("{} of {} rows removed", table.rows() - kept.rows(), table.rows()));
  if (task.dry_run) return Ok{};
  MIEN_TRY(metadata, task.database.read_metadata(file));
  return task.database.write_parquet(kept, file, metadata);
}

// Contexts from words say which corpus they were named in. Where that was the corpus as it was,
// they are now those of the corpus as it is.
Status filter_texts(ForgetTask& task) {
  const fs::path corpus = task.study / "corpus.parquet";
  std::string hash;
  if (is_there(corpus)) {
    MIEN_TRY(now, sha256_of_file(corpus));
    hash = now;
  }
  for (const char* table : {"contexts.parquet", "context_status.parquet"}) {
    const fs::path file = task.study / kTextsFolder / table;
    if (!is_there(file)) continue;
    MIEN_TRY(metadata, task.database.read_metadata(file));
    nlohmann::json identity = parse_outside_json(metadata["mien.options"]);
    const bool is_current = identity.is_object() && identity.contains("corpus") &&
                            identity["corpus"] == task.corpus_before && hash != task.corpus_before;
    if (is_current) {
      identity["corpus"] = hash;
      metadata["mien.options"] = identity.dump();
    }
    MIEN_TRY_VOID(filter_file(task, file, is_current ? &metadata : nullptr));
  }
  return Ok{};
}

// With what is left of the manifest, or without the shard where nothing is.
Status forget_in_shard(ForgetTask& task, const fs::path& folder, const StudySettings& settings) {
  Result<ShardManifest> manifest = verify_shard(folder, settings_hash(settings));
  if (!manifest.ok()) {
    if (manifest.error().code == ErrorCode::kIo) return std::move(manifest).error();
    MIEN_TRY_VOID(task.remove(
        folder,
        "removed: it was damaged, so that it cannot be told what is in it; 'mien annotate' "
        "makes what stays of it again"));
    return Ok{};
  }
  std::vector<ShardSource> kept;
  for (const ShardVideo& video : manifest->videos) {
    if (!task.videos.contains(video.video_id)) kept.push_back({folder, &*manifest, video.video_id});
  }
  const std::size_t removed = manifest->videos.size() - kept.size();
  if (removed == 0) return Ok{};
  if (kept.empty()) return task.remove(folder, "removed, with all of its videos");
  task.note(folder, fmt::format("{} of {} videos removed", removed, manifest->videos.size()));
  if (task.dry_run) return Ok{};
  StudySettings as_it_was = settings;
  as_it_was.program_version = manifest->program_version;
  return publish_shard(task.database, folder, as_it_was, kept);
}

}  // namespace

Status forget_in_tables(ForgetTask& task) {
  if (task.videos.empty()) return Ok{};
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(task.study, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (it->path().extension() != ".parquet" || name.starts_with(".")) continue;
    if (name != "duplicates.parquet") files.push_back(it->path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const bool rejects = file.filename() == "rejects.parquet";
    MIEN_TRY_VOID(rejects ? filter_rejects(task, file) : filter_file(task, file));
  }
  MIEN_TRY_VOID(filter_texts(task));
  for (const char* table : {"contexts", "context_status"}) {
    for (const fs::path& file : coded_table_files(task.study, table)) {
      MIEN_TRY_VOID(filter_file(task, file));
    }
  }
  return task.remove(task.study / kTextsFolder / ".work");
}

Status forget_in_annotations(ForgetTask& task) {
  const fs::path annotations = task.study / "annotations";
  if (task.videos.empty() || !is_there(annotations)) return Ok{};
  MIEN_TRY(text, read_whole_file(annotations / "run.json"));
  Result<StudySettings> settings = decode_settings(text);
  if (!settings.ok()) {
    return std::move(settings).error().with_context((annotations / "run.json").string());
  }
  for (const fs::path& shard : shard_folders(task.study)) {
    MIEN_TRY_VOID(forget_in_shard(task, shard, *settings));
  }
  for (const std::string& id : task.videos) {
    MIEN_TRY_VOID(task.remove(pending_folder(task.study, id)));
  }
  const fs::path file = annotations / "plan.parquet";
  MIEN_TRY(plan, Plan::read(task.database, file));
  const std::size_t before = plan.videos().size();
  if (const std::size_t removed = plan.remove(task.videos); removed > 0) {
    task.note(file, fmt::format("{} of {} videos removed", removed, before));
    if (!task.dry_run) MIEN_TRY_VOID(plan.write(task.database, file));
  }
  // Clusters have the id of their first video, so that they are found anew.
  const fs::path duplicates = task.study / "duplicates.parquet";
  if (!is_there(task.study / "corpus.parquet") || task.dry_run) return Ok{};
  if (is_there(duplicates)) task.note(duplicates, "made anew");
  std::error_code ignored;
  fs::remove(duplicates, ignored);
  MIEN_TRY(found, find_duplicates(task.database, task.study));
  static_cast<void>(found);
  return Ok{};
}

Status remove_sums(ForgetTask& task) {
  if (task.videos.empty()) return Ok{};
  for (const fs::path& place : {fs::path(kTextsFolder) / "parts", fs::path("maps"),
                                fs::path("compare"), fs::path("report")}) {
    MIEN_TRY_VOID(task.remove(task.study / place, "removed: it was made with them"));
  }
  return Ok{};
}

}  // namespace mien
