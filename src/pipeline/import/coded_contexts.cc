#include "pipeline/import/coded_contexts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unordered_map>

#include "base/missing.h"
#include "base/outside_json.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "pipeline/import/score_file.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/study/video_index.h"
#include "store/database.h"
#include "store/durable_file.h"
#include "store/forgotten.h"
#include "store/table_cells.h"
#include "table/schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kColumns[] = {"video_id", "context", "begin_s", "end_s", "score", "weight"};
enum Column : std::size_t { kVideo, kContext, kBegin, kEnd, kScore, kRowWeight };
constexpr std::size_t kListedProblems = 100;
constexpr std::size_t kBatchRows = 65536;
constexpr std::size_t kMostContexts = 100'000;

// Rows of one context in one video, added up.
struct CodedEntry {
  std::uint32_t video = 0;
  std::uint32_t context = 0;
  double weight = 0;
  double weighted = 0;  // weight times score
};

enum class VideoWord : std::uint8_t { kNone, kLookedAt, kBadRow };

class CodedReader {
 public:
  CodedReader(const CodedContextsRequest& request, const VideoIndex& corpus,
              CodedContextsSummary& summary)
      : request_(request), corpus_(corpus), summary_(summary), words_(corpus.size()) {}

  std::vector<std::string> wanted() const {
    std::vector<std::string> names;
    for (const char* column : kColumns) {
      const auto given = request_.columns.find(column);
      names.push_back(given != request_.columns.end() ? given->second : column);
    }
    return names;
  }

  Status take_header(const std::vector<std::string>& header) {
    const std::vector<std::string> names = wanted();
    for (std::size_t c = 0; c < names.size(); ++c) {
      has_[c] = std::find(header.begin(), header.end(), names[c]) != header.end();
      const bool is_needed = c <= kContext || request_.columns.contains(kColumns[c]);
      if (has_[c] || !is_needed) continue;
      return Error{
          ErrorCode::kUsage,
          fmt::format("{}: no column '{}'; it has {}; remedy: name it with --column "
                      "{}=COLUMN",
                      request_.file.string(), names[c], fmt::join(header, ", "), kColumns[c])};
    }
    if (has_[kBegin] == has_[kEnd]) return Ok{};
    return Error{ErrorCode::kUsage,
                 fmt::format("{}: of '{}' and '{}' one is there; remedy: give both or neither",
                             request_.file.string(), names[kBegin], names[kEnd])};
  }

  Status take(std::int64_t line, const std::vector<std::string_view>& cells) {
    ++summary_.rows;
    if (cells[kVideo].empty()) {
      note(line, "no video_id");
      return Ok{};
    }
    const auto found = corpus_.find(cells[kVideo], last_video_);
    if (!found.has_value()) {
      ++summary_.unknown_rows;
      return Ok{};
    }
    last_video_ = *found;
    const std::string problem = take_row(*found, cells);
    if (problem.empty()) {
      if (words_[*found] == VideoWord::kNone) words_[*found] = VideoWord::kLookedAt;
    } else {
      note(line, problem);
      words_[*found] = VideoWord::kBadRow;
    }
    if (names_.size() <= kMostContexts) return Ok{};
    return Error{ErrorCode::kUnsupported,
                 fmt::format("{}: line {}: more than {} different contexts; remedy: is it the "
                             "right column? --column context=COLUMN",
                             request_.file.string(), line, kMostContexts)};
  }

