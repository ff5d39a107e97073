#include "pipeline/annotate/chunk_run.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <thread>
#include <utility>

#include "face/shot_cut.h"

namespace mien {

namespace {

using Clock = std::chrono::steady_clock;

// Of every run of kContextGridPoints the frame in the middle of those that there are.
std::vector<std::uint8_t> context_frames(const Chunk& chunk) {
  std::vector<std::uint8_t> chosen(chunk.frames.size());
  for (std::size_t begin = 0; begin < chunk.frames.size();) {
    const std::int64_t run = chunk.frames[begin].grid_index / kContextGridPoints;
    std::size_t end = begin;
    while (end < chunk.frames.size() && chunk.frames[end].grid_index / kContextGridPoints == run) {
      ++end;
    }
    chosen[begin + (end - begin) / 2] = 1;
    begin = end;
  }
  return chosen;
}

// Faces of the frame and of those beside it in the same shot: who blinks or turns is still there.
std::vector<FaceDetection> faces_around(const std::vector<AnalysedFrame>& frames, std::size_t at) {
  std::vector<FaceDetection> faces;
  const std::size_t begin = at > 0 ? at - 1 : at;
  const std::size_t end = std::min(at + 2, frames.size());
  for (std::size_t i = begin; i < end; ++i) {
    if (i != at && is_cut(frames[i].faces.signature, frames[at].faces.signature)) continue;
    for (const FaceObservation& face : frames[i].faces.faces) faces.push_back(face.detection);
  }
  return faces;
}

// Names contexts and lets go of the pictures that were kept for it.
Status name_contexts(Chunk& chunk, const std::vector<std::uint8_t>& chosen, VisualScorer& scorer,
                     Pictures pictures, std::vector<AnalysedFrame>& analysed) {
  for (std::size_t i = 0; i < analysed.size(); ++i) {
    if (chosen[i] == 0) continue;
    Frame& frame = chunk.frames[i].frame;
    MIEN_TRY(contexts, scorer.score(frame.image.view(), frame.scale, faces_around(analysed, i),
                                    frame.pts_us, pictures));
    analysed[i].contexts = std::move(contexts);
    frame.image = Image();
  }
  return Ok{};
}

// Runs the chunks of one video over `threads` engines and joins them in order.
class ChunkRun {
 public:
  ChunkRun(ChunkSource& source, EnginePool& engines, Pictures pictures, const JoinChunk& join)
      : source_(source), engines_(engines), pictures_(pictures), join_(join) {}

  Status run(int threads) {
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([this, i] { work(i); });
    work(0);
    for (std::thread& thread : others) thread.join();
    if (error_.has_value()) return *error_;
    if (decode_error_.has_value()) return *decode_error_;
    return Ok{};
  }

 private:
  void work(int engine_index) {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (error_.has_value()) return;
      }
      auto chunk = source_.next();
      if (!chunk.ok()) return end_with(decode_error_, std::move(chunk).error());
      if (!chunk->has_value()) return;
      auto engine = engines_.engine(engine_index);
      if (!engine.ok()) return end_with(error_, std::move(engine).error());
      auto analysed = analyse_chunk(**chunk, **engine, pictures_);
      if (!analysed.ok()) return end_with(error_, std::move(analysed).error());
      const std::lock_guard lock(mutex_);
      waiting_.emplace((*chunk)->index, std::move(*analysed));
      while (!waiting_.empty() && waiting_.begin()->first == next_to_join_) {
        if (!error_.has_value()) {
          const Status joined = join_(waiting_.begin()->second);
          if (!joined.ok()) error_ = joined.error();
        }
        waiting_.erase(waiting_.begin());
        ++next_to_join_;
      }
    }
  }

  void end_with(std::optional<Error>& slot, Error error) {
    const std::lock_guard lock(mutex_);
    if (!slot.has_value()) slot = std::move(error);
  }

