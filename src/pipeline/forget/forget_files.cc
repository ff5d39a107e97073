// What is forgotten leaves the files beside the tables: clips, ratings, overlays, features, logs.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/outside_json.h"
#include "pipeline/annotate/overlay_video.h"
#include "pipeline/forget/forget_task.h"
#include "pipeline/rate/clip_job.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/train/feature_cache.h"
#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uintmax_t kMostReadBytes = 256U << 20U;

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (fs::is_regular_file(fs::symlink_status(it->path(), ignored))) files.push_back(it->path());
  }
  std::ranges::sort(files);
  return files;
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80;
}

bool has_word(std::string_view text, std::string_view word) {
  if (word.empty()) return false;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word_byte(word.front()) || !is_word_byte(text[at - 1]);
    const std::size_t end = at + word.size();
    const bool ends = end == text.size() || !is_word_byte(word.back()) || !is_word_byte(text[end]);
    if (begins && ends) return true;
  }
  return false;
}

// Without the keys and texts that name what is forgotten. Gives whether something went.
bool scrub(Json& json, const ForgetTask& task) {
  bool changed = false;
  const bool is_object = json.is_object();
  for (auto it = json.begin(); json.is_structured() && it != json.end();) {
    const bool named = (is_object && task.is_named_in(it.key())) ||
                       (it->is_string() && task.is_named_in(it->get<std::string>()));
    changed = named || scrub(*it, task) || changed;
    if (named) {
      it = json.erase(it);
    } else {
      ++it;
    }
  }
  return changed;
}

// A text without the lines, or a JSON file without the values, that name what is forgotten.
Status scrub_file(ForgetTask& task, const fs::path& file) {
  MIEN_TRY(text, read_whole_file(file));
  if (!task.is_named_in(text)) return Ok{};
  std::string kept;
  std::int64_t lines = 0;
  Json json = file.extension() == ".json" ? parse_outside_json<Json>(text) : Json();
  if (json.is_structured()) {
    scrub(json, task);
    kept = json.dump(1) + "\n";
    task.note(file, "what named them removed");
  } else {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      const std::string_view line = std::string_view(text).substr(at, end - at);
      if (task.is_named_in(line)) {
        ++lines;
      } else {
        kept += line;
      }
      at = end;
    }
    task.note(file, fmt::format("{} line{} removed", lines, lines == 1 ? "" : "s"));
  }
  return task.dry_run ? Status(Ok{}) : write_file_durably(file, kept);
}

