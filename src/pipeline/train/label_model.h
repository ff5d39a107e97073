// The model that a study's labels come from, as its files say: an expression head trained on
// ratings, or none where they are those of the packaged prior or of a network of the user's own.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "expression/head_facts.h"
#include "report/report_writer.h"
#include "store/database.h"

namespace mien {

// Of options as annotate_options.h writes them; nullopt also where they are none.
std::optional<HeadFacts> label_model(const nlohmann::json& options);

// Of the metadata of a table of annotations, or of one made from them (maps).
std::optional<HeadFacts> label_model(const FileMetadata& metadata);

// The options themselves, of the same metadata; null where they are not there.
nlohmann::json measuring_options(const FileMetadata& metadata);

// Takes the place of what is said of labels by default.
ChannelGroup channel_group_of(const HeadFacts& facts);

// Whose labels a study's channels are, by its options: the default statements, but those of a head
// that ratings trained and of scores that another tool measured (import_scores.h).
std::vector<ChannelGroup> channel_groups_of(ChannelColumns channels, const nlohmann::json& options);

}  // namespace mien
