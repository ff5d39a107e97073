// One video's tables on their way into a shard, so that a run that is killed loses at most the
// videos in flight. Workers write these folders; only the coordinator publishes shards from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "pipeline/annotate/shard.h"

namespace mien {

// STUDY/annotations/pending/HASH, from the first 32 digits of the id's SHA-256.
std::filesystem::path pending_folder(const std::filesystem::path& study,
                                     const std::string& video_id);

// Out of the way in one step, then removed: a crash in between leaves no half of a folder that a
// later run would have to complain about.
void discard_pending(const std::filesystem::path& folder);

// Writes one video's tables. Memory: at most kPartRows rows a table, whatever the video's length;
// a table with more rows is written in parts. Given up (destroyed before commit), it leaves
// nothing; the folder appears with commit, whole. `database` must outlive it.
class PendingWriter {
 public:
  // About 8 MB of a table with 60 columns of numbers.
  static constexpr std::size_t kPartRows = 16384;

  static Result<PendingWriter> open(Database& database, const std::filesystem::path& study,
                                    const StudySettings& settings, const StudyInput& video);
  PendingWriter(PendingWriter&&) noexcept = default;
  PendingWriter& operator=(PendingWriter&&) = delete;

  // Adds rows of this video, in order; a batch may be empty, so that the table exists. A row of
  // another video, or other columns than before, are a caller's bug.
  Status append(const std::string& table, const Table& batch);

  Status commit();

 private:
  struct Gathered {
    Table rows;
    std::int64_t written = 0;
    int parts = 0;
  };

  PendingWriter(Database& database, ShardWriter writer, const StudySettings& settings,
                const StudyInput& video)
      : database_(&database), writer_(std::move(writer)), settings_(settings), video_(video) {}

  Status flush(const std::string& table, Gathered& gathered);

  Database* database_;
  ShardWriter writer_;
  StudySettings settings_;
  StudyInput video_;
  std::map<std::string, Gathered> tables_;
};

}  // namespace mien
