#include "pipeline/forget/trained_on.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/outside_json.h"
#include "store/durable_file.h"
#include "store/forgotten.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Marks = std::set<std::string, std::less<>>;

constexpr const char* kRecord = "trained_on.json";

fs::path models_file(const fs::path& study) {
  return study / "models.json";
}

Result<std::set<std::string>> recorded_models(const fs::path& study) {
  std::set<std::string> models;
  std::error_code ignored;
  if (!fs::exists(models_file(study), ignored)) return models;
  MIEN_TRY(text, read_whole_file(models_file(study)));
  const Json json = parse_outside_json<Json>(text);
  if (!json.is_object() || !json.contains("models") || !json["models"].is_array()) {
    return Error{
        ErrorCode::kCorrupt,
        models_file(study).string() +
            ": it does not list models; remedy: remove it, and name the folders of trained "
            "models to 'mien forget' with --model"};
  }
  for (const Json& model : json["models"]) {
    if (model.is_string()) models.insert(model.get<std::string>());
  }
  return models;
}

Marks marks_of(const std::set<std::string>& ids, const std::string& salt) {
  Marks marks;
  for (const std::string& id : ids) marks.insert(mark_with(salt, id));
  return marks;
}

std::int64_t count_of(const Json& record, const char* key, const std::set<std::string>& ids,
                      const Marks& study_marks, const std::string& salt) {
  Marks wanted = marks_of(ids, salt);
  wanted.insert(study_marks.begin(), study_marks.end());
  std::int64_t count = 0;
  for (const Json& mark : record.at(key)) count += wanted.contains(mark.get<std::string>()) ? 1 : 0;
  return count;
}

// Empty where the model was trained on nothing of it.
std::string why_affected(const Json& record, const ForgottenIds& forgotten) {
  const auto salt = record.at("salt").get<std::string>();
  std::string why;
  const auto add = [&](const char* key, const char* what, const std::set<std::string>& ids,
                       const Marks& marks) {
    const std::int64_t count = count_of(record, key, ids, marks, salt);
    if (count == 0) return;
    why += fmt::format("{}{} {}{}", why.empty() ? "trained on " : ", ", count, what,
                       count == 1 ? "" : "s");
  };
  add("videos", "forgotten video", forgotten.videos, forgotten.video_marks);
  add("uploaders", "forgotten uploader", forgotten.uploaders, forgotten.uploader_marks);
  add("raters", "forgotten rater", forgotten.raters, forgotten.rater_marks);
  return why;
}

}  // namespace

Status record_training(const fs::path& study, const fs::path& out, const TrainedOn& sources) {
  MIEN_TRY(forgotten, Forgotten::read_or_begin(study));
  const Json record = {{"version", 1},
                       {"salt", forgotten.salt()},
                       {"videos", marks_of(sources.videos, forgotten.salt())},
                       {"uploaders", marks_of(sources.uploaders, forgotten.salt())},
                       {"raters", marks_of(sources.raters, forgotten.salt())}};
  MIEN_TRY_VOID(make_folders(out));
  MIEN_TRY_VOID(write_file_durably(out / kRecord, record.dump(1) + "\n"));
  MIEN_TRY(models, recorded_models(study));
  std::error_code ignored;
  if (!models.insert(fs::weakly_canonical(out, ignored).string()).second) return Ok{};
  return write_file_durably(models_file(study),
                            Json({{"version", 1}, {"models", models}}).dump(1) + "\n");
}

Result<std::vector<AffectedModel>> affected_models(const fs::path& study,
                                                   std::span<const fs::path> named,
                                                   const ForgottenIds& forgotten) {
  MIEN_TRY(folders, recorded_models(study));
  std::error_code ignored;
  for (const fs::path& one : named) folders.insert(fs::weakly_canonical(one, ignored).string());
  std::vector<AffectedModel> affected;
  for (const std::string& folder : folders) {
    const fs::path file = fs::path(folder) / kRecord;
    const auto text = read_whole_file(file);
    if (!text.ok()) {
      affected.push_back({folder,
                          "cannot be told: " + file.string() +
                              " is not there; if the model still exists, name its folder with "
                              "--model, or train it again",
                          false});
      continue;
    }
    try {
      std::string why = why_affected(parse_outside_json<Json>(*text), forgotten);
      if (!why.empty()) affected.push_back({folder, std::move(why), true});
    } catch (const nlohmann::json::exception&) {
      affected.push_back(
          {folder, "cannot be told: " + file.string() + " does not hold; train it again", false});
    }
  }
  return affected;
}

}  // namespace mien
