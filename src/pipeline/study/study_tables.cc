#include "pipeline/study/study_tables.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "pipeline/annotate/shard.h"
#include "pipeline/study/study_settings.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

bool is_table(const fs::path& file) {
  std::error_code ignored;
  return file.extension() == ".parquet" && !file.filename().string().starts_with(".") &&
         fs::is_regular_file(file, ignored);
}

Status verify_one(const fs::path& shard, const std::string& settings) {
  Result<ShardManifest> manifest = verify_shard(shard, settings);
  if (!manifest.ok()) {
    Error error = std::move(manifest).error();
    error.message +=
        "; remedy: the 'mien annotate' command that made the study makes the shard anew";
    return error;
  }
  std::set<std::string> listed;
  for (const ShardFile& file : manifest->files) listed.insert(file.name);
  for (const fs::path& file : sorted_entries(shard)) {
    if (!is_table(file) || listed.contains(file.filename().string())) continue;
    return Error{ErrorCode::kCorrupt,
                 file.string() + ": not in the shard's manifest; remedy: take it out of the shard"};
  }
  return Ok{};
}

}  // namespace

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(it->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<fs::path> shard_folders(const fs::path& study) {
  std::vector<fs::path> shards = sorted_entries(study / "annotations");
  std::erase_if(shards, [](const fs::path& path) {
    std::error_code ignored;
    return !path.filename().string().starts_with("shard-") || !fs::is_directory(path, ignored);
  });
  return shards;
}

fs::path coded_folder(const fs::path& study, const std::string& source) {
  return study / kCodedFolder / source;
}

std::vector<fs::path> coded_table_files(const fs::path& study, const std::string& table) {
  std::vector<fs::path> files;
  for (const fs::path& folder : sorted_entries(study / kCodedFolder)) {
    const fs::path file = folder / (table + ".parquet");
    if (!folder.filename().string().starts_with(".") && is_table(file)) files.push_back(file);
  }
  return files;
}

namespace {

// What makes a table that is not there.
std::string remedy_for(const std::string& table, const fs::path& study) {
  if (table == "contexts" || table == "context_status") {
    return "name contexts, from words with 'mien contexts text --study " + study.string() +
           "' or from pictures with 'mien annotate --contexts'";
  }
  return "make it with 'mien annotate VIDEOS --out " + study.string() + "'";
}

}  // namespace

Result<std::vector<fs::path>> study_table_files(const fs::path& study, const std::string& table) {
  std::vector<fs::path> files;
  for (const fs::path& shard : shard_folders(study)) {
    const fs::path file = shard / (table + ".parquet");
    if (is_table(file)) files.push_back(file);
  }
  const fs::path whole = study / (table + ".parquet");
  if (files.empty() && is_table(whole)) files.push_back(whole);
  const fs::path of_texts = study / kTextsFolder / (table + ".parquet");
  if (is_table(of_texts)) files.push_back(of_texts);
  for (fs::path& coded : coded_table_files(study, table)) files.push_back(std::move(coded));
  if (files.empty()) {
    return Error{ErrorCode::kNotFound, study.string() + ": the study has no table " + table +
                                           "; remedy: " + remedy_for(table, study)};
  }
  return files;
}

std::map<std::string, fs::path> whole_tables(const fs::path& study) {
  std::map<std::string, fs::path> tables;
  for (const fs::path& folder : {study, study / "maps", study / "compare"}) {
    for (const fs::path& file : sorted_entries(folder)) {
      if (!is_table(file)) continue;
      const std::string name = file.stem().string();
      if (tables.emplace(name, file).second || folder == study) continue;
      tables.emplace(folder.filename().string() + "/" + name, file);
    }
  }
  return tables;
}

namespace {

Result<std::string> settings_of(const fs::path& study) {
  const fs::path run_file = study / "annotations" / "run.json";
  const Result<std::string> text = read_whole_file(run_file);
  if (!text.ok()) {
    return Error{ErrorCode::kCorrupt,
                 run_file.string() +
                     ": missing, though there are shards; remedy: bring it back, or 'mien annotate "
                     "--redo' makes the annotations anew"};
  }
  Result<StudySettings> settings = decode_settings(*text);
  if (!settings.ok()) return std::move(settings).error().with_context(run_file.string());
  return settings_hash(*settings);
}

}  // namespace

Status verify_shards(const fs::path& study) {
  const std::vector<fs::path> shards = shard_folders(study);
  if (shards.empty()) return Ok{};
  MIEN_TRY(settings, settings_of(study));
  for (const fs::path& shard : shards) MIEN_TRY_VOID(verify_one(shard, settings));
  return Ok{};
}

Status verify_study_shard(const fs::path& study, const fs::path& shard) {
  std::error_code ignored;
  if (!fs::is_directory(shard, ignored)) {
    return Error{ErrorCode::kNotFound, shard.string() +
                                           ": not annotated yet; remedy: 'mien annotate --study " +
                                           study.string() + " --shard ...' first"};
  }
  MIEN_TRY(settings, settings_of(study));
  return verify_one(shard, settings);
}

}  // namespace mien
