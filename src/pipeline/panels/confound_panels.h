// The panels that ask what else could make maps look alike: which of them the maps at hand allow,
// what those found, and why the others are not possible here.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/compare/compare.h"
#include "pipeline/compare/source_comparison.h"
#include "pipeline/panels/video_panels.h"

namespace mien {

struct ConfoundPanel {
  char id = 'a';  // as in docs/confounds.md
  std::string title;
  std::string not_possible;  // why there is no result; empty where there is
  nlohmann::ordered_json result;
};

// What a panel may be made of. A panel whose part is missing says what it would need.
struct PanelInputs {
  const Comparison* main = nullptr;              // must be there
  std::vector<SourceComparison> masked;          // (a) faces masked, patches masked elsewhere
  std::optional<SourceComparison> other_source;  // (c)
  std::vector<SourceComparison> channels;        // (h) words against action, rater groups
  std::vector<SourceComparison> crops;           // (i)
  nlohmann::ordered_json without_country;        // (g); null: not there
  VideoPanels videos;                            // (a), (d), (e), (f), (j), (k)
  bool has_videos = false;                       // a study, not published maps
};

std::vector<ConfoundPanel> confound_panels(const PanelInputs& inputs);
nlohmann::ordered_json to_json(const std::vector<ConfoundPanel>& panels);

// Contexts whose name has an expression's word (or its plural with s) as one of its words.
std::vector<std::size_t> contexts_named_as_expressions(const ContextMaps& maps);

}  // namespace mien
