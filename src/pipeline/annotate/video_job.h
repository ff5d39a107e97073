// One video from file to tables: decode, faces, channels, tracks, windows.
//
// The time grid is cut into chunks of kChunkGridPoints. Threads take whole chunks from the one
// decoder in turn, analyse them apart (each begins with a full detection) and hand them over;
// chunks are joined in order by one tracker, so the tables do not depend on the number of threads.
// Memory: at most one chunk of frames a thread, however long the video.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/engine_pool.h"
#include "pipeline/annotate/overlay_video.h"
#include "table/table.h"

namespace mien {

struct VideoFacts {
  std::string status;  // ok, partial, failed
  std::string reason;
  std::string message;
  std::int64_t frames_decoded = 0;
  std::int64_t frames_analysed = 0;
  std::int64_t face_frames = 0;
  std::int64_t tracks = 0;
  double face_seconds = 0;
  double decode_seconds = 0;
};

struct VideoJob {
  std::string video_id;
  std::filesystem::path path;
  int threads = 1;
  // Called with every table's rows: media, tracks, windows, expressions once, frames in batches;
  // where contexts are asked for, contexts, context_status, context_frames and scenes once.
  std::function<Status(const std::string& table, const Table& batch)> sink;
  // Called from one thread at a time, about once a chunk; may be empty.
  std::function<void(const VideoFacts& so_far, double position_s, double duration_s)> progress;
  // Called in order with what an overlay shows of every analysed frame; may be empty.
  std::function<void(OverlayFrame frame)> on_frame;
  // Called in order with every frame as the context networks saw it, its heads filled; may be
  // empty.
  std::function<Status(std::int64_t pts_us, Image image)> on_masked;
};

// Media that fails is data: the facts say failed, the media table has its row, the Result is ok.
// The Result is an error only where the machine fails: models, sink, disk.
Result<VideoFacts> annotate_video(const VideoJob& job, const AnnotateOptions& options,
                                  EnginePool& engines);

// The tables of a video that is given up without being opened: its media row says failed, with the
// error's reason and message, and no other table has a row of it.
Result<VideoFacts> record_failure(const VideoJob& job, const AnnotateOptions& options,
                                  EnginePool& engines, const Error& error);

}  // namespace mien
