// Finished videos -> published shards, where other tasks may be at the same shard.
#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/sha256.h"
#include "pipeline/study/study.h"

namespace mien {

namespace fs = std::filesystem;

Status Study::note_committed(const std::string& video_id) {
  const auto position = plan_.find(video_id);
  MIEN_CHECK(position.has_value(), "a committed video is one of the plan");
  const fs::path folder = pending_folder(folder_, video_id);
  Result<ShardManifest> manifest = verify_shard(folder, settings_hash_);
  if (!manifest.ok()) {
    if (was_published_meanwhile(plan_.shard_of(*position))) return Ok{};
    return std::move(manifest).error();
  }
  const StudyInput& planned = plan_.videos()[*position];
  // One whose file vanished meanwhile counts as done until the study is opened again.
  const auto holds = [&](const ShardVideo& video) {
    const bool vanished = video.video_id == planned.video_id && video.size_bytes == -1;
    return vanished || video.is_of(planned);
  };
  if (manifest->videos.size() != 1 || !holds(manifest->videos[0])) {
    return Error{ErrorCode::kMismatch,
                 folder.string() + ": not the tables of video '" + video_id + "' as planned"};
  }
  states_[*position] = VideoState::kPending;
  touched_.insert(plan_.shard_of(*position));
  return Ok{};
}

bool Study::is_ready(std::int64_t shard) const {
  bool any_pending = false;
  for (std::size_t i = plan_.shard_begin(shard); i < plan_.shard_end(shard); ++i) {
    if (states_[i] == VideoState::kTodo) return false;
    any_pending = any_pending || states_[i] == VideoState::kPending;
  }
  return any_pending;
}

Result<std::int64_t> Study::publish_ready_shards() {
  MIEN_CHECK(is_writable(), "a study opened for reading is not written");
  std::int64_t published = 0;
  for (const std::int64_t shard : std::set<std::int64_t>(touched_)) {
    if (is_ready(shard)) {
      MIEN_TRY(done, publish(shard));
      published += done ? 1 : 0;
    }
    touched_.erase(shard);
  }
  return published;
}

// Whether another task put this shard in place since it was loaded, as this one would: its pending
// folders are gone then, and need not be there.
bool Study::was_published_meanwhile(std::int64_t shard) {
  if (!scope_.has_value()) return false;
  const Result<ShardManifest> manifest = verify_shard(shard_folder(shard), settings_hash_);
  const ShardState& known = shards_[static_cast<std::size_t>(shard)];
  if (!manifest.ok() || sha256_of_bytes(encode(*manifest)) == known.manifest_sha256) return false;
  const std::size_t begin = plan_.shard_begin(shard);
  const std::size_t videos = plan_.shard_end(shard) - begin;
  if (manifest->videos.size() != videos) return false;
  for (std::size_t i = 0; i < videos; ++i) {
    if (!manifest->videos[i].is_of(plan_.videos()[begin + i])) return false;
  }
  std::fill_n(states_.begin() + static_cast<std::ptrdiff_t>(begin), videos, VideoState::kDone);
  return load_shard(shard).ok();
}

void Study::clear_pending_of(std::int64_t shard) {
  for (std::size_t i = plan_.shard_begin(shard); i < plan_.shard_end(shard); ++i) {
    const fs::path folder = pending_folder(folder_, plan_.videos()[i].video_id);
    std::error_code ignored;
    if (fs::exists(folder, ignored)) discard_pending(folder);
  }
}

// False where a source turned out damaged and its videos are to be done again.
Result<bool> Study::publish(std::int64_t shard) {
  const std::size_t begin = plan_.shard_begin(shard);
  const std::size_t end = plan_.shard_end(shard);
  if (was_published_meanwhile(shard)) {
    clear_pending_of(shard);
    return true;
  }
  std::map<fs::path, ShardManifest> manifests;
  std::vector<ShardSource> sources;
  bool sound = true;
  for (std::size_t i = begin; i < end; ++i) {
    const StudyInput& video = plan_.videos()[i];
    const bool pending = states_[i] == VideoState::kPending;
    const fs::path folder = pending ? pending_folder(folder_, video.video_id) : shard_folder(shard);
    auto it = manifests.find(folder);
    if (it == manifests.end()) {
      Result<ShardManifest> manifest = verify_shard(folder, settings_hash_);
      if (!manifest.ok()) {
        problems_.push_back(manifest.error().message);
        if (pending) discard_pending(folder);
        states_[i] = VideoState::kTodo;
        sound = false;
        continue;
      }
      it = manifests.emplace(folder, std::move(manifest).value()).first;
    }
    sources.push_back({folder, &it->second, video.video_id});
  }
  if (!sound) return was_published_meanwhile(shard);
  const Status put = publish_shard(*database_, shard_folder(shard), settings_, sources);
  if (!put.ok()) {
    if (was_published_meanwhile(shard)) return true;
    return put.error();
  }
  ShardState& state = shards_[static_cast<std::size_t>(shard)];
  state = {true, settings_.program_version, {}, {}};
  for (const auto& [folder, manifest] : manifests) {
    for (const ShardFile& file : manifest.files) state.tables.insert(file.table);
  }
  for (std::size_t i = begin; i < end; ++i) {
    if (states_[i] == VideoState::kPending) {
      discard_pending(pending_folder(folder_, plan_.videos()[i].video_id));
    }
    states_[i] = VideoState::kDone;
  }
  return true;
}

}  // namespace mien
