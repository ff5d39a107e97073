// What disks and crashes do to a study: nothing half, nothing lost that stands, everything named.
#include <sys/resource.h>

#include <csignal>
#include <functional>

#include "pipeline/annotate/study_fixture.h"
#include "pipeline/study/study.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class StudyFaultTest : public StudyFixture {
 protected:
  // Two shards of three videos, closed again.
  void make_finished_study() {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(inputs(6)).ok());
    finish(study);
  }

  static void rewrite(const fs::path& path, const std::function<void(std::string&)>& change) {
    std::string bytes = read_whole_file(path).value();
    change(bytes);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
};

struct Damage {
  const char* name;
  std::function<void(const fs::path& shard)> inflict;
  const char* why;
};

class DamagedShardTest : public StudyFaultTest, public testing::WithParamInterface<Damage> {};

TEST_P(DamagedShardTest, IsNotDoneSaysWhyAndIsMadeAnew) {
  make_finished_study();
  const auto before = published_bytes(folder());
  GetParam().inflict(shard(1));
  Study study = open();
  ASSERT_THAT(study.problems(), SizeIs(1));
  EXPECT_THAT(study.problems()[0], HasSubstr("shard-00001"));
  EXPECT_THAT(study.problems()[0], HasSubstr(GetParam().why));
  EXPECT_EQ(study.todo().size(), 3U);
  EXPECT_EQ(study.count(VideoState::kDone), 3);
  EXPECT_THAT(study.tables("media"), SizeIs(1));
  finish(study);
  EXPECT_EQ(published_bytes(folder()), before);
}

void change_bytes(const fs::path& path, const std::function<void(std::string&)>& change) {
  std::string bytes = read_whole_file(path).value();
  change(bytes);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DamagedShardTest,
    testing::Values(
        Damage{"truncated_table",
               [](const fs::path& shard) {
                 change_bytes(shard / "tracks.parquet",
                              [](std::string& bytes) { bytes.resize(bytes.size() / 2); });
               },
               "tracks.parquet: the size is not right"},
        Damage{"flipped_byte",
               [](const fs::path& shard) {
                 change_bytes(shard / "media.parquet",
                              [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; });
               },
               "media.parquet: the checksum does not hold"},
        Damage{"missing_table", [](const fs::path& shard) { fs::remove(shard / "tracks.parquet"); },
               "tracks.parquet: the file is missing"},
        Damage{"missing_manifest",
               [](const fs::path& shard) { fs::remove(shard / "manifest.json"); },
               "the manifest is missing"},
        Damage{"truncated_manifest",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json",
                              [](std::string& bytes) { bytes.resize(bytes.size() / 2); });
               },
               "not a manifest"},
        Damage{"empty_manifest",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json", [](std::string& bytes) { bytes.clear(); });
               },
               "not a manifest"},
        Damage{"edited_manifest",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json", [](std::string& bytes) {
                   bytes.replace(bytes.find("v4.mp4"), 6, "v9.mp4");
                 });
               },
               "the manifest's own checksum does not hold"},
        Damage{"manifest_of_another_version",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json", [](std::string& bytes) {
                   ShardManifest manifest = decode_shard_manifest(bytes).value();
                   manifest.schema_version = kSchemaVersion + 1;
                   bytes = encode(manifest);
                 });
               },
               "of the tables, not"},
        Damage{"manifest_of_other_settings",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json", [](std::string& bytes) {
                   ShardManifest manifest = decode_shard_manifest(bytes).value();
                   manifest.settings = "0123";
                   bytes = encode(manifest);
                 });
               },
               "made with other settings"},
        Damage{"manifest_that_leads_out",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json", [](std::string& bytes) {
                   ShardManifest manifest = decode_shard_manifest(bytes).value();
                   manifest.files[0].name = "../shard-00000/media.parquet";
                   bytes = encode(manifest);
                 });
               },
               "not a file's name"},
        Damage{"manifest_of_other_videos",
               [](const fs::path& shard) {
                 change_bytes(shard / "manifest.json", [](std::string& bytes) {
                   ShardManifest manifest = decode_shard_manifest(bytes).value();
                   manifest.videos[0].video_id = "v9.mp4";
                   bytes = encode(manifest);
                 });
               },
               "its videos are not those of the plan"}),
    [](const auto& damage) { return damage.param.name; });

