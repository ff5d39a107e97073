// Several tasks at one study, which share nothing but the folder.
#include <thread>

#include "pipeline/annotate/study_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StudyShards : public StudyFixture {
 protected:
  // A study of seven videos in three shards, planned and not begun; "whole" is one that was done by
  // one process.
  void SetUp() override {
    StudyFixture::SetUp();
    for (const std::string name : {"study", "whole"}) {
      Study study = open(3, name);
      ASSERT_TRUE(study.add_inputs(inputs(7)).ok());
      if (name == "whole") finish(study);
    }
  }

  Study task(std::vector<std::int64_t> shards) {
    Result<Study> study = Study::open_shards(folder(), settings(), shards, database_);
    EXPECT_TRUE(study.ok()) << (study.ok() ? "" : study.error().message);
    return std::move(study).value();
  }

  void do_todo(Study& study) const {
    for (const StudyInput& video : study.todo()) annotate(study, video);
  }

  void expect_like_whole() const {
    EXPECT_EQ(published_bytes(folder()), published_bytes(folder("whole")));
    EXPECT_THAT(names_in(folder() / "annotations" / "pending"), IsEmpty());
    EXPECT_THAT(names_in(folder() / "annotations"),
                ElementsAre("pending", "plan.parquet", "run.json", "shard-00000", "shard-00001",
                            "shard-00002"));
  }
};

TEST_F(StudyShards, TasksSideBySideGiveTheBytesOfOneRun) {
  Study last = task({2, 1});
  Study first = task({0});
  EXPECT_EQ(last.todo().size(), 4U);
  EXPECT_EQ(first.planned().size(), 3U);
  annotate(last, last.todo()[0]);
  do_todo(first);
  do_todo(last);
  EXPECT_EQ(first.publish_ready_shards().value(), 1);
  EXPECT_EQ(last.publish_ready_shards().value(), 2);
  EXPECT_THAT(last.todo(), IsEmpty());
  expect_like_whole();
}

TEST_F(StudyShards, ASecondTaskAtTheSameShardIsHarmlessHoweverLate) {
  Study early = task({0});
  Study late = task({0});
  const std::vector<StudyInput> videos = late.todo();
  do_todo(early);
  annotate(late, videos[1]);
  ASSERT_EQ(early.publish_ready_shards().value(), 1);  // and takes away what the late one wrote
  const auto published = published_bytes(folder());
  annotate(late, videos[0]);
  annotate(late, videos[2]);
  ASSERT_TRUE(late.publish_ready_shards().ok());
  EXPECT_THAT(late.todo(), IsEmpty());
  EXPECT_THAT(late.problems(), IsEmpty());
  EXPECT_EQ(published_bytes(folder()), published);
  Study other = task({1, 2});
  do_todo(other);
  ASSERT_TRUE(other.publish_ready_shards().ok());
  expect_like_whole();
}

TEST_F(StudyShards, ATaskWhosePendingVideosWerePublishedByAnotherTakesTheShardAsDone) {
  {
    Study killed = task({0});
    annotate(killed, killed.todo()[0]);
    annotate(killed, killed.todo()[0]);
  }
  Study a = task({0});
  Study b = task({0});
  ASSERT_EQ(a.todo().size(), 1U);  // it goes on where the killed one was
  const StudyInput last = b.todo()[0];
  do_todo(a);
  ASSERT_TRUE(a.publish_ready_shards().ok());
  annotate(b, last);
  ASSERT_TRUE(b.publish_ready_shards().ok());
  EXPECT_THAT(b.todo(), IsEmpty());
  EXPECT_THAT(b.problems(), IsEmpty());
  EXPECT_THAT(names_in(folder() / "annotations" / "pending"), IsEmpty());
}

TEST_F(StudyShards, WhatOthersAreWritingIsLeftAlone) {
  const fs::path theirs = folder() / "annotations" / "pending" / ".abc.tmp-123-1";
  fs::create_directories(theirs);
  Study study = task({0});
  do_todo(study);
  ASSERT_TRUE(study.publish_ready_shards().ok());
  EXPECT_TRUE(fs::exists(theirs));
  EXPECT_TRUE(try_open(settings()).ok());  // the one that has the whole study clears up
  EXPECT_FALSE(fs::exists(theirs));
}

TEST_F(StudyShards, AShardThatDoesNotHoldIsDoneAgainByItsTask) {
  for (int round = 0; round < 2; ++round) {
    Study study = task({0, 1, 2});
    do_todo(study);
    ASSERT_TRUE(study.publish_ready_shards().ok());
    if (round == 0) fs::resize_file(folder() / "annotations/shard-00001/media.parquet", 10);
  }
  expect_like_whole();
}

TEST_F(StudyShards, ManyWritersOfOneFolderLeaveOneWholeFolder) {
  const fs::path place = root_ / "place";
  std::vector<std::thread> writers;
  std::atomic<int> failed{0};
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const fs::path mine = temporary_name_for(place);
        fs::create_directories(mine);
        if (!write_file_durably(mine / "a", "same").ok() ||
            !replace_folder_durably(mine, place).ok()) {
          ++failed;
        }
        if (i % 5 == 0) discard_pending(place);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  for (const std::string& name : names_in(root_)) EXPECT_FALSE(is_temporary_name(name)) << name;
}

TEST_F(StudyShards, WhatIsNotPlannedIsNamed) {
  const std::int64_t shards[] = {3};
  const auto beyond = Study::open_shards(folder(), settings(), shards, database_);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(beyond.error().message, HasSubstr("there is no shard 3; the plan has 3"));
  StudySettings other = settings();
  other.seed = 9;
  const auto refused = Study::open_shards(folder(), other, shards, database_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
}

}  // namespace
}  // namespace mien
