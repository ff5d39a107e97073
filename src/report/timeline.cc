#include "report/timeline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/missing.h"

namespace mien {

namespace {

// Two neighbours on the grid may lie up to one and a half steps apart where the nearest decoded
// frame was used; a missed grid point makes it two.
constexpr double kBreakSteps = 1.75;

double seconds(std::int64_t us) {
  return std::round(static_cast<double>(us) / 1e3) / 1e3;
}

std::int64_t integer_or(const Column& column, std::size_t row, std::int64_t otherwise) {
  return column.is_null(row) ? otherwise : column.integers()[row];
}

}  // namespace

double rounded_for_page(double value) {
  return std::round(value * 1e4) / 1e4;
}

TimelineBuilder::TimelineBuilder(const Table& tracks, const std::vector<ColumnSpec>& channels,
                                 std::int64_t step_us)
    : step_us_(step_us) {
  MIEN_CHECK(step_us > 0, "a grid step lasts");
  for (const ColumnSpec& channel : channels) channels_.push_back(channel.name);
  choose_buckets(tracks);
}

void TimelineBuilder::choose_buckets(const Table& tracks) {
  if (tracks.rows() == 0) return;
  const Column& ids = tracks.column("track_id");
  const Column& frames = tracks.column("frames");
  std::int64_t first = INT64_MAX;
  std::int64_t last = INT64_MIN;
  std::vector<std::pair<std::int64_t, std::int64_t>> by_frames;  // (-frames, track)
  for (std::size_t row = 0; row < tracks.rows(); ++row) {
    first = std::min(first, integer_or(tracks.column("first_us"), row, first));
    last = std::max(last, integer_or(tracks.column("last_us"), row, last));
    Series& series = series_[integer_or(ids, row, -1)];
    series.expected_rows = integer_or(frames, row, 0);
    by_frames.emplace_back(-series.expected_rows, integer_or(ids, row, -1));
  }
  std::sort(by_frames.begin(), by_frames.end());
  if (by_frames.size() > kMaxTimelineTracks) by_frames.resize(kMaxTimelineTracks);
  origin_us_ = first == INT64_MAX ? 0 : first;
  const std::int64_t steps = last > origin_us_ ? (last - origin_us_) / step_us_ + 1 : 1;
  bucket_steps_ = (steps + kMaxTimelinePoints - 1) / kMaxTimelinePoints;
  const auto values_with = [&](std::int64_t bucket) {
    std::int64_t points = 0;
    for (const auto& [negative, track] : by_frames) points += -negative / bucket + 1;
    return points * static_cast<std::int64_t>(channels_.size()) * (bucket > 1 ? 3 : 1);
  };
  while (values_with(bucket_steps_) > kMaxTimelineValues && bucket_steps_ < steps) {
    bucket_steps_ = std::min(steps, bucket_steps_ * 2);
  }
  for (const auto& [negative, track] : by_frames) {
    Series& series = series_[track];
    series.is_drawn = true;
    series.means.resize(channels_.size());
    series.lows.resize(channels_.size());
    series.highs.resize(channels_.size());
  }
}

std::int64_t TimelineBuilder::bucket_of(std::int64_t us) const {
  return std::max<std::int64_t>(0, us - origin_us_) / (step_us_ * bucket_steps_);
}

int TimelineBuilder::reason_index(const std::string& code) {
  for (std::size_t i = 0; i < reasons_.size(); ++i) {
    if (reasons_[i] == code) return static_cast<int>(i);
  }
  reasons_.push_back(code);
  reason_rows_.push_back(0);
  return static_cast<int>(reasons_.size() - 1);
}

Status TimelineBuilder::add(const Table& frames) {
  const Column& ids = frames.column("track_id");
  const Column& times = frames.column("pts_us");
  const Column& reason = frames.column("reason");
  std::vector<const Column*> values;
  for (const std::string& channel : channels_) values.push_back(&frames.column(channel));

  for (std::size_t row = 0; row < frames.rows(); ++row) {
    const std::int64_t id = integer_or(ids, row, -1);
    const std::int64_t us = integer_or(times, row, 0);
    const auto found = series_.find(id);
    if (found == series_.end() || found->second.rows == found->second.expected_rows)
      return Error{ErrorCode::kMismatch,
                   "the frames table has more rows of track " + std::to_string(id) +
                       " than the tracks table says; annotate the video again"};
    if (us < last_us_)
      return Error{ErrorCode::kMismatch,
                   "the frames table is not in time order; annotate the video again"};
    last_us_ = us;
    ++rows_;
    Series& series = found->second;
    ++series.rows;
    const int why = reason.is_null(row) ? -1 : reason_index(reason.strings()[row]);
    if (why >= 0) ++reason_rows_[static_cast<std::size_t>(why)];

    if (moment_.faces > 0 && us != moment_.us) close_moment();
    moment_.us = us;
    ++moment_.faces;
    if (why < 0) ++moment_.scored;

    if (!series.is_drawn) continue;
    const std::int64_t bucket = bucket_steps_ == 1 ? series.rows : bucket_of(us);
    if (series.bucket != bucket) {
      close_bucket(series);
      series.bucket = bucket;
      series.bucket_rows = 0;
      series.bucket_us = 0;
      series.bucket_first_us = us;
      series.bucket_reasons.clear();
      series.sum.assign(channels_.size(), 0.0);
      series.low.assign(channels_.size(), std::numeric_limits<double>::infinity());
      series.high.assign(channels_.size(), -std::numeric_limits<double>::infinity());
      series.count.assign(channels_.size(), 0);
    }
    ++series.bucket_rows;
    series.bucket_us += us - series.bucket_first_us;
    if (why >= 0) {
      series.bucket_reasons.resize(reasons_.size(), 0);
      ++series.bucket_reasons[static_cast<std::size_t>(why)];
    }
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (values[c]->is_null(row)) continue;
      const double value = values[c]->doubles()[row];
      series.sum[c] += value;
      series.low[c] = std::min(series.low[c], value);
      series.high[c] = std::max(series.high[c], value);
      ++series.count[c];
    }
  }
  return Ok{};
}

