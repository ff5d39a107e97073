#include "pipeline/annotate/visual_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "context/visual_video.h"

namespace mien {

namespace {

constexpr double kKept_prob = 0.01;
constexpr std::size_t kKeptInAnyCase = 5;
constexpr double kLumaRange = 255;
constexpr const char* kMostlyFilled = "mostly_filled";

}  // namespace

VisualRows::VisualRows(std::string video_id, const VisualOptions& options,
                       const std::vector<std::string>& contexts,
                       const std::vector<double>& thresholds)
    : video_id_(std::move(video_id)),
      options_(options),
      contexts_(contexts),
      thresholds_(thresholds) {}

void VisualRows::add(const AnalysedFrame& frame, int shot) {
  if (!options_.any()) return;
  if (frame.contexts.has_value()) {
    const FrameContexts& seen = *frame.contexts;
    frames_.push_back({seen.pts_us, seen.mostly_filled, seen.arms, Image()});
  }
  add_scene(frame.faces, shot);
}

void VisualRows::add_scene(const FrameFaces& frame, int shot) {
  if (scene_.frames == 0) scene_.first_us = frame.pts_us;
  scene_.last_us = frame.pts_us;
  ++scene_.frames;
  scene_.faces += static_cast<std::int64_t>(frame.faces.size());
  const std::vector<float>& now = frame.signature;
  if (!now.empty()) {
    ++scene_.pictures;
    scene_.brightness +=
        std::accumulate(now.begin(), now.end(), 0.0) / static_cast<double>(now.size()) / kLumaRange;
  }
  if (shot != shot_) {
    ++scene_.cuts;
  } else if (!now.empty() && now.size() == signature_.size()) {
    double change = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      change += static_cast<double>(std::abs(now[i] - signature_[i]));
    }
    ++scene_.steps;
    scene_.motion += change / static_cast<double>(now.size()) / kLumaRange;
  }
  shot_ = shot;
  signature_ = now;
}

Table VisualRows::context_rows() const {
  Table table(contexts_schema());
  RowBuilder row(table.schema());
  for (const FaceArm arm : kFaceArms) {
    const std::vector<double> scores = pooled(frames_, arm);
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [&](std::size_t c) { return scores[c]; });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      const double score = scores[order[rank]];
      if (rank >= kKeptInAnyCase && score < kKept_prob) break;
      row.set("video_id", video_id_)
          .set("source", std::string(source_of(arm)))
          .set("context", contexts_[order[rank]])
          .set("score_prob", score)
          .set("above_threshold", score >= thresholds_[order[rank]]);
      table.append(row.finish());
    }
  }
  return table;
}

Table VisualRows::status_rows(const std::string& failure) const {
  Table table(context_status_schema());
  RowBuilder row(table.schema());
  const bool too_close = std::ranges::all_of(frames_, &FrameContexts::mostly_filled);
  const std::string status = !failure.empty() ? "failed" : too_close ? "skipped" : "ok";
  const std::string reason = !failure.empty() ? failure : too_close ? kMostlyFilled : "";
  for (const FaceArm arm : kFaceArms) {
    if (!options_.wants(arm)) continue;
    row.set("video_id", video_id_)
        .set("source", std::string(source_of(arm)))
        .set("vocabulary", options_.vocabulary_file().stem().string())
        .set("status", status)
        .set("reason", reason.empty() ? Cell{} : Cell{reason})
        .set_null("language")
        .set_null("language_prob")
        .set_null("none_prob");
    table.append(row.finish());
  }
  return table;
}

Table VisualRows::frame_rows() const {
  Table table(context_frames_schema());
  RowBuilder row(table.schema());
  for (const FrameContexts& frame : frames_) {
    for (const ArmScores& arm : frame.arms) {
      const auto best = std::ranges::max_element(arm.score_prob);
      const bool named = !frame.mostly_filled && *best > 0;
      const auto context = static_cast<std::size_t>(best - arm.score_prob.begin());
      row.set("video_id", video_id_)
          .set("source", std::string(source_of(arm.arm)))
          .set("pts_us", frame.pts_us)
          .set("regions", arm.regions)
          .set("filled_share", arm.filled_share)
          .set("on_heads_share", arm.filled_share > 0 ? Cell{arm.on_heads_share} : Cell{})
          .set("context", named ? Cell{contexts_[context]} : Cell{})
          .set("score_prob", frame.mostly_filled ? Cell{} : Cell{double{*best}})
          .set("reason", frame.mostly_filled ? Cell{std::string(kMostlyFilled)} : Cell{});
      table.append(row.finish());
    }
  }
  return table;
}

Table VisualRows::scene_rows() const {
  Table table(scenes_schema());
  RowBuilder row(table.schema());
  const double seconds = static_cast<double>(scene_.last_us - scene_.first_us) * 1e-6;
  const auto mean = [](double sum, std::int64_t count) {
    return count > 0 ? Cell{sum / static_cast<double>(count)} : Cell{};
  };
  row.set("video_id", video_id_)
      .set("cuts_per_minute", seconds >= 1 ? Cell{scene_.cuts * 60.0 / seconds} : Cell{})
      .set("motion", mean(scene_.motion, scene_.steps))
      .set("brightness", mean(scene_.brightness, scene_.pictures))
      .set("faces_per_frame", mean(static_cast<double>(scene_.faces), scene_.frames));
  table.append(row.finish());
  return table;
}

Status VisualRows::finish(const std::string& failure, const Sink& sink) const {
  if (!options_.any()) return Ok{};
  const std::string why = failure.empty() && frames_.empty() ? "no_frames" : failure;
  const bool failed = !why.empty();
  MIEN_TRY_VOID(sink("contexts", failed ? Table(contexts_schema()) : context_rows()));
  MIEN_TRY_VOID(sink("context_status", status_rows(why)));
  MIEN_TRY_VOID(sink("context_frames", failed ? Table(context_frames_schema()) : frame_rows()));
  return sink("scenes", failed ? Table(scenes_schema()) : scene_rows());
}

}  // namespace mien
