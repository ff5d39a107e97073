#include <dlfcn.h>
#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <new>

#include "api/mien.h"

#include "base/result.h"
#include "model/model_set.h"
#include "pipeline/annotate/video_job.h"
#include "pipeline/study/program_version.h"
#include "table/table.h"

namespace mien::library {

namespace {

namespace fs = std::filesystem;

Failure failure_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUsage:
      return {FailureKind::kUsage, error.message};
    case ErrorCode::kNotFound:
      return {FailureKind::kNotFound, error.message};
    case ErrorCode::kIo:
      return {FailureKind::kIo, error.message};
    case ErrorCode::kCorrupt:
      return {FailureKind::kCorrupt, error.message};
    case ErrorCode::kUnsupported:
      return {FailureKind::kUnsupported, error.message};
    case ErrorCode::kMismatch:
      return {FailureKind::kMismatch, error.message};
    case ErrorCode::kBusy:
      return {FailureKind::kBusy, error.message};
    case ErrorCode::kCancelled:
      return {FailureKind::kCancelled, error.message};
    case ErrorCode::kInternal:
      return {FailureKind::kInternal, error.message};
  }
  return {FailureKind::kInternal, error.message};
}

// What no reader expected is said like any other failure.
template <typename T, typename Work>
Outcome<T> without_exceptions(const Work& work) {
  try {
    Result<T> result = work();
    if (!result.ok()) return failure_of(result.error());
    return std::move(result).value();
  } catch (const std::bad_alloc&) {
    return Failure{FailureKind::kInternal, "the machine has not enough memory for this"};
  } catch (const std::exception& error) {
    return Failure{FailureKind::kInternal, error.what()};
  }
}

Status check_range(const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return Ok{};
  return Error{ErrorCode::kUsage,
               fmt::format("option {}: {} is not between {} and {}", name, value, least, most)};
}

Result<AnnotateOptions> annotate_options(const Options& options, const Files& files) {
  MIEN_TRY_VOID(check_range("rate_hz", options.rate_hz, 0.01, 240));
  MIEN_TRY_VOID(check_range("threads", options.threads, 1, 256));
  MIEN_TRY_VOID(check_range("max_side_px", options.max_side_px, 0, 16384));
  MIEN_TRY_VOID(check_range("time_limit_s", options.time_limit_s, 1, 86400));
  AnnotateOptions all;
  all.rate_hz = options.rate_hz;
  all.face.detect_every = usual_detect_every(options.rate_hz);
  all.frames_table = options.frames;
  all.channels.basic7 = options.basic7;
  all.channels.action = options.actions;
  all.channels.label = options.labels;
  all.channels.prototype_file = fs::path(files.data) / "prototype16.json";
  all.reader.max_side_px = options.max_side_px;
  all.reader.time_limit_s = options.time_limit_s;
  return all;
}

Table empty_like(const mien::Table& rows) {
  Table table{rows.schema().name, rows.schema().row, {}};
  for (const ColumnSpec& spec : rows.schema().columns) {
    table.columns.push_back({spec.name, std::string(to_string(spec.type)), spec.description, {}});
  }
  return table;
}

void append(Table& table, const mien::Table& rows) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      table.columns[c].values.push_back(rows.column(c).at(row));
    }
  }
}

VideoFacts facts_of(const mien::VideoFacts& facts) {
  return {facts.status,          facts.reason,      facts.message, facts.frames_decoded,
          facts.frames_analysed, facts.face_frames, facts.tracks,  facts.face_seconds};
}

}  // namespace

Files installed_files() {
  Dl_info library{};
  if (dladdr(reinterpret_cast<const void*>(&installed_files), &library) == 0) return {};
  std::error_code ignored;
  const fs::path file = fs::canonical(library.dli_fname, ignored);
  const fs::path share = file.parent_path().parent_path() / "share" / "mien";
  return {(share / "manifests").string(), (share / "models").string(), (share / "data").string()};
}

std::string version() {
  return std::string(kProgramVersion);
}

// The engines keep references to models and options, so these stay where they are.
class Annotator::Parts {
 public:
  Parts(ModelSet models, AnnotateOptions options, int threads)
      : models_(std::move(models)),
        options_(std::move(options)),
        engines_(models_, options_),
        threads_(threads) {}
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  Status open() { return engines_.open_first(); }

  Result<Annotation> annotate(const fs::path& path, const std::string& video_id) {
    Annotation annotation;
    VideoJob job;
    job.video_id = video_id.empty() ? path.filename().string() : video_id;
    job.path = fs::absolute(path);
    job.threads = threads_;
    job.sink = [&annotation](const std::string& name, const mien::Table& rows) -> Status {
      for (Table& table : annotation.tables) {
        if (table.name == name) {
          append(table, rows);
          return Ok{};
        }
      }
      annotation.tables.push_back(empty_like(rows));
      annotation.tables.back().name = name;
      append(annotation.tables.back(), rows);
      return Ok{};
    };
    MIEN_TRY(facts, annotate_video(job, options_, engines_));
    annotation.facts = facts_of(facts);
    return annotation;
  }

 private:
  ModelSet models_;
  AnnotateOptions options_;
  EnginePool engines_;
  int threads_;
};

Annotator::Annotator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Annotator::Annotator(Annotator&& other) noexcept = default;
Annotator& Annotator::operator=(Annotator&& other) noexcept = default;
Annotator::~Annotator() = default;

Outcome<Annotator> Annotator::open(const Options& options, const Files& files) {
  return without_exceptions<Annotator>([&]() -> Result<Annotator> {
    MIEN_TRY(all, annotate_options(options, files));
    MIEN_TRY(models, ModelSet::open(files.manifests, files.models));
    auto parts = std::make_unique<Parts>(std::move(models), std::move(all), options.threads);
    MIEN_TRY_VOID(parts->open());
    return Annotator(std::move(parts));
  });
}

Outcome<Annotation> Annotator::annotate(const std::string& path, const std::string& video_id) {
  return without_exceptions<Annotation>([&] { return parts_->annotate(path, video_id); });
}

}  // namespace mien::library
