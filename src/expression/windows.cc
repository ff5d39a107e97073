#include "expression/windows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "expression/feature_rows.h"
#include "expression/window_span.h"

namespace mien {
namespace {

// A mean that leaves out what is missing.
struct Mean {
  double sum = 0;
  double weight = 0;

  void add(double value, double with_weight = 1) {
    if (!std::isfinite(value)) return;
    sum += with_weight * value;
    weight += with_weight;
  }
  void add(const Mean& other) {
    sum += other.sum;
    weight += other.weight;
  }
  // NaN where nothing was added.
  double value() const { return sum / weight; }
};

// What the expressions table tells about the faces behind its scores.
constexpr std::array<const char*, 6> kCovariates = {
    "face_size_px", "yaw_deg", "pitch_deg", "sharpness", "brightness", "skin_tone_ita_deg"};
constexpr std::size_t kSize = 0;

std::array<double, kCovariates.size()> covariates_of(const FaceObservation& face) {
  const double posed = face.has_landmarks ? 1 : std::nan("");
  return {double{face.quality.size_px},        posed * double{face.pose.yaw_deg},
          posed * double{face.pose.pitch_deg}, double{face.quality.sharpness},
          double{face.quality.brightness},     double{face.quality.skin_tone_ita_deg}};
}

// Means of the tracks table, over all frames of a track.
constexpr std::array<const char*, 9> kTrackMeans = {"score_prob", "box_x_px", "box_y_px",
                                                    "box_w_px",   "box_h_px", "yaw_deg",
                                                    "pitch_deg",  "roll_deg", "quality"};

std::array<double, kTrackMeans.size()> track_measures_of(const FaceObservation& face) {
  const Box& box = face.detection.box;
  const double posed = face.has_landmarks ? 1 : std::nan("");
  return {double{face.detection.score_prob},
          double{box.x_px},
          double{box.y_px},
          double{box.width_px},
          double{box.height_px},
          posed * double{face.pose.yaw_deg},
          posed * double{face.pose.pitch_deg},
          posed * double{face.pose.roll_deg},
          double{face.quality.value}};
}

constexpr std::string_view kActionPrefix = "action_";
constexpr std::string_view kBaseline = "baseline_";

// The mean of the two middle values where their number is even.
double median(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

constexpr std::size_t kReasons = static_cast<std::size_t>(FaceReason::kNoLandmarks) + 1;

struct OpenTrack {
  int shot = 0;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::int64_t frames = 0;
  std::array<Mean, kTrackMeans.size()> means{};
  std::array<std::int64_t, kReasons> reasons{};
  std::array<Mean, kCovariates.size()> covariates{};  // over scored frames
  std::vector<std::int64_t> scored_us{};
  std::vector<float> scores{};                // of the scored frames, one after the other
  std::vector<std::size_t> feature_places{};  // of the scored frames, where there is a head

  // Null where a frame was scored.
  Cell reason() const {
    if (!scored_us.empty()) return {};
    const auto most = std::max_element(reasons.begin() + 1, reasons.end());  // the first of equals
    if (*most == 0) return {};
    return std::string(to_string(static_cast<FaceReason>(most - reasons.begin())));
  }
};

// Channels weighted by the duration of their windows, and covariates by frame.
struct Means {
  std::vector<Mean> channels;
  std::array<Mean, kCovariates.size()> covariates{};

  explicit Means(std::size_t channel_count) : channels(channel_count) {}

  void add(const Means& other) {
    for (std::size_t c = 0; c < channels.size(); ++c) channels[c].add(other.channels[c]);
    for (std::size_t c = 0; c < covariates.size(); ++c) covariates[c].add(other.covariates[c]);
  }
  void add_as_one_vote(const Means& other) {
    for (std::size_t c = 0; c < channels.size(); ++c) channels[c].add(other.channels[c].value());
    for (std::size_t c = 0; c < covariates.size(); ++c) {
      covariates[c].add(other.covariates[c].value());
    }
  }
};

}  // namespace

TableSchema tracks_schema_with_baselines(ChannelColumns channels) {
  TableSchema schema = tracks_schema();
  for (const ColumnSpec& channel : channels) {
    if (!channel.name.starts_with(kActionPrefix)) continue;
    schema.columns.push_back(
        {std::string(kBaseline) + channel.name, ColumnType::kDouble,
         "The person's own level: median of " + channel.name +
             " over the track's scored frames; null with under 10 s of them."});
  }
  return schema;
}

struct VideoSummary::State {
  std::string video_id;
  std::vector<ColumnSpec> channels;
  double step_s;
  std::int64_t step_us;
  std::int64_t longest_us;
  std::int64_t shortest_us;
  VideoMean video_mean;
  Tables tables;

