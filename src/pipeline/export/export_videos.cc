#include "pipeline/export/export_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/missing.h"
#include "base/sha256.h"
#include "pipeline/export/caption_track.h"
#include "pipeline/export/elan_document.h"
#include "pipeline/export/exported_video.h"
#include "pipeline/export/openface_table.h"
#include "pipeline/simulate/simulate.h"
#include "pipeline/train/label_model.h"
#include "report/page_data.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

class VideoExport {
 public:
  explicit VideoExport(const ExportVideosRequest& request) : request_(request) {}

  Result<ExportVideosSummary> run() {
    MIEN_TRY(database, Database::open());
    database_ = &database;
    MIEN_TRY(files, export_files(request_.study, table_name(), database, summary_.table));
    MIEN_TRY(schema, database.read_schema(files.front()));
    MIEN_TRY(metadata, database.read_metadata(files.front()));
    summary_.table.is_simulated = metadata.contains(kSimulatedKey);
    MIEN_TRY_VOID(choose_labels(schema, metadata));
    if (request_.format == VideoFormat::kOpenFace) {
      MIEN_TRY(made, OpenFaceTable::open(schema, summary_.labels));
      openface_.emplace(std::move(made));
    } else {
      MIEN_TRY_VOID(read_places());
    }
    MIEN_TRY_VOID(make_folders(request_.folder));
    wanted_.insert(request_.videos.begin(), request_.videos.end());
    std::string sql = "SELECT * FROM " + sql_read_parquet(files);
    if (!wanted_.empty()) {
      std::string ids;
      for (const std::string& id : wanted_) ids += (ids.empty() ? "" : ", ") + sql_quote(id);
      sql += " WHERE video_id IN (" + ids + ")";
    }
    MIEN_TRY_VOID(database.query(sql, [this](const Table& batch) { return take(batch); }));
    MIEN_TRY_VOID(finish_video());
    return check_videos();
  }

 private:
  const char* table_name() const {
    return request_.format == VideoFormat::kOpenFace && request_.frames ? "frames" : "windows";
  }

  // The columns that are written, and whose they are.
  Status choose_labels(const TableSchema& schema, const FileMetadata& metadata) {
    const TableSchema declared = request_.frames && request_.format == VideoFormat::kOpenFace
                                     ? frames_schema({})
                                     : windows_schema({});
    std::vector<ColumnSpec> channels;
    for (const ColumnSpec& column : schema.columns) {
      if (declared.index_of(column.name) < 0) channels.push_back(column);
    }
    const std::vector<ChannelGroup> groups =
        channel_groups_of(channels, measuring_options(metadata));
    std::set<std::string> chosen(request_.channels.begin(), request_.channels.end());
    std::string names;
    for (const ChannelGroup& group : groups) {
      names += (names.empty() ? "" : ", ") + group.prefix;
      const bool is_default = request_.channels.empty() &&
                              (group.is_unit_interval || request_.format == VideoFormat::kOpenFace);
      if (is_default) chosen.insert(group.prefix);
    }
    for (const std::string& prefix : request_.channels) {
      const bool is_there = std::any_of(groups.begin(), groups.end(),
                                        [&](const ChannelGroup& g) { return g.prefix == prefix; });
      if (is_there) continue;
      return Error{ErrorCode::kUsage,
                   fmt::format("--channels {}: the study has {}", prefix, names)};
    }
    if (chosen.empty()) {
      return Error{ErrorCode::kUsage,
                   fmt::format("the study has no channel whose scores lie in [0, 1] for certain; "
                               "remedy: choose with --channels among {}, and a --threshold in "
                               "their unit",
                               names)};
    }
    for (const ChannelGroup& group : groups) {
      if (!chosen.contains(group.prefix)) continue;
      summary_.whose_labels.push_back(group.prefix + ": " + group.whose_labels + " " +
                                      group.reliability);
    }
    for (const ColumnSpec& column : channels) {
      if (chosen.contains(channel_prefix(column.name))) {
        summary_.labels.push_back(column.name);
      }
    }
    return Ok{};
  }

  // Where videos lie, as the corpus has it.
  Status read_places() {
    const fs::path corpus = request_.study / "corpus.parquet";
    const auto schema = database_->read_schema(corpus);
    if (!schema.ok() || schema->index_of("uri") < 0) return Ok{};
    return database_->query("SELECT video_id, uri FROM " + sql_read_parquet(corpus) +
                                " WHERE uri IS NOT NULL AND video_id IS NOT NULL",
                            [this](const Table& batch) -> Status {
                              for (std::size_t row = 0; row < batch.rows(); ++row) {
                                places_.emplace(batch.column(0).strings()[row],
                                                batch.column(1).strings()[row]);
                              }
                              return Ok{};
                            });
  }

