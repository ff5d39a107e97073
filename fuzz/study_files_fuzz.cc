// The small files of a study, which another machine, another program or a damaged disk may have
// written. The first byte says what the rest is. Where a file carries a SHA-256 of itself, the
// right one is put in, so that what lies behind it is read too.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "outside_file.h"

#include "base/check.h"
#include "base/sha256.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/ingest/ingest_options.h"
#include "pipeline/run/run_plan.h"
#include "pipeline/train/feature_cache.h"
#include "pipeline/train/label_model.h"
#include "pipeline/worker/clip_task.h"
#include "pipeline/worker/protocol.h"
#include "training/checkpoint.h"
#include "training/dataset.h"

namespace {

using mien::fuzz::ScratchFolder;

const ScratchFolder& scratch() {
  static const ScratchFolder folder;
  return folder;
}

void read_study_toml(std::string_view text) {
  const auto path = scratch().put("study.toml", text);
  if (const auto plan = mien::read_run_plan(path); plan.ok())
    MIEN_CHECK(!plan->stages.empty(), "a study has a report at least");
  (void)mien::read_ingest_options(path).ok();
}

void read_manifest(const std::string& text) {
  (void)mien::decode_shard_manifest(text).ok();
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return;
  json.erase("checksum");
  try {
    json["checksum"] = mien::sha256_of_bytes(json.dump());
  } catch (const nlohmann::json::exception&) {
    return;  // text that is not UTF-8 has no JSON
  }
  const auto manifest = mien::decode_shard_manifest(json.dump());
  if (!manifest.ok()) return;
  (void)manifest->files_of("shard", "tracks");
  MIEN_CHECK(mien::decode_shard_manifest(encode(*manifest)).ok(), "what was read can be written");
}

void read_settings(const std::string& text) {
  const auto settings = mien::decode_settings(text);
  if (!settings.ok()) return;
  (void)mien::annotate_options_from_json(settings->options).ok();
  (void)mien::label_model(settings->options);
  (void)mien::label_model(file_metadata(*settings, "tracks"));
  (void)differences(*settings, mien::StudySettings{});
  MIEN_CHECK(mien::decode_settings(encode(*settings)).ok(), "what was read can be written");
}

void read_sums(std::string bytes) {
  (void)mien::parse_association_bytes(bytes).ok();
  // Two bytes of the header's length, the header, the body: what stands around them is put there.
  if (bytes.size() < 4) return;
  const std::uint64_t length = static_cast<std::uint8_t>(bytes[0]) |
                               static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[1])) << 8;
  std::string whole = "MIENSUM3";
  whole.append(reinterpret_cast<const char*>(&length), sizeof length);
  whole += bytes.substr(2);
  whole += mien::sha256_of_bytes(whole);
  const auto file = mien::parse_association_bytes(whole);
  if (!file.ok()) return;
  (void)add_sums(file->sums, file->sums).ok();
  (void)mien::association_bytes(file->sums, file->metadata);
}

void read_features(std::string_view body) {
  const mien::RatedVideo video{{"v", "v.mp4", 1, 2}, "p", "s", false};
  const mien::RatedClip clip{"c", 0, 0, 0, 1'000'000};
  const mien::FeatureCache cache(scratch().path(), "key", 3);
  const std::string name = mien::sha256_of_bytes(video.input.video_id).substr(0, 32);
  const auto path = std::filesystem::path(cache.folder()).lexically_relative(scratch().path()) /
                    name.substr(0, 2) / name;
  scratch().put(path, body);
  (void)cache.read(video, {&clip, 1});
  scratch().put(path, "mien features 1\n" + mien::sha256_of_bytes(body) + std::string(body));
  if (const auto rows = cache.read(video, {&clip, 1}); rows.has_value())
    MIEN_CHECK(rows->size() == 1, "one answer a clip");
}

void read_line(const std::string& line) {
  (void)mien::decode_setup(line).ok();
  (void)mien::decode_task(line).ok();
  if (const auto reply = mien::decode_reply(line); reply.ok())
    MIEN_CHECK(mien::decode_reply(encode(*reply)).ok(), "what was read can be written");
}

void read_clips(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  (void)mien::clip_task_from(json).ok();
  (void)mien::clip_record_from(json).ok();
}

void read_checkpoint(std::string_view bytes) {
  // A line, then numbers, whose SHA-256 is put into the line.
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  nlohmann::json head = nlohmann::json::parse(bytes.substr(0, end), nullptr, false);
  const std::string_view numbers = bytes.substr(std::min(end + 1, bytes.size()));
  std::string whole(bytes);
  if (head.is_object()) {
    head["key"] = "key";
    head["sha256"] = mien::sha256_of_bytes(numbers);
    whole = head.dump() + "\n" + std::string(numbers);
  }
  (void)mien::read_checkpoint(scratch().put("checkpoint", whole), "key");
}

// Manifest, clips and ratings, each after a byte that is in no UTF-8; sizes and sums are put in.
void read_dataset(std::string_view bytes) {
  std::string_view parts[3];
  for (std::string_view& part : parts) {
    const std::size_t end = std::min(bytes.find('\xFF'), bytes.size());
    part = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  nlohmann::json manifest = nlohmann::json::parse(parts[0], nullptr, false);
  std::string text(parts[0]);
  if (manifest.is_object()) {
    manifest["files"] = {{"features.f16", {{"sha256", ""}}}};
    for (const auto& [name, part] : {std::pair("clips.jsonl", parts[1]), {"ratings.bin", parts[2]}})
      manifest["files"][name] = {{"bytes", part.size()}, {"sha256", mien::sha256_of_bytes(part)}};
    text = manifest.dump();
  }
  scratch().put("set/manifest.json", text);
  scratch().put("set/clips.jsonl", parts[1]);
  scratch().put("set/ratings.bin", parts[2]);
  scratch().put("set/features.f16", std::string(24, '\0'));
  const auto set = mien::Dataset::open(scratch().path() / "set");
  if (!set.ok()) return;
  std::vector<float> rows;
  for (std::size_t clip = 0; clip < set->clips().size(); ++clip)
    (void)set->read_floats(clip, rows).ok();
  (void)targets_of(set->ratings(), set->lowest_value(), set->highest_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'T':
      read_study_toml(text);
      break;
    case 'M':
      read_manifest(text);
      break;
    case 'R':
      read_settings(text);
      break;
    case 'S':
      read_sums(text);
      break;
    case 'F':
      read_features(text);
      break;
    case 'W':
      read_line(text);
      break;
    case 'C':
      read_clips(text);
      break;
    case 'K':
      read_checkpoint(text);
      break;
    case 'D':
      read_dataset(text);
      break;
    default:
      break;
  }
  return 0;
}
