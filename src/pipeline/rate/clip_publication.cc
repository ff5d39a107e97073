#include "pipeline/rate/clip_publication.h"

#include <set>

#include "pipeline/study/program_version.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json entry_of(const ClipOptions& options, const ClipChoice& clip, const ClipRecord& record,
              const ClipFile& file) {
  Json strata = Json::object();
  for (std::size_t i = 0; i < clip.strata.size(); ++i) {
    strata[options.strata[i]] = clip.strata[i];
  }
  return {{"id", file.id},
          {"pair", clip.id},
          {"mp4", file.mp4},
          {"webm", file.webm},
          {"video_id", clip.video_id},
          {"track_id", clip.track_id},
          {"start_us", clip.start_us},
          {"end_us", clip.end_us},
          {"duration_s", file.duration_s},
          {"width_px", file.width_px},
          {"height_px", file.height_px},
          {"view", file.view},
          {"warning", clip.warning},
          {"person", clip.person},
          {"source", clip.source},
          {"strata", strata},
          {"hash", record.hashes},
          {"mp4_sha256", file.mp4_sha256},
          {"webm_sha256", file.webm_sha256}};
}

void sweep(const fs::path& rating, const std::map<std::string, ClipRecord>& records) {
  std::set<std::string> names;
  for (const auto& [id, record] : records) {
    for (const ClipFile& file : record.files) names.insert({file.mp4, file.webm});
  }
  std::error_code ignored;
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(rating / "clips", ignored)) {
    if (!names.contains(entry.path().filename().string())) old.push_back(entry.path());
  }
  for (const fs::path& path : old) fs::remove(path, ignored);
}

}  // namespace

Status publish_clips(const ClipPublication& to, const std::vector<ClipChoice>& chosen,
                     const std::map<std::string, ClipRecord>& records, PrepareSummary& summary) {
  std::set<std::string> videos, people, sources;
  std::set<std::vector<std::string>> strata;
  Json root = {{"version", 1},
               {"program_version", std::string(kProgramVersion)},
               {"options", to.options_json},
               {"models", to.models}};
  Json& list = root["clips"] = Json::array();
  for (const ClipChoice& clip : chosen) {
    const ClipRecord& record = records.at(clip.id);
    for (const ClipFile& file : record.files) {
      list.push_back(entry_of(to.options, clip, record, file));
    }
    videos.insert(clip.video_id);
    people.insert(clip.person);
    sources.insert(clip.source);
    strata.insert(clip.strata);
    summary.warned += clip.warning.empty() ? 0 : 1;
  }
  summary.pairs = static_cast<std::int64_t>(chosen.size());
  summary.clips = static_cast<std::int64_t>(list.size());
  summary.videos = static_cast<std::int64_t>(videos.size());
  summary.people = static_cast<std::int64_t>(people.size());
  summary.sources = static_cast<std::int64_t>(sources.size());
  summary.strata = static_cast<std::int64_t>(strata.size());
  MIEN_TRY_VOID(write_file_durably(
      to.rating / "clips.json",
      root.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
  sweep(to.rating, records);
  return Ok{};
}

}  // namespace mien
