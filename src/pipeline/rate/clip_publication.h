// The list of a study's clips, STUDY/rating/clips.json, as survey/clip_list.h reads it.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/rate/clip_choice.h"
#include "pipeline/rate/prepare_clips.h"
#include "pipeline/worker/clip_task.h"

namespace mien {

struct ClipPublication {
  const std::filesystem::path& rating;  // STUDY/rating
  const ClipOptions& options;
  const nlohmann::ordered_json& options_json;
  const std::string& models;  // the hash of the model set
};

// Writes the list, whole and last, counts it in `summary`, and removes files in clips/ that no
// record names: of options before, and half written ones.
Status publish_clips(const ClipPublication& to, const std::vector<ClipChoice>& chosen,
                     const std::map<std::string, ClipRecord>& records, PrepareSummary& summary);

}  // namespace mien
