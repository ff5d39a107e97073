// What a study remembers of the model that its labels come from: an expression head trained on
// ratings. Part of the annotation's options, so that every file made of them can say it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/manifest.h"
#include "table/schema.h"

namespace mien {

struct HeadFacts {
  std::string id;
  std::string version;
  std::string onnx_sha256;
  std::string channel;              // the prefix of its columns
  std::vector<std::string> labels;  // the columns' names after the prefix
  std::string whose_labels;
  HeadRatings ratings;

  bool operator==(const HeadFacts&) const = default;
};

// `manifest` is an expression head's.
HeadFacts facts_of(const Manifest& manifest);

nlohmann::json to_json(const HeadFacts& facts);
// kCorrupt where to_json() would not write it.
Result<HeadFacts> head_facts_from_json(const nlohmann::json& json);

// "Expression labels (smiles 1)".
std::string title_of(const HeadFacts& facts);
// Whose words they are and how many said so, in a sentence or two; where nobody was asked, first of
// all that.
std::string whose_labels_of(const HeadFacts& facts);
// The columns that it gives, described.
std::vector<ColumnSpec> columns_of(const HeadFacts& facts);

}  // namespace mien
