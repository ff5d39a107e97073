// The chunks of one video: taken from one decoder in turn, analysed side by side, joined in order.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "face/frame_analyser.h"
#include "media/grid_sampler.h"
#include "pipeline/annotate/engine_pool.h"

namespace mien {

struct AnalysedFrame {
  FrameFaces faces;
  std::vector<std::vector<float>> channels;  // one a face; empty where the face is not scored
  std::vector<std::vector<float>> features;  // the same, where somebody reads them
  std::optional<FrameContexts> contexts;     // where this is a frame whose contexts are named
};

struct Chunk {
  std::int64_t index = 0;  // 0, 1, 2... in the order of decoding
  std::vector<GridFrame> frames;
  Source source = Source::kVideo;
};

// Hands out chunks of kChunkGridPoints grid points, one caller at a time.
class ChunkSource {
 public:
  ChunkSource(VideoReader& reader, double rate_hz)
      : source_(reader.info().kind == MediaKind::kStill ? Source::kStill : Source::kVideo),
        sampler_(reader, rate_hz) {}

  Result<std::optional<Chunk>>
  next();  // nullopt at the end; a decoding error comes after the frames before it
  double seconds() const { return seconds_; }  // spent decoding

 private:
  const Source source_;
  std::mutex mutex_;
  GridSampler sampler_;
  std::optional<GridFrame> ahead_;
  std::int64_t grid_chunk_ = -1;
  std::int64_t next_index_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
  double seconds_ = 0;
};

// Which frames' faces have their features read, by presentation time; empty: all.
using WantsFeatures = std::function<bool(std::int64_t pts_us)>;

// One chunk by itself. Lets go of each picture as soon as it has been looked at.
Result<std::vector<AnalysedFrame>> analyse_chunk(Chunk& chunk, Engine& engine, Pictures pictures,
                                                 const WantsFeatures& wants_features = {});

using JoinChunk = std::function<Status(std::vector<AnalysedFrame>& frames)>;

// Runs all chunks over the pool's first `threads` engines (reserved before). `join` is called in
// the order of chunks, by one thread at a time; what was joined before an error stays joined.
// `pictures`: whether frames come with what the context networks saw. Memory: one chunk of frames a
// thread.
Status run_chunks(ChunkSource& source, EnginePool& engines, int threads, Pictures pictures,
                  const JoinChunk& join);

}  // namespace mien
