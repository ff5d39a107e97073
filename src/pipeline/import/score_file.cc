#include "pipeline/import/score_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/ascii_case.h"
#include "base/missing.h"
#include "store/table_cells.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;
Error fault(const fs::path& file, ErrorCode code, const std::string& what,
            const std::string& remedy) {
  return {code, file.string() + ": " + what + "; remedy: " + remedy};
}

class SheetReader {
 public:
  SheetReader(const fs::path& file, const ScoreLayout& layout) : file_(file), layout_(layout) {
    time_ = add(layout.time.empty() ? layout.frame : layout.time);
    face_ = add(layout.face);
    confidence_ = add(layout.confidence);
    success_ = add(layout.success);
    for (const std::string& column : layout.box) box_.push_back(add(column));
    for (const std::string& column : layout.pose) pose_.push_back(add(column));
    for (const ScoreChannel& channel : layout.channels) values_.push_back(add(channel.source));
  }

  // The columns that are read, in the order of the cells.
  const Names& columns() const { return columns_; }

  Status take_header(const Names& header) {
    for (const std::string& column : columns_) {
      const auto found = std::find(header.begin(), header.end(), column);
      if (found != header.end() || layout_.is_optional(column)) {
        has_face_ = has_face_ || (column == layout_.face && found != header.end());
        has_confidence_ =
            has_confidence_ || (column == layout_.confidence && found != header.end());
        has_any_ = has_any_ || (found != header.end() && is_score(column));
        continue;
      }
      return fault(file_, ErrorCode::kCorrupt,
                   fmt::format("line 1: no column '{}'; it has {}", column, first_names(header)),
                   layout_.tool == ScoreTool::kTable
                       ? "name the column that it is"
                       : "is it a file of " + layout_.tool_name + "? --from says whose it is");
    }
    if (has_any_) return Ok{};
    return fault(file_, ErrorCode::kCorrupt,
                 fmt::format("line 1: not one column of scores, such as '{}'; it has {}",
                             layout_.channels.front().source, first_names(header)),
                 "let the tool write them, or --from says whose file it is");
  }

  Status take(std::int64_t line, const std::vector<std::string_view>& cells) {
    if (sheet_.rows.size() == kMostScoreRows) {
      return at_line(line, ErrorCode::kUnsupported,
                     fmt::format("more than {} rows", kMostScoreRows), "cut the file");
    }
    line_ = line;
    cells_ = &cells;
    ScoreRow row;
    row.line = line;
    MIEN_TRY(time_us, time_of());
    row.time_us = time_us;
    row.face = face_of();
    MIEN_TRY(confidence, number(confidence_));
    row.confidence = static_cast<float>(confidence);
    MIEN_TRY(success, number(success_));
    MIEN_TRY_VOID(take_pose(row));
    MIEN_TRY_VOID(take_box(row));
    MIEN_TRY(any, take_values(row));
    row.has_face = !(has_confidence_ && std::isnan(confidence) && !any);
    row.reason = reason_of(row, success, any);
    if (row.reason == FaceReason::kNone) ++sheet_.scored_rows;
    sheet_.rows.push_back(row);
    return Ok{};
  }