void TimelineBuilder::close_bucket(Series& series) {
  if (series.bucket_rows == 0) return;
  const std::int64_t us = series.bucket_first_us + series.bucket_us / series.bucket_rows;
  bool any = false;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const bool has = series.count[c] > 0;
    any = any || has;
    const double n = static_cast<double>(series.count[c]);
    series.means[c].push_back(has ? rounded_for_page(series.sum[c] / n) : kNaN);
    if (bucket_steps_ == 1) continue;
    series.lows[c].push_back(has ? rounded_for_page(series.low[c]) : kNaN);
    series.highs[c].push_back(has ? rounded_for_page(series.high[c]) : kNaN);
  }
  int why = -1;
  if (!any && !series.bucket_reasons.empty()) {
    const auto most = std::max_element(series.bucket_reasons.begin(), series.bucket_reasons.end());
    why = static_cast<int>(most - series.bucket_reasons.begin());
  }
  if (!series.t_s.empty()) {
    const bool is_break = bucket_steps_ == 1 ? static_cast<double>(us - series.last_point_us) >
                                                   kBreakSteps * static_cast<double>(step_us_)
                                             : series.bucket - series.last_bucket > 1;
    if (is_break) series.breaks.push_back(static_cast<std::int64_t>(series.t_s.size()));
  }
  series.t_s.push_back(seconds(us));
  series.reason.push_back(why);
  series.last_point_us = us;
  series.last_bucket = series.bucket;
  series.bucket_rows = 0;
}

void TimelineBuilder::close_moment() {
  const std::int64_t bucket = bucket_of(moment_.us);
  if (bucket_steps_ == 1 || bucket != moment_bucket_) {
    moments_.push_back(moment_);
    moment_bucket_ = bucket;
  } else {
    moments_.back().faces = std::max(moments_.back().faces, moment_.faces);
    moments_.back().scored = std::max(moments_.back().scored, moment_.scored);
  }
  moment_ = {};
}

nlohmann::json TimelineBuilder::finish() {
  if (moment_.faces > 0) close_moment();
  nlohmann::json json;
  json["step_s"] = static_cast<double>(step_us_) / 1e6;
  json["bucket_steps"] = bucket_steps_;
  json["rows"] = rows_;
  json["reasons"] = reasons_;
  json["reason_rows"] = nlohmann::json::array();
  for (std::size_t i = 0; i < reasons_.size(); ++i)
    json["reason_rows"].push_back({reasons_[i], reason_rows_[i]});
  json["tracks"] = nlohmann::json::array();
  for (auto& [id, series] : series_) {
    if (!series.is_drawn) continue;
    close_bucket(series);
    nlohmann::json track;
    track["track"] = id;
    track["t"] = std::move(series.t_s);
    track["reason"] = std::move(series.reason);
    track["breaks"] = std::move(series.breaks);
    track["mean"] = std::move(series.means);
    if (bucket_steps_ > 1) {
      track["low"] = std::move(series.lows);
      track["high"] = std::move(series.highs);
    } else {
      track["low"] = nullptr;
      track["high"] = nullptr;
    }
    json["tracks"].push_back(std::move(track));
  }
  nlohmann::json faces;
  faces["t"] = faces["faces"] = faces["scored"] = nlohmann::json::array();
  for (const Moment& moment : moments_) {
    faces["t"].push_back(seconds(moment.us));
    faces["faces"].push_back(moment.faces);
    faces["scored"].push_back(moment.scored);
  }
  json["faces"] = std::move(faces);
  return json;
}

}  // namespace mien
