#include "pipeline/forget/forget.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/forget/forget_task.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string list_of(const std::set<std::string>& ids) {
  std::string list;
  for (const std::string& id : ids) list += (list.empty() ? "'" : ", '") + id + "'";
  return list;
}

class Forgetting {
 public:
  explicit Forgetting(const ForgetRequest& request) : request_(request) {}

  Result<ForgetSummary> run() {
    if (!fs::is_directory(request_.study)) {
      return Error{ErrorCode::kNotFound,
                   request_.study.string() + ": no such folder; remedy: name a study's folder"};
    }
    std::optional<FileLock> study, texts, coded, log;
    if (!request_.dry_run) {
      MIEN_TRY_VOID(hold(study, request_.study));
      if (is_there(request_.study / kTextsFolder)) {
        MIEN_TRY_VOID(hold(texts, request_.study / kTextsFolder));
      }
      if (is_there(request_.study / kCodedFolder)) {
        MIEN_TRY_VOID(hold(coded, request_.study / kCodedFolder));
      }
      if (is_there(request_.study / "log")) {
        MIEN_TRY(held, FileLock::acquire(request_.study / "log" / "run.lock"));
        log.emplace(std::move(held));
      }
      MIEN_TRY_VOID(clear_left_overs_of_study());
    }
    MIEN_TRY(database, Database::open());
    MIEN_TRY(before, Forgotten::read(request_.study));
    forgotten_ = std::move(before);
    ForgetTask task{
        request_.study, database, request_.dry_run, summary_, forgotten_, {}, {}, {}, {}, {}};
    MIEN_TRY_VOID(take_in_undone(task));
    MIEN_TRY_VOID(take_in_request(task));
    summary_.videos = static_cast<std::int64_t>(task.videos.size());
    summary_.uploaders = static_cast<std::int64_t>(task.uploaders.size());
    summary_.raters = static_cast<std::int64_t>(task.raters.size());
    const bool anything = summary_.videos + summary_.uploaders + summary_.raters > 0;
    if (anything) MIEN_TRY_VOID(carry_out(task));
    MIEN_TRY_VOID(find_models(task));
    if (anything && !request_.dry_run) MIEN_TRY_VOID(finish(task));
    return std::move(summary_);
  }

 private:
  static Status hold(std::optional<FileLock>& lock, const fs::path& folder) {
    MIEN_TRY(held, FileLock::acquire(folder / ".lock"));
    lock.emplace(std::move(held));
    return Ok{};
  }

  // What a killed process left half written is of videos too.
  Status clear_left_overs_of_study() const {
    const fs::path& study = request_.study;
    for (const fs::path& folder :
         {study, study / "annotations", study / "annotations" / "pending", study / kTextsFolder,
          study / kCodedFolder, study / "overlays"}) {
      if (is_there(folder)) MIEN_TRY_VOID(clear_left_overs(folder));
    }
    std::error_code error;
    fs::remove_all(study / ".ingest", error);
    return Ok{};
  }

  Status take_in_undone(ForgetTask& task) {
    const fs::path journal = forget_journal(request_.study);
    if (!is_there(journal)) return Ok{};
    MIEN_TRY(text, read_whole_file(journal));
    try {
      const Json json = parse_outside_json<Json>(text);
      json.at("videos").get_to(task.videos);
      json.at("uploaders").get_to(task.uploaders);
      json.at("raters").get_to(task.raters);
      json.at("paths").get_to(task.paths);
      json.at("run_again").get_to(summary_.run_again);
      json.at("corpus").get_to(task.corpus_before);
    } catch (const nlohmann::json::exception& error) {
      return Error{ErrorCode::kCorrupt, journal.string() + ": " + error.what() +
                                            "; remedy: remove it and name again what is to be "
                                            "forgotten"};
    }
    summary_.resumed = true;
    return Ok{};
  }

