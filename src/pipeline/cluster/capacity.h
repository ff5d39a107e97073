// What a corpus will cost, from what a few of its videos cost on the same machine.
//
// CPU seconds of annotating: a start for each worker, and for each video
// second_s x its seconds + megapixel_s x the megapixels that are decoded. The two rates are
// non-negative least squares over the calibration's videos (Lawson and Hanson 1974, chapter 23; of
// two unknowns by looking at every case), a video weighing 1 / its seconds: costs of longer videos
// spread more, and the rates then give back the calibration's own total (the ratio estimator;
// Cochran 1977, "Sampling techniques", chapter 6), as each rate alone does. Where videos differ
// less than twofold in megapixels a second, or are fewer than three, decoding cannot be told from
// looking and only second_s is fitted. Texts and associations: a start, and a rate for each text or
// video, from two sizes.
//
// Storage: a table's rows, fitted likewise as so many a video and so many a second, times its
// compressed bytes a row, and what every file takes beside its rows, once a shard
// (capacity_storage.h); "manifest" is the shards' manifests.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

// One video as it was measured.
struct VideoCost {
  double seconds = 0;
  double megapixels = 0;  // of all frames that were decoded
  double cpu_s = 0;       // of its run, the start included
};

struct StageCost {
  double start_s = 0;  // CPU seconds each time the stage is started
  double unit_s = 0;   // CPU seconds a unit: a text, a video
  double memory_mb = 0;
  double unit_kb = 0;  // memory a unit
};

struct TableCost {
  double rows_a_video = 0;
  double rows_a_second = 0;
  double row_bytes = 0;
  double file_bytes = 0;
};

struct CapacityCalibration {
  std::string program_version;
  std::string processor;
  std::string options;  // of annotating
  std::int64_t videos = 0;
  double seconds = 0;              // of them
  double megapixels_a_second = 0;  // of them
  double frames_a_second = 0;      // of them
  double start_s = 0;              // CPU seconds of a worker's start
  double second_s = 0;             // CPU seconds a second of video
  double megapixel_s = 0;
  double worker_memory_mb = 0;
  std::map<std::string, TableCost> tables;
  std::optional<StageCost> texts, associate;
};

struct VideoRates {
  double second_s = 0;
  double megapixel_s = 0;
};
VideoRates fit_video_rates(const std::vector<VideoCost>& videos, double start_s);

// A table's rows, of so many videos that last so many seconds in all.
struct RowCount {
  double videos = 0;
  double seconds = 0;
  double rows = 0;
};
struct RowRates {
  double a_video = 0;
  double a_second = 0;
};
// Where videos are fewer than three, or differ less than twofold in length: all by the second.
RowRates fit_row_rates(const std::vector<RowCount>& counts);

// From two measured sizes; rates below 0, which noise can give, are 0.
StageCost fit_stage_cost(double units_a, double cpu_a_s, double units_b, double cpu_b_s);

nlohmann::json to_json(const CapacityCalibration& calibration);
// kCorrupt: not a calibration; kMismatch: made by another version of the program.
Result<CapacityCalibration> parse_calibration(const std::string& text);

struct CapacityRequest {
  double videos = 0;
  double seconds = 30;      // mean of a video
  std::int64_t height = 0;  // of its pictures, 16:9, at the calibration's frame rate; 0: as those
  std::int64_t nodes = 1;
  std::int64_t cores = 1;  // of a node
  // 0: of one machine as `annotate` cuts them; of more, as many as there are cores in all, at least
  // one for 6,000 videos.
  std::int64_t shards = 0;
};

struct CapacityStage {
  std::string stage;
  double core_hours = 0;
  double wall_hours = 0;  // all cores busy; one core for what is one small job
  double memory_mb = 0;   // of a worker or task
};

struct CapacityEstimate {
  std::int64_t shards = 0;
  std::vector<CapacityStage> stages;
  std::map<std::string, double> table_bytes;
  double bytes = 0;
  std::vector<std::string> notes;  // what the figures do not tell
};

// kUsage: no videos, seconds, nodes or cores.
Result<CapacityEstimate> estimate_capacity(const CapacityCalibration& calibration,
                                           const CapacityRequest& request);

nlohmann::ordered_json to_json(const CapacityEstimate& estimate);
std::string to_text(const CapacityEstimate& estimate, const CapacityRequest& request);

}  // namespace mien
