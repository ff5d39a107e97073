// A study with everything in it that names videos, uploaders and raters, for tests of forgetting.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "pipeline/annotate/overlay_video.h"
#include "pipeline/annotate/study_fixture.h"
#include "pipeline/forget/forget.h"
#include "pipeline/study/corpus.h"
#include "pipeline/study/duplicates.h"
#include "pipeline/train/feature_cache.h"
#include "survey/rating_database.h"
#include "survey/rating_import.h"
#include "survey/survey_fixture.h"

namespace mien {

class ForgetFixture : public StudyFixture {
 protected:
  static constexpr const char* kUploader = "Zoë Quux";  // of v4.mp4 and v5.mp4
  static constexpr const char* kRater = "rAnneLocke";

  static std::vector<std::string> ids() {
    return {"v0.mp4", "v1.mp4", "v2.mp4", "v3.mp4", "v4.mp4", "v5.mp4"};
  }

  // A study without the videos `never` and the rater kRater where `has_rater` is false.
  void make(const std::string& name, const std::set<std::string>& never, bool has_rater = true,
            int videos_per_shard = 10) {
    std::vector<StudyInput> videos;
    for (const std::string& id : ids()) {
      if (!never.contains(id)) videos.push_back(input(id, "bytes of " + id));
    }
    {
      Study study = open(videos_per_shard, name);
      ASSERT_TRUE(study.add_inputs(videos).ok());
      finish(study);
    }
    make_corpus(name, videos);
    make_texts(name, videos);
    ASSERT_TRUE(find_duplicates(database_, folder(name)).ok());
    make_files(name, videos);
    make_clips(name, videos, has_rater);
  }

