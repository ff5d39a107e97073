#include "pipeline/study/study.h"

#include "base/sha256.h"
#include "pipeline/annotate/study_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StudyTest : public StudyFixture {};

TEST_F(StudyTest, VideosBecomeShardsInTheOrderOfTheirFirstAppearance) {
  Study study = open();
  ASSERT_TRUE(study.add_inputs(inputs(7)).ok());
  EXPECT_EQ(study.plan().shards(), 3);
  EXPECT_EQ(study.todo().size(), 7U);
  finish(study);
  EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=1 v2.mp4=1 v3.mp4=1 v4.mp4=1 v5.mp4=1 v6.mp4=1");
  EXPECT_EQ(study.tables("tracks").size(), 3U);
  EXPECT_THAT(study.tables("nosuch"), IsEmpty());
  EXPECT_THAT(study.table_names(), ElementsAre("media", "tracks"));
  EXPECT_THAT(names_in(folder() / "annotations"),
              ElementsAre("pending", "plan.parquet", "run.json", "shard-00000", "shard-00001",
                          "shard-00002"));
  EXPECT_THAT(names_in(folder() / "annotations" / "pending"), IsEmpty());
}

TEST_F(StudyTest, NothingThatIsDoneIsDoneAgain) {
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(4)).ok());
    finish(study);
  }
  const auto before = published_bytes(folder());
  Study study = open();
  ASSERT_TRUE(study.add_inputs(inputs(0)).ok());
  EXPECT_THAT(study.todo(), IsEmpty());
  EXPECT_EQ(study.publish_ready_shards().value(), 0);
  EXPECT_THAT(study.problems(), IsEmpty());
  EXPECT_EQ(published_bytes(folder()), before);
}

TEST_F(StudyTest, AResumedRunDoesOnlyWhatIsMissingAndGivesTheSameBytes) {
  const std::vector<StudyInput> videos = inputs(5);
  {
    Study whole = open(3, "whole");
    ASSERT_TRUE(whole.add_inputs(videos).ok());
    finish(whole);
  }
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(videos).ok());
    annotate(study, videos[4]);  // another order, and the run ends with shard 0 unfinished
    annotate(study, videos[1]);
    ASSERT_TRUE(study.publish_ready_shards().ok());
    EXPECT_EQ(study.state_of("v1.mp4"), VideoState::kPending);
  }
  Study study = open();
  ASSERT_EQ(study.todo().size(), 3U);
  EXPECT_EQ(study.todo()[0].video_id, "v0.mp4");
  EXPECT_EQ(study.state_of("v4.mp4"), VideoState::kPending);
  annotate(study, videos[2]);
  annotate(study, videos[0]);
  EXPECT_EQ(study.publish_ready_shards().value(), 1);
  EXPECT_EQ(study.todo().size(), 1U);
  finish(study);
  EXPECT_EQ(published_bytes(folder()), published_bytes(folder("whole")));
}

TEST_F(StudyTest, TheThreadsOfTheDatabaseDoNotShowInTheBytes) {
  const std::vector<StudyInput> videos = inputs(6);
  for (const int threads : {1, 2}) {
    DatabaseOptions options;
    options.threads = threads;
    Database database = std::move(Database::open(options)).value();
    Result<Study> study = Study::open_or_create(folder(fmt::format("threads{}", threads)),
                                                settings(), {false, 3}, database);
    ASSERT_TRUE(study.ok()) << study.error().message;
    ASSERT_TRUE(study->add_inputs(videos).ok());
    finish(*study);
    ASSERT_TRUE(study->add_inputs(std::vector{input("v1.mp4", "changed")}).ok());
    finish(*study, 2.0);
    input("v1.mp4", "video");
    fs::last_write_time(root_ / "media" / "v1.mp4", fs::file_time_type(std::chrono::seconds(1)));
  }
  // The manifests tell the changed file's time, which differs; the tables do not.
  auto one = published_bytes(folder("threads1"));
  auto two = published_bytes(folder("threads2"));
  one.erase("shard-00000/manifest.json");
  two.erase("shard-00000/manifest.json");
  EXPECT_EQ(one, two);
}

TEST_F(StudyTest, NewVideosGetNewShardsAfterThoseThatExist) {
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(4)).ok());
    finish(study);
  }
  Study study = open();
  std::vector<StudyInput> more = inputs(5);
  more.insert(more.begin(), input("first.mp4"));
  ASSERT_TRUE(study.add_inputs(more).ok());
  ASSERT_EQ(study.todo().size(), 2U);
  EXPECT_EQ(study.plan().shards(), 3);
  finish(study, 2.0);
  EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=1 v2.mp4=1 v3.mp4=1 first.mp4=2 v4.mp4=2");
}

