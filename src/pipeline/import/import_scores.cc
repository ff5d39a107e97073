#include "pipeline/import/import_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>

#include "base/ascii_case.h"
#include "base/sha256.h"
#include "pipeline/annotate/annotate_options.h"
#include "pipeline/annotate/inputs.h"
#include "pipeline/import/imported_video.h"
#include "pipeline/import/score_file.h"
#include "pipeline/study/corpus.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study.h"
#include "store/csv_import.h"
#include "store/forgotten.h"
#include "store/table_cells.h"
#include "table/import_schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

bool is_score_file(const fs::path& file) {
  const std::string ending = ascii_lower_case(file.extension().string());
  return ending == ".csv" || ending == ".tsv" || ending == ".parquet";
}

fs::path absolute_file(const fs::path& file) {
  std::error_code ignored;
  return fs::absolute(file, ignored).lexically_normal();
}

Status add_folder_files(const fs::path& folder, Inputs& inputs) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator
           it(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const bool is_hidden = it->path().filename().string().starts_with(".");
    if (it->is_regular_file(ignored) && !is_hidden && is_score_file(it->path())) {
      files.push_back(it->path());
    }
  }
  if (error) {
    return Error{ErrorCode::kIo, folder.string() + ": the folder cannot be read (" +
                                     error.message() + "); remedy: check its permissions"};
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const fs::path below = file.lexically_relative(folder).replace_extension();
    inputs.videos.push_back({below.generic_string(), absolute_file(file)});
  }
  return Ok{};
}

Status add_listed_files(const fs::path& list, Database& database, Inputs& inputs) {
  MIEN_TRY(rows, read_list(database, list, {"file"}));
  for (const char* needed : {"video_id", "file"}) {
    if (!rows.has(needed)) {
      return Error{ErrorCode::kUsage, list.string() + ": no column '" + needed +
                                          "'; remedy: its first line must name video_id and file"};
    }
  }
  const fs::path folder = absolute_file(list).parent_path();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const Cell id = rows.at(row, "video_id");
    const Cell file = rows.at(row, "file");
    const auto* id_text = std::get_if<std::string>(&id);
    const auto* file_text = std::get_if<std::string>(&file);
    if (id_text == nullptr || id_text->empty() || file_text == nullptr || file_text->empty()) {
      return Error{ErrorCode::kUsage,
                   fmt::format("{}: row {}: video_id or file is empty; remedy: give both",
                               list.string(), row + 1)};
    }
    inputs.videos.push_back({*id_text, (folder / *file_text).lexically_normal()});
  }
  return Ok{};
}

Result<Inputs> files_of(const ImportRequest& request, Database& database) {
  Inputs inputs;
  if (request.inputs.empty() == request.list.empty()) {
    return Error{ErrorCode::kUsage, "name either files and folders of scores, or --list FILE"};
  }
  if (!request.list.empty()) MIEN_TRY_VOID(add_listed_files(request.list, database, inputs));
  for (const fs::path& named : request.inputs) {
    std::error_code ignored;
    if (fs::is_directory(named, ignored)) {
      MIEN_TRY_VOID(add_folder_files(named, inputs));
    } else {
      inputs.videos.push_back({named.stem().string(), absolute_file(named)});
    }
  }
  if (inputs.videos.empty()) {
    return Error{ErrorCode::kNotFound,
                 "no .csv, .tsv or .parquet file in what was named; remedy: name the files"};
  }
  MIEN_TRY_VOID(settle_names(inputs, [](const InputVideo& first, const InputVideo& second) {
    return fmt::format(
        "two files would be the video '{}': {} and {}; remedy: give ids in a list, "
        "--list FILE",
        first.video_id, first.path, second.path);
  }));
  return inputs;
}

// What annotate remembers, with nothing measured by Mien, and how files are read.
StudySettings settings_of(const ImportRequest& request, const ScoreLayout& layout) {
  AnnotateOptions options;
  options.rate_hz = request.rate_hz;
  options.frames_table = request.frames_table;
  options.channels.basic7 = false;
  options.channels.action = false;
  options.channels.label = false;
  StudySettings settings;
  settings.options = to_json(options);
  settings.options["imported"] = to_json(layout);
  settings.model_set_hash = "none: imported";
  settings.program_version = kProgramVersion;
  return settings;
}

