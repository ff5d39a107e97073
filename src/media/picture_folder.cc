#include "media/picture_folder.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

#include "base/ascii_case.h"
#include "media/media_info.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 15> kEndings = {".jpg", ".jpeg", ".jpe", ".png",  ".webp",
                                                       ".bmp", ".gif",  ".tif", ".tiff", ".ppm",
                                                       ".pgm", ".pnm",  ".jp2", ".jxl",  ".avif"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool has_picture_ending(const fs::path& path) {
  const std::string ending = ascii_lower_case(path.extension().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

// The run of digits at the start of `text`, without leading zeros.
std::string_view number_at(std::string_view text, std::size_t* length) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  *length = end;
  std::size_t start = 0;
  while (start + 1 < end && text[start] == '0') ++start;
  return text.substr(start, end - start);
}

}  // namespace

bool name_before(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      std::size_t length_a = 0;
      std::size_t length_b = 0;
      const std::string_view x = number_at(a.substr(i), &length_a);
      const std::string_view y = number_at(b.substr(j), &length_b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      i += length_a;
      j += length_b;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  if (i < a.size() || j < b.size()) return j < b.size();
  return a < b;  // equal but for leading zeros
}

Result<std::vector<fs::path>> pictures_of(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> pictures;
  fs::directory_iterator it(folder, error);
  if (error == std::errc::no_such_file_or_directory) {
    return media_error(MediaReason::kMissing, folder, "no such folder; check the path");
  }
  for (const fs::directory_iterator end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const std::string name = it->path().filename().string();
    if (name.starts_with(".") || !has_picture_ending(it->path())) continue;
    if (it->is_regular_file(ignored)) pictures.push_back(it->path());
  }
  if (error) {
    return media_error(
        MediaReason::kUnreadable, folder,
        "the folder cannot be read (" + error.message() + "); check its permissions");
  }
  if (pictures.empty()) {
    return media_error(MediaReason::kEmpty, folder,
                       "the folder holds no pictures (jpg, png, webp, bmp, gif, tiff...); name a "
                       "folder of pictures, or video files");
  }
  std::sort(pictures.begin(), pictures.end(), [](const fs::path& a, const fs::path& b) {
    return name_before(a.filename().string(), b.filename().string());
  });
  return pictures;
}

}  // namespace mien