// The list without its clips of forgotten videos, and the ids of those. A list of no clip is no
// list.
Status forget_clips(ForgetTask& task, std::set<std::string>& ids) {
  const fs::path rating = rating_folder(task.study);
  const fs::path file = rating / "clips.json";
  std::set<std::string> kept_pairs;
  std::vector<fs::path> gone;
  std::size_t before = 0;
  Json root;
  if (is_there(file)) {
    MIEN_TRY(text, read_whole_file(file));
    root = parse_outside_json<Json>(text);
    if (!root.is_object() || !root.contains("clips") || !root["clips"].is_array()) {
      return Error{ErrorCode::kCorrupt,
                   file.string() +
                       ": there is no list 'clips'; remedy: make it anew with mien rate "
                       "prepare --redo, or remove it with the folder clips"};
    }
    Json kept = Json::array();
    before = root["clips"].size();
    for (const Json& clip : root["clips"]) {
      const bool goes = task.videos.contains(clip.value("video_id", "")) ||
                        task.videos.contains(clip.value("id", ""));
      if (!goes) {
        kept_pairs.insert(clip.value("pair", clip.value("id", "")));
        kept.push_back(clip);
        continue;
      }
      ids.insert(clip.value("id", ""));
      for (const char* key : {"mp4", "webm"}) {
        const fs::path name = clip.value(key, "");
        if (!name.empty() && name.filename() == name) gone.push_back(rating / "clips" / name);
      }
    }
    root["clips"] = std::move(kept);
  }
  // Records have no video's id; those that are not of a clip that stays are made again when asked
  // for, and what they cut goes with them.
  const std::vector<fs::path> cut = files_below(rating / "clips");
  for (const fs::path& record : files_below(rating / "prepared")) {
    const std::string pair = record.stem().string();
    if (kept_pairs.contains(pair)) continue;
    gone.push_back(record);
    for (const fs::path& clip : cut) {
      if (clip.filename().string().starts_with(pair + "-")) gone.push_back(clip);
    }
  }
  for (const fs::path& path : gone) MIEN_TRY_VOID(task.remove(path));
  if (ids.empty()) return Ok{};
  // Last: it tells which files to remove.
  if (root["clips"].empty()) return task.remove(file, "removed, with all of its clips");
  task.note(file, fmt::format("{} of {} clips removed", before - root["clips"].size(), before));
  if (task.dry_run) return Ok{};
  return write_file_durably(
      file, root.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

Status forget_answers(ForgetTask& task, const std::set<std::string>& clips) {
  if (!is_rating_study(task.study)) return Ok{};
  const fs::path file = ratings_file(task.study);
  MIEN_TRY(ratings, writable_ratings(task.study));
  MIEN_TRY(transaction, SqlTransaction::begin(ratings));
  std::int64_t answers = 0;
  for (const std::string& clip : clips) {
    MIEN_TRY(gone, forget_clip(ratings, clip));
    answers += gone;
  }
  std::int64_t raters = 0;
  for (const std::string& rater : task.raters) {
    const Status gone = forget_rater(ratings, rater, task.forgotten.mark_of(rater), now_ms());
    if (!gone.ok() && gone.error().code != ErrorCode::kNotFound) return gone;
    raters += gone.ok() ? 1 : 0;
  }
  if (answers > 0) task.note(file, fmt::format("{} answers about their clips removed", answers));
  if (raters > 0) {
    task.note(file, fmt::format("{} raters removed, with all they were asked and said", raters));
  }
  if (task.dry_run) return Ok{};  // nothing was committed
  MIEN_TRY_VOID(transaction.commit());
  return rewrite(ratings);
}

// Features that a kill left half written or half removed, in any folder of the cache.
Status clear_left_overs_below(const fs::path& cache) {
  if (!is_there(cache)) return Ok{};
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::recursive_directory_iterator it(cache, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) folders.push_back(it->path());
  }
  for (const fs::path& folder : folders) MIEN_TRY_VOID(clear_left_overs(folder));
  return Ok{};
}

}  // namespace

Status ForgetTask::remove(const fs::path& path, std::string what) {
  if (!is_there(path)) return Ok{};
  note(path, std::move(what));
  if (dry_run) return Ok{};
  const fs::path aside = temporary_name_for(path);
  MIEN_TRY_VOID(rename_durably(path, aside));
  std::error_code error;
  fs::remove_all(aside, error);
  if (!error) return Ok{};
  return Error{ErrorCode::kIo, aside.string() + ": cannot be removed: " + error.message() + "; " +
                                   io_remedy(error.value())};
}

bool ForgetTask::is_named_in(std::string_view text) const {
  for (const auto* words : {&videos, &uploaders, &raters, &paths}) {
    for (const std::string& word : *words) {
      if (has_word(text, word)) return true;
    }
  }
  return std::ranges::any_of(paths, [&](const std::string& path) {
    return has_word(text, fs::path(path).filename().string());
  });
}

std::string ForgetTask::sql_list_of_videos() const {
  std::string list;
  for (const std::string& id : videos) list += (list.empty() ? "" : ", ") + sql_quote(id);
  return list;
}

