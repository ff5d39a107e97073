#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <system_error>
#include <unordered_map>

#include "base/half_float.h"
#include "store/durable_file.h"
#include "training/dataset.h"
#include "training/rated_labels.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little);

constexpr float kLargestHalf = 65504;

template <typename T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

Error cannot_write(const std::filesystem::path& path) {
  return {ErrorCode::kIo, path.string() + ": cannot be written; " + io_remedy(ENOSPC)};
}

// The ratings of clips in the set, in its order, of which those without any stay.
Ratings keep(const Ratings& ratings, const std::vector<DatasetClip>& clips) {
  std::unordered_map<std::string_view, std::uint32_t> number;
  for (std::uint32_t i = 0; i < ratings.clips.size(); ++i) number.emplace(ratings.clips[i], i);
  std::vector<std::uint32_t> rated, place;  // number among the ratings, and in the set
  for (std::uint32_t i = 0; i < clips.size(); ++i) {
    const auto found = number.find(clips[i].id);
    if (found == number.end()) continue;
    rated.push_back(found->second);
    place.push_back(i);
  }
  Ratings kept = only_clips(ratings, rated);
  for (Judgement& judgement : kept.judgements) judgement.clip = place[judgement.clip];
  return kept;
}

std::size_t count_rated(const Ratings& kept) {
  std::size_t count = 0;
  for (std::size_t j = 0; j < kept.judgements.size(); ++j)
    count += j == 0 || kept.judgements[j].clip != kept.judgements[j - 1].clip ? 1 : 0;
  return count;
}

// The range of value ratings, as told or as given.
Status settle_range(const Ratings& kept, DatasetHeader& header) {
  if (kept.mode == RatingMode::kChoice) {
    header.lowest_value = 0;
    header.highest_value = 1;
    return Ok{};
  }
  const auto [lowest, highest] = value_range(kept);
  if (std::isnan(header.lowest_value)) header.lowest_value = lowest;
  if (std::isnan(header.highest_value)) header.highest_value = highest;
  if (lowest < header.lowest_value || highest > header.highest_value) {
    return Error{ErrorCode::kUsage,
                 fmt::format("values from {} to {} were given, the range told is {} to {}; remedy: "
                             "tell the range of the scale that raters saw",
                             lowest, highest, header.lowest_value, header.highest_value)};
  }
  if (!(header.lowest_value < header.highest_value)) {
    return Error{
        ErrorCode::kUsage,
        fmt::format("every rating is {}: there is nothing to learn; remedy: tell the range "
                    "of the scale that raters saw, and rate clips that differ",
                    lowest)};
  }
  return Ok{};
}

std::string ratings_bytes(const Ratings& kept) {
  std::vector<std::uint32_t> words;
  for (const Judgement& j : kept.judgements)
    words.insert(words.end(), {j.clip, j.rater, j.repeat, j.order});
  for (const auto& of_label : kept.values) {
    for (const LabelValue& value : of_label) {
      words.push_back(value.judgement);
      words.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(value.value)));
    }
  }
  return std::string(bytes_of(words));
}

std::string clip_lines(const std::vector<DatasetClip>& clips) {
  std::string lines;
  for (const DatasetClip& clip : clips) {
    lines += Json{{"id", clip.id},         {"first_row", clip.first_row},
                  {"rows", clip.rows},     {"person", clip.person},
                  {"source", clip.source}, {"split", to_string(clip.split)}}
                 .dump();
    lines += '\n';
  }
  return lines;
}

Json file_entry(std::size_t bytes, const std::string& sha256) {
  return {{"bytes", bytes}, {"sha256", sha256}};
}

Json rated(const Ratings& ratings) {
  Json counts = Json::array();
  for (const auto& of_label : ratings.values) counts.push_back(of_label.size());
  Json groups = Json::array();
  for (const std::uint32_t group : ratings.group_of_rater)
    groups.push_back(group == kNoGroup ? -1 : static_cast<int>(group));
  return {{"mode", ratings.mode == RatingMode::kChoice ? "choice" : "value"},
          {"labels", ratings.labels},
          {"raters", ratings.raters},
          {"groups", ratings.groups},
          {"group_of_rater", groups},
          {"judgements", ratings.judgements.size()},
          {"values", counts}};
}

}  // namespace

