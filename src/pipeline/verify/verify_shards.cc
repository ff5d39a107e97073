#include "pipeline/verify/verify_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "pipeline/annotate/pending.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"
#include "table/comparison_schema.h"
#include "table/import_schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kAnnotateAgain =
    "the 'mien annotate' command that made the study does its videos again";

struct DeclaredTable {
  TableSchema schema;
  bool more = false;  // channels, or columns of the user's own, may follow
};

const std::map<std::string, DeclaredTable>& declared_tables() {
  static const std::map<std::string, DeclaredTable> tables = {
      {"corpus", {corpus_schema(), true}},
      {"media", {media_schema()}},
      {"tracks", {tracks_schema(), true}},
      {"frames", {frames_schema({}), true}},
      {"windows", {windows_schema({}), true}},
      {"expressions", {expressions_schema({}), true}},
      {"contexts", {contexts_schema()}},
      {"context_status", {context_status_schema()}},
      {"context_frames", {context_frames_schema()}},
      {"scenes", {scenes_schema()}},
      {"duplicates", {duplicates_schema()}},
      {"imports", {imports_schema()}},
      {"maps", {maps_schema()}},
      {"compare/pairs", {compare_pairs_schema()}},
      {"compare/cells", {compare_cells_schema()}},
      {"compare/deviations", {compare_deviations_schema()}},
      {"compare/contexts", {compare_contexts_schema()}}};
  return tables;
}

