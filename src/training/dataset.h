// A training set on the disk: features of faces' clips, and what raters called them.
//
// A folder:
//   manifest.json  version; rate_hz; blocks of a row's features in their order (name, size, the id
//                  and SHA-256 of the model that makes them); what was rated (mode, labels, raters,
//                  groups, the values' range); simulated; seed; provenance; the other files' sizes
//                  and SHA-256
//   features.f16   row-major [rows][dimensions] IEEE 754 halves, little-endian; one row a scored
//                  frame of the clip's face, clip after clip. A block that was not measured on a
//                  frame is NaN throughout.
//   clips.jsonl    one line a clip: id, first row, rows, person, source, split
//   ratings.bin    little-endian 32-bit words: judgements (clip, rater, repeat, order), by clip,
//                  rater, repeat; then of each label its values (judgement, value as a float)
//
// Single ratings are kept, not only means: ceilings, groups of raters and random halves of them
// need them. Numbers beyond a half's range are stored as its largest; features are at most some
// hundreds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "rating/ratings.h"

namespace mien {

struct FeatureBlock {
  std::string name;           // "descriptor", "expression", "landmarks", "action", "basic7"
  std::size_t size = 0;       // numbers a row
  std::string model, sha256;  // empty: computed without a network of its own
  bool operator==(const FeatureBlock&) const = default;
};

enum class Split { kUnassigned, kTrain, kValidation, kTest };

std::string_view to_string(Split split);  // "", "train", "validation", "test"
Result<Split> split_from(std::string_view text);

struct DatasetHeader {
  double rate_hz = 6;  // frames a second that were scored; stills have one row
  std::vector<FeatureBlock> blocks;
  bool simulated = false;
  std::uint64_t seed = 0;
  // Value ratings run from `lowest_value` to `highest_value`, which become 0 and 1; NaN: the lowest
  // and the highest that were given. Choices are 0 or 1.
  double lowest_value = std::numeric_limits<double>::quiet_NaN();
  double highest_value = std::numeric_limits<double>::quiet_NaN();
  // Whatever says where it comes from: the ratings' SHA-256, the study, its models, languages.
  nlohmann::ordered_json provenance = nlohmann::ordered_json::object();

  std::size_t dimensions() const;
};

struct DatasetClip {
  std::string id;      // as the ratings name it
  std::string person;  // whose face; never empty. Clips of one person stay on one side.
  std::string source;  // where it was taken from (an uploader, else the video); never empty
  Split split = Split::kUnassigned;  // unassigned: splits.h decides
  std::uint64_t first_row = 0;       // set by the writer
  std::uint32_t rows = 0;            // set by the writer
};

// Writes a set row by row; memory grows with clips and ratings, not with rows. Nothing stands under
// `folder` before finish(), which replaces what was there; given up, it leaves nothing.
class DatasetWriter {
 public:
  static Result<DatasetWriter> create(const std::filesystem::path& folder,
                                      const DatasetHeader& header);
  DatasetWriter(DatasetWriter&&) noexcept = default;
  DatasetWriter& operator=(DatasetWriter&&) = delete;
  ~DatasetWriter();

  // `rows`: whole rows of header.dimensions() numbers, at least one. kCorrupt: no row, an id that
  // came before, an empty id, person or source.
  Status add(const DatasetClip& clip, std::span<const float> rows);

  // Ratings of clips that were not added are left out. Returns how many clips have a rating.
  // kUsage: no clip was added or none was rated, or a value outside the range of values.
  Result<std::size_t> finish(const Ratings& ratings);

 private:
  DatasetWriter() = default;

  std::filesystem::path folder_, temporary_;
  DatasetHeader header_;
  std::ofstream features_;
  std::unique_ptr<Sha256> features_hash_;  // null once moved away or finished
  std::uint64_t rows_ = 0;
  std::vector<DatasetClip> clips_;
  std::unordered_set<std::string> ids_;
  std::vector<std::uint16_t> halves_;
};

// What raters said of the clips, as targets: clips x labels, row-major.
struct Targets {
  std::size_t clips = 0, labels = 0;
  std::vector<float> mean;    // in [0, 1]; NaN where nobody rated the label of the clip
  std::vector<float> raters;  // how many did
};

// First judgements by the raters that `wanted` marks (all where it is empty).
Targets targets_of(const Ratings& ratings, double lowest_value, double highest_value,
                   std::span<const std::uint8_t> wanted = {});

class Dataset {
 public:
  // Reads all but the features, which stay on the disk. kCorrupt where a file's size or, but for
  // the features', its SHA-256 is not the manifest's.
  static Result<Dataset> open(const std::filesystem::path& folder);
  Dataset(Dataset&& other) noexcept;
  Dataset& operator=(Dataset&&) = delete;
  ~Dataset();

  // Reads the features once through: kCorrupt where their SHA-256 is not the manifest's.
  Status verify_features() const;

  const DatasetHeader& header() const { return header_; }
  std::size_t dimensions() const { return dimensions_; }
  const std::vector<DatasetClip>& clips() const { return clips_; }
  // Of the set's clips, in their order (which need not be that of their names).
  const Ratings& ratings() const { return ratings_; }
  double lowest_value() const { return header_.lowest_value; }
  double highest_value() const { return header_.highest_value; }
  const std::string& sha256() const { return sha256_; }  // of manifest.json: ties a model to it

  // The clip's rows as halves: halves.size() is rows x dimensions afterwards. Threads may read at
  // once.
  Status read(std::size_t clip, std::vector<std::uint16_t>& halves) const;
  Status read_floats(std::size_t clip, std::vector<float>& rows) const;

 private:
  Dataset() = default;

  std::filesystem::path folder_;
  DatasetHeader header_;
  std::size_t dimensions_ = 0;
  std::vector<DatasetClip> clips_;
  Ratings ratings_;
  std::string sha256_, features_sha256_;
  int features_ = -1;  // a file descriptor
};

}  // namespace mien
