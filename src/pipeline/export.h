// A table of a study as text, a batch at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace mien {

enum class ExportFormat { kCsv, kJsonLines };

struct ExportRequest {
  std::filesystem::path study;
  std::string table;
  ExportFormat format = ExportFormat::kCsv;
};

// Rows in the order of shards and of the plan; only published shards. An unknown table is a usage
// error that names those the study has.
Status export_table(const ExportRequest& request,
                    const std::function<Status(const std::string& text)>& write);

}  // namespace mien