Result<DatasetWriter> DatasetWriter::create(const std::filesystem::path& folder,
                                            const DatasetHeader& header) {
  MIEN_CHECK(header.dimensions() > 0, "a row without features");
  DatasetWriter writer;
  writer.folder_ = folder.has_filename() ? folder : folder.parent_path();
  writer.header_ = header;
  const std::filesystem::path parent = writer.folder_.parent_path();
  if (!parent.empty()) MIEN_TRY_VOID(make_folders(parent));
  const std::filesystem::path temporary = temporary_name_for(writer.folder_);
  MIEN_TRY_VOID(make_folders(temporary));
  writer.temporary_ = temporary;
  writer.features_hash_ = std::make_unique<Sha256>();
  writer.features_.open(temporary / "features.f16", std::ios::binary);
  if (!writer.features_) return cannot_write(temporary / "features.f16");
  return writer;
}

DatasetWriter::~DatasetWriter() {
  if (features_hash_ == nullptr) return;
  features_.close();
  std::error_code ignored;
  std::filesystem::remove_all(temporary_, ignored);
}

Status DatasetWriter::add(const DatasetClip& clip, std::span<const float> rows) {
  const std::size_t dimensions = header_.dimensions();
  MIEN_CHECK(rows.size() % dimensions == 0, "not whole rows");
  if (clip.id.empty() || clip.person.empty() || clip.source.empty()) {
    return Error{ErrorCode::kCorrupt,
                 "clip '" + clip.id +
                     "': its id, person or source is empty; remedy: name each, "
                     "so that no person stands in training and test"};
  }
  if (rows.empty()) {
    return Error{ErrorCode::kCorrupt, "clip '" + clip.id + "': no frame of it was scored"};
  }
  if (!ids_.insert(clip.id).second) {
    return Error{ErrorCode::kCorrupt, "clip '" + clip.id +
                                          "': its id came before; remedy: name "
                                          "every clip once"};
  }
  halves_.clear();
  for (const float value : rows)
    halves_.push_back(float_to_half(std::clamp(value, -kLargestHalf, kLargestHalf)));
  const std::string_view bytes = bytes_of(halves_);
  features_hash_->add(bytes);
  features_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!features_) return cannot_write(folder_);
  DatasetClip written = clip;
  written.first_row = rows_;
  written.rows = static_cast<std::uint32_t>(rows.size() / dimensions);
  rows_ += written.rows;
  clips_.push_back(std::move(written));
  return Ok{};
}

Result<std::size_t> DatasetWriter::finish(const Ratings& ratings) {
  if (clips_.empty()) {
    return Error{ErrorCode::kUsage, folder_.string() +
                                        ": no clip has features; remedy: annotate "
                                        "the videos of the rated clips first"};
  }
  const Ratings kept = keep(ratings, clips_);
  const std::size_t clips = count_rated(kept);
  if (clips == 0) {
    return Error{ErrorCode::kUsage, folder_.string() +
                                        ": none of the clips was rated; remedy: check "
                                        "that ratings and clips bear the same ids"};
  }
  MIEN_TRY_VOID(settle_range(kept, header_));
  features_.close();
  if (!features_) return cannot_write(folder_);
  MIEN_TRY_VOID(sync_path(temporary_ / "features.f16"));
  const std::string lines = clip_lines(clips_);
  const std::string words = ratings_bytes(kept);
  MIEN_TRY_VOID(write_file_durably(temporary_ / "clips.jsonl", lines));
  MIEN_TRY_VOID(write_file_durably(temporary_ / "ratings.bin", words));
  Json blocks = Json::array();
  for (const FeatureBlock& block : header_.blocks) {
    blocks.push_back({{"name", block.name},
                      {"size", block.size},
                      {"model", block.model},
                      {"sha256", block.sha256}});
  }
  const Json manifest = {
      {"version", 1},
      {"rate_hz", header_.rate_hz},
      {"blocks", blocks},
      {"clips", clips_.size()},
      {"rows", rows_},
      {"simulated", header_.simulated},
      {"seed", header_.seed},
      {"lowest_value", header_.lowest_value},
      {"highest_value", header_.highest_value},
      {"rated", rated(kept)},
      {"provenance", header_.provenance},
      {"files",
       {{"features.f16", file_entry(rows_ * header_.dimensions() * sizeof(std::uint16_t),
                                    features_hash_->finish())},
        {"clips.jsonl", file_entry(lines.size(), sha256_of_bytes(lines))},
        {"ratings.bin", file_entry(words.size(), sha256_of_bytes(words))}}}};
  MIEN_TRY_VOID(write_file_durably(temporary_ / "manifest.json", manifest.dump(1) + "\n"));
  MIEN_TRY_VOID(replace_folder_durably(temporary_, folder_));
  features_hash_.reset();
  return clips;
}

}  // namespace mien
