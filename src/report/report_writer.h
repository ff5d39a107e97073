// Tables of a study -> a folder of pages to look at, one video at a time.
//
//   MIEN_TRY(writer, ReportWriter::create(study / "report", facts));
//   for (each video) MIEN_TRY_VOID(writer.add_video(tables));
//   MIEN_TRY(summary, writer.finish());
//
// The pages work from file:// and offline: `index.html`, `videos/N.html` (N = 1, 2... in the order
// of add_video), `data/*.js` (scripts that assign to the global `mien`), `assets/` (the built web
// interface). Everything is written to a folder of a temporary name beside `folder` and takes its
// place in finish(); a writer that is dropped before leaves nothing behind, and an earlier report
// stays as it was. The same tables and facts give the same bytes.
//
// Memory: one video's timelines (at most kMaxTimelineValues numbers) and a thousand rows of the
// index, however many videos there are. Titles, ids and messages are hostile text: nothing in them
// can leave its place in a script or a page, and bytes that are not UTF-8 become U+FFFD.
//
// Errors: kNotFound (web assets missing), kIo (writing failed), kUsage (options are not JSON).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "report/declaration.h"
#include "table/table.h"

namespace mien {

// Channels that share a prefix (`basic7_happy`, `basic7_sad`): one chart, one statement of whose
// labels they are.
struct ChannelGroup {
  std::string prefix;             // "basic7"
  std::string title;              // "Basic expressions"
  std::string whose_labels;       // who says so: raters, a classifier, a formula
  std::string reliability;        // how far to trust it, in a sentence
  bool is_prior = false;          // no rating has validated it; marked in every figure and export
  bool is_unit_interval = false;  // values lie in [0, 1] and are drawn on that scale
};

// The groups of `channels` in the order of first appearance, with Mien's own statements for basic7,
// action and label (prototype16), and "nothing is known" for any other prefix.
std::vector<ChannelGroup> default_channel_groups(ChannelColumns channels);

struct ModelFact {
  std::string id;      // "blazeface"
  std::string role;    // "face detection"
  std::string sha256;  // of the converted weights
};

// What is the same for every video of a report. No path, host or time belongs here: it is shown.
struct ReportFacts {
  std::string study_name;
  StudyDeclaration declaration;
  std::string program_version;
  std::string model_set_hash;
  std::vector<std::pair<std::string, std::string>> library_versions;  // "FFmpeg", "5.1.6"
  std::vector<ModelFact> models;
  std::string options_json = "{}";   // the options that mattered, a JSON object
  double rate_hz = 6;                // of the time grid; > 0
  std::vector<ColumnSpec> channels;  // as in the windows table, in its order
  std::vector<ChannelGroup> groups;  // empty: default_channel_groups(channels)
  std::string
      study_page;  // where the pages of the study's maps are, seen from index.html; empty: none
  std::filesystem::path web_assets;  // folder with report.js and report.css (tools/build_web)
};

// Calls back with batches of one video's rows of the frames table, in time order.
using FrameSource = std::function<Status(const std::function<Status(const Table&)>& each)>;

// One video's rows. `media` has exactly one row; `expressions` and `corpus` at most one. Tables
// that are null count as empty. Rows of other videos are a caller's bug.
struct VideoTables {
  const Table* media = nullptr;  // required
  const Table* tracks = nullptr;
  const Table* windows = nullptr;
  const Table* expressions = nullptr;
  const Table* contexts = nullptr;
  const Table* context_status = nullptr;  // null or empty: no contexts were asked for
  const Table* corpus = nullptr;  // for title, country...; further columns are shown as they are
  FrameSource frames;             // empty: timelines are drawn from windows
  std::filesystem::path source;   // the video's file, empty where unknown
  std::filesystem::path overlay;  // MP4 with boxes, empty where there is none
  std::filesystem::path masked;   // MP4 of frames with heads filled, empty where there is none
};

struct ReportSummary {
  std::int64_t videos = 0;
  std::int64_t ok = 0;
  std::int64_t partial = 0;
  std::int64_t failed = 0;
  std::filesystem::path index;  // folder / "index.html"
};

class ReportWriter {
 public:
  static Result<ReportWriter> create(const std::filesystem::path& folder, ReportFacts facts);
  ReportWriter(ReportWriter&&) noexcept;
  ReportWriter& operator=(ReportWriter&&) noexcept;
  ~ReportWriter();

  // After an error the writer is only good for being dropped.
  Status add_video(const VideoTables& video);
  Result<ReportSummary> finish();

 private:
  struct State;
  explicit ReportWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
