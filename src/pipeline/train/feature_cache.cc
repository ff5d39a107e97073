#include "pipeline/train/feature_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/half_float.h"
#include "base/sha256.h"
#include "store/durable_file.h"

namespace mien {

namespace {

constexpr std::string_view kMagic = "mien features 1\n";
constexpr std::size_t kHashBytes = 64;

template <typename T>
void put(std::string& bytes, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof value);
}

// Takes numbers off the front; `failed` once there are too few.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T take() {
    T value{};
    if (bytes_.size() < sizeof value) {
      failed_ = true;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  bool failed() const { return failed_; }
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

// Below the folder of a key.
std::filesystem::path place_of(const std::string& video_id) {
  const std::string hash = sha256_of_bytes(video_id).substr(0, 32);
  return std::filesystem::path(hash.substr(0, 2)) / hash;
}

struct CachedClip {
  std::int64_t track, start_us, end_us;
  std::vector<float> rows;
};

}  // namespace

std::filesystem::path features_folder(const std::filesystem::path& study) {
  return study / "features";
}

FeatureCache::FeatureCache(const std::filesystem::path& study, std::string_view key,
                           std::size_t row_size)
    : folder_(features_folder(study) / sha256_of_bytes(std::string(key)).substr(0, 16)),
      row_size_(row_size) {}

std::filesystem::path FeatureCache::path_of(const RatedVideo& video) const {
  return folder_ / place_of(video.input.video_id);
}

std::vector<std::filesystem::path> cached_features_of(const std::filesystem::path& study,
                                                      const std::string& video_id) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(features_folder(study), error), end;
       !error && it != end; it.increment(error)) {
    const std::filesystem::path file = it->path() / place_of(video_id);
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) files.push_back(file);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<std::vector<ClipRows>> FeatureCache::read(const RatedVideo& video,
                                                        std::span<const RatedClip> clips) const {
  std::error_code ignored;
  if (!std::filesystem::exists(path_of(video), ignored)) return std::nullopt;
  const auto bytes = read_whole_file(path_of(video));
  if (!bytes.ok() || !bytes->starts_with(kMagic) || bytes->size() < kMagic.size() + kHashBytes) {
    return std::nullopt;
  }
  const std::string body = bytes->substr(kMagic.size() + kHashBytes);
  if (sha256_of_bytes(body) != bytes->substr(kMagic.size(), kHashBytes)) return std::nullopt;
  Reader reader(body);
  if (reader.take<std::int64_t>() != video.input.size_bytes ||
      reader.take<std::int64_t>() != video.input.mtime_ns ||
      reader.take<std::int64_t>() != (video.has_company ? 1 : 0) ||
      reader.take<std::uint64_t>() != row_size_) {
    return std::nullopt;
  }
  std::vector<CachedClip> cached;
  while (reader.left() > 0) {
    CachedClip clip{};
    clip.track = reader.take<std::int64_t>();
    clip.start_us = reader.take<std::int64_t>();
    clip.end_us = reader.take<std::int64_t>();
    const auto numbers = reader.take<std::uint64_t>();
    if (reader.failed() || numbers > reader.left() / 2 || numbers % row_size_ != 0) {
      return std::nullopt;
    }
    clip.rows.reserve(numbers);
    for (std::uint64_t i = 0; i < numbers; ++i) {
      clip.rows.push_back(half_to_float(reader.take<std::uint16_t>()));
    }
    cached.push_back(std::move(clip));
  }
  std::vector<ClipRows> found;
  for (const RatedClip& clip : clips) {
    const CachedClip* same = nullptr;
    for (const CachedClip& other : cached) {
      if (other.track == clip.track && other.start_us == clip.start_us &&
          other.end_us == clip.end_us) {
        same = &other;
      }
    }
    if (same == nullptr) return std::nullopt;
    found.push_back({same->rows});
  }
  return found;
}

Status FeatureCache::write(const RatedVideo& video, std::span<const RatedClip> clips,
                           std::span<const ClipRows> rows) const {
  std::string body;
  put(body, video.input.size_bytes);
  put(body, video.input.mtime_ns);
  put(body, std::int64_t{video.has_company ? 1 : 0});
  put(body, std::uint64_t{row_size_});
  for (std::size_t i = 0; i < clips.size(); ++i) {
    put(body, std::int64_t{clips[i].track});
    put(body, clips[i].start_us);
    put(body, clips[i].end_us);
    put(body, std::uint64_t{rows[i].rows.size()});
    for (const float value : rows[i].rows) put(body, float_to_half(value));
  }
  const std::filesystem::path path = path_of(video);
  MIEN_TRY_VOID(make_folders(path.parent_path()));
  return write_file_durably(path, std::string(kMagic) + sha256_of_bytes(body) + body);
}

}  // namespace mien
