// Runs the built program as a person would.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace mien::testing {

struct ProgramRun {
  int exit_status = -1;  // 128 + signal where it was killed
  std::string out;
  std::string err;
};

ProgramRun run_mien(const std::vector<std::string>& arguments);

// Starts it, kills it with SIGKILL after `milliseconds`, and returns once it is gone.
void run_mien_and_kill(const std::vector<std::string>& arguments, int milliseconds);

// A table of a study, through `mien export --format jsonl`: one object a row.
std::vector<nlohmann::json> table_rows(const std::filesystem::path& study,
                                       const std::string& table);

// The row whose video_id this is; null where there is none.
nlohmann::json row_of(const std::vector<nlohmann::json>& rows, const std::string& video_id);

// SHA-256 of every Parquet file below a study's annotations, by path relative to it.
std::vector<std::pair<std::string, std::string>> parquet_hashes(const std::filesystem::path& study);

std::string read_text(const std::filesystem::path& path);

}  // namespace mien::testing
