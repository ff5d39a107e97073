// `mien rate prepare`: from an annotated study to the clips that raters see.
//
//   STUDY/rating/clips/ID-face.mp4, .webm...  the clips
//   STUDY/rating/prepared/ID.json             what became of each clip (clip_task.h)
//   STUDY/rating/clips.json                   the list (survey/clip_list.h), written last and whole
//
// Clips are chosen (clip_choice.h), cut by workers (clip_job.h), and those that turn out unfit, or
// show the same pictures as a clip of another video before them, are replaced by the next of the
// draw until there are enough or no candidates are left. A clip whose files agree with its record
// is not cut again, whenever and wherever a run before was stopped or killed. The same study,
// options and models give the same list and the same files for any number of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/rate/clip_choice.h"
#include "pipeline/study/stage_progress.h"

namespace mien {

struct PrepareRequest {
  std::filesystem::path study;
  ClipOptions options;
  bool redo = false;  // replace clips that were chosen or cut with other options
  int threads = 1;
  std::filesystem::path manifest_folder, model_folder;
  std::filesystem::path sensitive;  // data/rating/sensitive_contexts.csv
  StageReport progress;
};

struct SkippedVideo {
  std::string video_id, reason, message;
};

struct PrepareSummary {
  ClipCandidates candidates;
  std::int64_t clips = 0;  // in the list; two a pair
  std::int64_t pairs = 0;  // moments of a person
  std::int64_t cut = 0;    // moments that this run cut
  std::int64_t kept = 0;   // and those that it found done
  std::int64_t warned = 0;
  std::int64_t videos = 0, people = 0, sources = 0, strata = 0;  // in the list
  std::map<std::string, std::int64_t> refused;  // moments by reason: "face_lost", "near_duplicate"
  std::vector<SkippedVideo> skipped;
  std::int64_t not_done = 0;  // videos left because somebody asked to stop
  double seconds = 0;
};

// kNotFound: no annotated video, or no fit clip, with the remedy. kMismatch: clips of other options
// are there and `redo` is not asked for, or raters have answered about clips that would go. kBusy:
// another run.
Result<PrepareSummary> prepare_clips(const PrepareRequest& request, const std::atomic<bool>& stop);

}  // namespace mien
