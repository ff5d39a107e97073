// Videos drawn from a generative model, a chunk at a time.
//
// Videos stand uploader by uploader, uploaders country by country, countries region by region.
// Every uploader and every video has a random stream of its own, so a chunk is the same whoever
// draws it and in whatever order. Thread-safe after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "stats/generative_model.h"

namespace mien {

// What of a chunk to draw; each part is the same whether the others are drawn or not.
struct VideoParts {
  bool covariates = false;
  bool scores = false;
  bool contexts = false;
};

struct ContextRow {
  std::uint32_t video = 0;  // position within the chunk
  std::uint16_t context = 0;
  bool above_threshold = false;
  double score_prob = 0;  // a multiple of 1/1024
};

struct VideoChunk {
  std::int64_t first = 0;  // number of the first video in the study
  std::size_t videos = 0;
  std::vector<std::uint32_t> country;   // by video
  std::vector<std::uint32_t> uploader;  // by video: number in the study
  std::vector<double> covariates;       // [video * K + k], standardised; NaN where missing
  std::vector<double> scores;  // [video * E + e] in [0, 1], float precision; NaN where no face
  std::vector<ContextRow>
      contexts;  // by video, then context; none where contexts could not be named
  std::vector<std::uint8_t> context_ok;  // by video: whether contexts could be named
  std::vector<std::uint8_t> face_ok;     // by video: whether a face was scored
  std::int64_t clipped = 0;              // scores that had to be drawn in to [0, 1]
};

// The scores that a network gives: a present context [512, 1023] / 1024, one in the background
// [11, 511] / 1024, uniformly; rows that only fill a video up to kFewestRows have 0.
inline constexpr double kScoreSteps = 1024;
inline constexpr std::uint64_t kPresentLow = 512, kPresentHigh = 1023;
inline constexpr std::uint64_t kBackgroundLow = 11, kBackgroundHigh = 511;
inline constexpr std::size_t kFewestRows = 5;

class SimulatedVideos {
 public:
  // `model` must outlive it. Draws the sizes of uploaders: 12 bytes each.
  explicit SimulatedVideos(const GenerativeModel& model);

  std::size_t chunks() const { return chunk_starts_.size() - 1; }
  std::size_t uploaders() const { return uploaders_.size(); }
  std::int64_t largest_uploader() const { return largest_; }
  void draw(std::size_t chunk, const VideoParts& parts, VideoChunk& into) const;

 private:
  struct Uploader {
    std::uint32_t country;
    std::uint32_t videos;
    std::uint32_t first;  // video
  };
  struct Workspace;
  void draw_uploader(std::size_t uploader, const VideoParts& parts, Workspace& work,
                     VideoChunk& into) const;
  void draw_contexts(Random random, std::size_t country, Workspace& work) const;
  void append_rows(Random random, std::size_t country, std::size_t video, Workspace& work,
                   VideoChunk& into) const;
  void append_scores(Random random, std::size_t country, const Workspace& work,
                     VideoChunk& into) const;

  const GenerativeModel& model_;
  Random root_;
  std::vector<Uploader> uploaders_;
  std::vector<std::size_t> chunk_starts_;  // uploaders
  std::int64_t largest_ = 0;
};

}  // namespace mien
