// The tables of a simulated study as batches; each batch is one chunk of videos.
#pragma once

#include <string>
#include <vector>

#include "pipeline/study/country_table.h"
#include "stats/simulated_videos.h"
#include "store/bulk_batch.h"
#include "table/schema.h"

namespace mien {

class SimulatedTables {
 public:
  SimulatedTables(const GenerativeModel& model, const SimulatedVideos& videos,
                  std::vector<std::string> labels);

  TableSchema corpus() const;
  TableSchema expressions() const;

  // Fill `batch` with the rows of a chunk. Thread-safe.
  void corpus_rows(std::size_t chunk, BulkBatch& batch) const;
  std::int64_t expression_rows(std::size_t chunk, BulkBatch& batch) const;  // gives clipped scores
  void context_rows(std::size_t chunk, BulkBatch& batch) const;
  void status_rows(std::size_t chunk, BulkBatch& batch) const;

  const std::vector<std::string>& context_ids() const { return context_ids_; }
  const std::vector<std::string>& labels() const { return labels_; }

 private:
  const GenerativeModel& model_;
  const SimulatedVideos& videos_;
  std::vector<std::string> labels_;
  std::vector<std::string> context_ids_;
  std::vector<std::string> country_codes_;  // by country of the model
  std::vector<std::string> region_names_;
  std::vector<std::string> languages_;  // by region
  Random root_;
};

}  // namespace mien
