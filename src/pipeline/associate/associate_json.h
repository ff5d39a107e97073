// What an association found, for programs and for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/associate/associate.h"

namespace mien {

// {videos, sources: [{source, by, videos, contexts, expressions, cells, estimated, suppressed,
// reasons: {code: cells}, groups: [...], excluded: [{region, language, reason, videos}]}],
// notes: [...], seconds: {stage: s}}. Numbers of videos are told as docs/suppression.md says.
nlohmann::ordered_json to_json(const AssociateSummary& summary, const MapOptions& options);

// The same in a few lines.
std::string to_text(const AssociateSummary& summary, const MapOptions& options);

}  // namespace mien
