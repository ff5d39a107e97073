// The study folder: what is planned, what is done, and the published tables.
//
//   STUDY/.lock                        one writer at a time
//   STUDY/corpus.parquet               see corpus.h
//   STUDY/annotations/run.json         the settings (study_settings.h)
//   STUDY/annotations/plan.parquet     which video belongs to which shard (plan.h)
//   STUDY/annotations/pending/HASH/    finished videos of unfinished shards (pending.h)
//   STUDY/annotations/shard-00042/     published tables (shard.h)
//
// A video is done when its shard is published with the file's present size and time. A shard whose
// manifest, checksums, schema version or settings do not hold counts as not done, and problems()
// says why. docs/study-folder.md tells the whole format.
//
// Several tasks: open_shards() is for processes on any number of machines that share nothing but
// the folder. Names in it are taken by renaming only, no clock is read and no lock taken; two tasks
// at one shard write the same bytes, and the later one's take the place of the earlier one's.
//
// Errors: kMismatch (other settings, shown line by line), kBusy (another process holds the study),
// kIo (disk full or not writable; nothing is published half), kCorrupt, kNotFound, kUsage.
// One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/pending.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_settings.h"
#include "store/database.h"

namespace mien {

enum class VideoState {
  kTodo,     // to be annotated, or annotated anew
  kPending,  // finished, its shard not yet published
  kDone      // in a published shard
};

struct StudyOpenOptions {
  bool redo = false;  // replace the annotations that are there
  int videos_per_shard = 64;
};

class Study {
 public:
  // For writing: takes the lock, clears what a crash left over, and makes the folder or compares
  // its settings. Every shard's checksums are verified (about 1 s per GB). `database` must outlive
  // the study.
  static Result<Study> open_or_create(const std::filesystem::path& folder,
                                      const StudySettings& settings,
                                      const StudyOpenOptions& options, Database& database);

  // For writing these shards of a plan that exists, and for looking at nothing else: others may be
  // writing at the same time, these shards too; the plan has no others' videos. kNotFound: no plan,
  // or it has no such shard.
  static Result<Study> open_shards(const std::filesystem::path& folder,
                                   const StudySettings& settings,
                                   std::span<const std::int64_t> shards, Database& database);

  // For reading: no lock and no comparison; kNotFound where there are no annotations.
  static Result<Study> open_existing(const std::filesystem::path& folder, Database& database);

  const std::filesystem::path& folder() const { return folder_; }
  const StudySettings& settings() const { return settings_; }
  const Plan& plan() const { return plan_; }

  // Adds videos to the plan and makes those todo whose file changed; a file that vanished after
  // its video was done changes nothing. The plan is on disk when this returns.
  Status add_inputs(std::span<const StudyInput> inputs);

  // Plans the videos that are new as `shards` shards of like duration (plan.h); else as
  // add_inputs().
  Status add_balanced(std::vector<StudyInput> inputs, std::span<const double> seconds, int shards);

  // Makes those of these videos todo that are done or pending and whose media row says failed.
  Status retry_failed(const std::set<std::string>& video_ids);

  std::vector<StudyInput> planned() const;  // of the shards that it was opened for, in plan order
  std::vector<StudyInput> todo() const;     // of these
  std::optional<VideoState> state_of(const std::string& video_id) const;
  std::int64_t count(VideoState state) const;

  Result<PendingWriter> pending_writer(const StudyInput& video);

  // Tells that a video's pending folder was committed, by this process or by a worker.
  Status note_committed(const std::string& video_id);

  // Publishes every shard whose videos are all finished and gives their number. A pending folder
  // that turns out damaged makes its video todo again, with a problem noted.
  Result<std::int64_t> publish_ready_shards();

  // The Parquet files of a table ("media", "tracks", ... or "corpus"), in plan order: its rows are
  // the files' rows one after the other. Of shards in which a file has changed since: as they were.
  std::vector<std::filesystem::path> tables(const std::string& name) const;
  std::set<std::string> table_names() const;

  // Where the rows of `media` of these videos stand that are finished, among others' rows.
  std::vector<std::filesystem::path> media_of(const std::set<std::string>& video_ids) const;

  // What did not hold and is therefore done again, in words.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct ShardState {
    bool published = false;
    std::string program_version;
    std::set<std::string> tables;
    std::string manifest_sha256;
  };

  Study(std::filesystem::path folder, Database& database)
      : folder_(std::move(folder)), database_(&database) {}

  std::filesystem::path annotations() const { return folder_ / "annotations"; }
  std::filesystem::path shard_folder(std::int64_t shard) const;

  Status prepare(const StudySettings& settings, const StudyOpenOptions& options);
  Status compare_settings() const;
  bool has_vanished(const StudyInput& input) const;
  Status take_plan(Plan plan);
  Status load();
  Status load_shard(std::int64_t shard);
  Status load_pending();
  Status load_task(std::span<const std::int64_t> shards);
  void take_pending(const std::filesystem::path& folder);
  bool is_open_for(std::size_t position) const;
  bool is_writable() const { return lock_.has_value() || scope_.has_value(); }
  bool was_published_meanwhile(std::int64_t shard);
  void clear_pending_of(std::int64_t shard);
  void compare_shard(std::int64_t shard, const ShardManifest& manifest);
  void make_todo(std::size_t position);
  bool is_ready(std::int64_t shard) const;
  Result<bool> publish(std::int64_t shard);

  std::filesystem::path folder_;
  Database* database_;
  std::optional<FileLock> lock_;
  StudySettings settings_;
  std::string settings_hash_;
  int videos_per_shard_ = 64;
  Plan plan_;
  std::vector<VideoState> states_;  // one a video of the plan
  std::vector<ShardState> shards_;
  std::optional<std::set<std::int64_t>> scope_;  // of open_shards
  std::set<std::int64_t> touched_;               // shards that may have become ready
  std::vector<std::string> problems_;
};

}  // namespace mien
