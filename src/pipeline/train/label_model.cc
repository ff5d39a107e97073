#include "pipeline/train/label_model.h"

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

nlohmann::json measuring_options(const FileMetadata& metadata) {
  for (const char* key : {"mien.options", "expressions_mien.options"}) {
    const auto found = metadata.find(key);
    if (found != metadata.end()) return parse_own_json(found->second);
  }
  return {};
}

std::optional<HeadFacts> label_model(const FileMetadata& metadata) {
  return label_model(measuring_options(metadata));
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

namespace {

// Empty where the options tell of no other tool.
std::string imported_word(const nlohmann::json& options, const char* key) {
  if (!options.is_object() || !options.contains("imported")) return "";
  const nlohmann::json& imported = options.at("imported");
  if (!imported.is_object() || !imported.contains(key) || !imported.at(key).is_string()) return "";
  return imported.at(key).get<std::string>();
}

}  // namespace

std::vector<ChannelGroup> channel_groups_of(ChannelColumns channels,
                                            const nlohmann::json& options) {
  std::vector<ChannelGroup> groups = default_channel_groups(channels);
  const auto trained = label_model(options);
  const std::string imported = imported_word(options, "channel");
  for (ChannelGroup& group : groups) {
    if (trained && group.prefix == trained->channel) group = channel_group_of(*trained);
    if (imported.empty() || group.prefix != imported) continue;
    const std::string tool = imported_word(options, "tool");
    const std::string who = tool == "table" ? "another tool, which the files do not name" : tool;
    group.title = "Scores of " + (tool == "table" ? imported : tool);
    group.whose_labels =
        "Those of " + who + ": the study's owner imported its files; Mien measured nothing.";
    group.reliability = "What is known of it, the tool's own documentation says.";
  }
  return groups;
}

}  // namespace mien
