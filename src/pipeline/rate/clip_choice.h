// Which windows of an annotated study raters are to see.
//
// A candidate is a window of at least 1 s with scored frames, of a track that is scored and large
// enough, of a video that is the first of its near-duplicates (duplicates.h). Each draws a number
// from the seed and its own name. Of a person (one track of one video), a video and a source (the
// uploader, or without one the video) the lowest stay, as many as the options say. Then strata take
// turns: first the lowest of every stratum, then the second of every stratum... until there are
// enough (stratified sampling with equal allocation: Cochran 1977, "Sampling techniques", chapter
// 5), so that rare cells are seen as often as common ones. The order of the table's rows, threads
// and memory change nothing, and with some candidates left out those chosen before stay chosen.
//
// Strata: region of the corpus; context, the best of the video; channel, the leading basic7 or
// label column of the window; face_size, below 64 px, 128 px, above; pose of the track, frontal
// (yaw and pitch within 15 degrees), turned (within 30), averted. What is missing is "none".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "store/database.h"
#include "survey/clip_options.h"

namespace mien {

struct ClipChoice {
  std::string id;  // "c" and 16 digits, from video, track and time alone
  std::string video_id;
  std::int64_t track_id = 0;
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
  Box box;             // mean of the track, source pixels
  std::string person;  // "VIDEO#TRACK"
  std::string source;  // uploader, or video
  std::string warning;
  std::vector<std::string> strata;  // in the order of the options
};

struct ClipCandidates {
  std::int64_t windows = 0;   // fit, before the draw
  std::int64_t strata = 0;    // among them
  std::int64_t flagged = 0;   // videos with a sensitive context or a warning
  std::int64_t excluded = 0;  // videos named by the user
  bool has_contexts = false;
};

class ClipChooser {
 public:
  // `sensitive` is a CSV file (context, warning); `excluded` the videos of options.exclude.
  // kNotFound: the study has no annotated windows, with the remedy.
  static Result<ClipChooser> open(Database& database, const std::filesystem::path& study,
                                  const ClipOptions& options,
                                  const std::filesystem::path& sensitive,
                                  const std::set<std::string>& excluded);

  Result<ClipCandidates> candidates();
  // In the order of the draw, at most options.count, without these clips and videos.
  Result<std::vector<ClipChoice>> choose(const std::set<std::string>& refused_clips,
                                         const std::set<std::string>& refused_videos);
  // Where the annotation saw the clips' faces, by id, in order of time: the frames table where the
  // study has one, else nothing.
  Result<std::map<std::string, std::vector<std::pair<std::int64_t, Box>>>> seen(
      const std::vector<ClipChoice>& clips);

 private:
  ClipChooser(Database& database, std::filesystem::path study, const ClipOptions& options)
      : database_(&database), study_(std::move(study)), options_(options) {}
  Status describe(const std::filesystem::path& sensitive, const std::set<std::string>& excluded);

  Database* database_;
  std::filesystem::path study_;
  ClipOptions options_;
  std::string with_;   // WITH fit AS (...), one row a candidate
  std::string flags_;  // SELECT of flagged videos
  bool has_contexts_ = false;
  std::int64_t excluded_ = 0;
};

// The ids of options.exclude, one a line; lines that are empty or begin with '#' are passed over.
Result<std::set<std::string>> read_excluded(const std::filesystem::path& file);

}  // namespace mien
