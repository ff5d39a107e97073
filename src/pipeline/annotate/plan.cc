#include "pipeline/annotate/plan.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <queue>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/sha256.h"
#include "base/utf8.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostShards = 100'000'000;  // more than any plan's file could list
constexpr const char* kContentHash = "mien.content_sha256";

TableSchema plan_schema() {
  return {"plan",
          "video",
          "Which shard holds a video, and the file as it was when it was last looked at.",
          {{"shard", ColumnType::kInt64, "Number of the shard, from 0."},
           {"video_id", ColumnType::kString, "The video."},
           {"path", ColumnType::kString, "Absolute path of the file."},
           {"size_bytes", ColumnType::kInt64,
            "Size of the file; -1 where there is none, -2 where its name is not UTF-8."},
           {"mtime_ns", ColumnType::kInt64, "Time of its last change, since 1970."}}};
}

std::int64_t mtime_ns_of(const struct stat& info) {
  return std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

bool is_text(const std::string& text) {
  return first_invalid_utf8(text) == std::string_view::npos && text.find('\0') == std::string::npos;
}

// A row of the plan, to its checksum.
void add_row(Sha256& hash, std::int64_t shard, const StudyInput& video) {
  std::string content;
  for (const std::string& field :
       {std::to_string(shard), video.video_id, video.path, std::to_string(video.size_bytes),
        std::to_string(video.mtime_ns)}) {
    content += std::to_string(field.size()) + ":" + field;
  }
  hash.add(content);
}

Error damaged(const fs::path& file, const std::string& what) {
  return {ErrorCode::kCorrupt,
          file.string() + ": " + what + "; remedy: --redo makes the annotations anew"};
}

}  // namespace

StudyInput describe_input(const std::string& video_id, const fs::path& path) {
  StudyInput input{video_id, path, -1, 0};
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return input;
  input.mtime_ns = mtime_ns_of(info);
  if (!S_ISDIR(info.st_mode)) {
    input.size_bytes = info.st_size;
    return input;
  }
  input.size_bytes = 0;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    struct stat inner {};
    if (::stat(it->path().c_str(), &inner) != 0 || !S_ISREG(inner.st_mode)) continue;
    input.size_bytes += inner.st_size;
    input.mtime_ns = std::max(input.mtime_ns, mtime_ns_of(inner));
  }
  return input;
}

std::string Plan::content_hash() const {
  Sha256 hash;
  for (std::size_t i = 0; i < videos_.size(); ++i) add_row(hash, shard_of(i), videos_[i]);
  return hash.finish();
}

Result<Plan> Plan::read(Database& database, const fs::path& file) {
  return read_rows(database, file, nullptr);
}

Result<Plan> Plan::read_shards(Database& database, const fs::path& file,
                               const std::set<std::int64_t>& shards) {
  return read_rows(database, file, &shards);
}

Result<Plan> Plan::read_rows(Database& database, const fs::path& file,
                             const std::set<std::int64_t>* wanted) {
  Plan plan;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return plan;
  MIEN_TRY(found, database.read_schema(file));
  std::string columns;
  for (const ColumnSpec& column : plan_schema().columns) {
    const int at = found.index_of(column.name);
    if (at < 0 || found.columns[static_cast<std::size_t>(at)].type != column.type) {
      return damaged(file, "the plan has no column " + column.name);
    }
    columns += (columns.empty() ? "" : ", ") + column.name;
  }
  Sha256 hash;
  const auto take = [&](const Table& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::int64_t shard = batch.column("shard").integers()[row];
      if (shard < plan.shards() - 1 || shard > kMostShards) {
        return damaged(file, "the plan's shards are not in order");
      }
      while (plan.shards() <= shard) plan.begins_.push_back(plan.videos_.size());
      StudyInput video{batch.column("video_id").strings()[row], batch.column("path").strings()[row],
                       batch.column("size_bytes").integers()[row],
                       batch.column("mtime_ns").integers()[row]};
      add_row(hash, shard, video);
      if (wanted != nullptr && !wanted->contains(shard)) continue;
      if (!plan.positions_.emplace(video.video_id, plan.videos_.size()).second) {
        return damaged(file, "the plan has '" + video.video_id + "' twice");
      }
      plan.videos_.push_back(std::move(video));
    }
    return Ok{};
  };
  MIEN_TRY_VOID(database.query("SELECT " + columns + " FROM " + sql_read_parquet(file), take));
  MIEN_TRY(metadata, database.read_metadata(file));
  if (metadata[kContentHash] != hash.finish()) {
    return damaged(file, "the plan's checksum does not hold");
  }
  return plan;
}

Status Plan::write(Database& database, const fs::path& file) const {
  Table table(plan_schema());
  RowBuilder row(table.schema());
  for (std::size_t i = 0; i < videos_.size(); ++i) {
    row.set("shard", shard_of(i))
        .set("video_id", videos_[i].video_id)
        .set("path", videos_[i].path)
        .set("size_bytes", videos_[i].size_bytes)
        .set("mtime_ns", videos_[i].mtime_ns);
    table.append(row.finish());
  }
  return database.write_parquet(table, file,
                                {{"mien.table", "plan"}, {kContentHash, content_hash()}});
}

