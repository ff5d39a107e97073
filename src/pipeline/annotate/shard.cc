#include "pipeline/annotate/shard.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/outside_json.h"
#include "base/sha256.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "manifest.json";

nlohmann::json body_of(const ShardManifest& manifest) {
  nlohmann::json videos = nlohmann::json::array();
  for (const ShardVideo& video : manifest.videos) {
    videos.push_back({{"video_id", video.video_id},
                      {"size_bytes", video.size_bytes},
                      {"mtime_ns", video.mtime_ns},
                      {"rows", video.rows}});
  }
  nlohmann::json files = nlohmann::json::array();
  for (const ShardFile& file : manifest.files) {
    files.push_back({{"name", file.name},
                     {"table", file.table},
                     {"columns", file.columns},
                     {"rows", file.rows},
                     {"size_bytes", file.size_bytes},
                     {"sha256", file.sha256}});
  }
  return {{"schema_version", manifest.schema_version},
          {"program_version", manifest.program_version},
          {"settings", manifest.settings},
          {"videos", std::move(videos)},
          {"files", std::move(files)}};
}

ShardManifest manifest_from(const nlohmann::json& json) {
  ShardManifest manifest;
  json.at("schema_version").get_to(manifest.schema_version);
  json.at("program_version").get_to(manifest.program_version);
  json.at("settings").get_to(manifest.settings);
  for (const nlohmann::json& item : json.at("videos")) {
    ShardVideo& video = manifest.videos.emplace_back();
    item.at("video_id").get_to(video.video_id);
    item.at("size_bytes").get_to(video.size_bytes);
    item.at("mtime_ns").get_to(video.mtime_ns);
    item.at("rows").get_to(video.rows);
  }
  for (const nlohmann::json& item : json.at("files")) {
    ShardFile& file = manifest.files.emplace_back();
    item.at("name").get_to(file.name);
    item.at("table").get_to(file.table);
    item.at("columns").get_to(file.columns);
    item.at("rows").get_to(file.rows);
    item.at("size_bytes").get_to(file.size_bytes);
    item.at("sha256").get_to(file.sha256);
  }
  return manifest;
}

Status verify_file(const fs::path& folder, const ShardFile& file, ShardCheck check) {
  const fs::path path = folder / file.name;
  const auto damaged = [&](const char* what) {
    return Error{ErrorCode::kCorrupt, path.string() + ": " + what};
  };
  // A manifest must not lead out of its folder.
  if (fs::path(file.name).filename() != file.name) return damaged("not a file's name");
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return damaged("the file is missing");
  if (static_cast<std::int64_t>(size) != file.size_bytes) return damaged("the size is not right");
  if (check == ShardCheck::kSizes) return Ok{};
  MIEN_TRY(sha256, sha256_of_file(path));
  if (sha256 != file.sha256) return damaged("the checksum does not hold");
  return Ok{};
}

}  // namespace

std::vector<fs::path> ShardManifest::files_of(const fs::path& folder,
                                              const std::string& table) const {
  std::vector<fs::path> paths;
  for (const ShardFile& file : files) {
    if (file.table == table) paths.push_back(folder / file.name);
  }
  return paths;
}

std::string encode(const ShardManifest& manifest) {
  nlohmann::json json = body_of(manifest);
  json["checksum"] = sha256_of_bytes(json.dump());
  return json.dump(1) + "\n";
}

Result<ShardManifest> decode_shard_manifest(const std::string& text) {
  try {
    nlohmann::json json = parse_own_json(text);
    const auto checksum = json.at("checksum").get<std::string>();
    json.erase("checksum");
    if (sha256_of_bytes(json.dump()) != checksum) {
      return Error{ErrorCode::kCorrupt, "the manifest's own checksum does not hold"};
    }
    return manifest_from(json);
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("not a manifest: ") + error.what()};
  }
}

std::string columns_hash(const TableSchema& schema) {
  std::string text;
  for (const ColumnSpec& column : schema.columns) {
    text += std::to_string(column.name.size()) + ":" + column.name + " ";
    text += to_string(column.type);
    text += "\n";
  }
  return sha256_of_bytes(text);
}

Result<ShardManifest> verify_shard(const fs::path& folder, const std::string& expected_settings,
                                   ShardCheck check) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return Error{ErrorCode::kNotFound, folder.string() + ": no such folder"};
  }
  Result<std::string> text = read_whole_file(folder / kManifest);
  if (!text.ok()) {
    if (text.error().code != ErrorCode::kNotFound) return std::move(text).error();
    return Error{ErrorCode::kCorrupt, folder.string() + ": the manifest is missing"};
  }
  Result<ShardManifest> manifest = decode_shard_manifest(*text);
  if (!manifest.ok()) {
    return std::move(manifest).error().with_context((folder / kManifest).string());
  }
  if (manifest->schema_version != kSchemaVersion) {
    return Error{ErrorCode::kMismatch, folder.string() + ": made with version " +
                                           std::to_string(manifest->schema_version) +
                                           " of the tables, not " + std::to_string(kSchemaVersion)};
  }
  if (manifest->settings != expected_settings) {
    return Error{ErrorCode::kMismatch, folder.string() + ": made with other settings"};
  }
  for (const ShardFile& file : manifest->files) MIEN_TRY_VOID(verify_file(folder, file, check));
  return manifest;
}

