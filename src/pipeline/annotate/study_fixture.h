// A study in a temporary folder with made-up videos and tables, for tests.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "pipeline/study/study.h"
#include "store/durable_file.h"

namespace mien {

class StudyFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(::testing::TempDir()) /
            fmt::format("mien_study_{}_{}", ::getpid(),
                        ::testing::UnitTest::GetInstance()->current_test_info()->line());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "media");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static StudySettings settings() {
    StudySettings settings;
    settings.options = {{"face", {{"border", 0.25}}}, {"rate_hz", 6.0}};
    settings.models = {{"blazeface", "aa"}, {"facemesh", "bb"}};
    settings.model_set_hash = "cc";
    settings.program_version = "0.1.0";
    return settings;
  }

  // Makes a file, unless it is there with these bytes, and describes it.
  StudyInput input(const std::string& id, const std::string& bytes = "video") const {
    const std::filesystem::path path = root_ / "media" / id;
    const Result<std::string> present = read_whole_file(path);
    if (!present.ok() || *present != bytes) std::ofstream(path, std::ios::binary) << bytes;
    return describe_input(id, path);
  }

  std::vector<StudyInput> inputs(int count) const {
    std::vector<StudyInput> all;
    for (int i = 0; i < count; ++i) all.push_back(input(fmt::format("v{}.mp4", i)));
    return all;
  }

  std::filesystem::path folder(const std::string& name = "study") const { return root_ / name; }
  std::filesystem::path shard(int number) const {
    return folder() / "annotations" / fmt::format("shard-0000{}", number);
  }

  Result<Study> try_open(const StudySettings& now, bool redo = false, int videos_per_shard = 3,
                         const std::string& name = "study") {
    return Study::open_or_create(folder(name), now, {redo, videos_per_shard}, database_);
  }
  Study open(int videos_per_shard = 3, const std::string& name = "study") {
    Result<Study> study = try_open(settings(), false, videos_per_shard, name);
    EXPECT_TRUE(study.ok()) << (study.ok() ? "" : study.error().message);
    return std::move(study).value();
  }

  // Two tables of a video: one media row, and as many tracks as the id has letters. `mark` is in
  // the rows, so that one annotation can be told from a later one.
  static Status write_pending(PendingWriter& writer, const std::string& id, double mark) {
    Table media({"media",
                 "video",
                 "",
                 {{"video_id", ColumnType::kString, ""}, {"duration_s", ColumnType::kDouble, ""}}});
    media.append(std::vector<Cell>{id, mark});
    Table tracks({"tracks",
                  "track",
                  "",
                  {{"video_id", ColumnType::kString, ""},
                   {"track_id", ColumnType::kInt64, ""},
                   {"quality", ColumnType::kDouble, ""}}});
    for (std::size_t i = 0; i + 4 < id.size(); ++i) {
      const double quality = mark / 3.0 + static_cast<double>(i);
      tracks.append(std::vector<Cell>{id, static_cast<std::int64_t>(i),
                                      cell_from(i == 0 ? std::nan("") : quality)});
    }
    MIEN_TRY_VOID(writer.append("media", media));
    MIEN_TRY_VOID(writer.append("tracks", tracks));
    return writer.commit();
  }

  static void annotate(Study& study, const StudyInput& video, double mark = 1.0) {
    Result<PendingWriter> writer = study.pending_writer(video);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    const Status written = write_pending(*writer, video.video_id, mark);
    ASSERT_TRUE(written.ok()) << written.error().message;
    const Status noted = study.note_committed(video.video_id);
    ASSERT_TRUE(noted.ok()) << noted.error().message;
  }

  // Annotates everything that is todo and publishes.
  static void finish(Study& study, double mark = 1.0) {
    for (const StudyInput& video : study.todo()) annotate(study, video, mark);
    const auto published = study.publish_ready_shards();
    ASSERT_TRUE(published.ok()) << published.error().message;
    ASSERT_EQ(study.count(VideoState::kDone),
              static_cast<std::int64_t>(study.plan().videos().size()));
  }

  // A published table as "v0.mp4=1 v1.mp4=2 ...".
  std::string media_of(const Study& study) {
    std::string text;
    for (const auto& path : study.tables("media")) {
      const Table table = database_.read_parquet(path).value();
      for (std::size_t r = 0; r < table.rows(); ++r) {
        text += fmt::format("{}{}={:.0f}", text.empty() ? "" : " ",
                            table.column("video_id").strings()[r],
                            table.column("duration_s").doubles()[r]);
      }
    }
    return text;
  }

  // Every file below the annotations by its relative name, without plan and settings.
  static std::map<std::string, std::string> published_bytes(const std::filesystem::path& study) {
    std::map<std::string, std::string> files;
    const std::filesystem::path annotations = study / "annotations";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(annotations)) {
      const std::string name = entry.path().lexically_relative(annotations).string();
      if (entry.is_regular_file() && name.starts_with("shard-")) {
        files[name] = read_whole_file(entry.path()).value();
      }
    }
    return files;
  }

  static std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::filesystem::path root_;
  Database database_ = std::move(Database::open()).value();
};

}  // namespace mien
