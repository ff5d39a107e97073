#include "pipeline/annotate/shard_record.h"

#include <nlohmann/json.hpp>

#include "base/outside_json.h"
#include "pipeline/study/study_parts.h"
#include "store/durable_file.h"

namespace mien {

namespace fs = std::filesystem;

fs::path shard_record_file(const fs::path& study, std::int64_t shard) {
  return study / "cluster" / "shards" / (shard_name(shard) + ".json");
}

Status write_shard_record(const fs::path& study, const ShardRecord& record) {
  const fs::path file = shard_record_file(study, record.shard);
  MIEN_TRY_VOID(make_folders(file.parent_path()));
  const nlohmann::json json = {
      {"shard", record.shard}, {"stage", record.stage},     {"attempt", record.attempt},
      {"host", record.host},   {"process", record.process}, {"job", record.job},
      {"begin", record.begin}, {"end", record.end},         {"seconds", record.seconds},
      {"exit", record.exit},   {"message", record.message}};
  return write_file_durably(
      file, json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<ShardRecord> read_shard_record(const fs::path& study, std::int64_t shard) {
  const Result<std::string> text = read_whole_file(shard_record_file(study, shard));
  if (!text.ok()) return std::nullopt;
  try {
    const nlohmann::json json = parse_outside_json(*text);
    ShardRecord record;
    json.at("shard").get_to(record.shard);
    json.at("stage").get_to(record.stage);
    json.at("attempt").get_to(record.attempt);
    json.at("host").get_to(record.host);
    json.at("process").get_to(record.process);
    json.at("job").get_to(record.job);
    json.at("begin").get_to(record.begin);
    json.at("end").get_to(record.end);
    json.at("seconds").get_to(record.seconds);
    json.at("exit").get_to(record.exit);
    json.at("message").get_to(record.message);
    return record;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace mien
