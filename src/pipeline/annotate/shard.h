// A folder of tables with a checksummed manifest, which exists whole or not at all: a shard
// (`annotations/shard-00042`), or one finished video on its way into one
// (`annotations/pending/HASH`), which is the same with a single video and part files.
//
// manifest.json lists the videos with their file's size and time and their rows in every table, and
// the files with rows, columns, size and SHA-256; `checksum` is the SHA-256 of the rest of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/study/study_settings.h"
#include "store/database.h"

namespace mien {

struct ShardVideo {
  std::string video_id;
  std::int64_t size_bytes = -1;
  std::int64_t mtime_ns = 0;
  std::map<std::string, std::int64_t> rows;  // table -> rows of this video

  bool is_of(const StudyInput& input) const {
    return video_id == input.video_id && size_bytes == input.size_bytes &&
           mtime_ns == input.mtime_ns;
  }
};

struct ShardFile {
  std::string name;  // "tracks.parquet", "frames-001.parquet"
  std::string table;
  std::string columns;  // columns_hash of the table
  std::int64_t rows = 0;
  std::int64_t size_bytes = 0;
  std::string sha256;
};

struct ShardManifest {
  int schema_version = kSchemaVersion;
  std::string program_version;
  std::string settings;  // settings_hash
  std::vector<ShardVideo> videos;
  std::vector<ShardFile> files;  // in order: of a table in parts, the parts in order

  std::vector<std::filesystem::path> files_of(const std::filesystem::path& folder,
                                              const std::string& table) const;
};

std::string encode(const ShardManifest& manifest);
Result<ShardManifest> decode_shard_manifest(const std::string& text);

// SHA-256 over the columns' names and kinds.
std::string columns_hash(const TableSchema& schema);

// Reads manifest.json and checks everything that it says: its own checksum, schema version and
// settings against those given, every file's presence, size and (unless only a glance is wanted)
// SHA-256. kNotFound where there is no such folder, kMismatch for another version or other
// settings, kIo for what cannot be read now, else kCorrupt naming the file.
enum class ShardCheck { kChecksums, kSizes };
Result<ShardManifest> verify_shard(const std::filesystem::path& folder,
                                   const std::string& expected_settings,
                                   ShardCheck check = ShardCheck::kChecksums);

// Gathers files in a temporary folder beside `folder`; `commit` writes the manifest, syncs, and
// puts the folder in its place, replacing one that is there. Given up, it leaves nothing.
class ShardWriter {
 public:
  static Result<ShardWriter> open(const std::filesystem::path& folder);
  ShardWriter(ShardWriter&&) noexcept = default;
  ShardWriter& operator=(ShardWriter&&) = delete;
  ~ShardWriter();

  std::filesystem::path path_of(const std::string& file_name) const {
    return temporary_ / file_name;
  }

  // Takes a file that was written to path_of(name) into the manifest.
  Status add_file(const std::string& name, const std::string& table, const std::string& columns,
                  std::int64_t rows);
  Status commit(ShardManifest manifest);  // `files` is filled in here

 private:
  ShardWriter(std::filesystem::path folder, std::filesystem::path temporary)
      : folder_(std::move(folder)), temporary_(std::move(temporary)) {}

  std::filesystem::path folder_;
  std::filesystem::path temporary_;  // empty once moved from
  std::vector<ShardFile> files_;
  bool committed_ = false;
};

// Where the rows of one video of a shard to be published are: its pending folder, or the shard as
// it was.
struct ShardSource {
  std::filesystem::path folder;
  const ShardManifest* manifest = nullptr;
  std::string video_id;
};

// Writes the shard `folder` from its videos' rows, in the order given, table by table, through SQL:
// nothing is held in memory. The bytes depend on rows and settings only. A table that only some
// videos have is theirs; sources whose columns differ are kMismatch.
Status publish_shard(Database& database, const std::filesystem::path& folder,
                     const StudySettings& settings, const std::vector<ShardSource>& sources);

}  // namespace mien
