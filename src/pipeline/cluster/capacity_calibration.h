// Measures what this machine takes for a few of a corpus's videos, for capacity.h.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/cluster/capacity.h"

namespace mien {

struct CalibrationRequest {
  std::filesystem::path program;              // mien
  std::vector<std::filesystem::path> videos;  // best those of the corpus itself, drawn at random
  std::vector<std::string> annotate_options;  // "--contexts", "--frames"...
  std::filesystem::path titles;               // CSV with title, description
  std::string text_model;        // of contexts from words; empty: the default one; "none": no texts
  std::int64_t contexts = 653;   // of the associations; 0: none
  std::filesystem::path folder;  // to work in; removed afterwards
  std::function<void(const std::string&)> say;  // what is being measured
};

// Annotates a picture without faces, then each video in a study of its own, on one thread; names
// contexts of an eighth of the titles and of all; associates simulated studies of two sizes.
// kNotFound: no video could be measured. Takes as long as these runs.
Result<CapacityCalibration> calibrate_capacity(const CalibrationRequest& request);

}  // namespace mien
