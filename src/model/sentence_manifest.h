// A sentence encoder says what it is: models/sentence/*.json, or a user's own file of that kind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"

namespace mien {

// How text becomes token ids: a list of pieces with scores (context/unigram_tokenizer.h).
struct TokenizerSpec {
  std::string file;  // beside the network
  std::string sha256;
};

// What a tensor that the network takes holds, each batch x tokens.
enum class SentenceInput { kIds, kMask, kTypes };  // token ids; ones; zeros

// What the network's output is: one vector, batch x dimensions; or one a token, batch x tokens x
// dimensions, of which the mean is taken.
enum class Pooling { kNone, kMean };

struct SentenceManifest {
  std::string id;  // "use_lite"
  std::string version;
  std::string licence;
  ModelSource source;
  std::string onnx_file;
  std::string onnx_sha256;
  TokenizerSpec tokenizer;
  std::string prefix;                   // put before every text: "query: "
  std::vector<std::int64_t> begin_ids;  // before the ids of every piece of a text
  std::vector<std::int64_t> end_ids;    // and behind them
  std::int64_t max_tokens = 0;          // ids that the network takes, those included
  std::int64_t batch = 1;  // texts of one length a call, where that leaves their bits as they are
  struct Input {
    std::string name;
    SentenceInput holds = SentenceInput::kIds;
  };
  std::vector<Input> inputs;
  std::string output;
  Pooling pooling = Pooling::kNone;
  std::int64_t dimensions = 0;
  std::vector<std::string> languages;  // ISO 639-1 codes, 639-3 where there is none
  std::string intended_use;
  std::vector<std::string> known_limits;

  std::filesystem::path path;  // where it was read from
};

Result<SentenceManifest> parse_sentence_manifest(std::string_view text,
                                                 const std::filesystem::path& path);
Result<SentenceManifest> read_sentence_manifest(const std::filesystem::path& path);

// All of a folder, sorted by id.
Result<std::vector<SentenceManifest>> read_sentence_manifests(const std::filesystem::path& folder);

}  // namespace mien