  std::map<TrackId, OpenTrack> open{};
  int shot = 0;
  int last_closed = -1;
  Means video{0};
  double largest_px = 0;
  std::int64_t faces = 0;
  std::int64_t scored_frames = 0;
  HeadColumns head{};
  std::optional<FeatureRows> features{};  // of the shot
  Status status = Ok{};

  void note(const Status& of_step) {
    if (status.ok() && !of_step.ok()) status = of_step;
  }

  Status keep_features(const ScoredFace& scored, OpenTrack& track) {
    MIEN_CHECK(scored.features != nullptr, "a head reads features");
    MIEN_TRY(place, features->add(*scored.features));
    track.feature_places.push_back(place);
    return Ok{};
  }

  // The head's columns of one window, over scored frames [first, end).
  Status score_span(const OpenTrack& track, std::size_t first, std::size_t end,
                    std::vector<Mean>& means) const {
    std::vector<float> rows;
    rows.reserve((end - first) * features->row_size());
    for (std::size_t i = first; i < end; ++i) {
      MIEN_TRY_VOID(features->read(track.feature_places[i], rows));
    }
    MIEN_TRY(scores, head.head->score(rows));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      means[head.first + i] = {};
      means[head.first + i].add(double{scores[i]});
    }
    return Ok{};
  }

  void add(const ScoredFace& scored) {
    MIEN_CHECK(scored.face != nullptr, "a face");
    if (scored.shot != shot) close_all();
    shot = scored.shot;
    MIEN_CHECK(scored.track.value() > last_closed, "tracks end with their shot");
    const FaceObservation& face = *scored.face;
    auto [it, is_new] = open.try_emplace(scored.track);
    OpenTrack& track = it->second;
    if (is_new) {
      track.shot = scored.shot;
      track.first_us = scored.pts_us;
      track.last_us = scored.pts_us;
    }
    MIEN_CHECK(scored.pts_us >= track.last_us, "faces come in time order");
    track.last_us = scored.pts_us;
    ++track.frames;
    const auto measures = track_measures_of(face);
    for (std::size_t i = 0; i < measures.size(); ++i) track.means[i].add(measures[i]);
    if (scored.channels == nullptr) {
      ++track.reasons.at(static_cast<std::size_t>(face.quality.reason));
      return;
    }
    MIEN_CHECK(scored.channels->size() == channels.size(), "one score a channel column");
    const auto covariates = covariates_of(face);
    for (std::size_t i = 0; i < covariates.size(); ++i) track.covariates[i].add(covariates[i]);
    track.scored_us.push_back(scored.pts_us);
    track.scores.insert(track.scores.end(), scored.channels->begin(), scored.channels->end());
    if (features) note(keep_features(scored, track));
    ++scored_frames;
  }

  void close_all() {
    for (const auto& [id, track] : open) {
      add_track_row(id, track);
      const Means means = add_window_rows(id, track);
      last_closed = id.value();
      if (!track.scored_us.empty()) add_to_video(means);
    }
    open.clear();
    if (features) features->clear();
  }

  void add_to_video(const Means& track) {
    ++faces;
    switch (video_mean) {
      case VideoMean::kAllFaces:
        video.add(track);
        return;
      case VideoMean::kOneVotePerTrack:
        video.add_as_one_vote(track);
        return;
      case VideoMean::kLargestFace:
        // The first of equals stays.
        if (faces > 1 && !(track.covariates[kSize].value() > largest_px)) return;
        largest_px = track.covariates[kSize].value();
        video = track;
        return;
    }
  }

  void add_track_row(TrackId id, const OpenTrack& track) {
    RowBuilder row(tables.tracks.schema());
    row.set("video_id", video_id)
        .set("track_id", std::int64_t{id.value()})
        .set("shot", std::int64_t{track.shot})
        .set("first_us", track.first_us)
        .set("last_us", track.last_us)
        .set("frames", track.frames)
        .set("reason", track.reason());
    for (std::size_t i = 0; i < kTrackMeans.size(); ++i) {
      row.set(kTrackMeans[i], cell_from(track.means[i].value()));
    }
    for (std::size_t c = 0; c < channels.size(); ++c) {
      if (!channels[c].name.starts_with(kActionPrefix)) continue;
      row.set(std::string(kBaseline) + channels[c].name, cell_from(baseline(track, c)));
    }
    tables.tracks.append(row.finish());
  }

