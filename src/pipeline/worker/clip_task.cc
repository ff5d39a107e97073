#include "pipeline/worker/clip_task.h"

#include <nlohmann/json.hpp>

namespace mien {

namespace {

using Json = nlohmann::json;

template <typename Value, typename Read>
Result<Value> decoded(const char* what, Read&& read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string(what) + ": " + error.what()};
  }
}

}  // namespace

Json to_json(const ClipTask& task) {
  Json clips = Json::array();
  for (const ClipRequest& clip : task.clips) {
    Json known = Json::array();
    for (const auto& [pts_us, box] : clip.known) {
      known.push_back({pts_us, box.x_px, box.y_px, box.width_px, box.height_px});
    }
    clips.push_back({{"id", clip.id},
                     {"track_id", clip.track_id},
                     {"start_us", clip.start_us},
                     {"end_us", clip.end_us},
                     {"known", known}});
  }
  return {{"folder", task.folder}, {"stamp", task.stamp},     {"face", task.face},
          {"scene", task.scene},   {"face_px", task.face_px}, {"scene_px", task.scene_px},
          {"seed", task.seed},     {"clips", clips}};
}

Result<ClipTask> clip_task_from(const Json& json) {
  return decoded<ClipTask>("clips to cut", [&]() -> Result<ClipTask> {
    ClipTask task;
    json.at("folder").get_to(task.folder);
    json.at("stamp").get_to(task.stamp);
    json.at("face").get_to(task.face);
    json.at("scene").get_to(task.scene);
    json.at("face_px").get_to(task.face_px);
    json.at("scene_px").get_to(task.scene_px);
    json.at("seed").get_to(task.seed);
    for (const Json& entry : json.at("clips")) {
      ClipRequest clip;
      entry.at("id").get_to(clip.id);
      entry.at("track_id").get_to(clip.track_id);
      entry.at("start_us").get_to(clip.start_us);
      entry.at("end_us").get_to(clip.end_us);
      for (const Json& box : entry.at("known")) {
        clip.known.emplace_back(box.at(0).get<std::int64_t>(),
                                Box{box.at(1).get<float>(), box.at(2).get<float>(),
                                    box.at(3).get<float>(), box.at(4).get<float>()});
      }
      if (clip.known.empty()) return Error{ErrorCode::kCorrupt, "clips to cut: no face is known"};
      task.clips.push_back(std::move(clip));
    }
    return task;
  });
}

Json to_json(const ClipRecord& record) {
  Json files = Json::array();
  for (const ClipFile& file : record.files) {
    files.push_back({{"id", file.id},
                     {"view", file.view},
                     {"mp4", file.mp4},
                     {"webm", file.webm},
                     {"mp4_sha256", file.mp4_sha256},
                     {"webm_sha256", file.webm_sha256},
                     {"width_px", file.width_px},
                     {"height_px", file.height_px},
                     {"duration_s", file.duration_s}});
  }
  return {{"id", record.id},           {"stamp", record.stamp},   {"refused", record.refused},
          {"message", record.message}, {"hashes", record.hashes}, {"files", files}};
}

Result<ClipRecord> clip_record_from(const Json& json) {
  return decoded<ClipRecord>("a clip's record", [&]() -> Result<ClipRecord> {
    ClipRecord record;
    json.at("id").get_to(record.id);
    json.at("stamp").get_to(record.stamp);
    json.at("refused").get_to(record.refused);
    json.at("message").get_to(record.message);
    json.at("hashes").get_to(record.hashes);
    for (const Json& entry : json.at("files")) {
      ClipFile file;
      entry.at("id").get_to(file.id);
      entry.at("view").get_to(file.view);
      entry.at("mp4").get_to(file.mp4);
      entry.at("webm").get_to(file.webm);
      entry.at("mp4_sha256").get_to(file.mp4_sha256);
      entry.at("webm_sha256").get_to(file.webm_sha256);
      entry.at("width_px").get_to(file.width_px);
      entry.at("height_px").get_to(file.height_px);
      entry.at("duration_s").get_to(file.duration_s);
      record.files.push_back(std::move(file));
    }
    return record;
  });
}

}  // namespace mien
