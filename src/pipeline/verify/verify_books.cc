#include "pipeline/verify/verify_books.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "base/outside_json.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostWitnesses = 16;
constexpr const char* kSettingsRemedy =
    "bring it back, or 'mien verify --repair' makes it again from the shards";
constexpr const char* kPlanRemedy =
    "bring it back; 'mien verify --repair' makes it again where every shard is there; 'mien "
    "annotate --redo' makes the annotations anew";

Result<ShardManifest> manifest_in(const fs::path& folder) {
  MIEN_TRY(text, read_whole_file(folder / "manifest.json"));
  return decode_shard_manifest(text);
}

template <typename T>
Result<T> number_from(const std::string& text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return Error{ErrorCode::kCorrupt, "'" + text + "' is no number"};
}

// What a table of a shard tells of the settings that it was made with.
Result<StudySettings> settings_from(Database& database, const fs::path& folder,
                                    const ShardManifest& manifest) {
  if (manifest.files.empty()) return Error{ErrorCode::kNotFound, "a shard without tables"};
  MIEN_TRY(metadata, database.read_metadata(folder / manifest.files.front().name));
  StudySettings settings;
  settings.options = parse_own_json(metadata["mien.options"]);
  const auto models = parse_own_json(metadata["mien.models"]);
  if (settings.options.is_discarded() || !models.is_object()) {
    return Error{ErrorCode::kCorrupt, "a table that does not tell its settings"};
  }
  for (const auto& [id, hash] : models.items()) {
    if (hash.is_string()) settings.models[id] = hash.get<std::string>();
  }
  settings.model_set_hash = metadata["mien.model_set"];
  MIEN_TRY(version, number_from<int>(metadata["mien.schema_version"]));
  MIEN_TRY(seed, number_from<std::uint64_t>(metadata["mien.seed"]));
  settings.schema_version = version;
  settings.seed = seed;
  settings.program_version = metadata["mien.program_version"];
  if (settings_hash(settings) != manifest.settings) {
    return Error{ErrorCode::kMismatch, "a table whose settings are not those of its manifest"};
  }
  return settings;
}

class Books {
 public:
  Books(Database& database, const fs::path& study, VerifyFindings& findings)
      : database_(database), study_(study), findings_(findings) {}

  StudyBooks run() {
    StudyBooks books;
    books.settings = settings();
    books.plan = plan();
    return books;
  }

 private:
  std::optional<StudySettings> settings() {
    const fs::path file = study_ / "annotations" / "run.json";
    const auto text = read_whole_file(file);
    std::string what = "missing, though there are shards";
    std::optional<StudySettings> found;
    if (text.ok()) {
      const auto decoded = decode_settings(*text);
      if (decoded.ok()) found = *decoded;
      what = decoded.ok() ? "no shard was made with these settings" : decoded.error().message;
    } else if (text.error().code != ErrorCode::kNotFound) {
      findings_.damage({file, text.error().message, kSettingsRemedy});
      return std::nullopt;
    }
    // Not one of the first shards knows these settings: then not all of them are damaged, but the
    // settings.
    std::optional<StudySettings> witnessed;
    std::size_t witnesses = 0;
    for (const fs::path& folder : shard_folders(study_)) {
      const auto manifest = manifest_in(folder);
      if (!manifest.ok()) continue;
      if (found.has_value() && manifest->settings == settings_hash(*found)) return found;
      if (++witnesses > kMostWitnesses) break;
      auto told = settings_from(database_, folder, *manifest);
      if (told.ok()) witnessed = std::move(*told);
    }
    if (witnesses == 0) {
      if (text.ok() && !found.has_value()) findings_.damage({file, what, kSettingsRemedy});
      return found;
    }
    if (witnessed.has_value() && findings_.repairs() &&
        write_file_durably(file, encode(*witnessed)).ok()) {
      findings_.repaired(file.string() + ": " + what + "; made again from the shards");
      return witnessed;
    }
    findings_.damage({file, what, kSettingsRemedy});
    return witnessed.has_value() ? witnessed : found;
  }

  std::optional<Plan> plan() {
    const fs::path file = study_ / "annotations" / "plan.parquet";
    const std::vector<fs::path> shards = shard_folders(study_);
    std::error_code ignored;
    const bool is_there = fs::exists(file, ignored);
    std::string what = "missing, though there are shards";
    if (is_there || shards.empty()) {
      auto read = Plan::read(database_, file);
      if (read.ok()) return std::move(*read);
      what = read.error().message;
      const std::string path = file.string() + ": ";
      if (what.starts_with(path)) what.erase(0, path.size());
      if (read.error().code == ErrorCode::kIo) {
        findings_.damage({file, what, kPlanRemedy});
        return std::nullopt;
      }
    }
    if (findings_.repairs()) {
      auto made = plan_from(shards);
      Status written = made.ok() ? made->write(database_, file) : Status(made.error());
      if (written.ok()) {
        findings_.repaired(file.string() + ": " + what + "; made again from the shards");
        return std::move(*made);
      }
      what += "; " + written.error().message;
    }
    findings_.damage({file, what, kPlanRemedy});
    return std::nullopt;
  }

  Result<Plan> plan_from(const std::vector<fs::path>& shards) {
    if (shards.empty()) return Error{ErrorCode::kNotFound, "there is no shard to make it from"};
    MIEN_TRY(paths, corpus_paths());
    Plan plan;
    for (const fs::path& folder : shards) {
      if (folder.filename() != fmt::format("shard-{:05}", plan.shards())) {
        return Error{ErrorCode::kNotFound,
                     fmt::format("shard {} is missing, so it cannot be made from the shards",
                                 plan.shards())};
      }
      MIEN_TRY(manifest, manifest_in(folder));
      std::vector<StudyInput> videos;
      for (const ShardVideo& video : manifest.videos) {
        const auto path = paths.find(video.video_id);
        if (path == paths.end()) {
          return Error{ErrorCode::kNotFound,
                       fmt::format("the corpus does not tell where '{}' is", video.video_id)};
        }
        videos.push_back({video.video_id, path->second, video.size_bytes, video.mtime_ns});
      }
      const auto count = static_cast<int>(std::max<std::size_t>(1, videos.size()));
      MIEN_TRY_VOID(plan.add(videos, count));
    }
    return plan;
  }

  Result<std::unordered_map<std::string, std::string>> corpus_paths() {
    const fs::path corpus = study_ / "corpus.parquet";
    std::unordered_map<std::string, std::string> paths;
    MIEN_TRY_VOID(database_.query(
        "SELECT video_id, uri FROM " + sql_read_parquet(corpus) + " WHERE uri IS NOT NULL",
        [&](const Table& batch) -> Status {
          for (std::size_t row = 0; row < batch.rows(); ++row) {
            paths[batch.column("video_id").strings()[row]] = batch.column("uri").strings()[row];
          }
          return Ok{};
        }));
    return paths;
  }

  Database& database_;
  const fs::path study_;
  VerifyFindings& findings_;
};

}  // namespace

StudyBooks verify_books(Database& database, const fs::path& study, VerifyFindings& findings) {
  return Books(database, study, findings).run();
}

}  // namespace mien
