#include "pipeline/annotate/inputs.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "base/ascii_case.h"
#include "base/utf8.h"
#include "store/csv_import.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

std::string lower_ending(const fs::path& path) {
  return ascii_lower_case(path.extension().string());
}

bool is_list(const fs::path& path) {
  const std::string ending = lower_ending(path);
  return ending == ".csv" || ending == ".tsv" || ending == ".parquet";
}

// Endings that never hold pictures; everything else in a folder is tried, since endings lie.
bool is_passed_over(const fs::path& path) {
  static constexpr std::array<std::string_view, 36> kNotMedia = {
      ".txt", ".csv", ".tsv",  ".json", ".jsonl", ".md",   ".toml", ".yaml",    ".yml",
      ".xml", ".htm", ".html", ".css",  ".js",    ".ts",   ".py",   ".r",       ".sh",
      ".srt", ".vtt", ".ass",  ".nfo",  ".log",   ".pdf",  ".doc",  ".docx",    ".xlsx",
      ".zip", ".gz",  ".xz",   ".tar",  ".7z",    ".part", ".db",   ".parquet", ".ini"};
  const std::string name = path.filename().string();
  if (name.empty() || name.front() == '.') return true;
  const std::string ending = lower_ending(path);
  return std::find(kNotMedia.begin(), kNotMedia.end(), ending) != kNotMedia.end();
}

fs::path absolute_path(const fs::path& path) {
  std::error_code ignored;
  fs::path absolute = fs::absolute(path, ignored);
  return absolute.lexically_normal();
}

Status add_folder(const fs::path& folder, Inputs& inputs) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator
           it(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && it != end; it.increment(error)) {
    std::error_code type_error;
    if (it->is_directory(type_error) && it->path().filename().string().starts_with(".")) {
      it.disable_recursion_pending();
      continue;
    }
    if (it->is_directory(type_error)) continue;
    // A link that leads nowhere is a file that is missing, and is told as one.
    const bool is_lost = it->is_symlink(type_error) && !it->exists(type_error);
    if ((!is_lost && !it->is_regular_file(type_error)) || is_passed_over(it->path())) {
      ++inputs.files_passed_over;
    } else {
      files.push_back(it->path());
    }
  }
  if (error) {
    return Error{ErrorCode::kIo, folder.string() + ": the folder cannot be read (" +
                                     error.message() + "); check its permissions"};
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    inputs.videos.push_back(
        {file.lexically_relative(folder).generic_string(), absolute_path(file)});
  }
  return Ok{};
}

Status add_list(const fs::path& list, Database& database, Inputs& inputs) {
  MIEN_TRY(rows, read_list(database, list, {"video_id", "uri"}));
  for (const char* needed : {"video_id", "uri"}) {
    if (!rows.has(needed)) {
      return Error{
          ErrorCode::kUsage,
          list.string() + ": the list has no column '" + needed +
              "'; remedy: its first line must name at least video_id and uri; a list with other "
              "names is read by 'mien ingest LIST --column "
              "video_id=NAME', after which 'mien annotate --study' "
              "takes its videos"};
    }
  }
  const fs::path folder = absolute_path(list).parent_path();
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const Cell id = rows.at(row, "video_id");
    const Cell uri = rows.at(row, "uri");
    const std::string place = list.string() + ": row " + std::to_string(row + 1);
    if (!std::holds_alternative<std::string>(id) || std::get<std::string>(id).empty()) {
      return Error{ErrorCode::kUsage, place + ": video_id is empty; give every row an id"};
    }
    if (!std::holds_alternative<std::string>(uri) || std::get<std::string>(uri).empty()) {
      return Error{ErrorCode::kUsage,
                   place + ": uri is empty; annotate needs a file for every row"};
    }
    fs::path path = std::get<std::string>(uri);
    // An absolute one stays as it is written, so that annotating an ingested corpus changes nothing
    // in it.
    if (path.is_relative()) path = (folder / path).lexically_normal();
    inputs.videos.push_back({std::get<std::string>(id), path});
  }
  inputs.corpus = std::move(rows);
  return Ok{};
}

}  // namespace