  double baseline(const OpenTrack& track, std::size_t channel) const {
    const std::size_t frames = track.scored_us.size();
    // A thousandth of a step spares whole numbers of steps from rounding.
    if (static_cast<double>(frames) * step_s < kBaseline_s - 1e-3 * step_s) return std::nan("");
    std::vector<double> values;
    values.reserve(frames);
    for (std::size_t i = 0; i < frames; ++i) {
      const float value = track.scores[i * channels.size() + channel];
      if (std::isfinite(value)) values.push_back(double{value});
    }
    return median(std::move(values));
  }

  Means add_window_rows(TrackId id, const OpenTrack& track) {
    const WindowSpan span(track.first_us, track.last_us, step_us, longest_us);
    const bool is_short = span.duration_us() < shortest_us || track.frames == 1;
    Means all(channels.size());
    all.covariates = track.covariates;
    std::size_t next = 0;  // scored frame
    for (std::int64_t window = 0; window < span.count(); ++window) {
      const std::int64_t begin_us = span.begin_us(window);
      const std::int64_t end_us = span.begin_us(window + 1);
      const std::size_t first = next;
      std::vector<Mean> means(channels.size());
      for (; next < track.scored_us.size() && track.scored_us[next] < end_us; ++next) {
        for (std::size_t c = 0; c < channels.size(); ++c) {
          means[c].add(double{track.scores[next * channels.size() + c]});
        }
      }
      if (features && next > first && status.ok()) note(score_span(track, first, next, means));
      RowBuilder row(tables.windows.schema());
      row.set("video_id", video_id)
          .set("track_id", std::int64_t{id.value()})
          .set("start_us", begin_us)
          .set("end_us", end_us)
          .set("frames", static_cast<std::int64_t>(next - first))
          .set("short", is_short);
      for (std::size_t c = 0; c < channels.size(); ++c) {
        row.set(channels[c].name, cell_from(means[c].value()));
        all.channels[c].add(means[c].value(), static_cast<double>(end_us - begin_us) * 1e-6);
      }
      tables.windows.append(row.finish());
    }
    return all;
  }

  void add_expressions_row() {
    RowBuilder row(tables.expressions.schema());
    row.set("video_id", video_id)
        .set("faces", faces)
        .set("face_seconds", static_cast<double>(scored_frames) * step_s);
    for (std::size_t i = 0; i < kCovariates.size(); ++i) {
      row.set(kCovariates[i], cell_from(video.covariates[i].value()));
    }
    for (std::size_t c = 0; c < channels.size(); ++c) {
      row.set(channels[c].name, cell_from(video.channels[c].value()));
    }
    tables.expressions.append(row.finish());
  }
};

VideoSummary::VideoSummary(std::string video_id, std::vector<ColumnSpec> channel_columns,
                           double grid_rate_hz, const WindowOptions& options,
                           const HeadColumns& head) {
  const auto is_sane = [](double value) { return value > 0 && value <= 1e6; };
  MIEN_CHECK(is_sane(grid_rate_hz) && is_sane(options.max_window_s), "rates and durations");
  const auto microseconds = [](double seconds) {
    return std::max<std::int64_t>(1, std::llround(seconds * 1e6));
  };
  const std::size_t count = channel_columns.size();
  state_ =
      std::make_unique<State>(State{.video_id = std::move(video_id),
                                    .channels = channel_columns,
                                    .step_s = 1 / grid_rate_hz,
                                    .step_us = microseconds(1 / grid_rate_hz),
                                    .longest_us = microseconds(options.max_window_s),
                                    .shortest_us = microseconds(options.min_window_s),
                                    .video_mean = options.video_mean,
                                    .tables = {Table(tracks_schema_with_baselines(channel_columns)),
                                               Table(windows_schema(channel_columns)),
                                               Table(expressions_schema(channel_columns))},
                                    .video = Means(count),
                                    .head = head});
  if (head.head != nullptr) state_->features.emplace(head.head->row_size(), kMemoryRows);
}
VideoSummary::VideoSummary(VideoSummary&&) noexcept = default;
VideoSummary& VideoSummary::operator=(VideoSummary&&) noexcept = default;
VideoSummary::~VideoSummary() = default;

void VideoSummary::add(const ScoredFace& scored) {
  state_->add(scored);
}

Status VideoSummary::status() const {
  return state_->status;
}

VideoSummary::Tables VideoSummary::finish() {
  state_->close_all();
  state_->add_expressions_row();
  return std::move(state_->tables);
}

}  // namespace mien
