#include "pipeline/study/study_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/study/json_values.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kOriginFile = "part.json";
constexpr std::string_view kPrefix = "shard-";

std::string origin_hash(const PartOrigin& origin) {
  return sha256_of_bytes(nlohmann::json(origin).dump());
}

// The number in "shard-00003".
std::optional<std::int64_t> number_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::int64_t number = 0;
  const char* const begin = name.data() + kPrefix.size();
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || at != end || name != shard_name(number)) return std::nullopt;
  return number;
}

}  // namespace

std::string shard_name(std::int64_t shard) {
  return fmt::format("{}{:05}", kPrefix, shard);
}

std::string planned_videos(const fs::path& study) {
  const fs::path plan = study / "annotations" / "plan.parquet";
  return sql_read_parquet(plan);
}

Result<std::int64_t> planned_shards(Database& database, const fs::path& study) {
  std::error_code ignored;
  if (!fs::exists(study / "annotations" / "plan.parquet", ignored)) return std::int64_t{0};
  MIEN_TRY(counted, database.query("SELECT coalesce(max(shard), -1) + 1 AS n FROM " +
                                   planned_videos(study)));
  return counted.column("n").integers()[0];
}

Result<std::string> manifest_checksum(const fs::path& folder) {
  MIEN_TRY(text, read_whole_file(folder / "manifest.json"));
  const std::string checksum = json_text(parse_outside_json(text), "checksum");
  if (checksum.empty()) {
    return Error{ErrorCode::kCorrupt, (folder / "manifest.json").string() + ": not a manifest"};
  }
  return checksum;
}

Status commit_part(ShardWriter& writer, const PartOrigin& origin,
                   const std::vector<std::string>& files) {
  const std::string text = nlohmann::json(origin).dump(1) + "\n";
  MIEN_TRY_VOID(write_file_durably(writer.path_of(kOriginFile), text));
  MIEN_TRY_VOID(writer.add_file(kOriginFile, "part", "", 0));
  for (const std::string& name : files) {
    MIEN_TRY_VOID(writer.add_file(name, fs::path(name).stem().string(), "", 0));
  }
  ShardManifest manifest;
  manifest.settings = origin_hash(origin);
  return writer.commit(std::move(manifest));
}

Result<PartOrigin> part_origin(const fs::path& part) {
  MIEN_TRY(text, read_whole_file(part / kOriginFile));
  try {
    return parse_own_json(text).get<PartOrigin>();
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, (part / kOriginFile).string() + ": " + error.what()};
  }
}

Status check_part(const fs::path& part, const PartOrigin& now) {
  std::error_code ignored;
  if (!fs::is_directory(part, ignored)) return Error{ErrorCode::kMismatch, "missing"};
  MIEN_TRY(then, part_origin(part));
  if (then != now) {
    return Error{ErrorCode::kMismatch,
                 "made of something else: " + first_difference(then, now, "there", "now")};
  }
  MIEN_TRY_VOID(verify_shard(part, origin_hash(now)));
  return Ok{};
}

Status check_parts(const fs::path& folder, std::int64_t shards, const OriginNow& origin_now,
                   const std::string& remedy) {
  constexpr std::size_t kFew = 5;
  std::vector<std::string> complaints;
  std::string again;
  for (std::int64_t shard = 0; shard < shards; ++shard) {
    MIEN_TRY(now, origin_now(shard));
    const Status status = check_part(folder / shard_name(shard), now);
    if (status.ok()) continue;
    complaints.push_back(fmt::format("\n  {}: {}", shard_name(shard), status.error().message));
    again += fmt::format("{}{}", again.empty() ? " " : ",", shard);
  }
  std::error_code error;
  std::set<std::string> foreign;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto number = number_of(it->path().filename().string());
    if (number.has_value() && *number >= shards) foreign.insert(it->path().string());
  }
  if (complaints.empty() && foreign.empty()) return Ok{};
  std::string message = folder.string() + ": the parts are not those of the study:";
  for (std::size_t i = 0; i < std::min(kFew, complaints.size()); ++i) message += complaints[i];
  if (complaints.size() > kFew) {
    message += fmt::format("\n  and {} more", complaints.size() - kFew);
  }
  for (const std::string& name : foreign) {
    message += "\n  " + name + ": the plan has no such shard; remedy: remove this folder";
  }
  if (!again.empty()) message += "\nremedy: " + remedy + again;
  return Error{ErrorCode::kMismatch, message};
}

}  // namespace mien
