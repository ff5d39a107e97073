// Contexts of a study, one source at a time.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "pipeline/association_input.h"
#include "pipeline/study_tables.h"

namespace mien {

namespace {

constexpr std::uint32_t kNobody = 0xffffffff;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

// Names of contexts, numbered as they come; made for tens of millions of look-ups.
class ContextNames {
 public:
  std::uint32_t code(std::string_view name) {
    const auto found = codes_.find(name);
    if (found != codes_.end()) return found->second;
    const auto fresh = static_cast<std::uint32_t>(names_.size());
    codes_.emplace(std::string(name), fresh);
    names_.emplace_back(name);
    return fresh;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> codes_;
  std::vector<std::string> names_;
};

class ContextReader {
 public:
  ContextReader(ContextUse use, StudyVideos& videos, StudyContexts& contexts)
      : use_(use), videos_(videos), contexts_(contexts), counts_(videos.index.size(), 0) {
    bad_ = videos.reason_code("context_score_invalid");
  }

  Status add(const ScanBatch& batch) {
    for (std::size_t r = 0; r < batch.rows(); ++r) add_row(batch, r);
    return Ok{};
  }

  // Entries by video, in the order in which they came; names sorted.
  Status finish() {
    sort_names();
    const std::size_t videos = counts_.size();
    contexts_.first.assign(videos + 1, 0);
    std::partial_sum(counts_.begin(), counts_.end(), contexts_.first.begin() + 1);
    if (!is_ordered_) order_entries();
    owners_ = {};
    return check_twice();
  }

  std::int64_t unknown() const { return unknown_; }

 private:
  enum Field : std::size_t { kId, kContext, kScore, kAbove };

  void add_row(const ScanBatch& batch, std::size_t r) {
    const std::string_view id = batch.text(kId, r);
    if (last_ == kNobody || videos_.index.id(last_) != id) {
      const auto position = videos_.index.find(id, last_ == kNobody ? 0 : last_ + 1);
      if (!position) {
        ++unknown_;
        return;
      }
      if (last_ != kNobody && *position < last_) is_ordered_ = false;
      last_ = *position;
    }
    if (batch.is_null(kContext, r)) {
      leave_out(last_);
      return;
    }
    const std::uint32_t context = names_.code(batch.text(kContext, r));
    const bool has_score = !batch.is_null(kScore, r);
    const double score = has_score ? batch.doubles(kScore)[r] : 0;
    if (!has_score || !(score >= 0 && score <= 1) || batch.is_null(kAbove, r)) {
      leave_out(last_);
      return;
    }
    const bool above = batch.truths(kAbove)[r];
    if (use_ == ContextUse::kPresent && !above) return;
    contexts_.context.push_back(context);
    owners_.push_back(last_);
    ++counts_[last_];
    if (use_ == ContextUse::kPresent) return;
    contexts_.score.push_back(score);
    contexts_.above_threshold.push_back(above ? 1 : 0);
  }

  void leave_out(std::uint32_t video) {
    if (contexts_.reason[video] == 0) contexts_.reason[video] = bad_;
  }

  void sort_names() {
    contexts_.names = names_.names();
    std::sort(contexts_.names.begin(), contexts_.names.end());
    std::vector<std::uint32_t> to;
    for (const std::string& name : names_.names()) {
      const auto found = std::lower_bound(contexts_.names.begin(), contexts_.names.end(), name);
      to.push_back(static_cast<std::uint32_t>(found - contexts_.names.begin()));
    }
    for (std::uint32_t& context : contexts_.context) context = to[context];
  }

  void order_entries() {
    std::vector<std::uint64_t> next(contexts_.first.begin(), contexts_.first.end() - 1);
    std::vector<std::uint64_t> places(owners_.size());
    for (std::size_t k = 0; k < owners_.size(); ++k) places[k] = next[owners_[k]]++;
    const auto move = [&](auto& entries) {
      if (entries.empty()) return;
      auto moved = entries;
      for (std::size_t k = 0; k < places.size(); ++k) moved[places[k]] = entries[k];
      entries = std::move(moved);
    };
    move(contexts_.context);
    move(contexts_.score);
    move(contexts_.above_threshold);
  }

  Status check_twice() const {
    std::vector<std::uint32_t> last(contexts_.names.size(), kNobody);
    for (std::uint32_t video = 0; video < counts_.size(); ++video) {
      for (std::uint64_t k = contexts_.first[video]; k < contexts_.first[video + 1]; ++k) {
        std::uint32_t& before = last[contexts_.context[k]];
        if (before == video) {
          return Error{ErrorCode::kCorrupt,
                       "contexts: the video '" + std::string(videos_.index.id(video)) +
                           "' has the context '" + contexts_.names[contexts_.context[k]] +
                           "' twice; remedy: make the table anew"};
        }
        before = video;
      }
    }
    return Ok{};
  }