  // Sorted by video and then by the context's name; those of videos with a bad row left out.
  std::vector<CodedEntry> finish() {
    std::vector<std::uint32_t> order(names_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return names_[a] < names_[b]; });
    std::vector<std::uint32_t> place(names_.size());
    std::vector<std::string> sorted;
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      sorted.push_back(names_[order[i]]);
    }
    names_ = std::move(sorted);
    for (CodedEntry& entry : entries_) entry.context = place[entry.context];
    // Stable, so that sums are taken in the order of the file.
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const CodedEntry& a, const CodedEntry& b) {
                       return a.video != b.video ? a.video < b.video : a.context < b.context;
                     });
    std::vector<CodedEntry> together;
    for (const CodedEntry& entry : entries_) {
      if (words_[entry.video] == VideoWord::kBadRow) continue;
      const bool is_same = !together.empty() && together.back().video == entry.video &&
                           together.back().context == entry.context;
      if (!is_same) {
        together.push_back(entry);
        continue;
      }
      together.back().weight += entry.weight;
      together.back().weighted += entry.weighted;
    }
    return together;
  }

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<VideoWord>& words() const { return words_; }

 private:
  void note(std::int64_t line, const std::string& what) {
    ++summary_.bad_rows;
    if (summary_.problems.size() >= kListedProblems) return;
    summary_.problems.push_back(
        fmt::format("{}: line {}: {}; remedy: mend the row and import the "
                    "file again",
                    request_.file.string(), line, what));
  }

  // What is wrong with the row; empty where nothing is.
  std::string take_row(std::uint32_t video, const std::vector<std::string_view>& cells) {
    double numbers[std::size(kColumns)] = {};
    for (const Column column : {kBegin, kEnd, kScore, kRowWeight}) {
      const auto number = score_number(cells[column]);
      if (!number.has_value()) {
        return fmt::format("'{}' in column '{}' is no number", cells[column].substr(0, 40),
                           kColumns[column]);
      }
      numbers[column] = *number;
    }
    if (cells[kContext].empty()) return "";
    if (first_invalid_utf8(cells[kContext]) != std::string_view::npos) {
      return "the context is not UTF-8";
    }
    const double score = std::isnan(numbers[kScore]) ? 1 : numbers[kScore];
    if (!(score >= 0 && score <= 1)) return "the score is not in [0, 1]";
    double weight = std::isnan(numbers[kRowWeight]) ? 1 : numbers[kRowWeight];
    if (!(weight > 0)) return "the weight is not above 0";
    if (has_[kBegin]) {
      const bool is_untold = std::isnan(numbers[kBegin]) && std::isnan(numbers[kEnd]);
      const bool is_span = numbers[kBegin] >= 0 && numbers[kEnd] > numbers[kBegin];
      if (!is_untold && !is_span) return "begin_s and end_s are not the begin and end of a time";
      if (is_span) weight *= numbers[kEnd] - numbers[kBegin];
    }
    const auto [it, is_new] =
        codes_.emplace(cells[kContext], static_cast<std::uint32_t>(names_.size()));
    if (is_new) names_.emplace_back(cells[kContext]);
    entries_.push_back({video, it->second, weight, weight * score});
    return "";
  }

  const CodedContextsRequest& request_;
  const VideoIndex& corpus_;
  CodedContextsSummary& summary_;
  bool has_[std::size(kColumns)] = {};
  std::uint32_t last_video_ = 0;
  std::vector<VideoWord> words_;  // a video
  std::unordered_map<std::string, std::uint32_t> codes_;
  std::vector<std::string> names_;
  std::vector<CodedEntry> entries_;
};

Status check_source(const std::string& source) {
  const bool is_plain = !source.empty() && source.front() >= 'a' && source.front() <= 'z' &&
                        source.size() <= 64 &&
                        std::all_of(source.begin(), source.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                        });
  const bool is_own = source == "text" || source.starts_with("visual");
  if (is_plain && !is_own) return Ok{};
  return Error{ErrorCode::kUsage,
               fmt::format("--source '{}': {}", source,
                           is_own ? "so Mien calls contexts that it names itself"
                                  : "give it a name of small letters, digits and _, at most 64")};
}

