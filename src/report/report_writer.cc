#include "report/report_writer.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/check.h"
#include "report/page_data.h"
#include "report/page_shell.h"
#include "report/report_folder.h"
#include "report/script_text.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kIndexRowsPerFile = 1000;

struct ReasonCount {
  std::int64_t videos = 0;
  std::string example;  // the first message
};

struct Totals {
  std::int64_t videos = 0;
  std::map<std::string, std::int64_t> by_status;
  std::map<std::pair<std::string, std::string>, ReasonCount> by_reason;  // status, reason
  Coverage coverage;
  std::int64_t videos_with_face = 0;
  std::int64_t videos_scored = 0;
  double duration_s = 0;
  std::int64_t durations_unknown = 0;
  double face_seconds = 0;
  std::vector<std::map<int, std::int64_t>> leading;  // one a leading group: channel -> videos
};

void add(Totals& totals, const VideoPage& page) {
  ++totals.videos;
  ++totals.by_status[page.status];
  if (page.status != "ok") {
    ReasonCount& count = totals.by_reason[{page.status, page.reason}];
    if (count.videos++ == 0) count.example = page.message;
  }
  Coverage& sum = totals.coverage;
  const Coverage& one = page.coverage;
  sum.frames_decoded += one.frames_decoded;
  sum.frames_analysed += one.frames_analysed;
  sum.frames_with_face += one.frames_with_face;
  sum.face_rows += one.face_rows;
  sum.scored_rows += one.scored_rows;
  sum.tracks += one.tracks;
  sum.tracks_scored += one.tracks_scored;
  sum.windows += one.windows;
  sum.windows_short += one.windows_short;
  sum.windows_empty += one.windows_empty;
  if (one.tracks > 0) ++totals.videos_with_face;
  if (one.tracks_scored > 0) ++totals.videos_scored;
  if (std::isnan(page.duration_s)) {
    ++totals.durations_unknown;
  } else {
    totals.duration_s += page.duration_s;
  }
  if (!std::isnan(page.face_seconds)) totals.face_seconds += page.face_seconds;
  totals.leading.resize(page.leading.size());
  for (std::size_t g = 0; g < page.leading.size(); ++g) {
    if (page.leading[g].channel >= 0) ++totals.leading[g][page.leading[g].channel];
  }
}

Json json_of(const Totals& totals) {
  Json by_reason = Json::array();
  for (const auto& [key, count] : totals.by_reason)
    by_reason.push_back({key.first, key.second, count.videos, count.example});
  Json leading = Json::array();
  for (const auto& counts : totals.leading) {
    Json group = Json::array();
    for (const auto& [channel, videos] : counts) group.push_back({channel, videos});
    leading.push_back(std::move(group));
  }
  const Coverage& c = totals.coverage;
  return {{"videos", totals.videos},
          {"by_status", totals.by_status},
          {"by_reason", std::move(by_reason)},
          {"frames_decoded", c.frames_decoded},
          {"frames_analysed", c.frames_analysed},
          {"frames_with_face", c.frames_with_face},
          {"face_rows", c.face_rows},
          {"scored_rows", c.scored_rows},
          {"tracks", c.tracks},
          {"tracks_scored", c.tracks_scored},
          {"windows", c.windows},
          {"windows_short", c.windows_short},
          {"windows_empty", c.windows_empty},
          {"videos_with_face", totals.videos_with_face},
          {"videos_scored", totals.videos_scored},
          {"duration_s", totals.duration_s},
          {"durations_unknown", totals.durations_unknown},
          {"face_seconds", totals.face_seconds},
          {"leading", std::move(leading)}};
}

Json json_of(const ReportFacts& facts, const Json& options) {
  Json channels = Json::array();
  for (const ColumnSpec& channel : facts.channels) {
    int group = -1;
    for (std::size_t g = 0; g < facts.groups.size(); ++g) {
      if (facts.groups[g].prefix == channel_prefix(channel.name)) group = static_cast<int>(g);
    }
    channels.push_back({channel.name, channel.description, group});
  }
  Json groups = Json::array();
  for (const ChannelGroup& group : facts.groups)
    groups.push_back({{"prefix", group.prefix},
                      {"title", group.title},
                      {"whose_labels", group.whose_labels},
                      {"reliability", group.reliability},
                      {"is_prior", group.is_prior},
                      {"is_unit_interval", group.is_unit_interval}});
  Json libraries = Json::array();
  for (const auto& [name, version] : facts.library_versions) libraries.push_back({name, version});
  Json models = Json::array();
  for (const ModelFact& model : facts.models)
    models.push_back({model.id, model.role, model.sha256});
  return {{"name", facts.study_name},
          {"declaration", to_json(facts.declaration)},
          {"program_version", facts.program_version},
          {"model_set_hash", facts.model_set_hash},
          {"libraries", std::move(libraries)},
          {"models", std::move(models)},
          {"options", options},
          {"rate_hz", facts.rate_hz},
          {"study_page", facts.study_page},
          {"channels", std::move(channels)},
          {"groups", std::move(groups)},
          {"leading_groups", leading_groups(facts.groups)}};
}

}  // namespace

