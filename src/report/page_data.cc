#include "report/page_data.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ascii_case.h"
#include "base/check.h"
#include "base/missing.h"
#include "report/script_text.h"
#include "report/timeline.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json json_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (const auto* number = std::get_if<double>(&cell)) return rounded_for_page(*number);
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth;
  return nullptr;
}

std::string text_or_empty(const Table& table, std::string_view column) {
  if (table.rows() == 0 || !table.has(column)) return {};
  const Cell cell = table.at(0, column);
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? std::string() : *text;
}

double number_or_nan(const Table& table, std::size_t row, std::string_view column) {
  const Cell cell = table.at(row, column);
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  const auto* number = std::get_if<double>(&cell);
  return number == nullptr ? kNaN : *number;
}

std::int64_t count_of(const Table& table, std::size_t row, std::string_view column) {
  const double number = number_or_nan(table, row, column);
  return std::isnan(number) ? 0 : static_cast<std::int64_t>(number);
}

Json columns_of(const Table& table, std::size_t rows) {
  Json columns = Json::object();
  for (std::size_t c = 0; c < table.schema().columns.size(); ++c) {
    const std::string& name = table.schema().columns[c].name;
    if (name == "video_id") continue;
    Json& values = columns[name] = Json::array();
    for (std::size_t row = 0; row < rows; ++row) values.push_back(json_of(table.column(c).at(row)));
  }
  return columns;
}

// The media row as it is, every column by its name.
Json row_of(const Table& table) {
  Json row = Json::object();
  for (std::size_t c = 0; c < table.schema().columns.size(); ++c)
    row[table.schema().columns[c].name] = json_of(table.column(c).at(0));
  return row;
}

bool has_extension_of_still(const fs::path& path) {
  const std::string extension = ascii_lower_case(path.extension().string());
  constexpr std::string_view kStills[] = {".png", ".jpg",  ".jpeg", ".bmp",
                                          ".gif", ".webp", ".avif"};
  return std::find(std::begin(kStills), std::end(kStills), extension) != std::end(kStills);
}

Json media_file(const fs::path& file, const fs::path& place) {
  if (file.empty()) return nullptr;
  std::error_code failed;
  const char* kind = "video";
  if (fs::is_directory(file, failed)) {
    kind = "folder";
  } else if (!fs::exists(file, failed)) {
    kind = "absent";
  } else if (has_extension_of_still(file)) {
    kind = "still";
  }
  return {{"url", url_of(file, place / "videos", place.parent_path())},
          {"kind", kind},
          {"name", file.filename().string()}};
}

Coverage coverage_of(const Table& media, const Table& tracks, const Table& windows) {
  Coverage coverage;
  coverage.frames_decoded = count_of(media, 0, "frames_decoded");
  coverage.frames_analysed = count_of(media, 0, "frames_analysed");
  coverage.frames_with_face = count_of(media, 0, "face_frames");
  coverage.tracks = static_cast<std::int64_t>(tracks.rows());
  coverage.windows = static_cast<std::int64_t>(windows.rows());
  for (std::size_t row = 0; row < tracks.rows(); ++row)
    coverage.face_rows += count_of(tracks, row, "frames");
  std::vector<std::int64_t> scored_tracks;
  for (std::size_t row = 0; row < windows.rows(); ++row) {
    const std::int64_t frames = count_of(windows, row, "frames");
    coverage.scored_rows += frames;
    if (frames == 0) ++coverage.windows_empty;
    if (frames > 0) scored_tracks.push_back(count_of(windows, row, "track_id"));
    const Cell is_short = windows.at(row, "short");
    if (const auto* truth = std::get_if<bool>(&is_short); truth != nullptr && *truth)
      ++coverage.windows_short;
  }
  std::sort(scored_tracks.begin(), scored_tracks.end());
  coverage.tracks_scored =
      std::unique(scored_tracks.begin(), scored_tracks.end()) - scored_tracks.begin();
  return coverage;
}

Json json_of(const Coverage& c) {
  return {{"frames_decoded", c.frames_decoded},     {"frames_analysed", c.frames_analysed},
          {"frames_with_face", c.frames_with_face}, {"face_rows", c.face_rows},
          {"scored_rows", c.scored_rows},           {"tracks", c.tracks},
          {"tracks_scored", c.tracks_scored},       {"windows", c.windows},
          {"windows_short", c.windows_short},       {"windows_empty", c.windows_empty}};
}

