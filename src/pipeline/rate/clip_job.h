// The clips of one video: two passes over the file, the first to find all heads, the second to
// draw and encode. Runs in a worker, since it decodes bytes of strangers.
//
// Heads are looked for six times a second and on the first and last frame of each clip, as before
// networks that name contexts (context/face_masker.h). At most kMostRate frames a second are kept,
// with their own times; no sound. Each clip is written as MP4 and as WebM, synced, and then its
// record: a clip without a record is not done. The same file and task give the same bytes.
// Memory: one frame, what the looks found, and an encoder for each file of clips that overlap in
// time.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "context/face_masker.h"
#include "media/video_reader.h"
#include "pipeline/worker/clip_task.h"

namespace mien {

inline constexpr double kMostRate_hz = 31;
inline constexpr std::int64_t kLookEvery_us = 166'667;

// One record a clip, in the task's order. Codes of refusal: those of clip_faces.h, of a medium
// ("missing", "truncated"...), "too_few_frames", "too_short", "size_changes", "size_not_encoded".
// Errors: the machine's (models, disk).
Result<std::vector<ClipRecord>> make_clips(const std::filesystem::path& video,
                                           const ReaderOptions& reader, const ClipTask& task,
                                           FaceMasker& masker);

// STUDY/rating/prepared/ID.json.
std::filesystem::path clip_record_path(const std::filesystem::path& rating, const std::string& id);

}  // namespace mien
