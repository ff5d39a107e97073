#include "pipeline/ingest/video_info_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/ascii_case.h"
#include "base/outside_json.h"
#include "base/utf8.h"
#include "store/durable_file.h"
#include "store/list_rows.h"
#include "store/text_export.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostInfoBytes = std::size_t{64} << 20;
constexpr std::size_t kInfoBatchRows = 1024;
constexpr std::size_t kFirstOwn = 3;  // line, problem and message go before

bool is_info_file(const fs::path& path) {
  return ascii_lower_case(path.filename().string()).ends_with(".info.json");
}

std::optional<std::string> text_in(const nlohmann::json& info, const char* key) {
  if (!info.contains(key)) return std::nullopt;
  const nlohmann::json& value = info.at(key);
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    // A zero byte is no text that a table can hold.
    if (text.empty() || text.find('\0') != std::string::npos) return std::nullopt;
    return text;
  }
  if (value.is_number_float()) return shortest_number(value.get<double>());
  if (value.is_number()) return value.dump();
  return std::nullopt;
}

// Words of a list, each ended by a bar from the next.
std::optional<std::string> tags_in(const nlohmann::json& info) {
  if (!info.contains("tags") || !info.at("tags").is_array()) return std::nullopt;
  std::string tags;
  for (const nlohmann::json& tag : info.at("tags")) {
    if (!tag.is_string()) continue;
    tags += (tags.empty() ? "" : "|") + tag.get<std::string>();
  }
  if (tags.empty() || tags.find('\0') != std::string::npos) return std::nullopt;
  return tags;
}

// The media that yt-dlp put beside its info file.
std::optional<std::string> media_beside(const fs::path& info_file, const nlohmann::json& info) {
  if (info_file.empty()) return std::nullopt;
  const auto ending = text_in(info, "ext");
  if (!ending || ending->find('/') != std::string::npos) return std::nullopt;
  std::string name = info_file.filename().string();
  name.resize(name.size() - std::string_view(".info.json").size());
  std::error_code ignored;
  const fs::path media = fs::absolute(info_file, ignored).parent_path() / (name + "." + *ending);
  if (!fs::is_regular_file(media, ignored)) return std::nullopt;
  return media.lexically_normal().string();
}

void put(BulkColumn& column, const std::optional<std::string>& text) {
  if (!text.has_value()) {
    column.codes.push_back(BulkColumn::kNull);
    return;
  }
  column.codes.push_back(static_cast<std::uint32_t>(column.words.size()));
  column.words.push_back(*text);
}

}  // namespace

VideoInfoRows::VideoInfoRows()
    : columns_{"video_id",    "uri",      "title",       "description", "language",
               "uploaded_on", "uploader", "webpage_url", "extractor",   "duration_s",
               "view_count",  "tags",     "info_file"} {}

bool VideoInfoRows::is_info(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored) || is_info_file(path)) return true;
  const std::string ending = ascii_lower_case(path.extension().string());
  if (ending != ".jsonl" && ending != ".ndjson" && ending != ".json") return false;
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line)) return false;
  const auto info = parse_outside_json(line);
  return info.is_object() && info.contains("id") && info.contains("extractor") &&
         !info.contains("video_id");
}

Result<VideoInfoRows> VideoInfoRows::open(const fs::path& path) {
  VideoInfoRows rows;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->is_regular_file(ignored) && is_info_file(it->path())) {
        rows.files_.push_back(it->path());
      }
    }
    if (error) {
      return Error{ErrorCode::kIo, path.string() + ": the folder cannot be read (" +
                                       error.message() + "); remedy: check its permissions"};
    }
    if (rows.files_.empty()) {
      return Error{ErrorCode::kNotFound,
                   path.string() +
                       ": no *.info.json file in it; remedy: let yt-dlp write them "
                       "(--write-info-json), or name a list"};
    }
    std::sort(rows.files_.begin(), rows.files_.end());
    return rows;
  }
  if (is_info_file(path)) {
    rows.files_.push_back(path);
    return rows;
  }
  rows.is_lines_ = true;
  rows.lines_.open(path, std::ios::binary);
  if (!rows.lines_) {
    return Error{ErrorCode::kIo, path.string() + ": cannot be read; remedy: check its permissions"};
  }
  return rows;
}

TableSchema VideoInfoRows::schema() const {
  TableSchema schema{"list", "row", "", {}};
  schema.columns.push_back({"line", ColumnType::kInt64, ""});
  schema.columns.push_back({"problem", ColumnType::kString, ""});
  schema.columns.push_back({"message", ColumnType::kString, ""});
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    schema.columns.push_back({fmt::format("c{}", i), ColumnType::kString, columns_[i]});
  }
  return schema;
}

bool VideoInfoRows::next_text(std::string& text) {
  text.clear();
  if (is_lines_) {
    do {
      if (!std::getline(lines_, text)) return false;
      ++number_;
    } while (text.empty() || text == "\r");
    return true;
  }
  if (static_cast<std::size_t>(number_) == files_.size()) return false;
  current_ = files_[static_cast<std::size_t>(number_++)];
  std::error_code error;
  const std::uintmax_t size = fs::file_size(current_, error);
  if (error || size > kMostInfoBytes) return true;  // told as no object
  auto bytes = read_whole_file(current_);
  if (bytes.ok()) text = *std::move(bytes);
  return true;
}

void VideoInfoRows::take(const std::string& text, BulkBatch& batch) const {
  const std::string name = is_lines_ ? "" : current_.filename().string();
  const auto info = parse_outside_json(text);
  std::string problem;
  if (!info.is_object()) {
    problem = "no JSON object in UTF-8 that can be read";
  } else if (info.contains("_type") && info.at("_type") != "video") {
    problem = "not of a video: yt-dlp's type is not 'video' (a playlist?)";
  }
  batch.columns[0].integers.push_back(number_);
  if (problem.empty()) {
    put(batch.columns[1], std::nullopt);
    put(batch.columns[2], std::nullopt);
  } else {
    put(batch.columns[1], kBadJson);
    put(batch.columns[2], (name.empty() ? "" : escape_invalid_utf8(name) + ": ") + problem);
  }
  const auto cell = [&](const char* key) {
    return problem.empty() ? text_in(info, key) : std::nullopt;
  };
  std::optional<std::string> uploader = cell("channel_id");
  if (!uploader) uploader = cell("uploader_id");
  const std::optional<std::string> none;
  const std::optional<std::string> cells[] = {
      cell("id"),
      problem.empty() ? media_beside(current_, info) : none,
      cell("title"),
      cell("description"),
      cell("language"),
      cell("upload_date"),
      uploader,
      cell("webpage_url"),
      cell("extractor"),
      cell("duration"),
      cell("view_count"),
      problem.empty() ? tags_in(info) : none,
      name.empty() ? none : std::optional<std::string>(escape_invalid_utf8(name))};
  for (std::size_t i = 0; i < std::size(cells); ++i) put(batch.columns[kFirstOwn + i], cells[i]);
  ++batch.rows;
}

Result<bool> VideoInfoRows::next(BulkBatch& batch) {
  batch = {};
  batch.columns.resize(columns_.size() + kFirstOwn);
  for (std::string text; batch.rows < kInfoBatchRows && next_text(text);) take(text, batch);
  given_ += static_cast<std::int64_t>(batch.rows);
  return batch.rows > 0;
}

}  // namespace mien
