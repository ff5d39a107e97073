#include "pipeline/train/visual_vectors.h"

#include <cmath>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "media/media_info.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/chunk_run.h"
#include "pipeline/worker/feature_task.h"
#include "pipeline/worker/worker_pool.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Vectors = std::vector<std::vector<float>>;

constexpr std::size_t kMostDimensions = 1 << 20;

struct FoundVectors {
  Vectors vectors;
  std::string reason;  // where there are none
};

Result<FoundVectors> vectors_of(const fs::path& video, const AnnotateOptions& options,
                                EnginePool& engines, int threads) {
  MIEN_TRY(reader, VideoReader::open(video, options.reader));
  ChunkSource source(reader, options.rate_hz);
  FoundVectors found;
  bool any = false;
  const Status ran =
      run_chunks(source, engines, threads, Pictures::kDropped,
                 [&](std::vector<AnalysedFrame>& frames) -> Status {
                   for (AnalysedFrame& frame : frames) {
                     if (!frame.contexts.has_value()) continue;
                     any = true;
                     if (frame.contexts->mostly_filled) continue;
                     found.vectors.push_back(std::move(frame.contexts->arms.front().vector));
                   }
                   return Ok{};
                 });
  const bool is_of_file = !ran.ok() && reason_of(ran.error()) != MediaReason::kNone;
  if (!ran.ok() && (!is_of_file || found.vectors.empty())) return ran.error();
  if (found.vectors.empty()) found.reason = any ? "heads cover most of every frame" : "no frame";
  return found;
}

std::string bytes_of(const FoundVectors& found) {
  std::string bytes;
  const std::uint64_t dimension = found.vectors.empty() ? 0 : found.vectors.front().size();
  bytes.append(reinterpret_cast<const char*>(&dimension), sizeof dimension);
  for (const std::vector<float>& vector : found.vectors) {
    bytes.append(reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float));
  }
  return found.vectors.empty() ? bytes + found.reason : bytes;
}

// What a process that decoded a stranger's bytes has written: it may be anything.
Result<VideoVectors> read_vectors(const fs::path& file) {
  MIEN_TRY(bytes, read_whole_file(file));
  std::uint64_t dimension = 0;
  const Error no_vectors{ErrorCode::kCorrupt, file.string() + ": not what a worker writes"};
  if (bytes.size() < sizeof dimension) return no_vectors;
  dimension = numbers_of_bytes<std::uint64_t>(bytes.substr(0, sizeof dimension)).front();
  const std::string_view rest = std::string_view(bytes).substr(sizeof dimension);
  VideoVectors result;
  if (dimension == 0) {
    result.reason = rest;
    return result;
  }
  if (dimension > kMostDimensions || rest.empty() ||
      rest.size() % (dimension * sizeof(float)) != 0) {
    return no_vectors;
  }
  for (std::size_t at = 0; at < rest.size(); at += dimension * sizeof(float)) {
    result.vectors.push_back(numbers_of_bytes<float>(rest.substr(at, dimension * sizeof(float))));
    for (const float value : result.vectors.back()) {
      if (!std::isfinite(value)) return no_vectors;
    }
  }
  return result;
}

Status check_dimensions(const std::vector<VideoVectors>& all,
                        const std::vector<StudyInput>& videos) {
  std::size_t dimension = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].vectors.empty()) continue;
    const std::size_t own = all[i].vectors.front().size();
    if (dimension == 0) dimension = own;
    if (own == dimension) continue;
    return Error{ErrorCode::kCorrupt, videos[i].path +
                                          ": its worker gave vectors of another length than those "
                                          "before; remedy: leave that video out"};
  }
  return Ok{};
}

// Removed with what is in it.
class Scratch {
 public:
  explicit Scratch(fs::path folder) : folder_(std::move(folder)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

 private:
  fs::path folder_;
};

}  // namespace

Status store_vectors(const fs::path& video, const fs::path& file, const AnnotateOptions& options,
                     EnginePool& engines, int threads) {
  engines.reserve(threads);
  MIEN_TRY(found, vectors_of(video, options, engines, threads));
  return write_file_durably(file, bytes_of(found));
}

Result<std::vector<VideoVectors>> visual_vectors(const ModelSet& models,
                                                 const std::vector<StudyInput>& videos,
                                                 const VectorRequest& request,
                                                 const std::atomic<bool>& stop) {
  const Scratch scratch(request.scratch);
  MIEN_TRY_VOID(make_folders(request.scratch));
  WorkerPoolRequest pool;
  pool.program = request.program;
  pool.threads = request.threads;
  WorkerSetup& setup = pool.setup;
  setup.options.channels.basic7 = setup.options.channels.label =
      false;  // faces are only looked for
  setup.options.channels.action = true;
  setup.options.contexts.masked = true;
  setup.options.contexts.vectors_of = request.network;
  setup.settings.model_set_hash = models.hash();
  setup.study = request.scratch;
  setup.manifest_folder = request.manifest_folder;
  setup.model_folder = request.model_folder;
  setup.extra_manifests = request.extra_manifests;
  setup.limits = request.limits;
  setup.threads = request.threads;
  std::map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    position[videos[i].video_id] = i;
    WorkerTask& task = pool.tasks.emplace_back();
    task.input = videos[i];
    task.tables = false;
    task.vectors = request.scratch / (std::to_string(i) + ".vectors");
  }
  std::vector<VideoVectors> all(videos.size());
  std::size_t done = 0;
  pool.on_progress = [](const WorkerTask&, const WorkerReply&) {};
  pool.on_done = [&](const WorkerTask& task, const WorkerReply& reply) -> Status {
    VideoVectors& own = all[position.at(task.input.video_id)];
    if (reply.facts.reason.empty()) {
      MIEN_TRY(read, read_vectors(task.vectors));
      own = std::move(read);
      std::error_code ignored;
      fs::remove(task.vectors, ignored);
    } else {
      own.reason = words_of(reply.facts);
    }
    if (request.progress) request.progress(++done, videos.size());
    return Ok{};
  };
  MIEN_TRY(result, run_worker_pool(std::move(pool), stop));
  if (result.not_done > 0) return Error{ErrorCode::kCancelled, "stopped"};
  MIEN_TRY_VOID(check_dimensions(all, videos));
  return all;
}

}  // namespace mien
