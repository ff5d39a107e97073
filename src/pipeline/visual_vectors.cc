#include "pipeline/visual_vectors.h"

#include <utility>

#include "media/media_info.h"
#include "pipeline/annotate_options.h"
#include "pipeline/chunk_run.h"
#include "pipeline/engine_pool.h"

namespace mien {

namespace {

Result<VideoVectors> vectors_of(const std::filesystem::path& video, const AnnotateOptions& options,
                                EnginePool& engines, int threads) {
  VideoVectors result;
  auto reader = VideoReader::open(video, options.reader);
  if (!reader.ok()) {
    result.reason = reader.error().message;
    return result;
  }
  ChunkSource source(*reader, options.rate_hz);
  bool any = false;
  const Status ran =
      run_chunks(source, engines, threads, Pictures::kDropped,
                 [&](std::vector<AnalysedFrame>& frames) -> Status {
                   for (AnalysedFrame& frame : frames) {
                     if (!frame.contexts.has_value()) continue;
                     any = true;
                     if (frame.contexts->mostly_filled) continue;
                     result.vectors.push_back(std::move(frame.contexts->arms.front().vector));
                   }
                   return Ok{};
                 });
  if (!ran.ok() && reason_of(ran.error()) == MediaReason::kNone) return ran.error();
  if (!result.vectors.empty()) return result;
  result.reason = !ran.ok() ? ran.error().message
                  : any     ? "heads cover most of every frame"
                            : "no frame";
  return result;
}

}  // namespace

Result<std::vector<VideoVectors>> visual_vectors(const ModelSet& models,
                                                 const std::vector<std::filesystem::path>& videos,
                                                 const VectorRequest& request) {
  AnnotateOptions options;
  options.channels.basic7 = options.channels.label = false;  // faces are only looked for
  options.channels.action = true;
  options.contexts.masked = true;
  options.contexts.vectors_of = request.network;
  EnginePool engines(models, options);
  MIEN_TRY_VOID(engines.open_first());
  engines.reserve(request.threads);
  std::vector<VideoVectors> all;
  for (const std::filesystem::path& video : videos) {
    auto vectors = vectors_of(video, options, engines, request.threads);
    if (!vectors.ok()) return std::move(vectors).error().with_context("video " + video.string());
    all.push_back(std::move(*vectors));
    if (request.progress) request.progress(all.size(), videos.size());
  }
  return all;
}

}  // namespace mien
