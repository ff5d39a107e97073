#include "training/dataset.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <system_error>

#include "base/bytes.h"
#include "base/half_float.h"
#include "base/outside_json.h"
#include "store/durable_file.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 40;  // no product of sizes overflows
constexpr std::size_t kMostDimensions = std::size_t{1} << 20;

Error corrupt(const std::filesystem::path& path, std::string_view what) {
  return {ErrorCode::kCorrupt, path.string() + ": " + std::string(what) +
                                   "; remedy: run `mien train expression` again, which makes the "
                                   "training set anew"};
}

// The bytes of one of the small files, checked against the manifest.
Result<std::string> checked_file(const std::filesystem::path& path, const Json& entry) {
  MIEN_TRY(bytes, read_whole_file(path));
  if (bytes.size() != whole_number<std::size_t>(entry.at("bytes")))
    return corrupt(path, "its size is not the manifest's");
  if (sha256_of_bytes(bytes) != entry.at("sha256").get<std::string>())
    return corrupt(path, "its SHA-256 is not the manifest's");
  return bytes;
}

DatasetHeader header_from(const Json& manifest) {
  DatasetHeader header;
  header.rate_hz = manifest.at("rate_hz").get<double>();
  for (const Json& block : manifest.at("blocks")) {
    header.blocks.push_back(
        {block.at("name").get<std::string>(), whole_number<std::size_t>(block.at("size")),
         block.at("model").get<std::string>(), block.at("sha256").get<std::string>()});
  }
  header.simulated = manifest.at("simulated").get<bool>();
  header.seed = whole_number<std::uint64_t>(manifest.at("seed"));
  header.lowest_value = manifest.at("lowest_value").get<double>();
  header.highest_value = manifest.at("highest_value").get<double>();
  header.provenance = manifest.at("provenance");
  return header;
}

Result<std::vector<DatasetClip>> clips_from(const std::string& lines, std::uint64_t rows) {
  std::vector<DatasetClip> clips;
  std::uint64_t next = 0;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    const Json line = parse_own_json<Json>(std::string_view(lines).substr(at, end - at));
    DatasetClip clip;
    clip.id = line.at("id").get<std::string>();
    clip.person = line.at("person").get<std::string>();
    clip.source = line.at("source").get<std::string>();
    MIEN_TRY(split, split_from(line.at("split").get<std::string>()));
    clip.split = split;
    clip.first_row = whole_number<std::uint64_t>(line.at("first_row"));
    clip.rows = whole_number<std::uint32_t>(line.at("rows"));
    if (clip.first_row != next || clip.rows == 0)
      return Error{ErrorCode::kCorrupt, "rows of clips do not follow each other"};
    next += clip.rows;
    clips.push_back(std::move(clip));
    at = end + 1;
  }
  if (next != rows) return Error{ErrorCode::kCorrupt, "clips do not have all the rows"};
  return clips;
}

