#include "pipeline/cluster/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/outside_json.h"
#include "pipeline/annotate/annotate.h"
#include "pipeline/study/program_version.h"

namespace mien {

namespace {

constexpr double kHour_s = 3600;
constexpr double kVideosOfShard = 6000;  // at most, where no number of shards is asked for

// What is to be explained by seconds and by something else.
struct Observation {
  double seconds = 0;
  double other = 0;
  double value = 0;
};

struct TwoRates {
  double a_second = 0;
  double an_other = 0;
};

// Sums of products, an observation weighing 1 / its seconds.
struct Squares {
  double ss = 0, so = 0, oo = 0, sv = 0, ov = 0;

  double error_of(const TwoRates& rates) const {
    const double a = rates.a_second;
    const double b = rates.an_other;
    return a * a * ss + 2 * a * b * so + b * b * oo - 2 * a * sv - 2 * b * ov;
  }
};

TwoRates fit_rates(const std::vector<Observation>& observations) {
  Squares s;
  Observation all;
  double least = HUGE_VAL;
  double most = 0;
  for (const Observation& one : observations) {
    s.ss += one.seconds;
    s.so += one.other;
    s.oo += one.other * one.other / one.seconds;
    s.sv += one.value;
    s.ov += one.other * one.value / one.seconds;
    all.seconds += one.seconds;
    all.other += one.other;
    all.value += one.value;
    least = std::min(least, one.other / one.seconds);
    most = std::max(most, one.other / one.seconds);
  }
  const TwoRates seconds_alone{std::max(0.0, all.value / all.seconds), 0};
  constexpr std::size_t kFewest = 3;
  constexpr double kSpread = 2;
  if (observations.size() < kFewest || most < kSpread * least) return seconds_alone;
  const TwoRates others_alone{0, std::max(0.0, all.value / all.other)};
  const double determinant = s.ss * s.oo - s.so * s.so;
  const TwoRates both{(s.oo * s.sv - s.so * s.ov) / determinant,
                      (s.ss * s.ov - s.so * s.sv) / determinant};
  if (both.a_second >= 0 && both.an_other >= 0) return both;
  return s.error_of(seconds_alone) <= s.error_of(others_alone) ? seconds_alone : others_alone;
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
  std::vector<Observation> observations;
  for (const VideoCost& video : videos) {
    observations.push_back({video.seconds, video.megapixels, video.cpu_s - start_s});
  }
  const TwoRates rates = fit_rates(observations);
  return {rates.a_second, rates.an_other};
}

RowRates fit_row_rates(const std::vector<RowCount>& counts) {
  std::vector<Observation> observations;
  for (const RowCount& count : counts) {
    observations.push_back({count.seconds, count.videos, count.rows});
  }
  const TwoRates rates = fit_rates(observations);
  return {rates.an_other, rates.a_second};
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
    tables[name] = {{"rows_a_video", table.rows_a_video},
                    {"rows_a_second", table.rows_a_second},
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
      calibration.tables[name] = {table.at("rows_a_video"), table.at("rows_a_second"),
                                  table.at("row_bytes"), table.at("file_bytes")};
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
  // One machine alone cuts shards of a size; of several, or where shards are asked for, each shard
  // is a task, which starts workers of its own.
  const bool has_tasks = request.nodes > 1 || request.shards > 0;
  const double wanted = !has_tasks ? request.videos / AnnotateRequest{}.shard_videos
                                   : std::max(cores, request.videos / kVideosOfShard);
  estimate.shards = request.shards > 0
                        ? request.shards
                        : static_cast<std::int64_t>(std::ceil(std::min(request.videos, wanted)));
  const auto shards = static_cast<double>(estimate.shards);
  const double busy = std::min(cores, request.videos);
  const double starts = has_tasks ? std::max(busy, shards) : busy;
  const double video_s = request.seconds * (calibration.second_s +
                                            calibration.megapixel_s *
                                                megapixels_a_second(calibration, request.height));
  const double annotate_s = request.videos * video_s + calibration.start_s * starts;
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
    const double rows =
        request.videos * (table.rows_a_video + table.rows_a_second * request.seconds);
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
