#include "pipeline/worker/worker_limits.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

namespace mien {

namespace {

namespace fs = std::filesystem;

std::ptrdiff_t depth_of(const fs::path& path) {
  return std::distance(path.begin(), path.end());
}

// Processes and devices show themselves as files there; no video lies among them.
bool is_of_kernel(const fs::path& path) {
  struct statfs system {};
  return statfs(path.c_str(), &system) != 0 || system.f_type == PROC_SUPER_MAGIC ||
         system.f_type == SYSFS_MAGIC;
}

// Where the file, or the pictures of a folder, really lie: rules hold for places, not for links to
// them. What is neither opens no folder to anybody.
void add_folders_of(const fs::path& path, std::set<fs::path>& folders) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error || is_of_kernel(real)) return;
  if (fs::is_regular_file(real, error)) folders.insert(real.parent_path());
  if (!fs::is_directory(real, error)) return;
  for (const fs::path& place : with_links(real)) {
    if (!is_of_kernel(place)) folders.insert(place);
  }
}

void name_by_parents(std::set<fs::path>& folders, std::size_t most) {
  while (folders.size() > most) {
    std::ptrdiff_t deepest = 0;
    for (const fs::path& folder : folders) deepest = std::max(deepest, depth_of(folder));
    std::set<fs::path> higher;
    for (const fs::path& folder : folders) {
      higher.insert(depth_of(folder) == deepest ? folder.parent_path() : folder);
    }
    folders = std::move(higher);
  }
}

}  // namespace

double most_seconds(double timeout_s, double content_s, std::int64_t size_bytes) {
  if (size_bytes > 0) {
    content_s = std::min(content_s, static_cast<double>(size_bytes) / kLeastBytesPerSecond);
  }
  return timeout_s * (1 + std::max(0.0, content_s) / kSecondsPerTimeout);
}

std::int64_t most_data_mb(std::int64_t memory_mb, int threads) {
  constexpr std::int64_t kStackMb = 8;
  constexpr std::int64_t kSlackMb = 512;
  return 2 * memory_mb + kStackMb * (threads + 4) + kSlackMb;
}

ReachableFiles reachable_for(const WorkerSetup& setup, std::span<const WorkerTask> tasks) {
  ReachableFiles files;
  std::set<fs::path> folders;
  std::set<fs::path> written;
  for (const WorkerTask& task : tasks) {
    add_folders_of(task.input.path, folders);
    if (task.tables) written.insert(setup.study / "annotations" / "pending");
    if (task.overlay) written.insert(setup.study / "overlays");
    if (!task.vectors.empty()) written.insert(task.vectors.parent_path());
    if (!task.features.empty()) {
      const auto features = nlohmann::json::parse(task.features, nullptr, false);
      if (features.is_object()) written.insert(features.value("folder", std::string()));
    }
    if (task.clips.empty()) continue;
    const auto clips = nlohmann::json::parse(task.clips, nullptr, false);
    if (!clips.is_object()) continue;
    const fs::path rating = clips.value("folder", std::string());
    written.insert({rating / "clips", rating / "prepared"});
  }
  name_by_parents(folders, kMostFolders);
  files.readable.assign(folders.begin(), folders.end());
  files.writable.assign(written.begin(), written.end());
  for (const fs::path& path :
       {setup.manifest_folder, setup.model_folder, setup.options.contexts.data,
        setup.options.contexts.vocabulary, setup.options.channels.prototype_file}) {
    if (path.empty()) continue;
    for (const fs::path& place : with_links(path)) files.readable.push_back(place);
  }
  for (const fs::path& manifest : setup.extra_manifests) {
    for (const fs::path& place : with_links(manifest.parent_path())) {
      files.readable.push_back(place);
    }
  }
  return files;
}

}  // namespace mien