std::optional<std::int64_t> number_of(const fs::path& shard) {
  const std::string digits = shard.filename().string().substr(std::string_view("shard-").size());
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// One folder with a manifest.
class FolderCheck {
 public:
  FolderCheck(Database& database, const ShardsToVerify& study, VerifyFindings& findings,
              fs::path folder)
      : database_(database), study_(study), findings_(findings), folder_(std::move(folder)) {}

  // Everything that the folder tells by itself; nothing where it does not hold.
  std::optional<ShardManifest> run() {
    auto manifest = verify_shard(folder_, settings_hash(*study_.settings));
    if (!manifest.ok()) {
      refuse(manifest.error());
      return std::nullopt;
    }
    Status held = hold(*manifest);
    if (!held.ok()) {
      refuse(held.error());
      return std::nullopt;
    }
    look_for_others(*manifest);
    for (const ShardFile& file : manifest->files) {
      ++findings_.report().files;
      findings_.report().bytes += file.size_bytes;
      findings_.report().rows += file.rows;
    }
    return std::move(*manifest);
  }

 private:
  // What other settings made may be what somebody wants to keep, and what cannot be read now may
  // be read later: neither is taken away.
  void refuse(const Error& error) {
    VerifyFinding finding{folder_, error.message, kAnnotateAgain};
    const std::size_t end = error.message.find(": ");
    if (error.message.starts_with(folder_.string()) && end != std::string::npos) {
      finding.file = error.message.substr(0, end);
      finding.what = error.message.substr(end + 2);
    }
    if (error.code == ErrorCode::kCorrupt) {
      findings_.damage_that_goes(std::move(finding), folder_);
    } else {
      findings_.damage(std::move(finding));
    }
  }

  Status hold(const ShardManifest& manifest) {
    std::map<std::string, std::vector<fs::path>> tables;
    for (const ShardFile& file : manifest.files) {
      MIEN_TRY_VOID(hold_file(file, manifest));
      tables[file.table].push_back(folder_ / file.name);
    }
    for (const auto& [table, files] : tables) MIEN_TRY_VOID(count_rows(table, files, manifest));
    for (const ShardVideo& video : manifest.videos) {
      for (const auto& [table, rows] : video.rows) {
        if (rows == 0 || tables.contains(table)) continue;
        return corrupt(folder_, fmt::format("its manifest gives '{}' {} rows of a table {} that is "
                                            "not there",
                                            video.video_id, rows, table));
      }
    }
    return Ok{};
  }

  Status hold_file(const ShardFile& file, const ShardManifest& manifest) {
    const fs::path path = folder_ / file.name;
    MIEN_TRY(schema, database_.read_schema(path));
    if (columns_hash(schema) != file.columns) {
      return corrupt(path, "its columns are not those of the manifest");
    }
    Status declared = check_columns(file.table, schema);
    if (!declared.ok()) return std::move(declared).error().with_context(path.string());
    MIEN_TRY(metadata, database_.read_metadata(path));
    FileMetadata expected = file_metadata(*study_.settings, file.table);
    expected["mien.program_version"] = manifest.program_version;
    for (const auto& [key, value] : expected) {
      if (metadata[key] == value) continue;
      return corrupt(path,
                     fmt::format("{} is '{}', where '{}' was expected", key, metadata[key], value));
    }
    const std::string sql = "SELECT count(*) AS n FROM " + sql_read_parquet(path);
    MIEN_TRY(counted, database_.query(sql));
    const std::int64_t rows = counted.column("n").integers()[0];
    if (rows == file.rows) return Ok{};
    return corrupt(path, fmt::format("it has {} rows, its manifest {}", rows, file.rows));
  }

  // Every video's rows as its manifest has them.
  Status count_rows(const std::string& table, const std::vector<fs::path>& files,
                    const ShardManifest& manifest) {
    std::map<std::string, std::int64_t> found;
    MIEN_TRY_VOID(database_.query(
        "SELECT video_id, count(*) AS n FROM " + sql_read_parquet(files) + " GROUP BY video_id",
        [&](const Table& batch) -> Status {
          for (std::size_t row = 0; row < batch.rows(); ++row) {
            if (batch.column("video_id").is_null(row)) {
              return corrupt(files.front(), "a row without a video_id");
            }
            found[batch.column("video_id").strings()[row]] = batch.column("n").integers()[row];
          }
          return Ok{};
        }));
    for (const ShardVideo& video : manifest.videos) {
      const auto said = video.rows.find(table);
      const std::int64_t expected = said == video.rows.end() ? 0 : said->second;
      const auto it = found.find(video.video_id);
      const std::int64_t rows = it == found.end() ? 0 : it->second;
      if (it != found.end()) found.erase(it);
      if (rows == expected) continue;
      return corrupt(files.front(), fmt::format("'{}' has {} rows, its manifest {}", video.video_id,
                                                rows, expected));
    }
    if (found.empty()) return Ok{};
    return corrupt(files.front(), fmt::format("rows of '{}', a video that its manifest does not "
                                              "know",
                                              found.begin()->first));
  }

  void look_for_others(const ShardManifest& manifest) {
    std::set<std::string> listed{"manifest.json"};
    for (const ShardFile& file : manifest.files) listed.insert(file.name);
    for (const fs::path& entry : sorted_entries(folder_)) {
      if (listed.contains(entry.filename().string())) continue;
      if (entry.extension() != ".parquet") {
        findings_.note(entry.string() + ": a file that is no part of the shard");
        continue;
      }
      findings_.damage({entry, "not in the shard's manifest, so that readers would take rows twice",
                        "take it out of the shard"});
    }
  }

  static Error corrupt(const fs::path& path, const std::string& what) {
    return {ErrorCode::kCorrupt, path.string() + ": " + what};
  }

  Database& database_;
  const ShardsToVerify& study_;
  VerifyFindings& findings_;
  fs::path folder_;
};

// How a shard's videos differ from the plan's of that number; empty where they are the same.
std::string difference_to_plan(const ShardManifest& manifest, const Plan& plan,
                               std::int64_t shard) {
  if (shard >= plan.shards()) return "the plan has no such shard";
  const std::size_t begin = plan.shard_begin(shard);
  const std::size_t videos = plan.shard_end(shard) - begin;
  for (const ShardVideo& video : manifest.videos) {
    const auto position = plan.find(video.video_id);
    if (!position.has_value()) {
      return fmt::format("rows of '{}', a video that the plan does not know", video.video_id);
    }
    const std::int64_t planned = plan.shard_of(*position);
    if (planned != shard) {
      return fmt::format("rows of '{}', which the plan has in shard {}", video.video_id, planned);
    }
  }
  if (manifest.videos.size() != videos) {
    return fmt::format("it has {} videos, the plan {}", manifest.videos.size(), videos);
  }
  for (std::size_t i = 0; i < videos; ++i) {
    if (manifest.videos[i].video_id == plan.videos()[begin + i].video_id) continue;
    return fmt::format("'{}' where the plan has '{}'", manifest.videos[i].video_id,
                       plan.videos()[begin + i].video_id);
  }
  return "";
}

std::int64_t changed_files(const ShardManifest& manifest, const Plan& plan) {
  return std::ranges::count_if(manifest.videos, [&](const ShardVideo& video) {
    const auto position = plan.find(video.video_id);
    return position.has_value() && !video.is_of(plan.videos()[*position]);
  });
}

}  // namespace