TEST_F(StudyFaultTest, ADamagedPendingFolderIsDoneAgain) {
  const std::vector<StudyInput> videos = inputs(3);
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(videos).ok());
    annotate(study, videos[0]);
    annotate(study, videos[1]);
  }
  rewrite(pending_folder(folder(), "v1.mp4") / "media-000.parquet",
          [](std::string& bytes) { bytes[10] ^= 1; });
  Study study = open();
  EXPECT_EQ(study.state_of("v0.mp4"), VideoState::kPending);
  EXPECT_EQ(study.state_of("v1.mp4"), VideoState::kTodo);
  EXPECT_THAT(study.problems(), ElementsAre(HasSubstr("checksum does not hold")));

  // The same between commit and publishing.
  annotate(study, videos[1]);
  annotate(study, videos[2]);
  fs::remove(pending_folder(folder(), "v2.mp4") / "tracks-000.parquet");
  EXPECT_EQ(study.publish_ready_shards().value(), 0);
  ASSERT_EQ(study.todo().size(), 1U);
  EXPECT_EQ(study.todo()[0].video_id, "v2.mp4");
  EXPECT_FALSE(fs::exists(shard(0)));
  finish(study);
  EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=1 v2.mp4=1");
}

TEST_F(StudyFaultTest, WhatAChangedFileLeftPendingIsNotTakenForTheNewOne) {
  const std::vector<StudyInput> videos = inputs(2);
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(videos).ok());
    annotate(study, videos[0]);
  }
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(std::vector{input("v0.mp4", "other bytes")}).ok());
    EXPECT_EQ(study.todo().size(), 2U);
  }
  Study study = open();
  EXPECT_EQ(study.todo().size(), 2U);
  EXPECT_THAT(study.problems(), IsEmpty());
}

TEST_F(StudyFaultTest, LeftOversOfACrashAreClearedAway) {
  make_finished_study();
  const fs::path annotations = folder() / "annotations";
  for (const fs::path& path :
       {annotations / ".shard-00007.tmp-123-0", annotations / "pending" / ".abc.tmp-123-1",
        folder() / ".annotations.tmp-9-9"}) {
    fs::create_directories(path / "inside");
  }
  std::ofstream(annotations / ".plan.parquet.tmp-123-2") << "half";
  std::ofstream(folder() / ".mine.tmp-1-1") << "the user's own";
  Study study = open();
  EXPECT_THAT(names_in(annotations),
              ElementsAre("pending", "plan.parquet", "run.json", "shard-00000", "shard-00001"));
  EXPECT_THAT(names_in(annotations / "pending"), IsEmpty());
  EXPECT_THAT(names_in(folder()), ElementsAre(".lock", ".mine.tmp-1-1", "annotations"));
  EXPECT_THAT(study.todo(), IsEmpty());
}

TEST_F(StudyFaultTest, ACrashBetweenTheTwoRenamesOfAReplacementLosesNothing) {
  make_finished_study();
  const auto before = published_bytes(folder());
  fs::rename(shard(0), replaced_name_for(shard(0)));
  fs::create_directories(folder() / "annotations" / ".shard-00000.tmp-5-5");
  {
    Study study = open();
    EXPECT_THAT(study.todo(), IsEmpty());
    EXPECT_EQ(published_bytes(folder()), before);
  }
  // And after the second rename, before the old folder was removed.
  fs::create_directories(replaced_name_for(shard(0)) / "inside");
  Study study = open();
  EXPECT_THAT(study.todo(), IsEmpty());
  EXPECT_FALSE(fs::exists(replaced_name_for(shard(0))));
  EXPECT_EQ(published_bytes(folder()), before);
}

TEST_F(StudyFaultTest, ACrashAfterPublishingBeforeClearingUpDoesNothingTwice) {
  const std::vector<StudyInput> videos = inputs(3);
  {
    Study study = open();
    ASSERT_TRUE(study.add_inputs(videos).ok());
    for (const StudyInput& video : videos) annotate(study, video);
    fs::copy(folder() / "annotations" / "pending", root_ / "kept", fs::copy_options::recursive);
    ASSERT_EQ(study.publish_ready_shards().value(), 1);
  }
  fs::copy(root_ / "kept", folder() / "annotations" / "pending", fs::copy_options::recursive);
  const auto before = published_bytes(folder());
  Study study = open();
  EXPECT_EQ(study.count(VideoState::kDone), 3);
  EXPECT_EQ(study.publish_ready_shards().value(), 0);
  EXPECT_EQ(published_bytes(folder()), before);
  EXPECT_THAT(names_in(folder() / "annotations" / "pending"), IsEmpty());
}