Status Plan::check(std::span<const StudyInput> inputs) const {
  std::unordered_map<std::string_view, const StudyInput*> seen;
  seen.reserve(inputs.size());
  for (const StudyInput& input : inputs) {
    if (input.video_id.empty() || !is_text(input.video_id) || !is_text(input.path)) {
      return Error{ErrorCode::kUnsupported,
                   input.path + ": the name or the id '" + input.video_id +
                       "' is empty or not UTF-8 text; remedy: rename the file, or give it an id "
                       "in a corpus list"};
    }
    const StudyInput* other = nullptr;
    const auto [it, is_new] = seen.emplace(input.video_id, &input);
    if (!is_new) {
      other = it->second;
    } else if (const auto position = find(input.video_id)) {
      const StudyInput& known = videos_[*position];
      const bool same_file = known.path == input.path || (known.size_bytes == input.size_bytes &&
                                                          known.mtime_ns == input.mtime_ns);
      std::error_code ignored;
      if (!same_file && fs::exists(known.path, ignored)) other = &known;
    }
    if (other != nullptr) {
      return Error{ErrorCode::kUsage, "two videos have the id '" + input.video_id +
                                          "': " + other->path + " and " + input.path +
                                          "; remedy: give ids in a corpus list, or another --out"};
    }
  }
  return Ok{};
}

Result<bool> Plan::add(std::span<const StudyInput> inputs, int videos_per_shard) {
  MIEN_CHECK(videos_per_shard > 0, "a shard holds at least one video");
  MIEN_TRY_VOID(check(inputs));
  bool changed = false;
  const std::size_t first_new = videos_.size();
  for (const StudyInput& input : inputs) {
    if (const auto position = find(input.video_id)) {
      changed = correct(*position, input) || changed;
      continue;
    }
    if ((videos_.size() - first_new) % static_cast<std::size_t>(videos_per_shard) == 0) {
      begins_.push_back(videos_.size());
    }
    append(input);
    changed = true;
  }
  return changed;
}

Result<bool> Plan::add_balanced(std::span<const StudyInput> inputs, std::span<const double> seconds,
                                int shards) {
  MIEN_CHECK(shards > 0 && inputs.size() == seconds.size(),
             "shards, and a duration for each video");
  MIEN_TRY_VOID(check(inputs));
  bool changed = false;
  struct New {
    std::size_t input;
    std::int64_t cost_us;  // whole numbers: sums do not depend on their order
  };
  std::vector<New> fresh;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (const auto position = find(inputs[i].video_id)) {
      changed = correct(*position, inputs[i]) || changed;
    } else {
      fresh.push_back({i, std::llround((seconds[i] + kOpening_s) * 1e6)});
    }
  }
  if (fresh.empty()) return changed;
  std::ranges::sort(fresh, [&](const New& a, const New& b) {
    return a.cost_us != b.cost_us ? a.cost_us > b.cost_us
                                  : inputs[a.input].video_id < inputs[b.input].video_id;
  });
  std::vector<std::vector<std::size_t>> of_shard(
      std::min(fresh.size(), static_cast<std::size_t>(shards)));
  using Load = std::pair<std::int64_t, std::size_t>;  // cost so far, shard
  std::priority_queue<Load, std::vector<Load>, std::greater<>> emptiest;
  for (std::size_t shard = 0; shard < of_shard.size(); ++shard) emptiest.push({0, shard});
  for (const New& video : fresh) {
    const auto [cost_us, shard] = emptiest.top();
    emptiest.pop();
    of_shard[shard].push_back(video.input);
    emptiest.push({cost_us + video.cost_us, shard});
  }
  for (std::vector<std::size_t>& members : of_shard) {
    std::ranges::sort(members);
    begins_.push_back(videos_.size());
    for (const std::size_t i : members) append(inputs[i]);
  }
  return true;
}

// Whether anything differed.
bool Plan::correct(std::size_t position, const StudyInput& input) {
  StudyInput& known = videos_[position];
  const bool same = known.path == input.path && known.size_bytes == input.size_bytes &&
                    known.mtime_ns == input.mtime_ns;
  if (!same) known = input;
  return !same;
}

void Plan::append(const StudyInput& input) {
  positions_.emplace(input.video_id, videos_.size());
  videos_.push_back(input);
}

std::size_t Plan::remove(const std::set<std::string>& video_ids) {
  std::vector<StudyInput> kept;
  std::vector<std::size_t> begins;
  for (std::int64_t shard = 0; shard < shards(); ++shard) {
    begins.push_back(kept.size());
    for (std::size_t i = shard_begin(shard); i < shard_end(shard); ++i) {
      if (!video_ids.contains(videos_[i].video_id)) kept.push_back(videos_[i]);
    }
  }
  const std::size_t removed = videos_.size() - kept.size();
  videos_ = std::move(kept);
  begins_ = std::move(begins);
  positions_.clear();
  for (std::size_t i = 0; i < videos_.size(); ++i) positions_.emplace(videos_[i].video_id, i);
  return removed;
}

std::size_t Plan::shard_begin(std::int64_t shard) const {
  return begins_.at(static_cast<std::size_t>(shard));
}

std::size_t Plan::shard_end(std::int64_t shard) const {
  const auto next = static_cast<std::size_t>(shard) + 1;
  return next < begins_.size() ? begins_[next] : videos_.size();
}

std::int64_t Plan::shard_of(std::size_t position) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), position);
  return static_cast<std::int64_t>(after - begins_.begin()) - 1;
}

std::optional<std::size_t> Plan::find(const std::string& video_id) const {
  const auto it = positions_.find(video_id);
  if (it == positions_.end()) return std::nullopt;
  return it->second;
}

}  // namespace mien
