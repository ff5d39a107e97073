#include "pipeline/study/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/sha256.h"
#include "pipeline/study/study_parts.h"
#include "store/durable_file.h"
#include "store/forgotten.h"
#include "store/sql_text.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

Error settings_error(const fs::path& folder, const std::vector<std::string>& lines) {
  std::string message =
      folder.string() + ": the study was made with other settings than those given now:";
  for (const std::string& line : lines) message += "\n  " + line;
  message +=
      "\n  remedy: give the study's settings, or --redo to replace its annotations, or another "
      "--out";
  return {ErrorCode::kMismatch, message};
}

bool has_shards(const fs::path& annotations) {
  std::error_code error;
  for (fs::directory_iterator it(annotations, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename().string().starts_with("shard-")) return true;
  }
  return false;
}

// Out of the way in one step, then removed: a crash in between leaves no half of a study.
Status remove_annotations(const fs::path& annotations) {
  std::error_code error;
  if (!fs::exists(annotations, error)) return Ok{};
  const fs::path aside = temporary_name_for(annotations);
  MIEN_TRY_VOID(rename_durably(annotations, aside));
  fs::remove_all(aside, error);
  if (error) {
    return Error{ErrorCode::kIo, aside.string() + ": cannot be removed: " + error.message() + "; " +
                                     io_remedy(error.value())};
  }
  return Ok{};
}

}  // namespace

fs::path Study::shard_folder(std::int64_t shard) const {
  return annotations() / shard_name(shard);
}

Result<Study> Study::open_or_create(const fs::path& folder, const StudySettings& settings,
                                    const StudyOpenOptions& options, Database& database) {
  MIEN_TRY_VOID(make_folders(folder));
  MIEN_TRY(lock, FileLock::acquire(folder / ".lock"));
  Study study(folder, database);
  study.lock_ = std::move(lock);
  MIEN_TRY_VOID(no_forgetting_undone(folder));
  MIEN_TRY_VOID(study.prepare(settings, options));
  MIEN_TRY_VOID(study.load());
  return study;
}

Result<Study> Study::open_shards(const fs::path& folder, const StudySettings& settings,
                                 std::span<const std::int64_t> shards, Database& database) {
  Study study(folder, database);
  study.settings_ = settings;
  study.settings_hash_ = settings_hash(settings);
  MIEN_TRY_VOID(study.compare_settings());
  study.scope_.emplace(shards.begin(), shards.end());
  MIEN_TRY_VOID(study.load_task(shards));
  return study;
}

Result<Study> Study::open_existing(const fs::path& folder, Database& database) {
  Study study(folder, database);
  Result<std::string> text = read_whole_file(study.annotations() / "run.json");
  if (!text.ok()) {
    return Error{ErrorCode::kNotFound, folder.string() +
                                           ": not a study with annotations; remedy: make them with "
                                           "'mien annotate VIDEO... --out " +
                                           folder.string() + "'"};
  }
  Result<StudySettings> settings = decode_settings(*text);
  if (!settings.ok()) {
    return std::move(settings).error().with_context((study.annotations() / "run.json").string());
  }
  study.settings_ = std::move(settings).value();
  study.settings_hash_ = settings_hash(study.settings_);
  MIEN_TRY_VOID(study.load());
  return study;
}

// Clears left-overs, then makes run.json or compares with it.
Status Study::prepare(const StudySettings& settings, const StudyOpenOptions& options) {
  settings_ = settings;
  settings_hash_ = settings_hash(settings);
  videos_per_shard_ = options.videos_per_shard;
  MIEN_TRY_VOID(clear_left_overs_of(annotations()));
  MIEN_TRY_VOID(clear_left_overs_of(folder_ / "corpus.parquet"));
  if (options.redo) MIEN_TRY_VOID(remove_annotations(annotations()));
  MIEN_TRY_VOID(make_folders(annotations() / "pending"));
  MIEN_TRY_VOID(clear_left_overs(annotations()));
  MIEN_TRY_VOID(clear_left_overs(annotations() / "pending"));

  const fs::path run_file = annotations() / "run.json";
  std::error_code ignored;
  if (!fs::exists(run_file, ignored)) {
    if (has_shards(annotations())) {
      return Error{ErrorCode::kCorrupt, run_file.string() +
                                            ": missing, though there are shards; remedy: bring it "
                                            "back, or --redo makes the annotations anew"};
    }
    return write_file_durably(run_file, encode(settings));
  }
  return compare_settings();
}

Status Study::compare_settings() const {
  const fs::path run_file = annotations() / "run.json";
  MIEN_TRY(text, read_whole_file(run_file));
  Result<StudySettings> recorded = decode_settings(text);
  if (!recorded.ok()) {
    Error error = std::move(recorded).error().with_context(run_file.string());
    error.message += "; remedy: --redo makes the annotations anew";
    return error;
  }
  const std::vector<std::string> lines = differences(*recorded, settings_);
  if (!lines.empty()) return settings_error(folder_, lines);
  return Ok{};
}

