// Contexts of a study, one source at a time.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>

#include "pipeline/associate/association_input.h"
#include "pipeline/associate/text_codes.h"
#include "stats/parallel.h"

namespace mien {

namespace {

constexpr std::uint32_t kNobody = 0xffffffff;

// Videos looked at together once all are read.
constexpr std::size_t kVideosPerPiece = 1U << 16U;

// Rows of contexts, batches in any order and several at once.
class ContextReader {
 public:
  ContextReader(ContextUse use, StudyVideos& videos, StudyContexts& contexts)
      : use_(use), videos_(videos), contexts_(contexts) {
    bad_ = videos.reason_code("context_score_invalid");
  }

  Status add(const ScanBatch& batch) {
    Part part;
    std::int64_t unknown = 0;
    std::string_view last_id;
    std::uint32_t video = kNobody;
    TextCodes::Session names(names_);
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      if (batch.is_null(kId, r)) {
        ++unknown;
        continue;
      }
      const std::string_view id = batch.text(kId, r);
      if (r == 0 || id != last_id) {
        const auto found = videos_.index.find(id, video == kNobody ? 0 : video + 1);
        last_id = id;
        video = found ? *found : kNobody;
        if (found) part.runs.push_back({video, 0});
      }
      if (video == kNobody) {
        ++unknown;
      } else {
        add_row(batch, r, names, part);
      }
    }
    unknown_ += unknown;
    known_ += static_cast<std::int64_t>(batch.rows()) - unknown;
    const std::lock_guard lock(mutex_);
    parts_.push_back(std::move(part));
    return Ok{};
  }

  // Entries by video, those of a video in no order; names sorted.
  Status finish(int threads) {
    const std::size_t videos = videos_.index.size();
    contexts_.first.assign(videos + 1, 0);
    for (const Part& part : parts_) {
      for (const Run& run : part.runs) contexts_.first[run.video + 1] += run.count;
    }
    std::partial_sum(contexts_.first.begin(), contexts_.first.end(), contexts_.first.begin());
    SortedCodes sorted(names_);
    contexts_.names = std::move(sorted.texts);
    place_entries(sorted.places);
    return check_twice(threads);
  }

  std::int64_t unknown() const { return unknown_; }
  std::int64_t known() const { return known_; }

 private:
  enum Field : std::size_t { kId, kContext, kScore, kAbove };
  struct Run {
    std::uint32_t video;
    std::uint32_t count;
  };
  // What a batch held; the entries of its runs lie one after the other.
  struct Part {
    std::vector<Run> runs;
    std::vector<std::uint32_t> contexts;
    std::vector<double> scores;
    std::vector<std::uint8_t> above;
  };

  void add_row(const ScanBatch& batch, std::size_t r, TextCodes::Session& names, Part& part) {
    const bool is_whole =
        !batch.is_null(kContext, r) && !batch.is_null(kScore, r) && !batch.is_null(kAbove, r);
    const double score = is_whole ? batch.doubles(kScore)[r] : 0;
    if (!batch.is_null(kContext, r)) {
      const std::uint32_t context = names.code(batch.text(kContext, r));
      if (is_whole && score >= 0 && score <= 1) {
        const bool above = batch.truths(kAbove)[r];
        if (use_ == ContextUse::kPresent && !above) return;
        ++part.runs.back().count;
        part.contexts.push_back(context);
        if (use_ == ContextUse::kPresent) return;
        part.scores.push_back(score);
        part.above.push_back(above ? 1 : 0);
        return;
      }
    }
    // Another batch may hold rows of the same video.
    std::atomic_ref reason(contexts_.reason[part.runs.back().video]);
    if (reason.load(std::memory_order_relaxed) == 0) reason.store(bad_, std::memory_order_relaxed);
  }

  void place_entries(const std::vector<std::uint32_t>& places) {
    std::vector<std::uint64_t> next(contexts_.first.begin(), contexts_.first.end() - 1);
    const std::uint64_t entries = contexts_.first.back();
    contexts_.context.resize(entries);
    if (use_ == ContextUse::kScore) {
      contexts_.score.resize(entries);
      contexts_.above_threshold.resize(entries);
    }
    for (Part& part : parts_) {
      std::size_t at = 0;
      for (const Run& run : part.runs) {
        for (std::uint32_t k = 0; k < run.count; ++k, ++at) {
          const std::uint64_t to = next[run.video]++;
          contexts_.context[to] = places[part.contexts[at]];
          if (use_ == ContextUse::kPresent) continue;
          contexts_.score[to] = part.scores[at];
          contexts_.above_threshold[to] = part.above[at];
        }
      }
      part = {};
    }
  }

  Status check_twice(int threads) const {
    const std::size_t videos = videos_.index.size();
    const std::size_t pieces = (videos + kVideosPerPiece - 1) / kVideosPerPiece;
    std::vector<std::optional<Error>> errors(pieces);
    for_each_piece(pieces, threads, [&](std::size_t piece) {
      const std::size_t first = piece * kVideosPerPiece;
      errors[piece] = first_twice(first, std::min(videos, first + kVideosPerPiece));
    });
    for (std::optional<Error>& error : errors) {
      if (error.has_value()) return std::move(*error);
    }
    return Ok{};
  }

