#include "survey/clip_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/outside_json.h"
#include "store/durable_file.h"
#include "survey/definition.h"

namespace mien {

namespace {

using Json = nlohmann::json;

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<SurveyClip> read_clip(const Json& entry) {
  SurveyClip clip;
  if (!entry.is_object()) return Error{ErrorCode::kCorrupt, "is no object"};
  clip.id = text_of(entry, "id");
  if (!is_plain_name(clip.id)) {
    return Error{
        ErrorCode::kCorrupt,
        "its id is missing or holds other characters than letters, digits, '-', '_' and '.'"};
  }
  clip.mp4 = text_of(entry, "mp4");
  clip.webm = text_of(entry, "webm");
  if ((!clip.mp4.empty() && !is_plain_name(clip.mp4)) ||
      (!clip.webm.empty() && !is_plain_name(clip.webm))) {
    return Error{ErrorCode::kCorrupt, "its files are named by plain names in the folder clips"};
  }
  if (clip.mp4.empty() && clip.webm.empty())
    return Error{ErrorCode::kCorrupt, "names no mp4 and no webm"};
  clip.video_id = text_of(entry, "video_id");
  clip.view = text_of(entry, "view");
  clip.pair = text_of(entry, "pair");
  clip.person = text_of(entry, "person");
  clip.source = text_of(entry, "source");
  clip.warning = text_of(entry, "warning");
  const auto whole_number = [&](const char* key, std::int64_t otherwise) {
    const auto found = entry.find(key);
    return found != entry.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                              : otherwise;
  };
  clip.track_id = static_cast<int>(whole_number("track_id", -1));
  clip.start_us = whole_number("start_us", 0);
  clip.end_us = whole_number("end_us", 0);
  const auto duration = entry.find("duration_s");
  if (duration == entry.end() || !duration->is_number() || !(duration->get<double>() > 0) ||
      duration->get<double>() > 600) {
    return Error{ErrorCode::kCorrupt, "its duration_s is no number of seconds up to 600"};
  }
  clip.duration_s = duration->get<double>();
  return clip;
}

}  // namespace

Result<ClipList> ClipList::parse(std::string_view text, const std::string& name) {
  const Json root = parse_outside_json<Json>(text);
  const auto remedy = [&](const std::string& what) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{}: {}; remedy: make it anew with mien rate prepare", name, what)};
  };
  if (!root.is_object()) return remedy("it is no JSON object");
  const auto version = root.find("version");
  if (version == root.end() || *version != 1) return remedy("version is not 1");
  const auto entries = root.find("clips");
  if (entries == root.end() || !entries->is_array()) return remedy("there is no list 'clips'");
  ClipList list;
  list.clips_.reserve(entries->size());
  for (const Json& entry : *entries) {
    auto clip = read_clip(entry);
    if (!clip.ok())
      return remedy(fmt::format("clip {}: {}", list.clips_.size() + 1, clip.error().message));
    list.clips_.push_back(std::move(*clip));
  }
  for (const SurveyClip& clip : list.clips_) {
    if (!list.index_.emplace(clip.id, static_cast<int>(list.index_.size())).second) {
      return remedy(fmt::format("the id '{}' stands there twice", clip.id));
    }
  }
  if (list.clips_.empty()) return remedy("there is no clip");
  return list;
}

Result<std::optional<ClipList>> ClipList::read_if_there(const std::filesystem::path& study) {
  const std::filesystem::path file = rating_folder(study) / "clips.json";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::optional<ClipList>();
  MIEN_TRY(text, read_whole_file(file));
  MIEN_TRY(list, parse(text, file.string()));
  return std::optional<ClipList>(std::move(list));
}

Result<ClipList> ClipList::read(const std::filesystem::path& study) {
  const std::filesystem::path file = rating_folder(study) / "clips.json";
  auto text = read_whole_file(file);
  if (!text.ok()) {
    return Error{text.error().code,
                 text.error().message + "; remedy: make clips with mien rate prepare"};
  }
  MIEN_TRY(list, parse(*text, file.string()));
  for (const SurveyClip& clip : list.clips_) {
    for (const std::string& name : {clip.mp4, clip.webm}) {
      if (name.empty()) continue;
      const std::filesystem::path path = clips_folder(study) / name;
      std::error_code failed;
      if (!std::filesystem::is_regular_file(path, failed) || !std::ifstream(path).good()) {
        return Error{
            ErrorCode::kNotFound,
            fmt::format("{}: clip {}: {} cannot be read; remedy: put the file back, or make "
                        "the clips anew with mien rate prepare",
                        file.string(), clip.id, path.string())};
      }
    }
  }
  return list;
}

int ClipList::index_of(std::string_view id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : found->second;
}

std::filesystem::path clips_folder(const std::filesystem::path& study) {
  return rating_folder(study) / "clips";
}

}  // namespace mien