Result<VideoIndex> corpus_ids(Database& database, const fs::path& study) {
  const fs::path corpus = study / "corpus.parquet";
  std::error_code ignored;
  if (!fs::exists(corpus, ignored)) {
    return Error{ErrorCode::kNotFound, study.string() +
                                           ": no corpus.parquet, so no videos; remedy: 'mien "
                                           "ingest LIST --out " +
                                           study.string() + "'"};
  }
  VideoIndex ids;
  MIEN_TRY_VOID(database.query(
      "SELECT video_id FROM " + sql_read_parquet(corpus), [&](const Table& batch) -> Status {
        for (const std::string& id : batch.column(0).strings()) {
          if (ids.add(id).has_value()) continue;
          return Error{ErrorCode::kCorrupt,
                       fmt::format("{}: the video_id '{}' appears twice", corpus.string(), id)};
        }
        return Ok{};
      }));
  return ids;
}

class CodedImport {
 public:
  explicit CodedImport(const CodedContextsRequest& request)
      : request_(request), folder_(coded_folder(request.study, request.source)) {}

  Result<CodedContextsSummary> run() {
    MIEN_TRY_VOID(check_source(request_.source));
    MIEN_TRY(database, Database::open());
    MIEN_TRY(ids, corpus_ids(database, request_.study));
    MIEN_TRY_VOID(make_folders(folder_.parent_path()));
    MIEN_TRY(lock, FileLock::acquire(folder_.parent_path() / ".lock"));
    MIEN_TRY_VOID(no_forgetting_undone(request_.study));
    MIEN_TRY_VOID(clear_left_overs(folder_.parent_path()));
    MIEN_TRY(header, read_table_header(database, request_.file));
    CodedReader reader(request_, ids, summary_);
    MIEN_TRY_VOID(reader.take_header(header));
    MIEN_TRY_VOID(check_present(database));
    MIEN_TRY_VOID(
        each_table_row(database, request_.file, reader.wanted(),
                       [&](std::int64_t line, const std::vector<std::string_view>& cells) {
                         return reader.take(line, cells);
                       }));
    const std::vector<CodedEntry> entries = reader.finish();
    MIEN_TRY_VOID(write(database, ids, reader, entries));
    return std::move(summary_);
  }

 private:
  // What the source is made of, as its tables say.
  Result<nlohmann::json> identity() const {
    MIEN_TRY(sha256, sha256_of_file(request_.file));
    return nlohmann::json{{"coded",
                           {{"source", request_.source},
                            {"file", request_.file.filename().string()},
                            {"sha256", sha256},
                            {"columns", request_.columns},
                            {"threshold_prob", request_.threshold_prob},
                            {"complete", request_.complete}}}};
  }

  Status check_present(Database& database) {
    MIEN_TRY(now, identity());
    identity_ = now.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const fs::path file = folder_ / "context_status.parquet";
    std::error_code ignored;
    if (request_.redo || !fs::exists(file, ignored)) return Ok{};
    const auto metadata = database.read_metadata(file);
    const auto then =
        metadata.ok() ? metadata->find("mien.options") : FileMetadata::const_iterator{};
    if (metadata.ok() && then != metadata->end() && then->second == identity_) return Ok{};
    return Error{ErrorCode::kMismatch,
                 fmt::format("{}: the source '{}' is there, from another file or with other "
                             "options; remedy: --redo replaces it, another --source stands beside "
                             "it",
                             folder_.string(), request_.source)};
  }

  FileMetadata metadata_of(const std::string& table) const {
    return {{"mien.table", table},
            {"mien.program_version", std::string(kProgramVersion)},
            {"mien.schema_version", std::to_string(kSchemaVersion)},
            {"mien.options", identity_}};
  }

  Status write(Database& database, const VideoIndex& ids, const CodedReader& reader,
               const std::vector<CodedEntry>& entries) {
    const fs::path made = temporary_name_for(folder_);
    MIEN_TRY_VOID(make_folders(made));
    const auto fill = [&]() -> Status {
      MIEN_TRY_VOID(write_contexts(database, ids, reader, entries, made / "contexts.parquet"));
      MIEN_TRY_VOID(write_status(database, ids, reader, made / "context_status.parquet"));
      return replace_folder_durably(made, folder_);
    };
    const Status filled = fill();
    std::error_code ignored;
    if (!filled.ok()) fs::remove_all(made, ignored);
    return filled;
  }