TEST_F(StudyTest, AChangedFileIsDoneAgainAndItsNeighboursKeepTheirRows) {
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(5)).ok());
    finish(study);
  }
  const auto before = published_bytes(folder());
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(std::vector{input("v1.mp4", "other bytes")}).ok());
    ASSERT_EQ(study.todo().size(), 1U);
    EXPECT_EQ(study.todo()[0].video_id, "v1.mp4");
    // Until it is done again the shard stands as it was.
    EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=1 v2.mp4=1 v3.mp4=1 v4.mp4=1");
  }
  Study study = open();  // the plan remembers
  ASSERT_EQ(study.todo().size(), 1U);
  finish(study, 7.0);
  EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=7 v2.mp4=1 v3.mp4=1 v4.mp4=1");
  EXPECT_EQ(published_bytes(folder()).at("shard-00001/media.parquet"),
            before.at("shard-00001/media.parquet"));
  const Table tracks = database_.read_parquet(study.tables("tracks")[0]).value();
  std::string ids;
  for (const std::string& id : tracks.column("video_id").strings()) ids += id.substr(0, 2) + " ";
  EXPECT_EQ(ids, "v0 v0 v1 v1 v2 v2 ");
}

TEST_F(StudyTest, RowsOfAnotherProgramVersionAreNotMixedIntoAShard) {
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(4)).ok());
    finish(study);
  }
  StudySettings newer = settings();
  newer.program_version = "0.2.0";
  Study study = std::move(try_open(newer)).value();
  EXPECT_THAT(study.todo(), IsEmpty());
  ASSERT_TRUE(study.add_inputs(std::vector{input("v1.mp4", "other bytes")}).ok());
  EXPECT_EQ(study.todo().size(), 3U);
  finish(study, 2.0);
  EXPECT_EQ(media_of(study), "v0.mp4=2 v1.mp4=2 v2.mp4=2 v3.mp4=1");
}

TEST_F(StudyTest, AFileThatVanishedKeepsItsResultAndOneThatMovedToo) {
  Study study = open();
  ASSERT_TRUE(study.add_inputs(inputs(2)).ok());
  finish(study);
  fs::remove(root_ / "media" / "v0.mp4");
  ASSERT_TRUE(
      study.add_inputs(std::vector{describe_input("v0.mp4", root_ / "media" / "v0.mp4")}).ok());
  EXPECT_THAT(study.todo(), IsEmpty());
  fs::rename(root_ / "media" / "v1.mp4", root_ / "moved.mp4");
  ASSERT_TRUE(study.add_inputs(std::vector{describe_input("v1.mp4", root_ / "moved.mp4")}).ok());
  EXPECT_THAT(study.todo(), IsEmpty());
  EXPECT_EQ(study.plan().videos()[1].path, root_ / "moved.mp4");
}

TEST_F(StudyTest, AMissingFileIsDoneOnceItAppears) {
  Study study = open();
  const fs::path path = root_ / "media" / "late.mp4";
  ASSERT_TRUE(study.add_inputs(std::vector{describe_input("late.mp4", path)}).ok());
  finish(study);
  ASSERT_TRUE(study.add_inputs(std::vector{input("late.mp4")}).ok());
  EXPECT_EQ(study.todo().size(), 1U);
}

TEST_F(StudyTest, OtherSettingsAreRefusedLineByLineAndRedoReplaces) {
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(2)).ok());
    finish(study);
  }
  StudySettings other = settings();
  other.options["face"]["border"] = 0.5;
  other.models["blazeface"] = "dd";
  other.seed = 9;
  const Result<Study> refused = try_open(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(refused.error().message, HasSubstr("\n  face.border: 0.25 in the study, 0.5 now"));
  EXPECT_THAT(refused.error().message, HasSubstr("\n  model blazeface: aa in the study, dd now"));
  EXPECT_THAT(refused.error().message, HasSubstr("\n  seed: 0 in the study, 9 now"));
  EXPECT_THAT(refused.error().message, HasSubstr("--redo"));
  EXPECT_THAT(refused.error().message, testing::Not(HasSubstr("rate_hz")));
  ASSERT_TRUE(Study::open_existing(folder(), database_).ok());

  Study replaced = std::move(try_open(other, true)).value();
  EXPECT_EQ(replaced.plan().shards(), 0);
  ASSERT_TRUE(replaced.add_inputs(inputs(1)).ok());
  finish(replaced, 3.0);
  EXPECT_EQ(media_of(replaced), "v0.mp4=3");
  EXPECT_THAT(names_in(folder()), ElementsAre(".lock", "annotations"));
}

TEST_F(StudyTest, ASecondWriterIsToldWhoHoldsTheStudyAndReadersAreNot) {
  std::optional<Study> study = open();
  const Result<Study> second = try_open(settings());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_THAT(second.error().message, HasSubstr(fmt::format("process {}", ::getpid())));
  EXPECT_TRUE(Study::open_existing(folder(), database_).ok());
  study.reset();
  EXPECT_TRUE(try_open(settings()).ok());
}

