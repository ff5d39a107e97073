// A folder that takes its place whole or not at all.
//
// Files are written below a temporary name beside the place; publish() exchanges the two in one
// step (renameat2), so that a reader finds the old folder or the new one. What a killed process
// left behind is removed by the next one. Reports can be made again, so nothing is synced to the
// disk.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace mien {

class ReportFolder {
 public:
  static Result<ReportFolder> create(const std::filesystem::path& place);
  ReportFolder(ReportFolder&& other) noexcept;
  ReportFolder& operator=(ReportFolder&&) = delete;
  ~ReportFolder();  // removes what was not published

  Status make_folder(const std::filesystem::path& relative) const;
  Status write(const std::filesystem::path& relative, std::string_view bytes) const;
  Status copy_in(const std::filesystem::path& file, const std::filesystem::path& relative) const;
  Status publish();

 private:
  ReportFolder(std::filesystem::path place, std::filesystem::path temporary);

  std::filesystem::path place_;
  std::filesystem::path temporary_;  // empty once published or moved from
};

}  // namespace mien
