// The clips of a rating study, as `mien rate prepare` writes them: STUDY/rating/clips.json and the
// files it names in STUDY/rating/clips/.
//
//   {"version": 1, "program_version": "0.1.0", "options": {...}, "models": SHA-256, "clips": [
//     {"id": "c0f3-face", "pair": "c0f3", "mp4": "c0f3-face.mp4", "webm": "c0f3-face.webm",
//     "video_id": "a.mp4", "track_id": 0, "start_us": 0, "end_us": 2000000, "duration_s": 2.0,
//     "width_px": 320, "height_px": 320, "view": "face", "warning": "", "person": "a.mp4#0",
//     "source": "uploader or video", "strata": {"region": ...}, "hash": frame hashes or "",
//     "mp4_sha256": ..., "webm_sha256": ...}]}
//
// The clips of one moment in two views have one `pair`; a person is one track of one video.
// Ids are letters, digits, '-', '_' and '.'; a file's name is a plain name in clips/, and one of
// mp4 and webm is enough. Other keys are passed over. Errors name file, clip and remedy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace mien {

struct SurveyClip {
  std::string id;
  std::string mp4, webm;  // plain names; empty: not there
  std::string video_id;
  int track_id = -1;                      // -1: not told
  std::int64_t start_us = 0, end_us = 0;  // of the video; end 0: not told
  std::string view, pair;                 // what raters see of which moment; empty: not told
  std::string person, source;             // whose face of which uploader; empty: not told
  double duration_s = 0;
  std::string warning;  // of what the clip shows; empty: none
};

class ClipList {
 public:
  static Result<ClipList> parse(std::string_view json, const std::string& name);
  // Without looking for the files; nullopt: the study has no list.
  static Result<std::optional<ClipList>> read_if_there(const std::filesystem::path& study);
  // Also looks whether every file is there and can be read.
  static Result<ClipList> read(const std::filesystem::path& study);
  ClipList(ClipList&&) noexcept = default;  // the index points into the clips
  ClipList& operator=(ClipList&&) noexcept = default;

  const std::vector<SurveyClip>& clips() const { return clips_; }
  int index_of(std::string_view id) const;  // -1: not in the list

 private:
  ClipList() = default;
  std::vector<SurveyClip> clips_;
  std::unordered_map<std::string_view, int> index_;
};

std::filesystem::path clips_folder(const std::filesystem::path& study);  // STUDY/rating/clips

}  // namespace mien