class ImportRun {
 public:
  ImportRun(const ImportRequest& request, const std::atomic<bool>& stop)
      : request_(request), stop_(stop) {}

  Result<ImportSummary> run() {
    MIEN_TRY(database, Database::open());
    database_ = &database;
    MIEN_TRY(inputs, files_of(request_, database));
    MIEN_TRY(forgotten, Forgotten::read(request_.study));
    summary_.forgotten = leave_out_forgotten(inputs, forgotten);
    MIEN_TRY_VOID(choose_layout(inputs));
    MIEN_TRY(study, Study::open_or_create(request_.study, settings_of(request_, layout_),
                                          {request_.redo, request_.shard_videos}, database));
    MIEN_TRY_VOID(study.add_inputs(described_inputs(inputs)));
    MIEN_TRY_VOID(update_corpus_of(inputs, study));
    std::set<std::string> named;
    for (const InputVideo& video : inputs.videos) named.insert(video.video_id);
    if (request_.retry_failed) MIEN_TRY_VOID(study.retry_failed(named));
    MIEN_TRY_VOID(study.publish_ready_shards());
    MIEN_TRY_VOID(do_videos(study, named));
    summary_.problems = study.problems();
    for (const ColumnSpec& column : layout_.channel_columns()) {
      summary_.channels.push_back(column.name);
    }
    return std::move(summary_);
  }

 private:
  // A file whose first line cannot be read fails later, for itself.
  Status choose_layout(const Inputs& inputs) {
    std::vector<std::vector<std::string>> headers;
    if (request_.scores.tool == ScoreTool::kTable) {
      std::set<std::vector<std::string>> seen;
      for (const InputVideo& video : inputs.videos) {
        auto header = read_table_header(*database_, video.path);
        if (header.ok()) seen.insert(*std::move(header));
      }
      headers.assign(seen.begin(), seen.end());
    }
    MIEN_TRY(layout, score_layout(request_.scores, headers));
    layout_ = std::move(layout);
    return Ok{};
  }

  // Videos that the corpus lacks get a row, whose uri is the file of scores.
  Status update_corpus_of(const Inputs& inputs, const Study& study) {
    std::set<std::string> known;
    const fs::path corpus = study.folder() / "corpus.parquet";
    std::error_code ignored;
    if (fs::exists(corpus, ignored)) {
      MIEN_TRY_VOID(database_->query("SELECT video_id FROM " + sql_read_parquet(corpus),
                                     [&](const Table& batch) -> Status {
                                       for (const std::string& id : batch.column(0).strings())
                                         known.insert(id);
                                       return Ok{};
                                     }));
    }
    Table rows({"corpus",
                "video",
                "",
                {{"video_id", ColumnType::kString, ""}, {"uri", ColumnType::kString, ""}}});
    for (const InputVideo& video : inputs.videos) {
      if (known.contains(video.video_id)) continue;
      rows.append(std::vector<Cell>{video.video_id, video.path});
    }
    summary_.new_to_corpus = static_cast<std::int64_t>(rows.rows());
    if (rows.rows() == 0) return Ok{};
    return update_corpus(*database_, study.folder(), rows);
  }

  // What was named and is not done, and what shares a shard with it: shards appear whole.
  Status do_videos(Study& study, const std::set<std::string>& named) {
    const auto shard_of = [&](const StudyInput& video) {
      return study.plan().shard_of(study.plan().find(video.video_id).value_or(0));
    };
    std::set<std::int64_t> shards;
    std::vector<StudyInput> todo = study.todo();
    for (const StudyInput& video : todo) {
      if (named.contains(video.video_id)) shards.insert(shard_of(video));
    }
    std::erase_if(todo, [&](const StudyInput& v) { return !shards.contains(shard_of(v)); });
    std::set<std::string> counted = named;
    for (const StudyInput& video : todo) counted.insert(video.video_id);
    summary_.videos = static_cast<std::int64_t>(counted.size());
    summary_.already_done = summary_.videos - static_cast<std::int64_t>(todo.size());
    std::int64_t done = 0;
    for (const StudyInput& video : todo) {
      if (stop_) {
        return Error{ErrorCode::kCancelled,
                     fmt::format("stopped with {} files to do; the same command goes on from here",
                                 static_cast<std::int64_t>(todo.size()) - done)};
      }
      MIEN_TRY_VOID(do_video(study, video));
      MIEN_TRY_VOID(study.publish_ready_shards());
      if (request_.progress) {
        request_.progress({"import", ++done, static_cast<std::int64_t>(todo.size()), "files"});
      }
    }
    return Ok{};
  }