Status Study::load() {
  MIEN_TRY(plan, Plan::read(*database_, annotations() / "plan.parquet"));
  plan_ = std::move(plan);
  states_.assign(plan_.videos().size(), VideoState::kTodo);
  shards_.assign(static_cast<std::size_t>(plan_.shards()), {});
  for (std::int64_t shard = 0; shard < plan_.shards(); ++shard) MIEN_TRY_VOID(load_shard(shard));
  if (lock_.has_value()) MIEN_TRY_VOID(load_pending());
  return Ok{};
}

Status Study::load_task(std::span<const std::int64_t> shards) {
  MIEN_TRY(plan, Plan::read_shards(*database_, annotations() / "plan.parquet", *scope_));
  plan_ = std::move(plan);
  states_.assign(plan_.videos().size(), VideoState::kTodo);
  shards_.assign(static_cast<std::size_t>(plan_.shards()), {});
  for (const std::int64_t shard : shards) {
    if (shard < 0 || shard >= plan_.shards()) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("{}: there is no shard {}; the plan has {}; remedy: plan the study "
                               "with 'mien cluster plan'",
                               folder_.string(), shard, plan_.shards())};
    }
    MIEN_TRY_VOID(load_shard(shard));
    for (std::size_t i = plan_.shard_begin(shard); i < plan_.shard_end(shard); ++i) {
      const fs::path folder = pending_folder(folder_, plan_.videos()[i].video_id);
      std::error_code ignored;
      if (states_[i] == VideoState::kTodo && fs::exists(folder, ignored)) take_pending(folder);
    }
  }
  return Ok{};
}

Status Study::load_shard(std::int64_t shard) {
  Result<ShardManifest> manifest = verify_shard(shard_folder(shard), settings_hash_);
  if (!manifest.ok()) {
    if (manifest.error().code != ErrorCode::kNotFound) {
      problems_.push_back(manifest.error().message);
    }
    return Ok{};
  }
  const std::size_t begin = plan_.shard_begin(shard);
  const std::size_t videos = plan_.shard_end(shard) - begin;
  bool as_planned = manifest->videos.size() == videos;
  for (std::size_t i = 0; as_planned && i < videos; ++i) {
    as_planned = manifest->videos[i].video_id == plan_.videos()[begin + i].video_id;
  }
  if (!as_planned) {
    problems_.push_back(shard_folder(shard).string() + ": its videos are not those of the plan");
    return Ok{};
  }
  ShardState& state = shards_[static_cast<std::size_t>(shard)];
  state.published = true;
  state.program_version = manifest->program_version;
  state.manifest_sha256 = sha256_of_bytes(encode(*manifest));
  for (const ShardFile& file : manifest->files) state.tables.insert(file.table);
  compare_shard(shard, *manifest);
  return Ok{};
}

// Which videos of a published shard still stand. Rows made by another version of the program stay
// while nothing changes, but are not mixed into a shard with new ones.
void Study::compare_shard(std::int64_t shard, const ShardManifest& manifest) {
  const std::size_t begin = plan_.shard_begin(shard);
  bool any_changed = false;
  for (std::size_t i = 0; i < manifest.videos.size(); ++i) {
    const bool same = manifest.videos[i].is_of(plan_.videos()[begin + i]);
    states_[begin + i] = same ? VideoState::kDone : VideoState::kTodo;
    any_changed = any_changed || !same;
  }
  if (any_changed && manifest.program_version != settings_.program_version) {
    std::fill_n(states_.begin() + static_cast<std::ptrdiff_t>(begin), manifest.videos.size(),
                VideoState::kTodo);
  }
}

Status Study::load_pending() {
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator it(annotations() / "pending", error), end; !error && it != end;
       it.increment(error)) {
    folders.push_back(it->path());
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) take_pending(folder);
  return Ok{};
}

// One that does not stand is removed.
void Study::take_pending(const fs::path& folder) {
  Result<ShardManifest> manifest = verify_shard(folder, settings_hash_);
  bool stands = false;
  if (!manifest.ok()) {
    problems_.push_back(manifest.error().message);
  } else if (manifest->videos.size() == 1 &&
             manifest->program_version == settings_.program_version) {
    const auto position = plan_.find(manifest->videos[0].video_id);
    stands = position.has_value() && states_[*position] == VideoState::kTodo &&
             manifest->videos[0].is_of(plan_.videos()[*position]) &&
             folder == pending_folder(folder_, manifest->videos[0].video_id);
    if (stands) {
      states_[*position] = VideoState::kPending;
      touched_.insert(plan_.shard_of(*position));
    }
  }
  if (!stands) discard_pending(folder);
}

bool Study::has_vanished(const StudyInput& input) const {
  return input.size_bytes < 0 && state_of(input.video_id) == VideoState::kDone;
}

Status Study::add_inputs(std::span<const StudyInput> inputs) {
  std::vector<StudyInput> present;
  for (const StudyInput& input : inputs) {
    if (!has_vanished(input)) present.push_back(input);
  }
  Plan plan = plan_;
  MIEN_TRY(changed, plan.add(present, videos_per_shard_));
  return changed ? take_plan(std::move(plan)) : Ok{};
}