  // Every file of a study by its relative name; not what differs from call to call.
  static std::map<std::string, std::string> bytes_of(const std::filesystem::path& study) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(study)) {
      const std::string name = entry.path().lexically_relative(study).string();
      const bool is_of_the_call = name.ends_with(".lock") || name == "forgotten.json" ||
                                  name == "models.json" || name.starts_with("rating/ratings.db");
      if (entry.is_regular_file() && !is_of_the_call) {
        files[name] = read_whole_file(entry.path()).value();
      }
    }
    return files;
  }

  // What was said, by whom, of which clip.
  static std::string answers_of(const std::filesystem::path& study) {
    std::string text;
    auto ratings = read_only_ratings(study);
    EXPECT_TRUE(ratings.ok());
    const Status read = ratings->each(
        "SELECT a.rater, a.clip, b.kind FROM assignments a JOIN answers b ON b.id = a.answer "
        "ORDER BY a.rater, a.clip",
        {}, [&](const SqlRow& row) -> Status {
          text += fmt::format("{} {} {}\n", row.text(0), row.text(1), row.text(2));
          return Ok{};
        });
    EXPECT_TRUE(read.ok());
    return text;
  }

  // Where `word` still stands: in the bytes or names of files, or in a cell of a table.
  std::vector<std::string> places_of(const std::filesystem::path& study, const std::string& word) {
    std::vector<std::string> places;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(study)) {
      const std::string name = entry.path().lexically_relative(study).string();
      if (name.find(word) != std::string::npos) places.push_back(name + " (name)");
      if (!entry.is_regular_file()) continue;
      if (read_whole_file(entry.path()).value().find(word) != std::string::npos) {
        places.push_back(name);
      }
      if (entry.path().extension() != ".parquet") continue;
      const Table table = database_.read_parquet(entry.path()).value();
      for (std::size_t c = 0; c < table.schema().columns.size(); ++c) {
        for (std::size_t r = 0; r < table.rows(); ++r) {
          const Cell cell = table.column(c).at(r);
          const auto* text = std::get_if<std::string>(&cell);
          if (text != nullptr && text->find(word) != std::string::npos) {
            places.push_back(name + " (" + table.schema().columns[c].name + ")");
          }
        }
      }
    }
    return places;
  }

  Result<ForgetSummary> forget_in(const std::string& name, std::vector<std::string> videos,
                                  std::vector<std::string> uploaders,
                                  std::vector<std::string> raters) const {
    ForgetRequest request;
    request.study = folder(name);
    request.videos = std::move(videos);
    request.uploaders = std::move(uploaders);
    request.raters = std::move(raters);
    return forget(request);
  }

 private:
  void make_corpus(const std::string& name, const std::vector<StudyInput>& videos) {
    TableSchema schema = corpus_schema();
    schema.columns.push_back({"duplicate_cluster", ColumnType::kString, ""});
    schema.columns.push_back({"covariate_length", ColumnType::kDouble, ""});
    Table corpus(schema);
    RowBuilder row(corpus.schema());
    // v1, v2 and v3 have one title, and v4 and v0 another.
    const std::map<std::string, std::string> titles = {{"v1.mp4", "Rain"},
                                                       {"v2.mp4", "Rain"},
                                                       {"v3.mp4", "Rain"},
                                                       {"v0.mp4", "Snow"},
                                                       {"v4.mp4", "Snow"}};
    std::map<std::string, std::vector<std::string>> clusters;
    for (const StudyInput& video : videos) {
      const auto title = titles.find(video.video_id);
      if (title != titles.end()) clusters[title->second].push_back(video.video_id);
    }
    for (const StudyInput& video : videos) {
      const auto title = titles.find(video.video_id);
      const bool of_zoe = video.video_id == "v4.mp4" || video.video_id == "v5.mp4";
      row.set("video_id", video.video_id)
          .set("uri", video.path)
          .set("country", std::string("FR"))
          .set("region", std::string("Europe"))
          .set("uploader", std::string(of_zoe ? kUploader : "Max"))
          .set("covariate_length", 1.5);
      for (const char* column :
           {"title", "description", "language", "uploaded_on", "duplicate_cluster"}) {
        row.set_null(column);
      }
      if (title != titles.end()) {
        row.set("title", title->second);
        const auto& cluster = clusters[title->second];
        if (cluster.size() > 1) row.set("duplicate_cluster", cluster.front());
      }
      corpus.append(row.finish());
    }
    ASSERT_TRUE(update_corpus(database_, folder(name), corpus).ok());
  }

  void make_texts(const std::string& name, const std::vector<StudyInput>& videos) {
    Table contexts(contexts_schema());
    Table status(context_status_schema());
    RowBuilder context(contexts.schema());
    RowBuilder one(status.schema());
    for (const StudyInput& video : videos) {
      context.set("video_id", video.video_id).set("source", std::string("text"));
      context.set("context", std::string("rain")).set("score_prob", 0.5);
      contexts.append(context.set("above_threshold", true).finish());
      one.set("video_id", video.video_id).set("source", std::string("text"));
      one.set_null("vocabulary").set_null("reason").set_null("language").set_null("language_prob");
      one.set_null("none_prob");
      status.append(one.set("status", std::string("ok")).finish());
    }
    const std::string corpus = sha256_of_file(folder(name) / "corpus.parquet").value();
    const FileMetadata metadata = {
        {"mien.options", nlohmann::json({{"corpus", corpus}, {"scorer", "s"}}).dump()}};
    const auto texts = folder(name) / "texts";
    std::filesystem::create_directories(texts);
    ASSERT_TRUE(database_.write_parquet(contexts, texts / "contexts.parquet", metadata).ok());
    ASSERT_TRUE(database_.write_parquet(status, texts / "context_status.parquet", metadata).ok());
  }

  void make_files(const std::string& name, const std::vector<StudyInput>& videos) {
    using testing::write_text;
    const auto study = folder(name);
    std::string log = "6 videos\n";
    for (const StudyInput& video : videos) {
      write_text(overlay_path(study, settings_hash(settings()), video), "overlay");
      const std::string hash = sha256_of_bytes(video.video_id).substr(0, 32);
      write_text(features_folder(study) / "key" / hash.substr(0, 2) / hash, "features");
      log += "failed: " + video.path + ": truncated\n";
    }
    write_text(study / "log" / "annotate.txt", log + "done\n");
    nlohmann::ordered_json inputs;
    for (const StudyInput& video : videos) inputs[video.path] = "digest";
    write_text(
        study / "log" / "run.json",
        nlohmann::ordered_json({{"stages", {{"annotate", {{"inputs", inputs}}}}}}).dump(1) + "\n");
  }

  void make_clips(const std::string& name, const std::vector<StudyInput>& videos, bool has_rater) {
    using testing::write_text;
    const auto rating = folder(name) / "rating";
    write_text(rating / "rating.toml", testing::kSmallStudy);
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    std::set<std::string> known;
    for (const StudyInput& video : videos) {
      const std::string pair = "c" + sha256_of_bytes(video.video_id).substr(0, 8);
      list.push_back({{"id", pair + "-face"},
                      {"pair", pair},
                      {"mp4", pair + "-face.mp4"},
                      {"video_id", video.video_id},
                      {"duration_s", 1.5}});
      known.insert(pair + "-face");
      write_text(rating / "clips" / (pair + "-face.mp4"), "clip");
      write_text(rating / "prepared" / (pair + ".json"), "{}");
    }
    write_text(rating / "clips.json",
               nlohmann::ordered_json({{"version", 1}, {"clips", list}}).dump(1) + "\n");
    const SurveyDefinition definition = read_survey_definition(folder(name)).value();
    auto ratings = open_ratings(folder(name), definition).value();
    std::vector<ImportedAnswer> answers;
    for (const std::string& rater : {std::string("rBob"), std::string(kRater)}) {
      if (rater == kRater && !has_rater) continue;
      for (const std::string& clip : known) {
        ImportedAnswer answer;
        answer.rater = rater;
        answer.clip = clip;
        answer.group = "north";
        answer.values = {{"joy", 1.0}};
        answers.push_back(std::move(answer));
      }
    }
    const auto stored = import_answers(
        ratings, definition,
        [&](std::string_view clip) { return known.contains(std::string(clip)); },
        std::move(answers), AbsentLabel::kZero, "made", 1000);
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
};

}  // namespace mien
