// What a worker is told to cut from one video, and what became of it: JSON on the way there, on the
// way back, and (of each clip, as STUDY/rating/prepared/ID.json) for the next run.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/rate/clip_faces.h"

namespace mien {

struct ClipRequest {
  std::string id;  // of the pair: without the view
  std::int64_t track_id = 0;
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;      // first microsecond after it
  std::vector<TimedBox> known;  // where the face was seen, in source pixels; at least one
};

struct ClipTask {
  std::string folder;  // STUDY/rating
  std::string stamp;   // of the options and the file; a record of another stamp does not count
  bool face = true;
  bool scene = false;
  int face_px = 384;
  int scene_px = 640;
  std::uint64_t seed = 1;
  std::vector<ClipRequest> clips;  // by start
};

struct ClipFile {
  std::string id, view;   // face, scene
  std::string mp4, webm;  // plain names in clips/
  std::string mp4_sha256, webm_sha256;
  int width_px = 0;
  int height_px = 0;
  double duration_s = 0;
};

struct ClipRecord {
  std::string id, stamp;
  std::string refused;  // why there are no files: a code of clip_faces.h, or of a medium
  std::string message;
  std::string hashes;  // of what the frames show (face/frame_hash.h); empty: nothing
  std::vector<ClipFile> files;
};

nlohmann::json to_json(const ClipTask& task);
nlohmann::json to_json(const ClipRecord& record);
// kCorrupt for anything that to_json() would not write.
Result<ClipTask> clip_task_from(const nlohmann::json& json);
Result<ClipRecord> clip_record_from(const nlohmann::json& json);

}  // namespace mien
