#include "pipeline/annotate/video_job.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "face/frame_hash.h"
#include "face/tracker.h"
#include "pipeline/annotate/chunk_run.h"
#include "pipeline/annotate/visual_rows.h"

namespace mien {

namespace {

constexpr std::size_t kFramesBatchRows = 4096;

// Joins analysed chunks in order: tracks, windows, frame rows.
class Joiner {
 public:
  Joiner(const VideoJob& job, const AnnotateOptions& options, EnginePool& engines)
      : job_(job),
        options_(options),
        channels_(engines.channel_columns()),
        summary_(job.video_id, channels_, options.rate_hz, options.windows, engines.head()),
        visual_(job.video_id, options.contexts, engines.contexts(), engines.context_thresholds()),
        frames_schema_(frames_schema(channels_)),
        frames_(frames_schema_) {}

  Status add(std::vector<AnalysedFrame>& frames) {
    for (AnalysedFrame& frame : frames) {
      const std::vector<TrackId> ids = tracker_.update(frame.faces);
      visual_.add(frame, tracker_.shot());
      if (job_.on_frame) job_.on_frame(overlay_of(frame, ids));
      if (frame.contexts.has_value() && !frame.contexts->masked.empty()) {
        MIEN_TRY_VOID(job_.on_masked(frame.faces.pts_us, std::move(frame.contexts->masked)));
      }
      ++facts_.frames_analysed;
      hasher_.add(frame.faces.signature);
      if (!ids.empty()) ++facts_.face_frames;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const FaceObservation& face = frame.faces.faces[i];
        const bool is_scored = !frame.channels[i].empty();
        if (is_scored) facts_.face_seconds += 1.0 / options_.rate_hz;
        facts_.tracks = std::max<std::int64_t>(facts_.tracks, ids[i].value() + 1);
        summary_.add({ids[i], tracker_.shot(), frame.faces.pts_us, &face,
                      is_scored ? &frame.channels[i] : nullptr,
                      is_scored ? &frame.features[i] : nullptr});
        if (options_.frames_table)
          add_frame_row(ids[i], frame.faces.pts_us, face, frame.channels[i]);
      }
      last_pts_us_ = frame.faces.pts_us;
    }
    if (frames_.rows() >= kFramesBatchRows) MIEN_TRY_VOID(flush_frames());
    return Ok{};
  }

  Status finish() {
    if (options_.frames_table) MIEN_TRY_VOID(flush_frames());
    const VideoSummary::Tables tables = summary_.finish();
    MIEN_TRY_VOID(summary_.status());
    MIEN_TRY_VOID(job_.sink("tracks", tables.tracks));
    MIEN_TRY_VOID(job_.sink("windows", tables.windows));
    MIEN_TRY_VOID(job_.sink("expressions", tables.expressions));
    return visual_.finish("", job_.sink);
  }

  // For a video of which nothing was measured: the tables exist and hold no row of it, but for
  // the reason why its contexts are not known.
  Status finish_without_rows() {
    if (options_.frames_table) MIEN_TRY_VOID(job_.sink("frames", frames_));
    MIEN_TRY_VOID(job_.sink("tracks", Table(tracks_schema_with_baselines(channels_))));
    MIEN_TRY_VOID(job_.sink("windows", Table(windows_schema(channels_))));
    MIEN_TRY_VOID(job_.sink("expressions", Table(expressions_schema(channels_))));
    return visual_.finish(facts_.reason, job_.sink);
  }

  VideoFacts& facts() { return facts_; }
  std::optional<FrameHashes> hashes() const { return hasher_.hashes(); }
  double position_s() const { return static_cast<double>(last_pts_us_) * 1e-6; }

 private:
  OverlayFrame overlay_of(const AnalysedFrame& frame, const std::vector<TrackId>& ids) const {
    OverlayFrame overlay{frame.faces.pts_us, {}};
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const FaceObservation& face = frame.faces.faces[i];
      OverlayFace drawn{face.detection.box,
                        ids[i],
                        {},
                        std::numeric_limits<double>::quiet_NaN(),
                        std::string(to_string(face.quality.reason))};
      const int leading = leading_channel(channels_, frame.channels[i]);
      if (leading >= 0) {
        const std::string& name = channels_[static_cast<std::size_t>(leading)].name;
        drawn.leading_label = name.substr(name.find('_') + 1);
        drawn.value = frame.channels[i][static_cast<std::size_t>(leading)];
      }
      overlay.faces.push_back(std::move(drawn));
    }
    return overlay;
  }

  void add_frame_row(TrackId track, std::int64_t pts_us, const FaceObservation& face,
                     const std::vector<float>& channels) {
    RowBuilder row(frames_schema_);
    const Box& box = face.detection.box;
    row.set("video_id", job_.video_id)
        .set("track_id", std::int64_t{track.value()})
        .set("pts_us", pts_us)
        .set("box_x_px", double{box.x_px})
        .set("box_y_px", double{box.y_px})
        .set("box_w_px", double{box.width_px})
        .set("box_h_px", double{box.height_px})
        .set("score_prob", double{face.detection.score_prob});
    const bool posed = face.has_landmarks;
    row.set("yaw_deg", posed ? cell_from(double{face.pose.yaw_deg}) : Cell{})
        .set("pitch_deg", posed ? cell_from(double{face.pose.pitch_deg}) : Cell{})
        .set("roll_deg", posed ? cell_from(double{face.pose.roll_deg}) : Cell{})
        .set("quality", cell_from(double{face.quality.value}))
        .set("reason", face.quality.reason == FaceReason::kNone
                           ? Cell{}
                           : Cell{std::string(to_string(face.quality.reason))});
    for (std::size_t c = 0; c < channels_.size(); ++c) {
      row.set(channels_[c].name, channels.empty() ? Cell{} : cell_from(double{channels[c]}));
    }
    frames_.append(row.finish());
  }

