#include "pipeline/study/study_settings.h"

#include <algorithm>

#include "base/outside_json.h"
#include "base/sha256.h"

namespace mien {

namespace {

// Text that is not UTF-8 cannot be JSON; it is replaced, never thrown.
std::string dumped(const nlohmann::json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json compared_part(const StudySettings& settings) {
  return {{"options", settings.options},
          {"models", settings.models},
          {"model_set", settings.model_set_hash},
          {"schema_version", settings.schema_version},
          {"seed", settings.seed}};
}

// Every leaf of a JSON value by its dotted path.
void flatten(const nlohmann::json& json, const std::string& path,
             std::map<std::string, std::string>& leaves) {
  if (json.is_object() && !json.empty()) {
    for (const auto& [key, value] : json.items()) {
      flatten(value, path.empty() ? key : path + "." + key, leaves);
    }
  } else {
    leaves[path] = dumped(json, -1);
  }
}

void compare(const std::map<std::string, std::string>& study,
             const std::map<std::string, std::string>& now, const std::string& prefix,
             std::vector<std::string>& lines) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (const auto& [key, value] : study) both[key].first = value;
  for (const auto& [key, value] : now) both[key].second = value;
  for (const auto& [key, values] : both) {
    if (values.first == values.second) continue;
    const auto shown = [](const std::string& value) { return value.empty() ? "absent" : value; };
    std::string line = prefix;
    line += key + ": " + shown(values.first) + " in the study, " + shown(values.second) + " now";
    lines.push_back(std::move(line));
  }
}

}  // namespace

std::string encode(const StudySettings& settings) {
  nlohmann::json json = compared_part(settings);
  json["program_version"] = settings.program_version;
  return dumped(json, 2) + "\n";
}

Result<StudySettings> decode_settings(const std::string& text) {
  StudySettings settings;
  try {
    const nlohmann::json json = parse_own_json(text);
    settings.options = json.at("options");
    json.at("models").get_to(settings.models);
    json.at("model_set").get_to(settings.model_set_hash);
    json.at("schema_version").get_to(settings.schema_version);
    json.at("seed").get_to(settings.seed);
    json.at("program_version").get_to(settings.program_version);
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("not the settings of a study: ") + error.what()};
  }
  return settings;
}

std::string settings_hash(const StudySettings& settings) {
  return sha256_of_bytes(dumped(compared_part(settings), -1));
}

std::vector<std::string> differences(const StudySettings& study, const StudySettings& now) {
  std::vector<std::string> lines;
  if (study.schema_version != now.schema_version) {
    lines.push_back("version of the tables: " + std::to_string(study.schema_version) +
                    " in the study, " + std::to_string(now.schema_version) + " now");
  }
  std::map<std::string, std::string> study_options;
  std::map<std::string, std::string> now_options;
  flatten(study.options, "", study_options);
  flatten(now.options, "", now_options);
  compare(study_options, now_options, "", lines);
  const std::size_t before_models = lines.size();
  compare(study.models, now.models, "model ", lines);
  if (lines.size() == before_models && study.model_set_hash != now.model_set_hash) {
    lines.push_back("set of models: " + study.model_set_hash + " in the study, " +
                    now.model_set_hash + " now");
  }
  if (study.seed != now.seed) {
    lines.push_back("seed: " + std::to_string(study.seed) + " in the study, " +
                    std::to_string(now.seed) + " now");
  }
  return lines;
}

FileMetadata file_metadata(const StudySettings& settings, const std::string& table) {
  return {{"mien.table", table},
          {"mien.program_version", settings.program_version},
          {"mien.schema_version", std::to_string(settings.schema_version)},
          {"mien.models", dumped(settings.models, -1)},
          {"mien.model_set", settings.model_set_hash},
          {"mien.options", dumped(settings.options, -1)},
          {"mien.seed", std::to_string(settings.seed)}};
}

}  // namespace mien