Result<Inputs> expand_inputs(const std::vector<fs::path>& named, bool image_sequence,
                             Database& database) {
  Inputs inputs;
  if (named.size() > 1 && std::any_of(named.begin(), named.end(), is_list)) {
    return Error{ErrorCode::kUsage,
                 "a corpus list stands alone; name either one list or files and folders"};
  }
  for (const fs::path& path : named) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
      if (image_sequence) {
        const fs::path folder = absolute_path(path / "").parent_path();
        inputs.videos.push_back({folder.filename().string(), folder});
      } else {
        MIEN_TRY_VOID(add_folder(path, inputs));
      }
    } else if (is_list(path)) {
      MIEN_TRY_VOID(add_list(path, database, inputs));
    } else if (path.native().find("://") != std::string::npos) {
      return Error{ErrorCode::kUsage,
                   path.string() +
                       ": Mien reads files, not addresses; remedy: download the video "
                       "first, if its terms allow it"};
    } else {
      inputs.videos.push_back({path.filename().string(), absolute_path(path)});
    }
  }
  MIEN_TRY_VOID(settle_names(inputs, [](const InputVideo& first, const InputVideo& second) {
    return "two videos have the id '" + first.video_id + "': " + first.path + " and " +
           second.path + "; name their common folder, or give ids in a corpus CSV";
  }));
  return inputs;
}

Status settle_names(
    Inputs& inputs,
    const std::function<std::string(const InputVideo& first, const InputVideo& second)>& twice) {
  std::unordered_map<std::string_view, const InputVideo*> seen;
  for (InputVideo& video : inputs.videos) {
    const std::string id = escape_invalid_utf8(video.video_id);
    const std::string path = escape_invalid_utf8(video.path);
    if (id != video.video_id || path != video.path) video = {id, path, false};
    const auto [it, is_new] = seen.emplace(video.video_id, &video);
    if (!is_new) return Error{ErrorCode::kUsage, twice(*it->second, video)};
  }
  return Ok{};
}

std::vector<StudyInput> described_inputs(const Inputs& inputs) {
  std::vector<StudyInput> described;
  described.reserve(inputs.videos.size());
  for (const InputVideo& video : inputs.videos) {
    described.push_back(video.has_text_name
                            ? describe_input(video.video_id, video.path)
                            : StudyInput{video.video_id, video.path, kSizeOfUnreadableName, 0});
  }
  return described;
}

std::int64_t leave_out_forgotten(Inputs& inputs, const Forgotten& forgotten) {
  if (!forgotten.any()) return 0;
  const Table* corpus = inputs.corpus.has_value() ? &*inputs.corpus : nullptr;
  const bool has_uploaders = corpus != nullptr && corpus->has("uploader");
  std::vector<InputVideo> kept;
  Table kept_rows = corpus == nullptr ? Table() : Table(corpus->schema());
  for (std::size_t row = 0; row < inputs.videos.size(); ++row) {
    bool goes = forgotten.has_video(inputs.videos[row].video_id);
    if (has_uploaders) {
      const Cell cell = corpus->at(row, "uploader");
      const auto* name = std::get_if<std::string>(&cell);
      goes = goes || (name != nullptr && forgotten.has_uploader(*name));
    }
    if (goes) continue;
    kept.push_back(std::move(inputs.videos[row]));
    if (corpus == nullptr) continue;
    std::vector<Cell> cells;
    for (std::size_t c = 0; c < corpus->schema().columns.size(); ++c) {
      cells.push_back(corpus->column(c).at(row));
    }
    kept_rows.append(cells);
  }
  const std::size_t before = inputs.videos.size();
  inputs.videos = std::move(kept);
  if (corpus != nullptr) inputs.corpus = std::move(kept_rows);
  return static_cast<std::int64_t>(before - inputs.videos.size());
}

}  // namespace mien