Result<Ratings> ratings_from(const Json& rated, const std::string& bytes,
                             const std::vector<DatasetClip>& clips) {
  Ratings ratings;
  ratings.mode =
      rated.at("mode").get<std::string>() == "choice" ? RatingMode::kChoice : RatingMode::kValue;
  ratings.labels = rated.at("labels").get<std::vector<std::string>>();
  ratings.raters = rated.at("raters").get<std::vector<std::string>>();
  ratings.groups = rated.at("groups").get<std::vector<std::string>>();
  for (const Json& number : rated.at("group_of_rater")) {
    const auto group = whole_number<std::int64_t>(number);
    if (group >= static_cast<std::int64_t>(ratings.groups.size()))
      return Error{ErrorCode::kCorrupt, "a rater is of no group of the set"};
    ratings.group_of_rater.push_back(group < 0 ? kNoGroup : static_cast<std::uint32_t>(group));
  }
  if (ratings.group_of_rater.size() != ratings.raters.size())
    return Error{ErrorCode::kCorrupt, "not one group a rater"};
  for (const DatasetClip& clip : clips) ratings.clips.push_back(clip.id);

  const std::vector<std::uint32_t> words = numbers_of_bytes<std::uint32_t>(bytes);
  const Error other_count{ErrorCode::kCorrupt, "ratings are not as many as the manifest says"};
  const auto judgements = whole_number<std::size_t>(rated.at("judgements"));
  if (judgements > words.size() / 4) return other_count;
  std::size_t left = words.size() - 4 * judgements;
  std::vector<std::size_t> counts;
  for (const Json& number : rated.at("values")) {
    counts.push_back(whole_number<std::size_t>(number));
    if (counts.back() > left / 2) return other_count;
    left -= 2 * counts.back();
  }
  if (left != 0 || counts.size() != ratings.labels.size()) return other_count;
  std::size_t at = 0;
  for (std::size_t j = 0; j < judgements; ++j, at += 4) {
    ratings.judgements.push_back({words[at], words[at + 1], words[at + 2], words[at + 3]});
    if (words[at] >= clips.size() || words[at + 1] >= ratings.raters.size())
      return Error{ErrorCode::kCorrupt, "a judgement is of no clip or no rater of the set"};
  }
  for (const std::size_t count : counts) {
    auto& values = ratings.values.emplace_back();
    for (std::size_t i = 0; i < count; ++i, at += 2) {
      if (words[at] >= judgements)
        return Error{ErrorCode::kCorrupt, "a value is of no judgement of the set"};
      values.push_back({words[at], std::bit_cast<float>(words[at + 1])});
    }
  }
  return ratings;
}

}  // namespace

std::size_t DatasetHeader::dimensions() const {
  std::size_t sum = 0;
  for (const FeatureBlock& block : blocks) sum += block.size;
  return sum;
}

std::string_view to_string(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValidation:
      return "validation";
    case Split::kTest:
      return "test";
    case Split::kUnassigned:
      break;
  }
  return "";
}

Result<Split> split_from(std::string_view text) {
  for (const Split split : {Split::kUnassigned, Split::kTrain, Split::kValidation, Split::kTest}) {
    if (text == to_string(split)) return split;
  }
  return Error{ErrorCode::kCorrupt,
               "'" + std::string(text) + "' is no split; remedy: train, validation or test"};
}

