// What a clip that raters saw is in a study: whose face, when.
//
// A clip is either one of STUDY/rating/clips.json, which says video, track and time, or a video's
// id. A video stands for its leading track, over the whole of it: the track with the most scored
// frames; of equals the one with the larger mean box; of equals the first; a still always has one.
// Whether it has a frame that a head reads is seen when its features are read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/annotate/plan.h"
#include "store/database.h"

namespace mien {

struct RatedClip {
  std::string id;         // as the ratings name it
  std::size_t video = 0;  // of RatedClips::videos
  int track = 0;
  std::int64_t start_us = 0, end_us = 0;  // [start, end)
};

struct RatedVideo {
  StudyInput input;
  std::string person;  // whose face it shows: the corpus's column person, else the video's own
  std::string source;  // the uploader, else the video's own
  // Whether some clip's track shares its time with another: then tracks are followed from the
  // video's beginning on, so that they are the study's; else only the clips' chunks are looked at.
  bool has_company = false;
};

struct RatedClips {
  std::vector<RatedVideo> videos;     // in the order of their ids
  std::vector<RatedClip> clips;       // in the order of their ids
  std::vector<std::string> left_out;  // "ID: why", clips that the study cannot tell a face for
};

// kNotFound where no id of `ids` is one of the study's, naming the first ones; errors of reading.
// Memory: the clips' videos and their tracks.
Result<RatedClips> find_rated_clips(Database& database, const std::filesystem::path& study,
                                    std::span<const std::string> ids, double rate_hz);

}  // namespace mien
