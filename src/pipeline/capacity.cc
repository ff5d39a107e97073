#include "pipeline/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/outside_json.h"
#include "pipeline/program_version.h"

namespace mien {

namespace {

constexpr double kHour_s = 3600;
constexpr double kVideosOfShard = 6000;  // at most, where no number of shards is asked for

struct Squares {
  double aa = 0, ab = 0, bb = 0, ac = 0, bc = 0;
};

double error_of(const Squares& s, double a, double b) {
  return a * a * s.aa + 2 * a * b * s.ab + b * b * s.bb - 2 * a * s.ac - 2 * b * s.bc;
}

nlohmann::json json_of(const StageCost& cost) {
  return {{"start_s", cost.start_s},
          {"unit_s", cost.unit_s},
          {"memory_mb", cost.memory_mb},
          {"unit_kb", cost.unit_kb}};
}

StageCost stage_from(const nlohmann::json& json) {
  return {json.at("start_s"), json.at("unit_s"), json.at("memory_mb"), json.at("unit_kb")};
}

double megapixels_a_second(const CapacityCalibration& calibration, std::int64_t height) {
  if (height == 0) return calibration.megapixels_a_second;
  const auto lines = static_cast<double>(height);
  return lines * lines * 16 / 9 * calibration.frames_a_second / 1e6;
}

}  // namespace

VideoRates fit_video_rates(const std::vector<VideoCost>& videos, double start_s) {
  Squares s;
  double least = HUGE_VAL;
  double most = 0;
  for (const VideoCost& video : videos) {
    const double cost = video.cpu_s - start_s;
    s.aa += video.seconds * video.seconds;
    s.ab += video.seconds * video.megapixels;
    s.bb += video.megapixels * video.megapixels;
    s.ac += video.seconds * cost;
    s.bc += video.megapixels * cost;
    least = std::min(least, video.megapixels / video.seconds);
    most = std::max(most, video.megapixels / video.seconds);
  }
  const VideoRates seconds_alone{std::max(0.0, s.ac / s.aa), 0};
  constexpr std::size_t kFewest = 3;
  constexpr double kSpread = 2;
  if (videos.size() < kFewest || most < kSpread * least) return seconds_alone;
  const VideoRates pixels_alone{0, std::max(0.0, s.bc / s.bb)};
  const double determinant = s.aa * s.bb - s.ab * s.ab;
  const VideoRates both{(s.bb * s.ac - s.ab * s.bc) / determinant,
                        (s.aa * s.bc - s.ab * s.ac) / determinant};
  if (both.second_s >= 0 && both.megapixel_s >= 0) return both;
  return error_of(s, seconds_alone.second_s, 0) <= error_of(s, 0, pixels_alone.megapixel_s)
             ? seconds_alone
             : pixels_alone;
}

StageCost fit_stage_cost(double units_a, double cpu_a_s, double units_b, double cpu_b_s) {
  StageCost cost;
  cost.unit_s = std::max(0.0, (cpu_b_s - cpu_a_s) / (units_b - units_a));
  cost.start_s = std::max(0.0, cpu_a_s - units_a * cost.unit_s);
  return cost;
}

nlohmann::json to_json(const CapacityCalibration& calibration) {
  nlohmann::json tables = nlohmann::json::object();
  for (const auto& [name, table] : calibration.tables) {
    tables[name] = {{"one_a_video", table.one_a_video},
                    {"rows", table.rows},
                    {"row_bytes", table.row_bytes},
                    {"file_bytes", table.file_bytes}};
  }
  nlohmann::json json = {{"program_version", calibration.program_version},
                         {"processor", calibration.processor},
                         {"options", calibration.options},
                         {"videos", calibration.videos},
                         {"seconds", calibration.seconds},
                         {"megapixels_a_second", calibration.megapixels_a_second},
                         {"frames_a_second", calibration.frames_a_second},
                         {"start_s", calibration.start_s},
                         {"second_s", calibration.second_s},
                         {"megapixel_s", calibration.megapixel_s},
                         {"worker_memory_mb", calibration.worker_memory_mb},
                         {"tables", tables}};
  if (calibration.texts) json["texts"] = json_of(*calibration.texts);
  if (calibration.associate) json["associate"] = json_of(*calibration.associate);
  return json;
}

Result<CapacityCalibration> parse_calibration(const std::string& text) {
  CapacityCalibration calibration;
  try {
    const nlohmann::json json = parse_outside_json(text);
    calibration.program_version = json.at("program_version");
    calibration.processor = json.at("processor");
    calibration.options = json.at("options");
    calibration.videos = json.at("videos");
    calibration.seconds = json.at("seconds");
    calibration.megapixels_a_second = json.at("megapixels_a_second");
    calibration.frames_a_second = json.at("frames_a_second");
    calibration.start_s = json.at("start_s");
    calibration.second_s = json.at("second_s");
    calibration.megapixel_s = json.at("megapixel_s");
    calibration.worker_memory_mb = json.at("worker_memory_mb");
    for (const auto& [name, table] : json.at("tables").items()) {
      calibration.tables[name] = {table.at("one_a_video"), table.at("rows"), table.at("row_bytes"),
                                  table.at("file_bytes")};
    }
    if (json.contains("texts")) calibration.texts = stage_from(json.at("texts"));
    if (json.contains("associate")) calibration.associate = stage_from(json.at("associate"));
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("not a calibration: ") + error.what() +
                                          "; remedy: 'mien plan --calibrate VIDEOS'"};
  }
  if (calibration.program_version != kProgramVersion) {
    return Error{ErrorCode::kMismatch,
                 fmt::format("the calibration is of version {}, this is {}; remedy: 'mien plan "
                             "--calibrate VIDEOS' again",
                             calibration.program_version, kProgramVersion)};
  }
  return calibration;
}

