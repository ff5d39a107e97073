#include "report/report_folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <system_error>

namespace mien {

namespace fs = std::filesystem;

namespace {

Error io_error(const fs::path& path, const std::string& doing, const std::string& why) {
  return {ErrorCode::kIo,
          path.string() + ": " + doing + ": " + why +
              "; remedy: check the disk's free space and that the folder may be written, then run "
              "the same command again"};
}

std::string stem_of(const fs::path& place) {
  std::string stem = ".";
  stem += place.filename().string();
  stem += ".tmp-";
  return stem;
}

// Removes temporary folders of processes that are no more.
void remove_left_behind(const fs::path& place) {
  const std::string stem = stem_of(place);
  std::error_code failed;
  for (fs::directory_iterator it(place.parent_path(), failed), end; !failed && it != end;
       it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(stem)) continue;
    int process = 0;
    const auto parsed =
        std::from_chars(name.data() + stem.size(), name.data() + name.size(), process);
    if (parsed.ec != std::errc() || process <= 0) continue;
    if (kill(process, 0) == 0 || errno != ESRCH) continue;
    std::error_code ignored;
    fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

ReportFolder::ReportFolder(fs::path place, fs::path temporary)
    : place_(std::move(place)), temporary_(std::move(temporary)) {}

ReportFolder::ReportFolder(ReportFolder&& other) noexcept
    : place_(std::move(other.place_)), temporary_(std::move(other.temporary_)) {
  other.temporary_.clear();
}

ReportFolder::~ReportFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

Result<ReportFolder> ReportFolder::create(const fs::path& place) {
  std::error_code failed;
  fs::path whole = fs::absolute(place, failed).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  fs::create_directories(whole.parent_path(), failed);
  if (failed) return io_error(whole.parent_path(), "cannot be made", failed.message());
  if (fs::exists(whole, failed) && !fs::is_directory(whole, failed))
    return Error{ErrorCode::kIo,
                 whole.string() + ": is a file where a folder is wanted; move it away"};
  remove_left_behind(whole);
  static std::atomic<int> counter = 0;
  std::string name = stem_of(whole);
  name += std::to_string(getpid());
  name += "-";
  name += std::to_string(counter++);
  const fs::path temporary = whole.parent_path() / name;
  fs::create_directory(temporary, failed);
  if (failed) return io_error(temporary, "cannot be made", failed.message());
  return ReportFolder(whole, temporary);
}

Status ReportFolder::make_folder(const fs::path& relative) const {
  std::error_code failed;
  fs::create_directories(temporary_ / relative, failed);
  if (failed) return io_error(temporary_ / relative, "cannot be made", failed.message());
  return Ok{};
}

Status ReportFolder::write(const fs::path& relative, std::string_view bytes) const {
  const fs::path path = temporary_ / relative;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file)
    return io_error(place_ / relative, "cannot be written", std::system_category().message(errno));
  return Ok{};
}

Status ReportFolder::copy_in(const fs::path& file, const fs::path& relative) const {
  std::error_code failed;
  fs::copy_file(file, temporary_ / relative, fs::copy_options::overwrite_existing, failed);
  if (failed) return io_error(file, "cannot be copied into the report", failed.message());
  return Ok{};
}

Status ReportFolder::publish() {
  std::error_code failed;
  if (fs::is_directory(place_, failed)) {
    if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0) {
      std::error_code ignored;
      fs::remove_all(temporary_, ignored);  // now the earlier report
      temporary_.clear();
      return Ok{};
    }
    if (errno != EINVAL && errno != ENOSYS)
      return io_error(place_, "cannot be replaced", std::system_category().message(errno));
    fs::remove_all(place_, failed);  // a file system without exchange
    if (failed) return io_error(place_, "cannot be removed", failed.message());
  }
  fs::rename(temporary_, place_, failed);
  if (failed) return io_error(place_, "cannot be put in place", failed.message());
  temporary_.clear();
  return Ok{};
}

}  // namespace mien
