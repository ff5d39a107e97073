#include "pipeline/export/openface_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "pipeline/export/exported_video.h"
#include "pipeline/import/score_file.h"
#include "store/text_export.h"

namespace mien {

namespace {

std::optional<double> number_at(const Table& batch, std::size_t row, const char* column) {
  const Cell cell = batch.at(row, column);
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  return std::nullopt;
}

std::string field(const std::optional<double>& value) {
  return value.has_value() ? shortest_number(*value) : "";
}

}  // namespace

std::optional<std::string> openface_name(const std::string& column) {
  std::string_view name = label_name(column);
  char kind = 'r';
  const std::string own = "au" + std::string(name);  // Mien's own channel: "au_12"
  if (column.starts_with("au_")) name = own;
  if (name.ends_with("_r") || name.ends_with("_c")) {
    kind = name.back();
    name.remove_suffix(2);
  }
  const bool is_action = name.size() == 4 && name.starts_with("au") && name[2] >= '0' &&
                         name[2] <= '9' && name[3] >= '0' && name[3] <= '9';
  if (!is_action) return std::nullopt;
  return fmt::format("AU{}_{}", name.substr(2), kind);
}

Result<OpenFaceTable> OpenFaceTable::open(const TableSchema& schema,
                                          const std::vector<std::string>& channels) {
  OpenFaceTable table;
  table.is_windows_ = schema.index_of("start_us") >= 0;
  std::map<std::string, std::string> sources;
  for (const std::string& column : channels) {
    const auto name = openface_name(column);
    if (!name.has_value()) continue;
    const auto [it, is_new] = sources.emplace(*name, column);
    if (!is_new) {
      return Error{ErrorCode::kUsage,
                   fmt::format("{} and {} would both be {}; remedy: choose one channel with "
                               "--channels",
                               it->second, column, *name)};
    }
  }
  // All intensities, then all presences, by number.
  for (const char kind : {'r', 'c'}) {
    for (const auto& [name, source] : sources) {
      if (name.back() == kind) table.actions_.emplace_back(name, source);
    }
  }
  return table;
}

std::string OpenFaceTable::header() const {
  std::string text = "frame,face_id,timestamp,confidence,success,pose_Rx,pose_Ry,pose_Rz";
  for (const auto& [name, source] : actions_) text += "," + name;
  return text + "\n";
}

void OpenFaceTable::append(const Table& batch, std::size_t row, std::int64_t frame,
                           std::string& text) const {
  const double time_us = *number_at(batch, row, is_windows_ ? "start_us" : "pts_us");
  const std::int64_t track = batch.column("track_id").integers()[row];
  std::optional<double> confidence;
  std::optional<double> angles[3];
  bool is_scored = false;
  if (is_windows_) {
    is_scored = batch.column("frames").integers()[row] > 0;
  } else {
    is_scored = batch.column("reason").is_null(row);
    confidence = number_at(batch, row, "score_prob");
    const auto yaw = number_at(batch, row, "yaw_deg");
    const auto pitch = number_at(batch, row, "pitch_deg");
    const auto roll = number_at(batch, row, "roll_deg");
    if (yaw && pitch && roll) {
      const OpenFaceAngles turned = pose_to_openface(
          {static_cast<float>(*yaw), static_cast<float>(*pitch), static_cast<float>(*roll)});
      angles[0] = turned.rx;
      angles[1] = turned.ry;
      angles[2] = turned.rz;
    }
  }
  text += fmt::format("{},{},{:.6f},{},{}", frame, track, time_us * 1e-6, field(confidence),
                      is_scored ? 1 : 0);
  for (const auto& angle : angles) {
    text += angle.has_value() ? fmt::format(",{:.6f}", *angle) : ",";
  }
  for (const auto& [name, source] : actions_) {
    text += ',';
    text += field(number_at(batch, row, source.c_str()));
  }
  text += "\n";
}

}  // namespace mien
