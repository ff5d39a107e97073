// The truth of a simulated study as files: truth.parquet with every cell, truth.json to read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stats/true_map.h"
#include "store/bulk_batch.h"

namespace mien {

// Gives truth.parquet's rows, a region and an estimand at a time. What it is given must outlive it.
BulkSource truth_rows(const GenerativeModel& model, const std::vector<std::string>& contexts,
                      const std::vector<std::string>& labels);
std::int64_t truth_batches(const GenerativeModel& model);

// The design as it was completed; regions with their countries and videos; what the regions' maps
// share in the population (partial correlations within country, countries as given): mean
// similarity, variance preserved, planted dimensions. Cells too where there are at most 20,000.
nlohmann::json truth_json(const GenerativeModel& model, const std::vector<std::string>& contexts,
                          const std::vector<std::string>& labels);

nlohmann::json design_json(const SimulationDesign& design);

}  // namespace mien
