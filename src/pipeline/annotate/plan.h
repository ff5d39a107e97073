// Which video belongs to which shard, for good: `annotations/plan.parquet`.
//
// Videos are assigned in the order of their first appearance, at most N a shard, or so that shards
// take like long. The plan only grows: new videos get new shards after those that exist, whatever N
// they were made with. Memory: about 200 bytes a video that was read, and 8 a shard.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace mien {

// In the place of a size: the file's name is not UTF-8 text. Its id and path stand escaped, so it
// is never opened.
inline constexpr std::int64_t kSizeOfUnreadableName = -2;

struct StudyInput {
  std::string video_id;
  std::string path;
  std::int64_t size_bytes = -1;  // -1: there is no such file; kSizeOfUnreadableName
  std::int64_t mtime_ns = 0;
};

// Looks at the file. Of a folder (a video made of pictures): the sum and the latest of the files
// directly in it. What does not exist has size -1.
StudyInput describe_input(const std::string& video_id, const std::filesystem::path& path);

class Plan {
 public:
  // A file that is missing is an empty plan; one that does not hold is kCorrupt with the remedy.
  static Result<Plan> read(Database& database, const std::filesystem::path& file);
  // The same with the videos of these shards alone: all others are empty. The whole file is read
  // and held against its checksum, row by row; ids that two shards share are not found.
  static Result<Plan> read_shards(Database& database, const std::filesystem::path& file,
                                  const std::set<std::int64_t>& shards);
  Status write(Database& database, const std::filesystem::path& file) const;

  // Takes new videos in and notes changed sizes, times and (of a file that only moved) paths.
  // Returns whether anything changed. Two files under one id are kUsage naming both: twice in
  // `inputs`, or a file that differs from the one that the plan knows, which is still there. An id
  // that is empty or not UTF-8 text, or a path that is not, is kUnsupported. After an error the
  // plan is as before.
  Result<bool> add(std::span<const StudyInput> inputs, int videos_per_shard);

  // The same, but the new videos are spread over `shards` new shards (one a video where there are
  // fewer) so that these take like long: longest processing time first (Graham 1969, "Bounds on
  // multiprocessing timing anomalies"; the fullest shard has at most 4/3 of the least that is
  // possible), ties by id and by the shard's number. seconds[i] is what inputs[i] lasts, not below
  // 0; each video counts kOpening_s more. Within a shard the order is that of the inputs.
  static constexpr double kOpening_s = 1;
  Result<bool> add_balanced(std::span<const StudyInput> inputs, std::span<const double> seconds,
                            int shards);

  // Takes videos out and gives how many there were. Shards keep their numbers; one may be left
  // without a video, and a last one without a video is no longer of the plan once it is read again.
  std::size_t remove(const std::set<std::string>& video_ids);

  const std::vector<StudyInput>& videos() const { return videos_; }  // ordered by shard
  std::int64_t shards() const { return static_cast<std::int64_t>(begins_.size()); }
  std::size_t shard_begin(std::int64_t shard) const;  // position of its first video
  std::size_t shard_end(std::int64_t shard) const;
  std::int64_t shard_of(std::size_t position) const;
  std::optional<std::size_t> find(const std::string& video_id) const;

 private:
  Status check(std::span<const StudyInput> inputs) const;
  bool correct(std::size_t position, const StudyInput& input);
  void append(const StudyInput& input);
  std::string content_hash() const;
  // `wanted`: of these shards; nullptr: all.
  static Result<Plan> read_rows(Database& database, const std::filesystem::path& file,
                                const std::set<std::int64_t>* wanted);

  std::vector<StudyInput> videos_;
  std::vector<std::size_t> begins_;  // one a shard
  std::unordered_map<std::string, std::size_t> positions_;
};

}  // namespace mien
