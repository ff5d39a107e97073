#include "pipeline/train/clip_features.h"

#include <algorithm>
#include <map>

#include "face/tracker.h"
#include "pipeline/annotate/chunk_run.h"

namespace mien {

namespace {

bool holds(const RatedClip& clip, std::int64_t pts_us) {
  return pts_us >= clip.start_us && pts_us < clip.end_us;
}

}  // namespace

Result<std::vector<ClipRows>> clip_features(const RatedVideo& video,
                                            std::span<const RatedClip> clips,
                                            const AnnotateOptions& options, EnginePool& engines,
                                            const std::atomic<bool>& stop) {
  MIEN_TRY_VOID(engines.open_first());
  MIEN_TRY(engine, engines.engine(0));
  MIEN_TRY(reader, VideoReader::open(video.input.path, options.reader));
  ChunkSource source(reader, options.rate_hz);
  const auto wants = [&](std::int64_t pts_us) {
    return std::ranges::any_of(clips, [&](const RatedClip& clip) { return holds(clip, pts_us); });
  };
  std::int64_t last_us = 0;
  for (const RatedClip& clip : clips) last_us = std::max(last_us, clip.end_us);

  Tracker tracker;
  std::vector<std::map<int, std::vector<float>>> found(clips.size());  // by track
  for (;;) {
    if (stop) return Error{ErrorCode::kCancelled, "stopped"};
    MIEN_TRY(chunk, source.next());
    if (!chunk || chunk->frames.front().frame.pts_us >= last_us) break;
    const bool is_wanted = std::ranges::any_of(
        chunk->frames, [&](const GridFrame& frame) { return wants(frame.frame.pts_us); });
    if (!is_wanted && !video.has_company) continue;
    MIEN_TRY(frames, analyse_chunk(*chunk, *engine, Pictures::kDropped, wants));
    for (const AnalysedFrame& frame : frames) {
      const std::vector<TrackId> ids = tracker.update(frame.faces);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::vector<float>& row = frame.features[i];
        if (row.empty()) continue;
        for (std::size_t c = 0; c < clips.size(); ++c) {
          if (!holds(clips[c], frame.faces.pts_us)) continue;
          std::vector<float>& rows = found[c][ids[i].value()];
          rows.insert(rows.end(), row.begin(), row.end());
        }
      }
    }
  }
  std::vector<ClipRows> result(clips.size());
  for (std::size_t c = 0; c < clips.size(); ++c) {
    std::vector<float>* chosen = nullptr;
    for (auto& [track, rows] : found[c]) {
      if (video.has_company ? track == clips[c].track
                            : chosen == nullptr || rows.size() > chosen->size()) {
        chosen = &rows;
      }
    }
    if (chosen != nullptr) result[c].rows = std::move(*chosen);
  }
  return result;
}

}  // namespace mien
