#include "pipeline/label_model.h"

#include <nlohmann/json.hpp>

#include "base/outside_json.h"

namespace mien {

std::optional<HeadFacts> label_model(const nlohmann::json& options) {
  if (!options.is_object() || !options.contains("channels")) return std::nullopt;
  const nlohmann::json& channels = options.at("channels");
  if (!channels.is_object() || !channels.contains("head")) return std::nullopt;
  auto facts = head_facts_from_json(channels.at("head"));
  if (!facts.ok()) return std::nullopt;
  return *std::move(facts);
}

std::optional<HeadFacts> label_model(const FileMetadata& metadata) {
  for (const char* key : {"mien.options", "expressions_mien.options"}) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) continue;
    return label_model(parse_own_json(found->second));
  }
  return std::nullopt;
}

ChannelGroup channel_group_of(const HeadFacts& facts) {
  ChannelGroup group;
  group.prefix = facts.channel;
  group.title = title_of(facts);
  group.whose_labels = whose_labels_of(facts);
  group.reliability = facts.ratings.reliability;
  group.is_unit_interval = true;
  return group;
}

}  // namespace mien