Status check_columns(const std::string& table, const TableSchema& found) {
  const auto it = declared_tables().find(table);
  if (it == declared_tables().end()) return Ok{};
  const std::vector<ColumnSpec>& declared = it->second.schema.columns;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (i >= found.columns.size()) {
      return Error{ErrorCode::kMismatch, "it lacks the column " + declared[i].name};
    }
    if (found.columns[i].name == declared[i].name && found.columns[i].type == declared[i].type) {
      continue;
    }
    return Error{ErrorCode::kMismatch,
                 fmt::format("its column {} is {} ({}), where {} ({}) is declared", i + 1,
                             found.columns[i].name, to_string(found.columns[i].type),
                             declared[i].name, to_string(declared[i].type))};
  }
  if (it->second.more || found.columns.size() == declared.size()) return Ok{};
  return Error{ErrorCode::kMismatch,
               "it has a column " + found.columns[declared.size()].name + " that is not declared"};
}

std::vector<fs::path> verify_shard_folders(Database& database, const ShardsToVerify& study,
                                           VerifyFindings& findings) {
  VerifyReport& report = findings.report();
  std::vector<fs::path> sound;
  std::map<std::string, std::string> columns;  // table -> those of the first shard
  std::int64_t changed = 0;
  for (const fs::path& folder : shard_folders(study.study)) {
    const auto number = number_of(folder);
    if (!number.has_value()) {
      findings.damage({folder, "not the name of a shard", "take it out of annotations"});
      continue;
    }
    const auto manifest = FolderCheck(database, study, findings, folder).run();
    if (!manifest.has_value()) continue;
    if (study.plan != nullptr) {
      const std::string difference = difference_to_plan(*manifest, *study.plan, *number);
      if (!difference.empty()) {
        findings.damage_that_goes({folder, difference, kAnnotateAgain}, folder);
        continue;
      }
      changed += changed_files(*manifest, *study.plan);
    }
    for (const ShardFile& file : manifest->files) {
      const auto [it, is_new] = columns.emplace(file.table, file.columns);
      if (is_new || it->second == file.columns) continue;
      findings.damage({folder / file.name, "its columns are not those of the shards before",
                       "'mien annotate --redo' makes all shards with one set of columns"});
    }
    ++report.shards_sound;
    ++report.program_versions[manifest->program_version];
    sound.push_back(folder);
  }
  if (report.program_versions.size() > 1) {
    findings.note("the shards were made by several versions of the program, listed above");
  }
  if (changed > 0) {
    findings.note(
        fmt::format("{} videos were measured before their file changed; the next "
                    "'mien annotate' does them again",
                    changed));
  }
  return sound;
}

std::vector<fs::path> verify_pending_folders(Database& database, const ShardsToVerify& study,
                                             VerifyFindings& findings) {
  std::vector<fs::path> sound;
  std::int64_t useless = 0;
  for (const fs::path& folder : sorted_entries(study.study / "annotations" / "pending")) {
    if (folder.filename().string().starts_with('.')) continue;  // told as a left-over
    const auto manifest = FolderCheck(database, study, findings, folder).run();
    if (!manifest.has_value()) continue;
    const bool is_of_one = manifest->videos.size() == 1;
    const std::string id = is_of_one ? manifest->videos[0].video_id : "";
    if (!is_of_one || folder != pending_folder(study.study, id)) {
      findings.damage_that_goes({folder, "not the folder of one video", kAnnotateAgain}, folder);
      continue;
    }
    if (study.plan == nullptr) continue;
    const auto position = study.plan->find(id);
    if (position.has_value() && manifest->videos[0].is_of(study.plan->videos()[*position])) {
      sound.push_back(folder);
    } else {
      ++useless;
    }
  }
  if (useless > 0) {
    findings.note(
        fmt::format("{} pending folders are of videos that changed since or that the "
                    "plan does not know; the next 'mien annotate' removes them",
                    useless));
  }
  return sound;
}

}  // namespace mien