  ContextUse use_;
  StudyVideos& videos_;
  StudyContexts& contexts_;
  ContextNames names_;
  std::vector<std::uint32_t> owners_;
  std::vector<std::uint64_t> counts_;
  std::uint32_t last_ = kNobody;
  bool is_ordered_ = true;
  std::int64_t unknown_ = 0;
  std::uint16_t bad_ = 0;
};

Status read_status(Database& database, const std::filesystem::path& study,
                   const std::string& source, StudyVideos& videos, StudyContexts& contexts) {
  MIEN_TRY(files, study_table_files(study, "context_status"));
  contexts.reason = videos.reason;
  const std::uint16_t unknown = videos.reason_code("no_context_status");
  std::vector<std::uint8_t> seen(videos.index.size(), 0);
  std::uint32_t expected = 0;
  MIEN_TRY_VOID(database.scan(
      "SELECT video_id, status FROM " + sql_read_parquet(files) +
          " WHERE source = " + sql_quote(source),
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t r = 0; r < batch.rows(); ++r) {
          const auto position = videos.index.find(batch.text(0, r), expected);
          if (!position) continue;
          expected = *position + 1;
          if (seen[*position] != 0) {
            return Error{ErrorCode::kCorrupt, "context_status: the video '" +
                                                  std::string(batch.text(0, r)) +
                                                  "' appears twice for " + source};
          }
          seen[*position] = 1;
          const std::string_view status = batch.is_null(1, r) ? "unknown" : batch.text(1, r);
          if (status == "ok" || contexts.reason[*position] != 0) continue;
          contexts.reason[*position] = videos.reason_code("context_" + std::string(status));
        }
        return Ok{};
      }));
  for (std::uint32_t video = 0; video < videos.index.size(); ++video) {
    if (seen[video] == 0 && contexts.reason[video] == 0) contexts.reason[video] = unknown;
  }
  return Ok{};
}

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

Result<std::vector<std::string>> read_sources(Database& database, const AssociateOptions& options) {
  MIEN_TRY(files, study_table_files(options.study, "context_status"));
  MIEN_TRY_VOID(
      check_schema(database, files, context_status_schema(), {"video_id", "source", "status"}));
  std::vector<std::string> sources;
  MIEN_TRY_VOID(database.scan("SELECT DISTINCT source FROM " + sql_read_parquet(files) +
                                  " WHERE source IS NOT NULL ORDER BY source",
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t r = 0; r < batch.rows(); ++r) {
                                  sources.emplace_back(batch.text(0, r));
                                }
                                return Ok{};
                              }));
  if (sources.empty()) {
    return Error{ErrorCode::kNotFound, "context_status has no rows: no contexts were named"};
  }
  for (const std::string& wanted : options.sources) {
    if (std::find(sources.begin(), sources.end(), wanted) != sources.end()) continue;
    std::string there;
    for (const std::string& source : sources) there += (there.empty() ? "" : ", ") + source;
    return Error{ErrorCode::kUsage,
                 "--source " + wanted + ": the study has contexts from " + there + " only"};
  }
  return options.sources.empty() ? sources : options.sources;
}

Result<StudyContexts> read_study_contexts(Database& database, const AssociateOptions& options,
                                          const std::string& source, StudyVideos& videos) {
  StudyContexts contexts;
  MIEN_TRY_VOID(read_status(database, options.study, source, videos, contexts));
  MIEN_TRY(files, study_table_files(options.study, "contexts"));
  MIEN_TRY_VOID(check_schema(database, files, contexts_schema(),
                             {"video_id", "source", "context", "score_prob", "above_threshold"}));
  ContextReader reader(options.contexts, videos, contexts);
  MIEN_TRY_VOID(database.scan("SELECT video_id, context, score_prob, above_threshold FROM " +
                                  sql_read_parquet(files) + " WHERE source = " + sql_quote(source),
                              [&](const ScanBatch& batch) { return reader.add(batch); }));
  MIEN_TRY_VOID(reader.finish());
  if (reader.unknown() > 0) {
    videos.notes.push_back(std::to_string(reader.unknown()) + " rows of " + source +
                           " contexts belong to no video of the corpus");
  }
  if (contexts.names.empty()) {
    return Error{ErrorCode::kNotFound, "the study names no " + source + " context in any video"};
  }
  return contexts;
}

}  // namespace mien