Result<ShardWriter> ShardWriter::open(const fs::path& folder) {
  MIEN_TRY_VOID(make_folders(folder.parent_path()));
  ShardWriter writer(folder, temporary_name_for(folder));
  MIEN_TRY_VOID(make_folders(writer.temporary_));
  return writer;
}

ShardWriter::~ShardWriter() {
  if (temporary_.empty() || committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

Status ShardWriter::add_file(const std::string& name, const std::string& table,
                             const std::string& columns, std::int64_t rows) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path_of(name), error);
  if (error) {
    return Error{ErrorCode::kIo,
                 path_of(name).string() + ": " + error.message() + "; " + io_remedy(error.value())};
  }
  MIEN_TRY(sha256, sha256_of_file(path_of(name)));
  files_.push_back({name, table, columns, rows, static_cast<std::int64_t>(size), sha256});
  return Ok{};
}

Status ShardWriter::commit(ShardManifest manifest) {
  MIEN_CHECK(!committed_, "a folder is committed once");
  manifest.files = files_;
  MIEN_TRY_VOID(write_file_durably(path_of(kManifest), encode(manifest)));
  MIEN_TRY_VOID(replace_folder_durably(temporary_, folder_));
  committed_ = true;
  return Ok{};
}

namespace {

// The tables of all sources, in alphabetical order, with their columns.
Result<std::map<std::string, std::string>> tables_of(const std::vector<ShardSource>& sources) {
  std::map<std::string, std::string> tables;
  for (const ShardSource& source : sources) {
    for (const ShardFile& file : source.manifest->files) {
      const auto [it, is_new] = tables.emplace(file.table, file.columns);
      if (!is_new && it->second != file.columns) {
        return Error{ErrorCode::kMismatch, (source.folder / file.name).string() +
                                               ": its columns are not those of the other videos"};
      }
    }
  }
  return tables;
}

// SELECT of one table's rows: neighbouring videos out of one file share a scan.
std::string select_rows(const std::vector<ShardSource>& sources, const std::string& table) {
  std::vector<std::string> branches;
  std::vector<fs::path> whole;  // pending files whose every row is wanted
  const auto flush_whole = [&] {
    if (!whole.empty()) branches.push_back("SELECT * FROM " + sql_read_parquet(whole));
    whole.clear();
  };
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const ShardSource& source = sources[i];
    const std::vector<fs::path> files = source.manifest->files_of(source.folder, table);
    if (source.manifest->videos.size() == 1) {
      whole.insert(whole.end(), files.begin(), files.end());
      continue;
    }
    std::string ids = sql_quote(source.video_id);
    while (i + 1 < sources.size() && sources[i + 1].folder == source.folder) {
      ids += ", " + sql_quote(sources[++i].video_id);
    }
    if (files.empty()) continue;
    flush_whole();
    branches.push_back("SELECT * FROM " + sql_read_parquet(files) + " WHERE video_id IN (" + ids +
                       ")");
  }
  flush_whole();
  std::string sql;
  for (const std::string& branch : branches) sql += (sql.empty() ? "" : " UNION ALL ") + branch;
  return sql;
}

ShardManifest manifest_of(const StudySettings& settings, const std::vector<ShardSource>& sources) {
  ShardManifest manifest;
  manifest.program_version = settings.program_version;
  manifest.settings = settings_hash(settings);
  for (const ShardSource& source : sources) {
    const auto& videos = source.manifest->videos;
    const auto it = std::find_if(videos.begin(), videos.end(), [&](const ShardVideo& video) {
      return video.video_id == source.video_id;
    });
    MIEN_CHECK(it != videos.end(), "a source holds its video");
    manifest.videos.push_back(*it);
  }
  return manifest;
}

}  // namespace

Status publish_shard(Database& database, const fs::path& folder, const StudySettings& settings,
                     const std::vector<ShardSource>& sources) {
  const ShardManifest manifest = manifest_of(settings, sources);
  MIEN_TRY(tables, tables_of(sources));
  MIEN_TRY(writer, ShardWriter::open(folder));
  for (const auto& [table, columns] : tables) {
    const std::string name = table + ".parquet";
    MIEN_TRY_VOID(database.write_query_parquet(select_rows(sources, table), writer.path_of(name),
                                               file_metadata(settings, table)));
    std::int64_t expected = 0;
    for (const ShardVideo& video : manifest.videos) {
      const auto rows = video.rows.find(table);
      if (rows != video.rows.end()) expected += rows->second;
    }
    const fs::path path = writer.path_of(name);
    MIEN_TRY(counted, database.query("SELECT count(*) AS n FROM " + sql_read_parquet(path)));
    if (counted.column("n").integers()[0] != expected) {
      return Error{ErrorCode::kCorrupt, folder.string() + ": table " + table + " has " +
                                            std::to_string(counted.column("n").integers()[0]) +
                                            " rows where " + std::to_string(expected) +
                                            " were gathered; nothing was published"};
    }
    MIEN_TRY_VOID(writer.add_file(name, table, columns, expected));
  }
  return writer.commit(manifest);
}

}  // namespace mien