  Status take_in_request(ForgetTask& task) {
    const std::set<std::string> videos(request_.videos.begin(), request_.videos.end());
    const std::set<std::string> uploaders(request_.uploaders.begin(), request_.uploaders.end());
    const std::set<std::string> raters(request_.raters.begin(), request_.raters.end());
    std::set<std::string> known_uploaders = task.uploaders;
    std::set<std::string> known_videos = task.videos;
    std::map<std::string, std::string> uris;  // of the videos that go
    MIEN_TRY_VOID(look_in_tables(task, videos, uploaders, known_videos, known_uploaders, uris));
    MIEN_TRY(plan, Plan::read(task.database, request_.study / "annotations" / "plan.parquet"));
    MIEN_TRY(clips, ClipList::read_if_there(request_.study));
    if (clips.has_value()) {
      for (const SurveyClip& clip : clips->clips()) known_videos.insert(clip.video_id);
    }
    std::string unknown;
    const auto tell = [&](const char* what, const std::set<std::string>& ids, const auto& is_known,
                          const std::string& remedy) {
      std::set<std::string> missing;
      for (const std::string& id : ids) {
        if (!is_known(id)) missing.insert(id);
      }
      if (missing.empty()) return;
      unknown += fmt::format("{}unknown {}: {}; {}", unknown.empty() ? "" : "\n", what,
                             list_of(missing), remedy);
    };
    const std::string table =
        fmt::format("'mien export {} --table corpus'", request_.study.string());
    tell(
        "videos", videos,
        [&](const std::string& id) {
          return known_videos.contains(id) || plan.find(id).has_value() || forgotten_.has_video(id);
        },
        "remedy: take ids as " + table + " or the report gives them");
    tell(
        "uploaders", uploaders,
        [&](const std::string& name) {
          return known_uploaders.contains(name) || forgotten_.has_uploader(name);
        },
        "remedy: take names as " + table + " gives them");
    MIEN_TRY(known_raters, raters_of_study(raters));
    tell(
        "raters", raters,
        [&](const std::string& id) {
          return known_raters.contains(id) || task.raters.contains(id) || forgotten_.has_rater(id);
        },
        "remedy: take ids from the researcher's page or 'mien rate export'");
    if (!unknown.empty()) {
      return Error{ErrorCode::kNotFound,
                   request_.study.string() + ": nothing was forgotten; " + unknown};
    }
    task.videos.insert(videos.begin(), videos.end());
    task.uploaders.insert(uploaders.begin(), uploaders.end());
    task.raters.insert(raters.begin(), raters.end());
    for (const auto& [id, uri] : uris) {
      task.videos.insert(id);
      if (!uri.empty()) task.paths.insert(uri);
    }
    for (const std::string& id : task.videos) {
      if (const auto at = plan.find(id)) task.paths.insert(plan.videos()[*at].path);
    }
    return Ok{};
  }

  // Which of them the study's own tables know, and the videos of the uploaders.
  Status look_in_tables(ForgetTask& task, const std::set<std::string>& videos,
                        const std::set<std::string>& uploaders, std::set<std::string>& known_videos,
                        std::set<std::string>& known_uploaders,
                        std::map<std::string, std::string>& uris) {
    for (const auto& [name, file] : whole_tables(request_.study)) {
      if (file.parent_path() != request_.study) continue;
      MIEN_TRY(schema, task.database.read_schema(file));
      const auto text = [&](const char* column) {
        return schema.index_of(column) < 0 ? std::string("CAST(NULL AS VARCHAR)")
                                           : "CAST(" + sql_identifier(column) + " AS VARCHAR)";
      };
      if (schema.index_of("video_id") < 0) continue;
      MIEN_TRY_VOID(task.database.query(
          "SELECT " + text("video_id") + " AS id, " + text("uploader") + " AS owner, " +
              text("uri") + " AS place FROM " + sql_read_parquet(file),
          [&](const Table& batch) -> Status {
            for (std::size_t row = 0; row < batch.rows(); ++row) {
              const auto word = [&](std::size_t column) {
                return batch.column(column).is_null(row) ? std::string()
                                                         : batch.column(column).strings()[row];
              };
              const std::string id = word(0);
              const bool of_uploader = !word(1).empty() && uploaders.contains(word(1));
              if (of_uploader) known_uploaders.insert(word(1));
              if (videos.contains(id)) known_videos.insert(id);
              if (of_uploader || videos.contains(id)) {
                std::string& uri = uris[id];
                if (uri.empty()) uri = word(2);
              }
            }
            return Ok{};
          }));
    }
    uris.erase("");
    return Ok{};
  }

  Result<std::set<std::string>> raters_of_study(const std::set<std::string>& wanted) const {
    std::set<std::string> known;
    if (wanted.empty() || !is_rating_study(request_.study)) return known;
    MIEN_TRY(ratings, read_only_ratings(request_.study));
    MIEN_TRY_VOID(ratings.each("SELECT id FROM raters", {}, [&](const SqlRow& row) -> Status {
      if (wanted.contains(std::string(row.text(0)))) known.emplace(row.text(0));
      return Ok{};
    }));
    return known;
  }