  ChunkSource& source_;
  EnginePool& engines_;
  Pictures pictures_;
  const JoinChunk& join_;
  std::mutex mutex_;
  std::map<std::int64_t, std::vector<AnalysedFrame>> waiting_;
  std::int64_t next_to_join_ = 0;
  std::optional<Error> error_;         // of analysis or join: nothing more is joined
  std::optional<Error> decode_error_;  // the stream ends here; what was decoded is still joined
};

}  // namespace

Result<std::vector<AnalysedFrame>> analyse_chunk(Chunk& chunk, Engine& engine, Pictures pictures,
                                                 const WantsFeatures& wants_features) {
  const std::vector<std::uint8_t> chosen = engine.contexts.has_value()
                                               ? context_frames(chunk)
                                               : std::vector<std::uint8_t>(chunk.frames.size());
  std::vector<AnalysedFrame> analysed;
  analysed.reserve(chunk.frames.size());
  engine.analyser.begin_chunk(chunk.source);
  for (GridFrame& grid : chunk.frames) {
    const ImageView image = grid.frame.image.view();
    MIEN_TRY(faces,
             engine.analyser.analyse(image, grid.frame.scale, grid.grid_index, grid.frame.pts_us));
    AnalysedFrame frame;
    frame.faces = std::move(faces);
    frame.channels.resize(frame.faces.faces.size());
    frame.features.resize(frame.faces.faces.size());
    for (std::size_t i = 0; i < frame.faces.faces.size(); ++i) {
      const FaceObservation& face = frame.faces.faces[i];
      const bool is_for_head =
          engine.scorer.feature_size() > 0 && (face.quality.only_cut || face.quality.only_unmeshed);
      if (face.quality.reason != FaceReason::kNone && !is_for_head) continue;
      if (is_for_head) {
        frame.channels[i].assign(engine.scorer.columns().size(),
                                 std::numeric_limits<float>::quiet_NaN());
      } else {
        MIEN_TRY(scores, engine.scorer.score(image, grid.frame.scale, face));
        frame.channels[i] = std::move(scores);
      }
      if (wants_features && !wants_features(frame.faces.pts_us)) continue;
      MIEN_TRY(features, engine.scorer.features(image, grid.frame.scale, face, grid.grid_index));
      frame.features[i] = std::move(features);
    }
    if (chosen[analysed.size()] == 0) grid.frame.image = Image();
    analysed.push_back(std::move(frame));
    if (engine.on_frame) engine.on_frame();
  }
  if (engine.contexts.has_value()) {
    MIEN_TRY_VOID(name_contexts(chunk, chosen, *engine.contexts, pictures, analysed));
  }
  return analysed;
}

Result<std::optional<Chunk>> ChunkSource::next() {
  const std::lock_guard lock(mutex_);
  const auto start = Clock::now();
  Chunk chunk;
  chunk.index = next_index_;
  chunk.source = source_;
  for (;;) {
    if (!ahead_.has_value()) {
      if (ended_) break;
      auto frame = sampler_.next();
      if (!frame.ok()) {
        ended_ = true;
        error_ = std::move(frame).error();
        break;
      }
      if (!frame->has_value()) {
        ended_ = true;
        break;
      }
      ahead_ = std::move(**frame);
    }
    const std::int64_t grid_chunk = ahead_->grid_index / kChunkGridPoints;
    if (chunk.frames.empty()) {
      grid_chunk_ = grid_chunk;
    } else if (grid_chunk != grid_chunk_) {
      break;
    }
    chunk.frames.push_back(std::move(*ahead_));
    ahead_.reset();
  }
  seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
  if (chunk.frames.empty()) {
    if (error_.has_value()) return *std::exchange(error_, std::nullopt);
    return std::optional<Chunk>();
  }
  ++next_index_;
  return std::optional<Chunk>(std::move(chunk));
}

Status run_chunks(ChunkSource& source, EnginePool& engines, int threads, Pictures pictures,
                  const JoinChunk& join) {
  return ChunkRun(source, engines, pictures, join).run(threads);
}

}  // namespace mien