Status Study::add_balanced(std::vector<StudyInput> inputs, std::span<const double> seconds,
                           int shards) {
  MIEN_CHECK(inputs.size() == seconds.size(), "every video has its duration");
  std::vector<StudyInput> present;
  std::vector<double> durations;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (has_vanished(inputs[i])) continue;
    present.push_back(std::move(inputs[i]));
    durations.push_back(seconds[i]);
  }
  inputs.clear();
  Plan plan = plan_;
  MIEN_TRY(changed, plan.add_balanced(present, durations, shards));
  present.clear();
  return changed ? take_plan(std::move(plan)) : Ok{};
}

// The plan is on disk when this returns; videos whose file changed are todo.
Status Study::take_plan(Plan plan) {
  MIEN_CHECK(lock_.has_value(), "a study opened for reading is not written");
  MIEN_TRY_VOID(plan.write(*database_, annotations() / "plan.parquet"));
  const Plan before_it = std::exchange(plan_, std::move(plan));
  const std::vector<StudyInput>& before = before_it.videos();
  states_.resize(plan_.videos().size(), VideoState::kTodo);
  shards_.resize(static_cast<std::size_t>(plan_.shards()));
  for (std::size_t i = 0; i < before.size(); ++i) {
    const StudyInput& now = plan_.videos()[i];
    if (before[i].size_bytes == now.size_bytes && before[i].mtime_ns == now.mtime_ns) continue;
    make_todo(i);
  }
  return Ok{};
}

bool Study::is_open_for(std::size_t position) const {
  return !scope_.has_value() || scope_->contains(plan_.shard_of(position));
}

std::vector<StudyInput> Study::planned() const {
  std::vector<StudyInput> videos;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (is_open_for(i)) videos.push_back(plan_.videos()[i]);
  }
  return videos;
}

// Rows of another version of the program are not mixed into a shard with new ones.
void Study::make_todo(std::size_t position) {
  const std::int64_t shard = plan_.shard_of(position);
  const ShardState& state = shards_[static_cast<std::size_t>(shard)];
  states_[position] = VideoState::kTodo;
  if (!state.published || state.program_version == settings_.program_version) return;
  for (std::size_t k = plan_.shard_begin(shard); k < plan_.shard_end(shard); ++k) {
    if (states_[k] == VideoState::kDone) states_[k] = VideoState::kTodo;
  }
}

std::vector<fs::path> Study::media_of(const std::set<std::string>& video_ids) const {
  std::vector<fs::path> files = tables("media");
  for (const std::string& id : video_ids) {
    if (state_of(id) == VideoState::kPending) {
      files.push_back(pending_folder(folder_, id) / "media-000.parquet");
    }
  }
  return files;
}

Status Study::retry_failed(const std::set<std::string>& video_ids) {
  const std::vector<fs::path> files = media_of(video_ids);
  if (files.empty()) return Ok{};
  return database_->query(
      "SELECT video_id FROM " + sql_read_parquet(files) + " WHERE status = 'failed'",
      [&](const Table& batch) -> Status {
        for (const std::string& id : batch.column("video_id").strings()) {
          const auto position = plan_.find(id);
          const bool is_meant = position.has_value() && video_ids.contains(id);
          if (is_meant && states_[*position] != VideoState::kTodo) make_todo(*position);
        }
        return Ok{};
      });
}

std::vector<StudyInput> Study::todo() const {
  std::vector<StudyInput> videos;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == VideoState::kTodo && is_open_for(i)) videos.push_back(plan_.videos()[i]);
  }
  return videos;
}

std::optional<VideoState> Study::state_of(const std::string& video_id) const {
  const auto position = plan_.find(video_id);
  if (!position.has_value()) return std::nullopt;
  return states_[*position];
}

std::int64_t Study::count(VideoState state) const {
  return std::count(states_.begin(), states_.end(), state);
}

Result<PendingWriter> Study::pending_writer(const StudyInput& video) {
  return PendingWriter::open(*database_, folder_, settings_, video);
}

std::vector<fs::path> Study::tables(const std::string& name) const {
  std::vector<fs::path> paths;
  if (name == "corpus") {
    std::error_code ignored;
    const fs::path corpus = folder_ / "corpus.parquet";
    if (fs::exists(corpus, ignored)) paths.push_back(corpus);
    return paths;
  }
  for (std::int64_t shard = 0; shard < plan_.shards(); ++shard) {
    const ShardState& state = shards_[static_cast<std::size_t>(shard)];
    if (state.published && state.tables.contains(name)) {
      paths.push_back(shard_folder(shard) / (name + ".parquet"));
    }
  }
  return paths;
}

std::set<std::string> Study::table_names() const {
  std::set<std::string> names;
  for (const ShardState& state : shards_) {
    if (state.published) names.insert(state.tables.begin(), state.tables.end());
  }
  if (!tables("corpus").empty()) names.insert("corpus");
  return names;
}

}  // namespace mien