Result<CapacityEstimate> estimate_capacity(const CapacityCalibration& calibration,
                                           const CapacityRequest& request) {
  const bool is_whole = request.videos >= 1 && request.seconds > 0 && request.height >= 0 &&
                        request.nodes >= 1 && request.cores >= 1 && request.shards >= 0;
  if (!is_whole) {
    return Error{ErrorCode::kUsage,
                 "videos, seconds, nodes and cores must be above 0; remedy: --videos 6e6 --seconds "
                 "30"};
  }
  CapacityEstimate estimate;
  const double cores = static_cast<double>(request.nodes * request.cores);
  estimate.shards = request.shards > 0
                        ? request.shards
                        : static_cast<std::int64_t>(std::ceil(std::min(
                              request.videos, std::max(cores, request.videos / kVideosOfShard))));
  const auto shards = static_cast<double>(estimate.shards);
  const double busy = std::min(cores, request.videos);
  const double video_s = request.seconds * (calibration.second_s +
                                            calibration.megapixel_s *
                                                megapixels_a_second(calibration, request.height));
  const double annotate_s = request.videos * video_s + calibration.start_s * std::max(busy, shards);
  estimate.stages.push_back({"annotate", annotate_s / kHour_s, annotate_s / busy / kHour_s,
                             calibration.worker_memory_mb});
  const double videos_of_shard = request.videos / shards;
  if (calibration.texts) {
    const StageCost& cost = *calibration.texts;
    const double cpu_s = cost.start_s * shards + cost.unit_s * request.videos;
    estimate.stages.push_back({"contexts text", cpu_s / kHour_s,
                               cpu_s / std::min(cores, shards) / kHour_s, cost.memory_mb});
  }
  if (calibration.associate) {
    const StageCost& cost = *calibration.associate;
    const double cpu_s = cost.unit_s * request.videos;
    estimate.stages.push_back({"associate, shards", cpu_s / kHour_s,
                               cpu_s / std::min(cores, shards) / kHour_s,
                               cost.memory_mb + cost.unit_kb * videos_of_shard / 1024});
    estimate.stages.push_back(
        {"associate, maps", cost.start_s / kHour_s, cost.start_s / kHour_s, cost.memory_mb});
  }
  for (const auto& [name, table] : calibration.tables) {
    const double rows = table.rows * request.videos * (table.one_a_video ? 1 : request.seconds);
    const double bytes = rows * table.row_bytes + table.file_bytes * shards;
    estimate.table_bytes[name] = bytes;
    estimate.bytes += bytes;
  }
  estimate.notes.push_back(
      fmt::format("from {} videos of {:.0f} s in all, on {}; videos with more faces take longer",
                  calibration.videos, calibration.seconds, calibration.processor));
  if (request.height > 0 && calibration.megapixel_s == 0) {
    estimate.notes.emplace_back(
        "--height changes nothing: the calibration's videos do not tell decoding from looking "
        "(at least three, of which one has twice the pixels a second of another)");
  }
  return estimate;
}

nlohmann::ordered_json to_json(const CapacityEstimate& estimate) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  for (const CapacityStage& stage : estimate.stages) {
    stages.push_back({{"stage", stage.stage},
                      {"core_hours", stage.core_hours},
                      {"wall_hours", stage.wall_hours},
                      {"memory_mb", stage.memory_mb}});
  }
  return {{"shards", estimate.shards},
          {"stages", stages},
          {"table_bytes", estimate.table_bytes},
          {"bytes", estimate.bytes},
          {"notes", estimate.notes}};
}

std::string to_text(const CapacityEstimate& estimate, const CapacityRequest& request) {
  std::string text =
      fmt::format("{:.0f} videos of {:g} s, {} shards, {} nodes of {} cores\n", request.videos,
                  request.seconds, estimate.shards, request.nodes, request.cores);
  text += fmt::format("  {:<20} {:>12} {:>12} {:>18}\n", "stage", "core-hours", "wall hours",
                      "MB a task");
  for (const CapacityStage& stage : estimate.stages) {
    text += fmt::format("  {:<20} {:>12.3f} {:>12.3f} {:>18.0f}\n", stage.stage, stage.core_hours,
                        stage.wall_hours, stage.memory_mb);
  }
  text += fmt::format("  {:<20} {:>12}\n", "table", "MB");
  for (const auto& [name, bytes] : estimate.table_bytes) {
    text += fmt::format("  {:<20} {:>12.1f}\n", name, bytes / 1e6);
  }
  text += fmt::format("  {:<20} {:>12.1f}\n", "all", estimate.bytes / 1e6);
  for (const std::string& note : estimate.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace mien