  Status write_contexts(Database& database, const VideoIndex& ids, const CodedReader& reader,
                        const std::vector<CodedEntry>& entries, const fs::path& file) {
    std::size_t next = 0;
    const BulkSource source = [&](BulkBatch& batch) -> Result<bool> {
      batch = {};
      batch.columns.resize(5);
      batch.columns[1].words = {request_.source};
      batch.columns[2].words = reader.names();
      for (; next < entries.size() && batch.rows < kBatchRows; ++next, ++batch.rows) {
        const CodedEntry& entry = entries[next];
        BulkColumn& videos = batch.columns[0];
        if (batch.rows == 0 || entries[next - 1].video != entry.video) {
          videos.words.emplace_back(ids.id(entry.video));
        }
        videos.codes.push_back(static_cast<std::uint32_t>(videos.words.size() - 1));
        batch.columns[1].codes.push_back(0);
        batch.columns[2].codes.push_back(entry.context);
        // A mean of equal scores may differ from them by rounding.
        const double score = std::clamp(entry.weighted / entry.weight, 0.0, 1.0);
        const bool is_above = score >= request_.threshold_prob - 1e-12;
        batch.columns[3].doubles.push_back(score);
        batch.columns[4].truths.push_back(is_above ? 1 : 0);
        summary_.above_threshold += is_above ? 1 : 0;
      }
      return batch.rows > 0;
    };
    summary_.contexts = static_cast<std::int64_t>(reader.names().size());
    summary_.context_rows = static_cast<std::int64_t>(entries.size());
    return database.write_stream(contexts_schema(), source, file, metadata_of("contexts"));
  }

  Status write_status(Database& database, const VideoIndex& ids, const CodedReader& reader,
                      const fs::path& file) {
    std::uint32_t next = 0;
    const BulkSource source = [&](BulkBatch& batch) -> Result<bool> {
      batch = {};
      batch.columns.resize(8);
      batch.columns[1].words = {request_.source};
      batch.columns[2].words = {request_.source};
      batch.columns[3].words = {"ok", "skipped", "failed"};
      batch.columns[4].words = {"not_annotated", "bad_row"};
      for (; next < ids.size() && batch.rows < kBatchRows; ++next, ++batch.rows) {
        const VideoWord word = reader.words()[next];
        const bool is_bad = word == VideoWord::kBadRow;
        const bool is_ok = !is_bad && (word == VideoWord::kLookedAt || request_.complete);
        summary_.ok += is_ok ? 1 : 0;
        summary_.not_annotated += word == VideoWord::kNone ? 1 : 0;
        batch.columns[0].words.emplace_back(ids.id(next));
        batch.columns[0].codes.push_back(static_cast<std::uint32_t>(batch.rows));
        batch.columns[1].codes.push_back(0);
        batch.columns[2].codes.push_back(0);
        batch.columns[3].codes.push_back(is_ok ? 0 : is_bad ? 2 : 1);
        batch.columns[4].codes.push_back(is_ok ? BulkColumn::kNull : is_bad ? 1 : 0);
        batch.columns[5].codes.push_back(BulkColumn::kNull);
        batch.columns[6].doubles.push_back(kNaN);
        batch.columns[7].doubles.push_back(kNaN);
      }
      return batch.rows > 0;
    };
    summary_.videos = static_cast<std::int64_t>(ids.size());
    return database.write_stream(context_status_schema(), source, file,
                                 metadata_of("context_status"));
  }

  const CodedContextsRequest& request_;
  fs::path folder_;
  std::string identity_;
  CodedContextsSummary summary_;
};

}  // namespace

Result<CodedContextsSummary> import_coded_contexts(const CodedContextsRequest& request) {
  return CodedImport(request).run();
}

}  // namespace mien