std::vector<LeadingLabel> leading_of(const Table& expressions, const ReportFacts& facts) {
  std::vector<LeadingLabel> leading;
  for (const std::size_t g : leading_groups(facts.groups)) {
    LeadingLabel best;
    for (std::size_t c = 0; c < facts.channels.size() && expressions.rows() > 0; ++c) {
      if (channel_prefix(facts.channels[c].name) != facts.groups[g].prefix) continue;
      const double value = number_or_nan(expressions, 0, facts.channels[c].name);
      if (std::isnan(value) || (best.channel >= 0 && value <= best.value)) continue;
      best = {static_cast<int>(c), value};
    }
    leading.push_back(best);
  }
  return leading;
}

Json expression_of(const Table& expressions, const ReportFacts& facts) {
  if (expressions.rows() == 0) return nullptr;
  Json covariates = Json::array();
  for (std::size_t c = 0; c < expressions.schema().columns.size(); ++c) {
    const ColumnSpec& spec = expressions.schema().columns[c];
    const bool is_channel =
        std::any_of(facts.channels.begin(), facts.channels.end(),
                    [&](const ColumnSpec& channel) { return channel.name == spec.name; });
    if (spec.name != "video_id" && !is_channel)
      covariates.push_back({spec.name, json_of(expressions.column(c).at(0)), spec.description});
  }
  Json means = Json::array();
  for (const ColumnSpec& channel : facts.channels)
    means.push_back(json_of(expressions.at(0, channel.name)));
  return {{"covariates", covariates}, {"means", means}};
}

Json windows_of(const Table& windows, const ReportFacts& facts) {
  const std::int64_t width = static_cast<std::int64_t>(facts.channels.size()) + 5;
  const std::size_t shown =
      std::min(windows.rows(), static_cast<std::size_t>(kMaxWindowValues / width));
  Json out;
  out["total"] = windows.rows();
  for (const char* name : {"track_id", "start_us", "end_us", "frames", "short"}) {
    Json& values = out[name] = Json::array();
    const Column& column = windows.column(name);
    for (std::size_t row = 0; row < shown; ++row) values.push_back(json_of(column.at(row)));
  }
  Json& values = out["values"] = Json::array();
  for (const ColumnSpec& channel : facts.channels) {
    const Column& column = windows.column(channel.name);
    Json series = Json::array();
    for (std::size_t row = 0; row < shown; ++row) series.push_back(json_of(column.at(row)));
    values.push_back(std::move(series));
  }
  return out;
}

// The usual time between analysed frames: the grid's step, or longer where the video has fewer
// frames than the grid has points.
std::int64_t usual_step_us(const Coverage& coverage, double duration_s, double rate_hz) {
  double step_s = 1.0 / rate_hz;
  if (coverage.frames_analysed > 1 && std::isfinite(duration_s) && duration_s < 1e9)
    step_s = std::max(step_s, duration_s / static_cast<double>(coverage.frames_analysed));
  return std::max<std::int64_t>(1, std::llround(step_s * 1e6));
}

Json corpus_of(const Table& corpus) {
  Json rows = Json::array();
  if (corpus.rows() == 0) return rows;
  for (std::size_t c = 0; c < corpus.schema().columns.size(); ++c) {
    const ColumnSpec& spec = corpus.schema().columns[c];
    if (spec.name == "video_id" || corpus.column(c).is_null(0)) continue;
    rows.push_back({spec.name, json_of(corpus.column(c).at(0)), spec.description});
  }
  return rows;
}

// One entry a source: whether contexts were assessed, and the best, best first.
Json contexts_of(const VideoTables& video) {
  constexpr std::size_t kShown = 8;
  Json sources = Json::array();
  if (video.context_status == nullptr) return sources;
  const Table& status = *video.context_status;
  for (std::size_t row = 0; row < status.rows(); ++row) {
    Json entry;
    for (const char* name : {"source", "vocabulary", "status", "reason"}) {
      entry[name] = json_of(status.at(row, name));
    }
    std::vector<std::pair<double, std::size_t>> order;
    const Table none(contexts_schema());
    const Table& contexts = video.contexts != nullptr ? *video.contexts : none;
    for (std::size_t c = 0; c < contexts.rows(); ++c) {
      if (contexts.at(c, "source") != status.at(row, "source")) continue;
      order.emplace_back(-number_or_nan(contexts, c, "score_prob"), c);
    }
    std::ranges::sort(order);
    Json& best = entry["best"] = Json::array();
    for (std::size_t i = 0; i < std::min(kShown, order.size()); ++i) {
      const std::size_t c = order[i].second;
      best.push_back({json_of(contexts.at(c, "context")), json_of(contexts.at(c, "score_prob")),
                      json_of(contexts.at(c, "above_threshold"))});
    }
    entry["total"] = order.size();
    sources.push_back(std::move(entry));
  }
  return sources;
}

}  // namespace

