#include "pipeline/import/score_layout.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace mien {

namespace {

constexpr int kIntensities[] = {1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45};
constexpr int kPresences[] = {1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45};
constexpr int kPyFeatActions[] = {1,  2,  4,  5,  6,  7,  9,  10, 11, 12,
                                  14, 15, 17, 20, 23, 24, 25, 26, 28, 43};
constexpr const char* kPyFeatEmotions[] = {"anger",   "disgust",  "fear",   "happiness",
                                           "sadness", "surprise", "neutral"};
constexpr std::size_t kMostChannels = 500;

ScoreChannel channel_of(const ScoreLayout& layout, const std::string& source,
                        const std::string& name, const std::string& description) {
  return {source, {layout.channel + "_" + name, ColumnType::kDouble, description}};
}

void take_openface(const ScoreOptions& options, ScoreLayout& layout) {
  layout.tool_name = "OpenFace 2";
  layout.first_frame = 1;
  layout.time = options.frames_per_s > 0 ? "" : "timestamp";
  layout.frame = options.frames_per_s > 0 ? "frame" : "";
  layout.face = "face_id";
  layout.confidence = "confidence";
  layout.success = "success";
  layout.pose = {"pose_Rx", "pose_Ry", "pose_Rz"};
  for (const int action : kIntensities) {
    layout.channels.push_back(
        channel_of(layout, fmt::format("AU{:02}_r", action), fmt::format("au{:02}_r", action),
                   fmt::format("Intensity of Action Unit {} in [0, 5], by OpenFace 2.", action)));
  }
  for (const int action : kPresences) {
    layout.channels.push_back(channel_of(
        layout, fmt::format("AU{:02}_c", action), fmt::format("au{:02}_c", action),
        fmt::format("Presence of Action Unit {}, 0 or 1, by OpenFace 2; a mean is the share of "
                    "frames.",
                    action)));
  }
}

void take_pyfeat(const ScoreOptions&, ScoreLayout& layout) {
  layout.tool_name = "Py-Feat";
  layout.frame = "frame";
  layout.face = "Identity";
  layout.confidence = "FaceScore";
  layout.box = {"FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"};
  for (const int action : kPyFeatActions) {
    layout.channels.push_back(channel_of(
        layout, fmt::format("AU{:02}", action), fmt::format("au{:02}", action),
        fmt::format("Action Unit {} by Py-Feat, in [0, 1]; what it means depends on its model.",
                    action)));
  }
  for (const char* emotion : kPyFeatEmotions) {
    layout.channels.push_back(
        channel_of(layout, emotion, emotion,
                   fmt::format("Probability of the label '{}' by Py-Feat's classifier; what its "
                               "training data's raters called a face, not what the person feels.",
                               emotion)));
  }
}

// Lower case, with _ for all that is neither a letter nor a digit.
std::string plain_name(const std::string& source) {
  std::string name;
  for (const char c : source) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    name += is_upper ? static_cast<char>(c - 'A' + 'a') : is_plain ? c : '_';
  }
  return name;
}

Status take_values(const ScoreOptions& options, std::span<const std::vector<std::string>> headers,
                   ScoreLayout& layout) {
  const std::set<std::string> others = {layout.time, layout.frame, layout.face, layout.confidence};
  std::set<std::string> chosen;
  for (const std::string& pattern : options.values) {
    const std::size_t before = chosen.size();
    for (const std::vector<std::string>& header : headers) {
      for (const std::string& name : header) {
        if (!others.contains(name) && fnmatch(pattern.c_str(), name.c_str(), 0) == 0) {
          chosen.insert(name);
        }
      }
    }
    if (chosen.size() == before) {
      return Error{ErrorCode::kUsage,
                   fmt::format("--values '{}': no column of the files is called so{}", pattern,
                               before > 0 ? " that no pattern before it takes" : "")};
    }
  }
  if (chosen.size() > kMostChannels) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--values: {} columns, more than {}; remedy: narrower patterns",
                             chosen.size(), kMostChannels)};
  }
  std::map<std::string, std::string> sources;
  for (const std::string& source : chosen) {
    const std::string name = plain_name(source);
    const auto [it, is_new] = sources.emplace(name, source);
    if (!is_new) {
      return Error{ErrorCode::kUsage,
                   fmt::format("--values: the columns '{}' and '{}' would both be called {}_{}; "
                               "remedy: take one of them",
                               it->second, source, layout.channel, name)};
    }
    layout.channels.push_back(
        channel_of(layout, source, name,
                   fmt::format("The column '{}' of files that the study's owner imported; in the "
                               "unit that they have.",
                               source)));
  }
  return Ok{};
}

