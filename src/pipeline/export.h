// A table of a study as text, a batch at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace mien {

enum class ExportFormat { kCsv, kJsonLines };

struct ExportRequest {
  std::filesystem::path study;
  std::string table;
  ExportFormat format = ExportFormat::kCsv;
};

struct ExportSummary {
  std::int64_t rows = 0;
  std::int64_t videos_missing = 0;    // of the plan, whose shard is not published (or not sound)
  std::vector<std::string> problems;  // shards that do not hold, in words; their rows are left out
};

// Rows in the order of shards and of the plan; only published shards whose checksums hold. An
// unknown table is a usage error that names those the study has.
Result<ExportSummary> export_table(const ExportRequest& request,
                                   const std::function<Status(const std::string& text)>& write);

}  // namespace mien