TEST_F(StudyFaultTest, AFullDiskIsNamedAndNothingIsPublishedHalf) {
  Study study = open();
  const std::vector<StudyInput> videos = inputs(3);
  ASSERT_TRUE(study.add_inputs(videos).ok());
  for (const StudyInput& video : videos) annotate(study, video);
  // A limit on the size of files stands for a full disk: writing stops in the middle.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit tight = before;
  tight.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto published = study.publish_ready_shards();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(published.ok());
  EXPECT_EQ(published.error().code, ErrorCode::kIo) << published.error().message;
  EXPECT_THAT(published.error().message, HasSubstr("shard-00000"));
  EXPECT_THAT(published.error().message, HasSubstr("remedy"));
  EXPECT_THAT(names_in(folder() / "annotations"),
              ElementsAre("pending", "plan.parquet", "run.json"));
  EXPECT_EQ(study.publish_ready_shards().value(), 1);
  EXPECT_EQ(media_of(study), "v0.mp4=1 v1.mp4=1 v2.mp4=1");
}

TEST_F(StudyFaultTest, APlaceThatCannotBeWrittenIsNamed) {
  std::ofstream(folder()) << "a file where the folder should be";
  const Result<Study> file = try_open(settings());
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kIo);
  EXPECT_THAT(file.error().message, HasSubstr(folder().string()));
  const Result<Study> proc =
      Study::open_or_create("/proc/mien-study", settings(), StudyOpenOptions{}, database_);
  ASSERT_FALSE(proc.ok());
  EXPECT_THAT(proc.error().message, HasSubstr("/proc/mien-study"));
  EXPECT_THAT(proc.error().message, HasSubstr("remedy"));
}

TEST_F(StudyFaultTest, DamagedBooksOfTheStudyItselfAreErrorsWithARemedy) {
  make_finished_study();
  const fs::path plan = folder() / "annotations" / "plan.parquet";
  const std::string good = read_whole_file(plan).value();
  rewrite(plan, [](std::string& bytes) { bytes.resize(bytes.size() - 20); });
  Result<Study> study = try_open(settings());
  ASSERT_FALSE(study.ok());
  EXPECT_EQ(study.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(study.error().message, HasSubstr("plan.parquet"));
  std::ofstream(plan, std::ios::binary) << good;

  const fs::path run = folder() / "annotations" / "run.json";
  const std::string settings_text = read_whole_file(run).value();
  std::ofstream(run) << "{";
  study = try_open(settings());
  EXPECT_EQ(study.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(study.error().message, HasSubstr("--redo"));
  fs::remove(run);
  study = try_open(settings());
  EXPECT_THAT(study.error().message, HasSubstr("run.json"));
  EXPECT_EQ(study.error().code, ErrorCode::kCorrupt);
  std::ofstream(run) << settings_text;
  EXPECT_TRUE(try_open(settings()).ok());
  fs::remove(run);
  EXPECT_TRUE(try_open(settings(), true).ok());
}

TEST_F(StudyFaultTest, AWriterThatIsGivenUpLeavesNothing) {
  Study study = open();
  const std::vector<StudyInput> videos = inputs(1);
  ASSERT_TRUE(study.add_inputs(videos).ok());
  {
    PendingWriter writer = std::move(study.pending_writer(videos[0])).value();
    Table media({"media", "video", "", {{"video_id", ColumnType::kString, ""}}});
    media.append(std::vector<Cell>{videos[0].video_id});
    ASSERT_TRUE(writer.append("media", media).ok());
  }
  EXPECT_THAT(names_in(folder() / "annotations" / "pending"), IsEmpty());
  EXPECT_FALSE(study.note_committed(videos[0].video_id).ok());
  EXPECT_EQ(study.todo().size(), 1U);
}

TEST_F(StudyFaultTest, TwoWritersOfOneVideoGiveOneWholeFolder) {
  Study study = open();
  const std::vector<StudyInput> videos = inputs(1);
  ASSERT_TRUE(study.add_inputs(videos).ok());
  PendingWriter first = std::move(study.pending_writer(videos[0])).value();
  PendingWriter second = std::move(study.pending_writer(videos[0])).value();
  ASSERT_TRUE(write_pending(first, "v0.mp4", 1.0).ok());
  ASSERT_TRUE(write_pending(second, "v0.mp4", 1.0).ok());
  ASSERT_TRUE(study.note_committed("v0.mp4").ok());
  EXPECT_THAT(names_in(folder() / "annotations" / "pending"), SizeIs(1));
}

using PendingWriterDeathTest = StudyFaultTest;

TEST_F(PendingWriterDeathTest, RowsOfAnotherVideoAreABug) {
  Study study = open();
  const std::vector<StudyInput> videos = inputs(1);
  PendingWriter writer = std::move(study.pending_writer(videos[0])).value();
  Table media({"media", "video", "", {{"video_id", ColumnType::kString, ""}}});
  media.append(std::vector<Cell>{std::string("another")});
  EXPECT_DEATH((void)writer.append("media", media), "its own video");
}

}  // namespace
}  // namespace mien