  Status flush_frames() {
    MIEN_TRY_VOID(job_.sink("frames", frames_));
    frames_ = Table(frames_schema_);
    return Ok{};
  }

  const VideoJob& job_;
  const AnnotateOptions& options_;
  const std::vector<ColumnSpec>& channels_;
  Tracker tracker_;
  FrameHasher hasher_;
  VideoSummary summary_;
  VisualRows visual_;
  TableSchema frames_schema_;
  Table frames_;
  VideoFacts facts_;
  std::int64_t last_pts_us_ = 0;
};

Table media_row(const VideoJob& job, const VideoFacts& facts, const VideoReader* reader,
                const std::optional<FrameHashes>& hashes) {
  const TableSchema schema = media_schema();
  Table table(schema);
  RowBuilder row(table.schema());
  const auto text = [](const std::string& value) { return value.empty() ? Cell{} : Cell{value}; };
  row.set("video_id", job.video_id)
      .set("status", facts.status)
      .set("reason", text(facts.reason))
      .set("message", text(facts.message));
  std::optional<double> duration_s;
  if (reader != nullptr) {
    const MediaInfo& info = reader->info();
    duration_s = info.duration_s.has_value() ? info.duration_s : reader->last_frame_end_s();
    if (info.kind == MediaKind::kStill) duration_s.reset();
    row.set("width_px", std::int64_t{info.width_px})
        .set("height_px", std::int64_t{info.height_px})
        .set("rotation_deg", std::int64_t{info.rotation_deg})
        .set("variable_rate", reader->variable_rate());
  } else {
    row.set_null("width_px")
        .set_null("height_px")
        .set_null("rotation_deg")
        .set_null("variable_rate");
  }
  row.set("duration_s", cell_from(duration_s))
      .set("frames_decoded", facts.frames_decoded)
      .set("frames_analysed", facts.frames_analysed)
      .set("face_frames", facts.face_frames)
      .set("tracks", facts.tracks)
      .set("frame_hashes", hashes ? Cell{to_text(*hashes)} : Cell{});
  table.append(row.finish());
  return table;
}

void set_failed(VideoFacts& facts, const Error& error) {
  facts.status = "failed";
  facts.reason = std::string(to_string(reason_of(error)));
  facts.message = error.message;
}

}  // namespace

Result<VideoFacts> annotate_video(const VideoJob& job, const AnnotateOptions& options,
                                  EnginePool& engines) {
  MIEN_TRY_VOID(engines.open_first());
  auto reader = VideoReader::open(job.path, options.reader);
  if (!reader.ok()) return record_failure(job, options, engines, reader.error());
  Joiner joiner(job, options, engines);
  VideoFacts& facts = joiner.facts();
  const int threads = reader->info().kind == MediaKind::kStill ? 1 : job.threads;
  engines.reserve(threads);
  ChunkSource source(*reader, options.rate_hz);
  const double duration_s = reader->info().duration_s.value_or(0);
  const Pictures pictures = job.on_masked ? Pictures::kKept : Pictures::kDropped;
  const Status ran = run_chunks(source, engines, threads, pictures,
                                [&](std::vector<AnalysedFrame>& frames) -> Status {
                                  MIEN_TRY_VOID(joiner.add(frames));
                                  if (job.progress)
                                    job.progress(facts, joiner.position_s(), duration_s);
                                  return Ok{};
                                });
  facts.frames_decoded = reader->frames_decoded();
  facts.decode_seconds = source.seconds();
  const MediaError condition = reader->condition();
  if (!ran.ok()) {
    if (reason_of(ran.error()) == MediaReason::kNone) return ran.error();
    set_failed(facts, ran.error());
    if (facts.frames_analysed > 0) facts.status = "partial";
  } else if (facts.frames_decoded == 0) {
    set_failed(facts, Error{ErrorCode::kCorrupt,
                            "no_frames: " + job.path.string() +
                                ": the video stream gave no frame; the file is empty or damaged"});
  } else if (condition.reason != MediaReason::kNone) {
    facts.status = "partial";
    facts.reason = std::string(to_string(condition.reason));
    facts.message = condition.message;
  } else {
    facts.status = "ok";
  }
  MIEN_TRY_VOID(job.sink("media", media_row(job, facts, &*reader, joiner.hashes())));
  MIEN_TRY_VOID(facts.status == "failed" ? joiner.finish_without_rows() : joiner.finish());
  return facts;
}

Result<VideoFacts> record_failure(const VideoJob& job, const AnnotateOptions& options,
                                  EnginePool& engines, const Error& error) {
  Joiner joiner(job, options, engines);
  set_failed(joiner.facts(), error);
  MIEN_TRY_VOID(job.sink("media", media_row(job, joiner.facts(), nullptr, std::nullopt)));
  MIEN_TRY_VOID(joiner.finish_without_rows());
  return joiner.facts();
}

}  // namespace mien
