#include "pipeline/import/imported_video.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/missing.h"
#include "expression/window_span.h"
#include "expression/windows.h"
#include "media/grid_points.h"
#include "media/media_info.h"

namespace mien {

namespace {

// Which frames the grid uses.
std::vector<std::uint8_t> frames_on_grid(const std::vector<std::int64_t>& times_us, double rate_hz,
                                         std::int64_t last_frame_us) {
  GridPoints grid(rate_hz);
  std::vector<std::uint8_t> is_used(times_us.size(), 0);
  for (std::size_t i = 0; i + 1 < times_us.size(); ++i) {
    is_used[i] = grid.offer(times_us[i], times_us[i + 1]).has_value() ? 1 : 0;
  }
  if (!times_us.empty()) {
    is_used.back() =
        grid.offer_last(times_us.back(), times_us.back() + last_frame_us).has_value() ? 1 : 0;
  }
  return is_used;
}

// How long a frame of the file lasts: the median time from one to the next.
std::int64_t frame_length_us(const std::vector<std::int64_t>& times_us, double rate_hz) {
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < times_us.size(); ++i) steps.push_back(times_us[i] - times_us[i - 1]);
  if (steps.empty()) return std::llround(1e6 / rate_hz);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

FaceObservation observation_of(const ScoreRow& row) {
  FaceObservation face;
  face.detection.box = row.box;
  face.detection.score_prob = row.confidence;
  face.pose = row.pose;
  face.has_landmarks = std::isfinite(row.pose.yaw_deg);
  face.quality.value = kFloatNaN;
  face.quality.size_px = std::sqrt(row.box.width_px * row.box.height_px);
  face.quality.sharpness = kFloatNaN;
  face.quality.brightness = kFloatNaN;
  face.quality.skin_tone_ita_deg = kFloatNaN;
  face.quality.reason = row.reason;
  return face;
}

class Tables {
 public:
  explicit Tables(const ImportedVideo& video)
      : video_(video),
        channels_(video.layout.channel_columns()),
        frames_schema_(frames_schema(channels_)),
        frames_(frames_schema_) {}

  Result<ImportedFacts> make(const ScoreSheet& sheet) {
    const auto& times = sheet.frame_times_us;
    const std::int64_t frame_us = frame_length_us(times, video_.rate_hz);
    const std::vector<std::uint8_t> is_used = frames_on_grid(times, video_.rate_hz, frame_us);
    MIEN_TRY_VOID(check_windows(sheet));
    VideoSummary summary(video_.video_id, channels_, video_.rate_hz);
    std::int64_t face_frames = 0;
    std::size_t frame = 0;
    std::int64_t last_face_us = -1;
    for (const ScoreRow& row : sheet.rows) {
      while (times[frame] != row.time_us) ++frame;
      if (is_used[frame] == 0 || !row.has_face) continue;
      const TrackId track = track_of(row.face);
      const auto first = sheet.values.begin() + static_cast<std::ptrdiff_t>(row.first_value);
      const std::vector<float> scores(first, first + static_cast<std::ptrdiff_t>(channels_.size()));
      const FaceObservation face = observation_of(row);
      const bool is_scored = row.reason == FaceReason::kNone;
      summary.add({track, 0, row.time_us, &face, is_scored ? &scores : nullptr, nullptr});
      if (is_scored) facts_.face_seconds += 1 / video_.rate_hz;
      if (row.time_us != last_face_us) ++face_frames;
      last_face_us = row.time_us;
      if (video_.frames_table) MIEN_TRY_VOID(add_frame_row(track, row, is_scored, scores));
    }
    facts_.frames_analysed = std::count(is_used.begin(), is_used.end(), 1);
    facts_.tracks = static_cast<std::int64_t>(tracks_.size());
    const double end_us = times.empty() ? kNaN : static_cast<double>(times.back() + frame_us);
    MIEN_TRY_VOID(media(times.size(), face_frames, end_us * 1e-6));
    const VideoSummary::Tables tables = summary.finish();
    if (video_.frames_table) MIEN_TRY_VOID(video_.sink("frames", frames_));
    MIEN_TRY_VOID(video_.sink("tracks", tables.tracks));
    MIEN_TRY_VOID(video_.sink("windows", tables.windows));
    MIEN_TRY_VOID(video_.sink("expressions", tables.expressions));
    return facts_;
  }

