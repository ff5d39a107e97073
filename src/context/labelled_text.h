// Texts of which somebody said what contexts they are of: a CSV file.
//
// Columns: video_id or id, contexts (needed; ids separated by '|', the main one first, empty for
// none); title, description (at least one of them); split, language, uploader. Other columns are
// passed over. UTF-8; limits as of vocabularies, but kMaxLabelledBytes for the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "context/prepared_text.h"
#include "context/vocabulary.h"

namespace mien {

struct LabelledText {
  std::string id;
  std::string split;     // "" where there is no such column
  std::string language;  // as somebody said; may be empty
  std::string uploader;  // may be empty
  PreparedText text;
  std::vector<std::string> contexts;  // ids, the main one first; empty: none fits
};

constexpr std::size_t kMaxLabelledBytes = 4ULL << 30U;

// Whether the texts are needed, or only the videos that carry the labels.
enum class LabelsOf { kTexts, kVideos };

// kCorrupt names file and line; ids must not repeat. With kVideos title and description may be
// missing.
Result<std::vector<LabelledText>> parse_labelled_texts(std::string_view bytes,
                                                       const std::string& name,
                                                       LabelsOf labels_of = LabelsOf::kTexts);

// Positions of a text's contexts in a list of ids; kMismatch names the first that is not there.
Result<std::vector<std::vector<std::uint32_t>>> label_positions(
    const std::vector<LabelledText>& texts, std::span<const std::string> ids,
    const std::string& name);

}  // namespace mien