  // All rows of one video stand together, in the order of tracks and times.
  Status take(const Table& batch) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::string& id = batch.column("video_id").strings()[row];
      if (!has_video_ || id != video_.video_id) {
        MIEN_TRY_VOID(finish_video());
        begin_video(id);
      }
      ++summary_.table.rows;
      if (openface_.has_value()) {
        take_openface(batch, row);
      } else {
        take_window(batch, row);
      }
    }
    return Ok{};
  }

  void begin_video(const std::string& id) {
    has_video_ = true;
    video_ = {};
    video_.video_id = id;
    video_.labels = summary_.labels;
    video_.threshold = request_.threshold;
    video_.whose_labels = summary_.whose_labels;
    const auto place = places_.find(id);
    // Of imported videos the corpus may know the file of scores alone.
    if (place != places_.end() && !is_table(place->second)) video_.uri = place->second;
    lines_.clear();
  }

  static bool is_table(const std::string& path) {
    return path.ends_with(".csv") || path.ends_with(".tsv") || path.ends_with(".parquet");
  }

  void take_window(const Table& batch, std::size_t row) {
    ExportedWindow& window = video_.windows.emplace_back();
    window.track = batch.column("track_id").integers()[row];
    window.start_us = batch.column("start_us").integers()[row];
    window.end_us = batch.column("end_us").integers()[row];
    for (const std::string& label : summary_.labels) {
      const Column& column = batch.column(label);
      window.scores.push_back(column.is_null(row) ? kNaN : column.doubles()[row]);
    }
  }

  // Frames are numbered when all of them are known: the table has them track by track.
  void take_openface(const Table& batch, std::size_t row) {
    const char* time = openface_->is_windows() ? "start_us" : "pts_us";
    std::string line;
    openface_->append(batch, row, 0, line);
    lines_.push_back({batch.column(time).integers()[row], batch.column("track_id").integers()[row],
                      line.substr(line.find(','))});
  }

  std::string openface_text() {
    std::stable_sort(lines_.begin(), lines_.end(), [](const Line& a, const Line& b) {
      return a.time_us != b.time_us ? a.time_us < b.time_us : a.track < b.track;
    });
    std::string text = openface_->header();
    std::int64_t frame = 0;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (i == 0 || lines_[i].time_us != lines_[i - 1].time_us) ++frame;
      text += std::to_string(frame) + lines_[i].rest;
    }
    return text;
  }

  Status finish_video() {
    if (!has_video_) return Ok{};
    has_video_ = false;
    if (!written_.insert(video_.video_id).second) {
      return Error{
          ErrorCode::kCorrupt,
          "the rows of '" + video_.video_id +
              "' do not stand together; remedy: 'mien verify' says which table is damaged"};
    }
    std::stable_sort(
        video_.windows.begin(), video_.windows.end(),
        [](const ExportedWindow& a, const ExportedWindow& b) { return a.start_us < b.start_us; });
    const std::string text = openface_.has_value()                   ? openface_text()
                             : request_.format == VideoFormat::kElan ? elan_document(video_)
                                                                     : caption_track(video_);
    ++summary_.files;
    return write_file_durably(request_.folder / exported_name(video_.video_id, request_.format),
                              text);
  }

  Result<ExportVideosSummary> check_videos() {
    for (const std::string& id : wanted_) {
      if (!written_.contains(id)) ++summary_.videos_without_windows;
    }
    if (summary_.files > 0) return std::move(summary_);
    return Error{ErrorCode::kUsage,
                 fmt::format("{}: no {} of {}; remedy: 'mien export --table media' tells what "
                             "became of each video",
                             request_.study.string(), table_name(),
                             wanted_.empty() ? "any video" : "the videos that were named")};
  }

  struct Line {
    std::int64_t time_us;
    std::int64_t track;
    std::string rest;  // from the first comma on
  };

  const ExportVideosRequest& request_;
  Database* database_ = nullptr;
  ExportVideosSummary summary_;
  std::optional<OpenFaceTable> openface_;
  std::map<std::string, std::string> places_;
  std::set<std::string> wanted_;
  std::set<std::string> written_;
  bool has_video_ = false;
  ExportedVideo video_;
  std::vector<Line> lines_;
};

}  // namespace

std::string exported_name(const std::string& video_id, VideoFormat format) {
  std::string name;
  for (const char c : video_id) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    name += is_plain ? c : '_';
  }
  constexpr std::size_t kLongest = 150;
  const bool is_changed = name != video_id || name.size() > kLongest || name.starts_with(".");
  if (name.starts_with(".")) name.front() = '_';
  if (is_changed) name = name.substr(0, kLongest) + "-" + sha256_of_bytes(video_id).substr(0, 12);
  return name + (format == VideoFormat::kElan     ? ".eaf"
                 : format == VideoFormat::kWebVtt ? ".vtt"
                                                  : ".csv");
}

Result<ExportVideosSummary> export_videos(const ExportVideosRequest& request) {
  return VideoExport(request).run();
}

}  // namespace mien