Targets targets_of(const Ratings& ratings, double lowest_value, double highest_value,
                   std::span<const std::uint8_t> wanted) {
  const std::size_t labels = ratings.labels.size();
  Targets targets{ratings.clips.size(), labels, {}, {}};
  std::vector<double> sum(targets.clips * labels, 0);
  targets.raters.assign(targets.clips * labels, 0);
  const auto counts = [&](const Judgement& judgement) {
    return judgement.repeat == 0 && (wanted.empty() || wanted[judgement.rater] != 0);
  };
  if (ratings.mode == RatingMode::kChoice) {
    for (const Judgement& judgement : ratings.judgements) {
      if (!counts(judgement)) continue;
      for (std::size_t l = 0; l < labels; ++l) ++targets.raters[judgement.clip * labels + l];
    }
  }
  for (std::size_t l = 0; l < labels; ++l) {
    for (const LabelValue& value : ratings.values[l]) {
      const Judgement& judgement = ratings.judgements[value.judgement];
      if (!counts(judgement)) continue;
      sum[judgement.clip * labels + l] +=
          (value.value - lowest_value) / (highest_value - lowest_value);
      if (ratings.mode == RatingMode::kValue) ++targets.raters[judgement.clip * labels + l];
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    targets.mean.push_back(targets.raters[i] > 0 ? static_cast<float>(sum[i] / targets.raters[i])
                                                 : NAN);
  }
  return targets;
}

Result<Dataset> Dataset::open(const std::filesystem::path& folder) {
  Dataset set;
  set.folder_ = folder;
  const std::filesystem::path manifest_path = folder / "manifest.json";
  MIEN_TRY(text, read_whole_file(manifest_path));
  set.sha256_ = sha256_of_bytes(text);
  try {
    const Json manifest = parse_outside_json<Json>(text);
    if (whole_number<std::int64_t>(manifest.at("version")) != kVersion)
      return corrupt(manifest_path, "it is of another version");
    set.header_ = header_from(manifest);
    set.dimensions_ = set.header_.dimensions();
    const auto rows = whole_number<std::uint64_t>(manifest.at("rows"));
    const bool is_small = std::ranges::all_of(set.header_.blocks, [](const FeatureBlock& block) {
      return block.size <= kMostDimensions;
    });
    if (rows > kMostRows || !is_small || set.dimensions_ == 0 || set.dimensions_ > kMostDimensions)
      return corrupt(manifest_path, "it has no features or too many rows");
    const Json& files = manifest.at("files");
    MIEN_TRY(lines, checked_file(folder / "clips.jsonl", files.at("clips.jsonl")));
    MIEN_TRY(words, checked_file(folder / "ratings.bin", files.at("ratings.bin")));
    auto clips = clips_from(lines, rows);
    if (!clips.ok()) return std::move(clips).error().with_context(folder.string());
    set.clips_ = std::move(clips).value();
    auto ratings = ratings_from(manifest.at("rated"), words, set.clips_);
    if (!ratings.ok()) return std::move(ratings).error().with_context(folder.string());
    set.ratings_ = std::move(ratings).value();
    set.features_sha256_ = files.at("features.f16").at("sha256").get<std::string>();

    const std::filesystem::path path = folder / "features.f16";
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error || bytes != rows * set.dimensions_ * sizeof(std::uint16_t))
      return corrupt(path, "its size is not the manifest's");
    set.features_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (set.features_ < 0) return corrupt(path, "it cannot be opened");
  } catch (const Json::exception& exception) {
    return corrupt(manifest_path, exception.what());
  }
  return set;
}

Dataset::Dataset(Dataset&& other) noexcept
    : folder_(std::move(other.folder_)),
      header_(std::move(other.header_)),
      dimensions_(other.dimensions_),
      clips_(std::move(other.clips_)),
      ratings_(std::move(other.ratings_)),
      sha256_(std::move(other.sha256_)),
      features_sha256_(std::move(other.features_sha256_)),
      features_(std::exchange(other.features_, -1)) {}

Dataset::~Dataset() {
  if (features_ >= 0) ::close(features_);
}

Status Dataset::verify_features() const {
  MIEN_TRY(sha256, sha256_of_file(folder_ / "features.f16"));
  if (sha256 != features_sha256_)
    return corrupt(folder_ / "features.f16", "its SHA-256 is not the manifest's");
  return Ok{};
}

Status Dataset::read(std::size_t clip, std::vector<std::uint16_t>& halves) const {
  const DatasetClip& at = clips_[clip];
  halves.resize(at.rows * dimensions_);
  char* to = reinterpret_cast<char*>(halves.data());
  std::size_t left = halves.size() * sizeof(std::uint16_t);
  auto offset = static_cast<off_t>(at.first_row * dimensions_ * sizeof(std::uint16_t));
  while (left > 0) {
    const ssize_t got = ::pread(features_, to, left, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Error{ErrorCode::kIo, (folder_ / "features.f16").string() + ": clip '" + at.id +
                                       "' cannot be read; " + io_remedy(got < 0 ? errno : EIO)};
    }
    to += got;
    offset += got;
    left -= static_cast<std::size_t>(got);
  }
  return Ok{};
}

Status Dataset::read_floats(std::size_t clip, std::vector<float>& rows) const {
  std::vector<std::uint16_t> halves;
  MIEN_TRY_VOID(read(clip, halves));
  rows.clear();
  for (const std::uint16_t half : halves) rows.push_back(half_to_float(half));
  return Ok{};
}

}  // namespace mien