TEST_F(StudyTest, EveryFileTellsWhatItWasMadeWithAndNothingOfTheMachine) {
  Study study = open();
  ASSERT_TRUE(study.add_inputs(inputs(1)).ok());
  finish(study);
  const FileMetadata metadata = database_.read_metadata(study.tables("media")[0]).value();
  std::vector<std::string> keys;
  for (const auto& [key, value] : metadata) keys.push_back(key);
  EXPECT_THAT(keys,
              ElementsAre("mien.model_set", "mien.models", "mien.options", "mien.program_version",
                          "mien.schema_version", "mien.seed", "mien.table"));
  EXPECT_EQ(metadata.at("mien.options"), R"({"face":{"border":0.25},"rate_hz":6.0})");
  const std::string bytes = read_whole_file(study.tables("media")[0]).value();
  EXPECT_THAT(bytes, testing::Not(HasSubstr(root_.string())));
}

TEST_F(StudyTest, ALongTableIsWrittenInPartsAndComesOutWhole) {
  const std::size_t rows = 2 * PendingWriter::kPartRows + 100;
  const TableSchema schema{
      "frames",
      "face and frame",
      "",
      {{"video_id", ColumnType::kString, ""}, {"pts_us", ColumnType::kInt64, ""}}};
  Study study = open();
  const std::vector<StudyInput> videos = inputs(2);
  ASSERT_TRUE(study.add_inputs(videos).ok());
  for (const StudyInput& video : videos) {
    PendingWriter writer = std::move(study.pending_writer(video)).value();
    for (std::size_t begin = 0; begin < rows; begin += 1000) {
      Table batch(schema);
      for (std::size_t r = begin; r < std::min(begin + 1000, rows); ++r) {
        batch.append(std::vector<Cell>{video.video_id, static_cast<std::int64_t>(r)});
      }
      ASSERT_TRUE(writer.append("frames", batch).ok());
    }
    ASSERT_TRUE(writer.commit().ok());
    ASSERT_TRUE(study.note_committed(video.video_id).ok());
    EXPECT_TRUE(fs::exists(pending_folder(folder(), video.video_id) / "frames-001.parquet"));
  }
  ASSERT_EQ(study.publish_ready_shards().value(), 1);
  const Table frames = database_.read_parquet(study.tables("frames")[0]).value();
  ASSERT_EQ(frames.rows(), 2 * rows);
  for (std::size_t r = 0; r < frames.rows(); ++r) {
    ASSERT_EQ(frames.column("pts_us").integers()[r], static_cast<std::int64_t>(r % rows));
    ASSERT_EQ(frames.column("video_id").strings()[r], videos[r / rows].video_id);
  }
}

TEST_F(StudyTest, AVideoThatLacksATableDoesNotHoldUpItsShard) {
  Study study = open();
  const std::vector<StudyInput> videos = inputs(2);
  ASSERT_TRUE(study.add_inputs(videos).ok());
  annotate(study, videos[0]);
  PendingWriter writer = std::move(study.pending_writer(videos[1])).value();
  Table media({"media",
               "video",
               "",
               {{"video_id", ColumnType::kString, ""}, {"duration_s", ColumnType::kDouble, ""}}});
  media.append(std::vector<Cell>{videos[1].video_id, Cell{}});
  ASSERT_TRUE(writer.append("media", media).ok());
  ASSERT_TRUE(writer.commit().ok());
  ASSERT_TRUE(study.note_committed(videos[1].video_id).ok());
  ASSERT_EQ(study.publish_ready_shards().value(), 1);
  EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=0");
  EXPECT_EQ(study.tables("tracks").size(), 1U);
}

TEST_F(StudyTest, WhatIsNotAStudyIsNamed) {
  const Result<Study> none = Study::open_existing(folder("none"), database_);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("mien annotate"));
}

TEST_F(StudyTest, AnAwkwardIdIsAnIdLikeAnyOther) {
  Study study = open();
  std::vector<StudyInput> videos;
  for (const std::string id : {"it's; DROP TABLE x --.mp4", "\xE8\xA1\xA8\xE6\x83\x85 a.mp4",
                               "sub/folder/../a*[1]?.mp4"}) {
    videos.push_back(input("plain"));
    videos.back().video_id = id;
  }
  ASSERT_TRUE(study.add_inputs(videos).ok());
  finish(study);
  videos[1].mtime_ns += 1;
  ASSERT_TRUE(study.add_inputs(videos).ok());
  EXPECT_EQ(study.todo().size(), 1U);
  finish(study, 2.0);
  EXPECT_EQ(media_of(study),
            videos[0].video_id + "=1 " + videos[1].video_id + "=2 " + videos[2].video_id + "=1");
}

}  // namespace
}  // namespace mien