Status forget_in_ratings(ForgetTask& task) {
  const fs::path rating = rating_folder(task.study);
  if (!is_there(rating)) return Ok{};
  std::set<std::string> clips = task.videos;  // a video's id stands for a clip in imported ratings
  std::optional<FileLock> server, prepare;
  if (!task.videos.empty() && !task.dry_run) {
    MIEN_TRY(of_server, FileLock::acquire(rating / "server.lock"));
    server.emplace(std::move(of_server));
    MIEN_TRY(of_prepare, FileLock::acquire(rating / "prepare.lock"));
    prepare.emplace(std::move(of_prepare));
    for (const fs::path& folder : {rating, rating / "clips", rating / "prepared"}) {
      if (is_there(folder)) MIEN_TRY_VOID(clear_left_overs(folder));
    }
  }
  // The list tells which answers go, so that it is read first and written last.
  std::set<std::string> listed;
  if (!task.videos.empty()) {
    MIEN_TRY(list, ClipList::read_if_there(task.study));
    if (list.has_value()) {
      for (const SurveyClip& clip : list->clips()) {
        if (task.videos.contains(clip.video_id)) clips.insert(clip.id);
      }
    }
  }
  MIEN_TRY_VOID(forget_answers(task, clips));
  if (task.videos.empty()) return Ok{};
  MIEN_TRY_VOID(forget_clips(task, listed));
  const fs::path toml = rating / "rating.toml";
  if (listed.empty() || !is_there(toml)) return Ok{};
  MIEN_TRY(text, read_whole_file(toml));
  for (const std::string& clip : listed) {
    if (!has_word(text, clip)) continue;
    task.summary.left.push_back(toml.string() + ": names the clip '" + clip +
                                "', which is gone; take it out");
  }
  return Ok{};
}

Status forget_in_files(ForgetTask& task) {
  const fs::path overlays = task.study / "overlays";
  if (!task.videos.empty() && is_there(overlays)) {
    const fs::path run = task.study / "annotations" / "run.json";
    MIEN_TRY(text, read_whole_file(run));
    MIEN_TRY(settings, decode_settings(text));
    MIEN_TRY(plan, Plan::read(task.database, task.study / "annotations" / "plan.parquet"));
    plan.remove(task.videos);
    std::vector<fs::path> current;
    const std::string hash = settings_hash(settings);
    for (const StudyInput& video : plan.videos()) {
      current.push_back(overlay_path(task.study, hash, video));
      current.push_back(masked_path(task.study, hash, video));
    }
    std::ranges::sort(current);
    for (const fs::path& file : files_below(overlays)) {
      if (std::ranges::binary_search(current, file)) continue;
      MIEN_TRY_VOID(task.remove(file));
    }
  }
  if (!task.dry_run) MIEN_TRY_VOID(clear_left_overs_below(features_folder(task.study)));
  for (const std::string& id : task.videos) {
    for (const fs::path& file : cached_features_of(task.study, id)) {
      MIEN_TRY_VOID(task.remove(file));
    }
  }
  for (const char* folder : {"log", "cluster"}) {
    if (!is_there(task.study / folder)) continue;
    if (!task.dry_run) {
      MIEN_TRY_VOID(clear_left_overs(task.study / folder));
    }
    for (const fs::path& file : files_below(task.study / folder)) {
      MIEN_TRY_VOID(scrub_file(task, file));
    }
  }
  return Ok{};
}

void look_for_rest(ForgetTask& task) {
  for (const std::string& path : task.paths) {
    if (is_there(path)) {
      task.summary.left.push_back(path + ": the video itself is not touched; remove it yourself");
    }
  }
  const std::string features = features_folder(task.study).string() + "/";
  for (const fs::path& file : files_below(task.study)) {
    const std::string end = file.extension().string();
    const bool is_no_text =
        end == ".parquet" || end == ".mp4" || end == ".webm" || file.string().starts_with(features);
    if (is_no_text || task.paths.contains(file.string())) continue;
    std::error_code ignored;
    if (fs::file_size(file, ignored) > kMostReadBytes) continue;
    const auto text = read_whole_file(file);
    if (!text.ok() || !task.is_named_in(*text) || file.filename() == ".forget.json") continue;
    task.summary.left.push_back(file.string() +
                                ": names what was forgotten and is not Mien's own; correct it");
  }
}

}  // namespace mien