  Status fail(const Error& error) {
    Table media(media_schema());
    RowBuilder row(media.schema());
    for (const ColumnSpec& column : media.schema().columns) row.set_null(column.name);
    row.set("video_id", video_.video_id)
        .set("status", "failed")
        .set("reason", import_reason(error))
        .set("message", error.message)
        .set("frames_decoded", std::int64_t{0})
        .set("frames_analysed", std::int64_t{0})
        .set("face_frames", std::int64_t{0})
        .set("tracks", std::int64_t{0});
    media.append(row.finish());
    MIEN_TRY_VOID(video_.sink("media", media));
    if (video_.frames_table) MIEN_TRY_VOID(video_.sink("frames", frames_));
    MIEN_TRY_VOID(video_.sink("tracks", Table(tracks_schema_with_baselines(channels_))));
    MIEN_TRY_VOID(video_.sink("windows", Table(windows_schema(channels_))));
    return video_.sink("expressions", Table(expressions_schema(channels_)));
  }

 private:
  static constexpr std::size_t kFramesBatchRows = 4096;

  // Tracks by first appearance on the grid.
  TrackId track_of(std::uint32_t face) {
    return tracks_.emplace(face, TrackId(static_cast<std::int32_t>(tracks_.size()))).first->second;
  }

  // A face that is told far apart in time has many windows.
  Status check_windows(const ScoreSheet& sheet) const {
    std::map<std::uint32_t, std::pair<std::int64_t, std::int64_t>> spans;
    for (const ScoreRow& row : sheet.rows) {
      spans.emplace(row.face, std::pair{row.time_us, row.time_us}).first->second.second =
          row.time_us;
    }
    const auto microseconds = [](double seconds) { return std::llround(seconds * 1e6); };
    std::int64_t windows = 0;
    for (const auto& [face, span] : spans) {
      windows += WindowSpan(span.first, span.second,
                            std::max<std::int64_t>(1, microseconds(1 / video_.rate_hz)),
                            microseconds(WindowOptions().max_window_s))
                     .count();
    }
    if (windows <= kMostImportedWindows) return Ok{};
    return Error{ErrorCode::kUnsupported,
                 fmt::format("{} windows, more than {}; remedy: check the times, or cut the file",
                             windows, kMostImportedWindows)};
  }

  Status media(std::size_t frames, std::int64_t face_frames, double duration_s) {
    Table media(media_schema());
    RowBuilder row(media.schema());
    for (const ColumnSpec& column : media.schema().columns) row.set_null(column.name);
    row.set("video_id", video_.video_id)
        .set("status", "ok")
        .set("duration_s", cell_from(duration_s))
        .set("frames_decoded", static_cast<std::int64_t>(frames))
        .set("frames_analysed", facts_.frames_analysed)
        .set("face_frames", face_frames)
        .set("tracks", facts_.tracks);
    media.append(row.finish());
    return video_.sink("media", media);
  }

  Status add_frame_row(TrackId track, const ScoreRow& told, bool is_scored,
                       const std::vector<float>& scores) {
    RowBuilder row(frames_schema_);
    row.set_null("quality")
        .set("video_id", video_.video_id)
        .set("track_id", std::int64_t{track.value()})
        .set("pts_us", told.time_us)
        .set("box_x_px", cell_from(double{told.box.x_px}))
        .set("box_y_px", cell_from(double{told.box.y_px}))
        .set("box_w_px", cell_from(double{told.box.width_px}))
        .set("box_h_px", cell_from(double{told.box.height_px}))
        .set("score_prob", cell_from(double{told.confidence}))
        .set("yaw_deg", cell_from(double{told.pose.yaw_deg}))
        .set("pitch_deg", cell_from(double{told.pose.pitch_deg}))
        .set("roll_deg", cell_from(double{told.pose.roll_deg}))
        .set("reason", is_scored ? Cell{} : Cell{std::string(to_string(told.reason))});
    for (std::size_t c = 0; c < channels_.size(); ++c) {
      row.set(channels_[c].name, is_scored ? cell_from(double{scores[c]}) : Cell{});
    }
    frames_.append(row.finish());
    if (frames_.rows() < kFramesBatchRows) return Ok{};
    MIEN_TRY_VOID(video_.sink("frames", frames_));
    frames_ = Table(frames_schema_);
    return Ok{};
  }

  const ImportedVideo& video_;
  std::vector<ColumnSpec> channels_;
  TableSchema frames_schema_;
  Table frames_;
  std::map<std::uint32_t, TrackId> tracks_;
  ImportedFacts facts_;
};

}  // namespace

Result<ImportedFacts> import_video(const ImportedVideo& video, const ScoreSheet& sheet) {
  return Tables(video).make(sheet);
}

Status import_failure(const ImportedVideo& video, const Error& error) {
  return Tables(video).fail(error);
}

std::string import_reason(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return std::string(to_string(MediaReason::kMissing));
    case ErrorCode::kIo:
      return std::string(to_string(MediaReason::kUnreadable));
    case ErrorCode::kUnsupported:
      return std::string(to_string(MediaReason::kUnsupported));
    default:
      return std::string(to_string(MediaReason::kDamaged));
  }
}

}  // namespace mien