std::vector<std::size_t> leading_groups(const std::vector<ChannelGroup>& groups) {
  std::vector<std::size_t> leading;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].is_unit_interval) leading.push_back(g);
  }
  return leading;
}

Result<VideoPage> make_video_page(const VideoTables& video, const ReportFacts& facts,
                                  const fs::path& place, Json& out) {
  MIEN_CHECK(video.media != nullptr && video.media->rows() == 1, "a video has one media row");
  const Table no_tracks(tracks_schema());
  const Table no_windows(windows_schema(facts.channels));
  const Table no_expressions(expressions_schema(facts.channels));
  const Table no_corpus(corpus_schema());
  const Table& media = *video.media;
  const Table& tracks = video.tracks != nullptr ? *video.tracks : no_tracks;
  const Table& windows = video.windows != nullptr ? *video.windows : no_windows;
  const Table& expressions = video.expressions != nullptr ? *video.expressions : no_expressions;
  const Table& corpus = video.corpus != nullptr ? *video.corpus : no_corpus;
  MIEN_CHECK(expressions.rows() <= 1 && corpus.rows() <= 1, "a video has one row of these");

  VideoPage page;
  page.id = text_or_empty(media, "video_id");
  page.title = text_or_empty(corpus, "title");
  if (page.title.empty()) page.title = page.id;
  page.status = text_or_empty(media, "status");
  page.reason = text_or_empty(media, "reason");
  page.message = text_or_empty(media, "message");
  page.duration_s = number_or_nan(media, 0, "duration_s");
  page.face_seconds = expressions.rows() > 0 ? number_or_nan(expressions, 0, "face_seconds") : kNaN;
  page.coverage = coverage_of(media, tracks, windows);
  page.leading = leading_of(expressions, facts);
  page.has_overlay = !video.overlay.empty();

  out = Json::object();
  out["id"] = page.id;
  out["title"] = page.title;
  out["media"] = row_of(media);
  out["corpus"] = corpus_of(corpus);
  out["source"] = media_file(video.source, place);
  out["overlay"] = media_file(video.overlay, place);
  out["masked"] = media_file(video.masked, place);
  out["coverage"] = json_of(page.coverage);
  out["tracks"] = columns_of(tracks, tracks.rows());
  out["windows"] = windows_of(windows, facts);
  out["expression"] = expression_of(expressions, facts);
  out["contexts"] = contexts_of(video);
  out["timeline"] = nullptr;
  const std::int64_t step_us = usual_step_us(page.coverage, page.duration_s, facts.rate_hz);
  out["step_s"] = static_cast<double>(step_us) / 1e6;
  if (video.frames) {
    TimelineBuilder builder(tracks, facts.channels, step_us);
    Status read = video.frames([&builder](const Table& batch) { return builder.add(batch); });
    if (!read.ok()) return std::move(read).error().with_context("video " + page.id);
    out["timeline"] = builder.finish();
  }
  return page;
}

Json index_row(const VideoPage& page, const VideoTables& video) {
  const Table no_corpus(corpus_schema());
  const Table& corpus = video.corpus != nullptr ? *video.corpus : no_corpus;
  const Coverage& c = page.coverage;
  const auto text = [](const std::string& s) { return s.empty() ? Json(nullptr) : Json(s); };
  Json row = {page.id,
              page.title,
              text(text_or_empty(corpus, "country")),
              text(text_or_empty(corpus, "region")),
              text(text_or_empty(corpus, "language")),
              page.status,
              text(page.reason),
              rounded_for_page(page.duration_s),
              c.frames_analysed,
              c.frames_with_face,
              c.tracks,
              rounded_for_page(page.face_seconds),
              c.face_rows == 0 ? Json(nullptr)
                               : Json(rounded_for_page(static_cast<double>(c.scored_rows) /
                                                       static_cast<double>(c.face_rows)))};
  for (const LeadingLabel& leading : page.leading) {
    row.push_back(leading.channel < 0 ? Json(nullptr) : Json(leading.channel));
    row.push_back(leading.channel < 0 ? Json(nullptr) : Json(rounded_for_page(leading.value)));
  }
  return row;
}

}  // namespace mien
