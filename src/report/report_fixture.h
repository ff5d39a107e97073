// Small tables of one video, for the tests of this room.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "report/report_writer.h"

namespace mien::testing {

inline const std::vector<ColumnSpec>& few_channels() {
  static const std::vector<ColumnSpec> channels = {
      {"basic7_neutral", ColumnType::kDouble, "Probability of 'neutral'."},
      {"basic7_happy", ColumnType::kDouble, "Probability of 'happy'."},
      {"action_jaw_drop", ColumnType::kDouble, "Jaw."},
      {"label_awe", ColumnType::kDouble, "Prior score of 'awe'."}};
  return channels;
}

inline Table media_row(const std::string& id, const std::string& status = "ok",
                       const Cell& duration_s = 10.0, const std::string& reason = {},
                       const std::string& message = {}) {
  Table table(media_schema());
  RowBuilder row(table.schema());
  const auto text = [](const std::string& s) { return s.empty() ? Cell{} : Cell{s}; };
  row.set("video_id", id).set("status", status).set("reason", text(reason));
  row.set("message", text(message)).set("duration_s", duration_s);
  row.set("width_px", std::int64_t{64}).set("height_px", std::int64_t{48});
  row.set("rotation_deg", std::int64_t{0}).set("variable_rate", false);
  row.set("frames_decoded", std::int64_t{240}).set("frames_analysed", std::int64_t{60});
  row.set("face_frames", std::int64_t{40}).set("tracks", std::int64_t{1});
  row.set_null("frame_hashes");
  table.append(row.finish());
  return table;
}

inline void add_track(Table& tracks, const std::string& id, std::int64_t track,
                      std::int64_t first_us, std::int64_t last_us, std::int64_t frames) {
  RowBuilder row(tracks.schema());
  for (const ColumnSpec& spec : tracks.schema().columns) row.set_null(spec.name);
  row.set("video_id", id).set("track_id", track).set("shot", std::int64_t{0});
  row.set("first_us", first_us).set("last_us", last_us).set("frames", frames);
  tracks.append(row.finish());
}

inline void add_window(Table& windows, const std::string& id, std::int64_t track,
                       std::int64_t start_us, std::int64_t end_us, std::int64_t frames,
                       const std::vector<Cell>& values, bool is_short = false) {
  RowBuilder row(windows.schema());
  row.set("video_id", id).set("track_id", track).set("start_us", start_us);
  row.set("end_us", end_us).set("frames", frames).set("short", is_short);
  for (std::size_t c = 0; c < values.size(); ++c) row.set(few_channels()[c].name, values[c]);
  windows.append(row.finish());
}

// A row of the frames table; without values where `reason` is not empty.
inline void add_frame(Table& frames, std::int64_t track, std::int64_t us, const std::string& reason,
                      const std::vector<Cell>& values) {
  RowBuilder row(frames.schema());
  for (const ColumnSpec& spec : frames.schema().columns) row.set_null(spec.name);
  row.set("video_id", "a.mp4").set("track_id", track).set("pts_us", us);
  if (!reason.empty()) row.set("reason", reason);
  for (std::size_t c = 0; c < values.size(); ++c) row.set(few_channels()[c].name, values[c]);
  frames.append(row.finish());
}

inline Table expressions_row(const std::string& id, double face_seconds,
                             const std::vector<Cell>& means) {
  Table table(expressions_schema(few_channels()));
  RowBuilder row(table.schema());
  for (const ColumnSpec& spec : table.schema().columns) row.set_null(spec.name);
  row.set("video_id", id).set("faces", std::int64_t{1}).set("face_seconds", face_seconds);
  for (std::size_t c = 0; c < means.size(); ++c) row.set(few_channels()[c].name, means[c]);
  table.append(row.finish());
  return table;
}

inline Table corpus_row(const std::string& id, const std::string& title) {
  Table table(corpus_schema());
  RowBuilder row(table.schema());
  for (const ColumnSpec& spec : table.schema().columns) row.set_null(spec.name);
  row.set("video_id", id).set("title", title).set("country", "KE");
  table.append(row.finish());
  return table;
}

inline ReportFacts few_facts() {
  ReportFacts facts;
  facts.study_name = "Test";
  facts.program_version = "0";
  facts.model_set_hash = std::string(64, '0');
  facts.channels = few_channels();
  facts.groups = default_channel_groups(facts.channels);
  return facts;
}

inline std::string random_bytes(Random& random, std::size_t most) {
  std::string bytes(random.below(most + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

// Text that tries to leave its place.
inline const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> texts = {"</script><script>alert(1)</script>",
                                                 "<!--<script>",
                                                 "]]>",
                                                 "\"; alert(1); //",
                                                 "'><img src=x onerror=alert(1)>",
                                                 "\\u003c\\",
                                                 "a\nb\r\tc",
                                                 std::string("nul\0byte", 8),
                                                 "\xE2\x80\xA8\xE2\x80\xA9",
                                                 "\xFF\xFE\xC0\xAF",
                                                 "\xED\xA0\x80",
                                                 "&lt;b&gt;",
                                                 "=HYPERLINK(\"x\")",
                                                 "\xE2\x80\xAE"
                                                 "4pm.exe",
                                                 "\xF0\x9F\x98\x80"};
  return texts;
}

}  // namespace mien::testing