  Status carry_out(ForgetTask& task) {
    if (!request_.dry_run) {
      MIEN_TRY(begun, Forgotten::read_or_begin(request_.study));
      forgotten_ = std::move(begun);
    }
    if (!task.videos.empty()) name_commands();
    const fs::path corpus = request_.study / "corpus.parquet";
    if (!summary_.resumed && is_there(corpus)) {
      MIEN_TRY(hash, sha256_of_file(corpus));
      task.corpus_before = hash;
    }
    MIEN_TRY_VOID(write_journal(task));
    struct Step {
      const char* name;
      Status (*run)(ForgetTask&);
    };
    constexpr Step kSteps[] = {{"sums", remove_sums},
                               {"tables", forget_in_tables},
                               {"ratings", forget_in_ratings},
                               {"files", forget_in_files},
                               {"annotations", forget_in_annotations}};
    MIEN_TRY_VOID(pause_after("journal"));
    for (const Step& step : kSteps) {
      MIEN_TRY_VOID(step.run(task));
      MIEN_TRY_VOID(pause_after(step.name));
    }
    look_for_rest(task);
    return Ok{};
  }

  // What goes as a whole is made again by these.
  void name_commands() {
    const std::string study = request_.study.string();
    const std::pair<fs::path, std::string> made[] = {
        {fs::path(kTextsFolder) / "parts", "mien contexts text --study " + study},
        {"maps", "mien associate --study " + study},
        {"compare", "mien compare --study " + study},
        {"report", "mien report --study " + study}};
    for (const auto& [place, command] : made) {
      const bool is_named = std::ranges::count(summary_.run_again, command) > 0;
      if (!is_named && is_there(request_.study / place)) summary_.run_again.push_back(command);
    }
  }

  Status pause_after(const char* step) const {
    return request_.after_step && !request_.dry_run ? request_.after_step(step) : Status(Ok{});
  }

  Status write_journal(const ForgetTask& task) const {
    if (request_.dry_run) return Ok{};
    const Json json = {{"videos", task.videos},           {"uploaders", task.uploaders},
                       {"raters", task.raters},           {"paths", task.paths},
                       {"run_again", summary_.run_again}, {"corpus", task.corpus_before}};
    return write_file_durably(forget_journal(request_.study), json.dump(1) + "\n");
  }

  // Those that hold what is forgotten now or was before, raters who withdrew on their own page
  // among them.
  Status find_models(const ForgetTask& task) {
    ForgottenIds ids{task.videos,       task.uploaders,       task.raters,
                     forgotten_.videos, forgotten_.uploaders, forgotten_.raters};
    if (is_rating_study(request_.study)) {
      MIEN_TRY(ratings, read_only_ratings(request_.study));
      MIEN_TRY(marks, forgotten_raters(ratings));
      withdrawn_ = std::move(marks);
      ids.rater_marks.insert(withdrawn_.begin(), withdrawn_.end());
    }
    MIEN_TRY(models, affected_models(request_.study, request_.models, ids));
    summary_.models = std::move(models);
    return Ok{};
  }

  // Only now is it said that they are forgotten.
  Status finish(const ForgetTask& task) {
    for (const std::string& id : task.videos) forgotten_.videos.insert(forgotten_.mark_of(id));
    for (const std::string& id : task.uploaders)
      forgotten_.uploaders.insert(forgotten_.mark_of(id));
    for (const std::string& id : task.raters) forgotten_.raters.insert(forgotten_.mark_of(id));
    forgotten_.raters.insert(withdrawn_.begin(), withdrawn_.end());
    MIEN_TRY_VOID(forgotten_.write(request_.study));
    MIEN_TRY_VOID(pause_after("forgotten"));
    const fs::path journal = forget_journal(request_.study);
    std::error_code error;
    fs::remove(journal, error);
    if (error) return Error{ErrorCode::kIo, journal.string() + ": " + error.message()};
    return sync_path(request_.study);
  }

  const ForgetRequest& request_;
  ForgetSummary summary_;
  Forgotten forgotten_;
  std::vector<std::string> withdrawn_;
};

}  // namespace

Result<ForgetSummary> forget(const ForgetRequest& request) {
  return Forgetting(request).run();
}

}  // namespace mien