Status take_table(const ScoreOptions& options, std::span<const std::vector<std::string>> headers,
                  ScoreLayout& layout) {
  layout.tool_name = "table";
  layout.time = options.time;
  layout.frame = options.frame;
  layout.face = options.face;
  layout.confidence = options.confidence;
  if (layout.time.empty() == layout.frame.empty()) {
    return Error{ErrorCode::kUsage,
                 "--from table: name either --time COLUMN (seconds) or --frame COLUMN with --fps"};
  }
  if (options.values.empty()) {
    return Error{ErrorCode::kUsage,
                 "--from table: name the columns of scores with --values, such as 'AU*'"};
  }
  return take_values(options, headers, layout);
}

Status check_channel(const std::string& channel) {
  const bool is_plain = !channel.empty() && channel.front() >= 'a' && channel.front() <= 'z' &&
                        std::all_of(channel.begin(), channel.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                        });
  if (!is_plain) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--channel '{}': give it a name of small letters and digits that "
                             "begins with a letter",
                             channel)};
  }
  for (const char* own : {"basic7", "action", "label", "au", "blendshape", "baseline"}) {
    if (channel != own) continue;
    return Error{ErrorCode::kUsage,
                 fmt::format("--channel {}: so Mien calls what it measures itself; remedy: name "
                             "it after the tool",
                             channel)};
  }
  return Ok{};
}

}  // namespace

std::string to_string(ScoreTool tool) {
  switch (tool) {
    case ScoreTool::kOpenFace:
      return "openface";
    case ScoreTool::kPyFeat:
      return "pyfeat";
    case ScoreTool::kTable:
      break;
  }
  return "table";
}

bool ScoreLayout::is_optional(const std::string& column) const {
  if (column == time || column == frame) return false;
  if (tool == ScoreTool::kTable) return column != face && column != confidence;
  return column != success && (tool != ScoreTool::kOpenFace || column != confidence);
}

std::vector<ColumnSpec> ScoreLayout::channel_columns() const {
  std::vector<ColumnSpec> columns;
  columns.reserve(channels.size());
  for (const ScoreChannel& score : channels) columns.push_back(score.column);
  return columns;
}

Result<ScoreLayout> score_layout(const ScoreOptions& options,
                                 std::span<const std::vector<std::string>> headers) {
  ScoreLayout layout;
  layout.tool = options.tool;
  layout.channel = options.channel;
  layout.min_confidence = options.min_confidence;
  layout.frames_per_s = options.frames_per_s;
  const bool is_table = options.tool == ScoreTool::kTable;
  if (layout.channel.empty() && !is_table) layout.channel = to_string(options.tool);
  MIEN_TRY_VOID(check_channel(layout.channel));
  const bool names_columns = !options.time.empty() || !options.frame.empty() ||
                             !options.face.empty() || !options.confidence.empty() ||
                             !options.values.empty();
  if (!is_table && names_columns) {
    return Error{ErrorCode::kUsage,
                 "--time, --frame, --face, --confidence and --values are for --from table; the "
                 "columns of " +
                     to_string(options.tool) + " are known"};
  }
  switch (options.tool) {
    case ScoreTool::kOpenFace:
      take_openface(options, layout);
      break;
    case ScoreTool::kPyFeat:
      take_pyfeat(options, layout);
      break;
    case ScoreTool::kTable:
      MIEN_TRY_VOID(take_table(options, headers, layout));
      break;
  }
  if (!layout.frame.empty() && !(options.frames_per_s > 0)) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--fps: the files count frames and tell no time; remedy: give the "
                             "video's frames a second{}",
                             is_table ? "" : ", such as --fps 29.97")};
  }
  if (layout.frame.empty() && options.frames_per_s > 0) {
    return Error{ErrorCode::kUsage, "--fps goes with --frame; --time tells seconds already"};
  }
  return layout;
}

nlohmann::json to_json(const ScoreLayout& layout) {
  nlohmann::json columns = nlohmann::json::object();
  for (const ScoreChannel& channel : layout.channels) {
    columns[channel.column.name] = channel.source;
  }
  return {{"from", to_string(layout.tool)},
          {"tool", layout.tool_name},
          {"channel", layout.channel},
          {"min_confidence", layout.min_confidence},
          {"frames_per_s", layout.frames_per_s},
          {"time", layout.time},
          {"frame", layout.frame},
          {"face", layout.face},
          {"confidence", layout.confidence},
          {"columns", std::move(columns)}};
}

}  // namespace mien