  Result<ScoreSheet> finish() {
    auto& rows = sheet_.rows;
    std::stable_sort(rows.begin(), rows.end(), [](const ScoreRow& a, const ScoreRow& b) {
      return a.time_us != b.time_us ? a.time_us < b.time_us : a.face < b.face;
    });
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool is_new = i == 0 || rows[i].time_us != rows[i - 1].time_us;
      if (is_new) sheet_.frame_times_us.push_back(rows[i].time_us);
      if (is_new || rows[i].face != rows[i - 1].face || !rows[i].has_face || !rows[i - 1].has_face)
        continue;
      return at_line(rows[i].line, ErrorCode::kCorrupt,
                     fmt::format("the same face as in line {} at the same time, {} us",
                                 rows[i - 1].line, rows[i].time_us),
                     twice_remedy());
    }
    return std::move(sheet_);
  }

 private:
  static constexpr std::size_t kNowhere = std::string::npos;

  std::size_t add(const std::string& column) {
    if (column.empty()) return kNowhere;
    columns_.push_back(column);
    return columns_.size() - 1;
  }

  bool is_score(const std::string& column) const {
    return std::any_of(layout_.channels.begin(), layout_.channels.end(),
                       [&](const ScoreChannel& channel) { return channel.source == column; });
  }

  static std::string first_names(const Names& header) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(header.size(), 8); ++i) {
      text += (i > 0 ? ", " : "") + header[i];
    }
    return header.size() > 8 ? text + ", ..." : text;
  }

  std::string twice_remedy() const {
    if (layout_.tool == ScoreTool::kTable && layout_.face.empty()) {
      return "name the column that tells faces apart with --face";
    }
    if (!has_face_) {
      return "the file has several faces a frame and no column '" + layout_.face +
             "' that tells them apart; let the tool write it";
    }
    return layout_.frames_per_s > 0 ? "check --fps"
                                    : "where times do not rise, count frames: --fps";
  }

  Error at_line(std::int64_t line, ErrorCode code, const std::string& what,
                const std::string& remedy) const {
    return fault(file_, code, fmt::format("line {}: {}", line, what), remedy);
  }

  // NaN where there is no such column.
  Result<double> number(std::size_t column) const {
    if (column == kNowhere) return kNaN;
    const std::string_view cell = (*cells_)[column];
    if (const auto value = score_number(cell)) return *value;
    return at_line(
        line_, ErrorCode::kCorrupt,
        fmt::format("'{}' in column '{}' is no number", cell.substr(0, 40), columns_[column]),
        "take out the line, or the column");
  }

  Result<std::int64_t> time_of() const {
    MIEN_TRY(told, number(time_));
    const double time_s =
        layout_.frame.empty()
            ? told
            : (told - static_cast<double>(layout_.first_frame)) / layout_.frames_per_s;
    if (time_s >= 0 && time_s <= kMostScoreTime_s) return std::llround(time_s * 1e6);
    return at_line(line_, ErrorCode::kCorrupt,
                   fmt::format("'{}' in column '{}' is no time in a video",
                               (*cells_)[time_].substr(0, 40), columns_[time_]),
                   "times are seconds, not negative; frames are counted from " +
                       std::to_string(layout_.first_frame));
  }

  std::uint32_t face_of() {
    const std::string name(face_ == kNowhere ? std::string_view() : (*cells_)[face_]);
    return faces_.emplace(name, static_cast<std::uint32_t>(faces_.size())).first->second;
  }

  Status take_pose(ScoreRow& row) const {
    double angles[3] = {kNaN, kNaN, kNaN};
    for (std::size_t i = 0; i < pose_.size(); ++i) {
      MIEN_TRY(angle, number(pose_[i]));
      angles[i] = angle;
    }
    row.pose = {kFloatNaN, kFloatNaN, kFloatNaN};
    const bool is_told =
        std::isfinite(angles[0]) && std::isfinite(angles[1]) && std::isfinite(angles[2]);
    if (is_told) row.pose = pose_from_openface(angles[0], angles[1], angles[2]);
    return Ok{};
  }

  Status take_box(ScoreRow& row) const {
    float sides[4] = {kFloatNaN, kFloatNaN, kFloatNaN, kFloatNaN};
    for (std::size_t i = 0; i < box_.size(); ++i) {
      MIEN_TRY(side, number(box_[i]));
      sides[i] = static_cast<float>(side);
    }
    row.box = {sides[0], sides[1], sides[2], sides[3]};
    return Ok{};
  }

  // Whether there is any.
  Result<bool> take_values(ScoreRow& row) {
    row.first_value = sheet_.values.size();
    bool any = false;
    for (const std::size_t column : values_) {
      MIEN_TRY(value, number(column));
      any = any || std::isfinite(value);
      sheet_.values.push_back(static_cast<float>(value));
    }
    return any;
  }

  FaceReason reason_of(const ScoreRow& row, double success, bool any) const {
    if (success_ != kNowhere && !(success > 0.5)) return FaceReason::kNoLandmarks;
    if (has_confidence_ && !(double{row.confidence} >= layout_.min_confidence)) {
      return FaceReason::kLowConfidence;
    }
    return any ? FaceReason::kNone : FaceReason::kNoLandmarks;
  }

  const fs::path& file_;
  const ScoreLayout& layout_;
  Names columns_;
  std::size_t time_ = kNowhere, face_ = kNowhere, confidence_ = kNowhere, success_ = kNowhere;
  std::vector<std::size_t> box_, pose_, values_;
  bool has_face_ = false;
  bool has_confidence_ = false;
  bool has_any_ = false;

  std::int64_t line_ = 0;
  const std::vector<std::string_view>* cells_ = nullptr;
  std::unordered_map<std::string, std::uint32_t> faces_;
  ScoreSheet sheet_;
};

}  // namespace

std::optional<double> score_number(std::string_view cell) {
  if (cell.empty()) return kNaN;
  std::string_view unsigned_cell = cell;
  if (cell.front() == '+' || cell.front() == '-') unsigned_cell.remove_prefix(1);
  const std::string word = ascii_lower_case(std::string(unsigned_cell.substr(0, 10)));
  // The last four are what Windows' own library writes.
  for (const char* missing : {"nan", "na", "n/a", "null", "none", "inf", "infinity", "nan(ind)",
                              "1.#qnan", "1.#ind", "1.#inf"}) {
    if (word == missing) return kNaN;
  }
  if (cell.front() == '+') cell.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (end != cell.data() + cell.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return kNaN;
  if (error != std::errc()) return std::nullopt;
  // Channels are single precision.
  return std::abs(value) > double{std::numeric_limits<float>::max()} ? kNaN : value;
}

Result<ScoreSheet> read_scores(Database& database, const fs::path& file,
                               const ScoreLayout& layout) {
  MIEN_TRY(header, read_table_header(database, file));
  SheetReader reader(file, layout);
  MIEN_TRY_VOID(reader.take_header(header));
  MIEN_TRY_VOID(each_table_row(database, file, reader.columns(),
                               [&](std::int64_t line, const std::vector<std::string_view>& cells) {
                                 return reader.take(line, cells);
                               }));
  return reader.finish();
}

}  // namespace mien