  Status do_video(Study& study, const StudyInput& input) {
    auto read = sheet_of(input);
    MIEN_TRY(writer, study.pending_writer(input));
    const ImportedVideo video{
        input.video_id, layout_, request_.rate_hz, request_.frames_table,
        [&](const std::string& table, const Table& batch) { return writer.append(table, batch); }};
    std::optional<Error> failure;
    if (read.ok()) {
      auto facts = import_video(video, *read);
      if (facts.ok()) {
        count(*facts, *read);
      } else if (facts.error().code == ErrorCode::kUnsupported) {
        failure = std::move(facts).error().with_context(input.path);
      } else {
        return std::move(facts).error();
      }
    } else {
      failure = std::move(read).error();
    }
    if (failure.has_value()) {
      MIEN_TRY_VOID(import_failure(video, *failure));
      summary_.failures.push_back({input.video_id, import_reason(*failure), failure->message});
      ++summary_.failed;
    }
    MIEN_TRY_VOID(writer.append("imports", imports_row(input, failure ? nullptr : &*read)));
    MIEN_TRY_VOID(writer.commit());
    return study.note_committed(input.video_id);
  }

  Result<ScoreSheet> sheet_of(const StudyInput& input) {
    if (input.size_bytes == kSizeOfUnreadableName) {
      return Error{ErrorCode::kUnsupported,
                   input.path + ": its name is not UTF-8; remedy: rename the file"};
    }
    MIEN_TRY(sheet, read_scores(*database_, input.path, layout_));
    if (!sheet.rows.empty()) return sheet;
    return Error{ErrorCode::kCorrupt,
                 input.path +
                     ": line 1: no row after the column names; remedy: let the tool measure the "
                     "video again"};
  }

  void count(const ImportedFacts& facts, const ScoreSheet& sheet) {
    ++summary_.ok;
    summary_.frames_analysed += facts.frames_analysed;
    summary_.tracks += facts.tracks;
    summary_.face_seconds += facts.face_seconds;
    summary_.missing_rows += static_cast<std::int64_t>(sheet.rows.size()) - sheet.scored_rows;
  }

  Table imports_row(const StudyInput& input, const ScoreSheet* sheet) const {
    Table table(imports_schema());
    RowBuilder row(table.schema());
    const Result<std::string> sha256 = sha256_of_file(input.path);
    row.set("video_id", input.video_id)
        .set("tool", layout_.tool_name)
        .set("file", std::filesystem::path(input.path).filename().string())
        .set("sha256", sha256.ok() ? Cell{*sha256} : Cell{})
        .set("rows",
             sheet != nullptr ? Cell{static_cast<std::int64_t>(sheet->rows.size())} : Cell{})
        .set("rows_scored", sheet != nullptr ? Cell{sheet->scored_rows} : Cell{});
    table.append(row.finish());
    return table;
  }

  const ImportRequest& request_;
  const std::atomic<bool>& stop_;
  Database* database_ = nullptr;
  ScoreLayout layout_;
  ImportSummary summary_;
};

}  // namespace

Result<ImportSummary> import_scores(const ImportRequest& request, const std::atomic<bool>& stop) {
  if (!(request.rate_hz > 0) || request.rate_hz > 1000) {
    return Error{ErrorCode::kUsage, "--rate: frames a second above 0, at most 1000"};
  }
  return ImportRun(request, stop).run();
}

}  // namespace mien