  std::optional<Error> first_twice(std::size_t first, std::size_t last) const {
    std::vector<std::uint32_t> before(contexts_.names.size(), kNobody);
    for (std::size_t video = first; video < last; ++video) {
      for (std::uint64_t k = contexts_.first[video]; k < contexts_.first[video + 1]; ++k) {
        const std::uint32_t context = contexts_.context[k];
        if (before[context] == video) {
          const auto id = videos_.index.id(static_cast<std::uint32_t>(video));
          return Error{ErrorCode::kCorrupt, "contexts: the video '" + std::string(id) +
                                                "' has the context '" + contexts_.names[context] +
                                                "' twice; remedy: make the table anew"};
        }
        before[context] = static_cast<std::uint32_t>(video);
      }
    }
    return std::nullopt;
  }

  ContextUse use_;
  StudyVideos& videos_;
  StudyContexts& contexts_;
  TextCodes names_;
  std::atomic<std::int64_t> unknown_ = 0;
  std::atomic<std::int64_t> known_ = 0;
  std::uint16_t bad_ = 0;
  std::mutex mutex_;
  std::vector<Part> parts_;
};

// Rows of context_status, likewise.
class StatusReader {
 public:
  StatusReader(const std::string& source, StudyVideos& videos, StudyContexts& contexts)
      : source_(source), videos_(videos), contexts_(contexts), seen_(videos.index.size(), 0) {}

  Status add(const ScanBatch& batch) {
    const std::vector<std::uint32_t> places = videos_named(batch, 0, videos_.index);
    for (std::size_t r = 0; r < places.size(); ++r) {
      const std::uint32_t video = places[r];
      if (video == VideoIndex::kNone) continue;
      if (std::atomic_ref(seen_[video]).exchange(1) != 0) {
        const std::lock_guard lock(mutex_);
        twice_ = std::min(twice_, video);
        continue;
      }
      const std::string_view status = batch.is_null(1, r) ? "unknown" : batch.text(1, r);
      if (status == "ok" || contexts_.reason[video] != 0) continue;
      const std::lock_guard lock(mutex_);
      contexts_.reason[video] = videos_.reason_code("context_" + std::string(status));
    }
    return Ok{};
  }

  Status finish() {
    if (twice_ != VideoIndex::kNone) {
      return Error{ErrorCode::kCorrupt, "context_status: the video '" +
                                            std::string(videos_.index.id(twice_)) +
                                            "' appears twice for " + source_};
    }
    const std::uint16_t unknown = videos_.reason_code("no_context_status");
    for (std::uint32_t video = 0; video < videos_.index.size(); ++video) {
      if (seen_[video] == 0 && contexts_.reason[video] == 0) contexts_.reason[video] = unknown;
    }
    return Ok{};
  }

 private:
  const std::string& source_;
  StudyVideos& videos_;
  StudyContexts& contexts_;
  std::vector<std::uint8_t> seen_;  // by video
  std::mutex mutex_;                // of reasons, and of what follows
  std::uint32_t twice_ = VideoIndex::kNone;
};

Status check_schema(Database& database, const std::vector<std::filesystem::path>& files,
                    const TableSchema& wanted, const std::vector<std::string>& columns) {
  MIEN_TRY(schema, database.read_schema(files.front()));
  for (const std::string& name : columns) {
    const int at = schema.index_of(name);
    const ColumnType type = wanted.columns[static_cast<std::size_t>(wanted.index_of(name))].type;
    if (at < 0 || schema.columns[static_cast<std::size_t>(at)].type != type) {
      return Error{ErrorCode::kCorrupt, files.front().string() + ": no column '" + name +
                                            "' of kind " + std::string(to_string(type)) +
                                            "; remedy: make the table anew"};
    }
  }
  return Ok{};
}

}  // namespace

Result<std::vector<std::string>> read_sources(Database& database, const AssociationScope& scope) {
  if (scope.context_status.empty()) return std::vector<std::string>();
  MIEN_TRY_VOID(check_schema(database, scope.context_status, context_status_schema(),
                             {"video_id", "source", "status"}));
  std::vector<std::string> sources;
  MIEN_TRY_VOID(database.scan("SELECT DISTINCT source FROM " +
                                  scope.rows_of(scope.context_status, "source IS NOT NULL") +
                                  " ORDER BY source",
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t r = 0; r < batch.rows(); ++r) {
                                  sources.emplace_back(batch.text(0, r));
                                }
                                return Ok{};
                              }));
  return sources;
}

Result<StudyContexts> read_study_contexts(Database& database, const AssociateOptions& options,
                                          const AssociationScope& scope, const std::string& source,
                                          StudyVideos& videos) {
  StudyContexts contexts;
  contexts.reason = videos.reason;
  const std::string of_source = "source = " + sql_quote(source);
  StatusReader statuses(source, videos, contexts);
  MIEN_TRY_VOID(
      database.scan_parallel({"video_id", "status"}, scope.rows_of(scope.context_status, of_source),
                             [&](const ScanBatch& batch) { return statuses.add(batch); }));
  MIEN_TRY_VOID(statuses.finish());

  ContextReader reader(options.contexts, videos, contexts);
  if (!scope.contexts.empty()) {
    MIEN_TRY_VOID(check_schema(database, scope.contexts, contexts_schema(),
                               {"video_id", "source", "context", "score_prob", "above_threshold"}));
    MIEN_TRY_VOID(
        database.scan_parallel({"video_id", "context", "score_prob", "above_threshold"},
                               scope.rows_of(scope.contexts, of_source),
                               [&](const ScanBatch& batch) { return reader.add(batch); }));
  }
  MIEN_TRY_VOID(reader.finish(options.map.threads));
  if (reader.unknown() > 0) videos.remarks.unknown_contexts[source] = reader.unknown();
  videos.remarks.known_contexts[source] = reader.known();
  return contexts;
}

}  // namespace mien