struct ReportWriter::State {
  State(ReportFacts facts_of_all, Json options_of_all, fs::path place_of_report, ReportFolder pages)
      : facts(std::move(facts_of_all)),
        options(std::move(options_of_all)),
        place(std::move(place_of_report)),
        folder(std::move(pages)) {}

  ReportFacts facts;
  Json options;
  fs::path place;
  ReportFolder folder;
  Totals totals;
  Json rows = Json::array();  // of the index file that is being filled
  std::int64_t index_files = 0;

  Status flush_rows() {
    if (rows.empty()) return Ok{};
    const std::string name = "data/index-" + std::to_string(index_files++) + ".js";
    const std::string text =
        "globalThis.mien=globalThis.mien||{};(mien.rows=mien.rows||[]).push(..." +
        script_json(rows) + ");\n";
    rows = Json::array();
    return folder.write(name, text);
  }
};

ReportWriter::ReportWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReportWriter::ReportWriter(ReportWriter&&) noexcept = default;
ReportWriter& ReportWriter::operator=(ReportWriter&&) noexcept = default;
ReportWriter::~ReportWriter() = default;

Result<ReportWriter> ReportWriter::create(const fs::path& folder, ReportFacts facts) {
  MIEN_CHECK(facts.rate_hz > 0, "the time grid has a rate");
  Json options = Json::parse(facts.options_json, nullptr, false);
  if (!options.is_object())
    return Error{ErrorCode::kUsage, "the options of a report are not a JSON object"};
  if (facts.groups.empty()) facts.groups = default_channel_groups(facts.channels);
  for (const char* asset : {"report.js", "report.css"}) {
    std::error_code failed;
    if (!fs::is_regular_file(facts.web_assets / asset, failed))
      return Error{ErrorCode::kNotFound, (facts.web_assets / asset).string() +
                                             ": the web interface is not built; run "
                                             "tools/build_web"};
  }
  MIEN_TRY(report, ReportFolder::create(folder));
  for (const char* name : {"assets", "data", "videos"}) MIEN_TRY_VOID(report.make_folder(name));
  for (const char* asset : {"report.js", "report.css"})
    MIEN_TRY_VOID(report.copy_in(facts.web_assets / asset, fs::path("assets") / asset));
  std::error_code failed;
  fs::path place = fs::absolute(folder, failed).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  return ReportWriter(std::make_unique<State>(std::move(facts), std::move(options),
                                              std::move(place), std::move(report)));
}

Status ReportWriter::add_video(const VideoTables& video) {
  State& s = *state_;
  Json data;
  MIEN_TRY(page, make_video_page(video, s.facts, s.place, data));
  add(s.totals, page);
  const std::string number = std::to_string(s.totals.videos);
  data["number"] = s.totals.videos;
  MIEN_TRY_VOID(s.folder.write("data/" + number + ".js", script_assignment("video", data)));
  PageShell shell;
  shell.title = page.title + " - " + s.facts.study_name;
  shell.kind = "video";
  shell.up = "../";
  shell.number = number;
  shell.heading = page.title;
  shell.scripts = {"data/study.js", "data/" + number + ".js", "assets/report.js"};
  MIEN_TRY_VOID(s.folder.write("videos/" + number + ".html", page_shell(shell)));
  s.rows.push_back(index_row(page, video));
  if (s.rows.size() >= kIndexRowsPerFile) MIEN_TRY_VOID(s.flush_rows());
  return Ok{};
}

Result<ReportSummary> ReportWriter::finish() {
  State& s = *state_;
  MIEN_TRY_VOID(s.flush_rows());
  Json study = json_of(s.facts, s.options);
  study["totals"] = json_of(s.totals);
  study["index_files"] = s.index_files;
  MIEN_TRY_VOID(s.folder.write("data/study.js", script_assignment("study", study)));
  PageShell shell;
  shell.title = s.facts.study_name + " - Mien report";
  shell.kind = "index";
  shell.heading = s.facts.study_name;
  shell.scripts = {"data/study.js"};
  if (s.index_files > 0) shell.scripts.emplace_back("data/index-0.js");
  shell.scripts.emplace_back("assets/report.js");
  MIEN_TRY_VOID(s.folder.write("index.html", page_shell(shell)));
  MIEN_TRY_VOID(s.folder.publish());
  ReportSummary summary;
  summary.videos = s.totals.videos;
  summary.ok = s.totals.by_status["ok"];
  summary.partial = s.totals.by_status["partial"];
  summary.failed = s.totals.by_status["failed"];
  summary.index = s.place / "index.html";
  return summary;
}

}  // namespace mien
