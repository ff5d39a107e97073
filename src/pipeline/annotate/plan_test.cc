#include "pipeline/annotate/plan.h"

#include "pipeline/annotate/study_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PlanTest : public StudyFixture {};

TEST_F(PlanTest, GrowsByWholeShardsAndIsReadBack) {
  Plan plan;
  EXPECT_TRUE(plan.add(inputs(5), 2).value());
  EXPECT_FALSE(plan.add(inputs(5), 2).value());
  EXPECT_TRUE(plan.add(inputs(9), 3).value());
  ASSERT_EQ(plan.shards(), 5);  // 2 2 1 | 3 1
  const std::size_t begins[] = {0, 2, 4, 5, 8};
  for (int shard = 0; shard < 5; ++shard) {
    EXPECT_EQ(plan.shard_begin(shard), begins[shard]);
    EXPECT_EQ(plan.shard_end(shard), shard < 4 ? begins[shard + 1] : 9U);
    for (std::size_t i = plan.shard_begin(shard); i < plan.shard_end(shard); ++i) {
      EXPECT_EQ(plan.shard_of(i), shard);
    }
  }
  ASSERT_TRUE(plan.write(database_, root_ / "plan.parquet").ok());
  const Result<Plan> back = Plan::read(database_, root_ / "plan.parquet");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->shards(), 5);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(back->videos()[i].video_id, plan.videos()[i].video_id);
    EXPECT_EQ(back->videos()[i].path, plan.videos()[i].path);
    EXPECT_EQ(back->videos()[i].mtime_ns, plan.videos()[i].mtime_ns);
    EXPECT_EQ(back->find(plan.videos()[i].video_id), i);
  }
  EXPECT_EQ(Plan::read(database_, root_ / "none.parquet")->shards(), 0);
}

// As a task of single shards reads it.
TEST_F(PlanTest, ShardsAloneAreReadWithTheirNumbers) {
  Plan plan;
  ASSERT_TRUE(plan.add(inputs(9), 2).ok());  // 2 2 2 2 1
  const fs::path file = root_ / "plan.parquet";
  ASSERT_TRUE(plan.write(database_, file).ok());
  const Result<Plan> part = Plan::read_shards(database_, file, {1, 4, 7});
  ASSERT_TRUE(part.ok()) << part.error().message;
  EXPECT_EQ(part->shards(), 5);
  ASSERT_EQ(part->videos().size(), 3U);
  for (int shard = 0; shard < 5; ++shard) {
    const bool is_wanted = shard == 1 || shard == 4;
    const std::size_t count = part->shard_end(shard) - part->shard_begin(shard);
    EXPECT_EQ(count, is_wanted ? plan.shard_end(shard) - plan.shard_begin(shard) : 0) << shard;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = part->shard_begin(shard) + i;
      const StudyInput& video = plan.videos()[plan.shard_begin(shard) + i];
      EXPECT_EQ(part->videos()[at].video_id, video.video_id);
      EXPECT_EQ(part->shard_of(at), shard);
      EXPECT_EQ(part->find(video.video_id), at);
    }
  }
  EXPECT_EQ(part->find(plan.videos()[0].video_id), std::nullopt);
  // Damage of a row that is not its own is seen too.
  const FileMetadata metadata = database_.read_metadata(file).value();
  const fs::path other = root_ / "other.parquet";
  ASSERT_TRUE(database_
                  .write_query_parquet("SELECT * REPLACE (CASE shard WHEN 0 THEN 7 ELSE size_bytes "
                                       "END AS size_bytes) FROM " +
                                           sql_read_parquet(file),
                                       other, metadata)
                  .ok());
  EXPECT_EQ(Plan::read_shards(database_, other, {4}).error().code, ErrorCode::kCorrupt);
}

std::string shards_of(const Plan& plan) {
  std::string text;
  for (std::int64_t shard = 0; shard < plan.shards(); ++shard) {
    text += shard == 0 ? "" : "|";
    for (std::size_t i = plan.shard_begin(shard); i < plan.shard_end(shard); ++i) {
      text += plan.videos()[i].video_id.substr(1, 1);
    }
  }
  return text;
}

TEST_F(PlanTest, ShardsOfLikeDurationByTheLongestFirst) {
  // With the opening second 9 | 8 | 6, then 5 to the 6, 4 to the 8, 3 to the 9, 2 to the 11.
  const double seconds[] = {4, 1, 8, 5, 2, 7, 3};
  Plan plan;
  EXPECT_TRUE(plan.add_balanced(inputs(7), seconds, 3).value());
  EXPECT_EQ(shards_of(plan), "24|56|013");

  // Equal ones: by id, to the shards in their order, whatever the order of the list.
  const std::vector<double> same(5, 2.0);
  Plan equal;
  std::vector<StudyInput> list = inputs(5);
  std::swap(list[0], list[4]);
  EXPECT_TRUE(equal.add_balanced(list, same, 2).value());
  EXPECT_EQ(shards_of(equal), "420|13");

  // New videos get new shards, no shard is empty, and what is planned stays.
  const std::vector<double> nine(9, 1.0);
  EXPECT_TRUE(plan.add_balanced(inputs(9), nine, 5).value());
  EXPECT_EQ(shards_of(plan), "24|56|013|7|8");
  EXPECT_FALSE(plan.add_balanced(inputs(9), nine, 5).value());
}

TEST_F(PlanTest, TheFullestShardIsNearTheMean) {
  std::vector<StudyInput> videos;
  std::vector<double> seconds;
  double total = 0;
  for (int i = 0; i < 500; ++i) {
    videos.push_back({fmt::format("v{:03}", i), root_ / fmt::format("v{:03}", i), 1, 1});
    seconds.push_back(1 + (i * 7919) % 600);
    total += seconds.back() + Plan::kOpening_s;
  }
  Plan plan;
  ASSERT_TRUE(plan.add_balanced(videos, seconds, 16).ok());
  for (std::int64_t shard = 0; shard < 16; ++shard) {
    double sum = 0;
    for (std::size_t i = plan.shard_begin(shard); i < plan.shard_end(shard); ++i) {
      sum += seconds[std::stoul(plan.videos()[i].video_id.substr(1))] + Plan::kOpening_s;
    }
    EXPECT_NEAR(sum, total / 16, 0.01 * total / 16);
  }
}

TEST_F(PlanTest, TwoFilesUnderOneIdAreNamedBoth) {
  StudyInput a = input("a.mp4");
  StudyInput b = input("b.mp4", "longer than the other");
  b.video_id = "a.mp4";
  Plan plan;
  const auto together = plan.add(std::vector{a, b}, 64);
  ASSERT_FALSE(together.ok());
  EXPECT_EQ(together.error().code, ErrorCode::kUsage);
  EXPECT_THAT(together.error().message, HasSubstr("media/a.mp4 and "));
  EXPECT_THAT(together.error().message, HasSubstr("media/b.mp4"));
  EXPECT_TRUE(plan.videos().empty());

  ASSERT_TRUE(plan.add(std::vector{a}, 64).ok());
  const auto later = plan.add(std::vector{b}, 64);
  ASSERT_FALSE(later.ok());
  EXPECT_THAT(later.error().message, HasSubstr("media/b.mp4"));
  EXPECT_EQ(plan.videos()[0].path, a.path);
  fs::remove(a.path);  // it moved and changed
  EXPECT_TRUE(plan.add(std::vector{b}, 64).value());
}

TEST_F(PlanTest, AnIdOrPathThatIsNotTextIsRefused) {
  Plan plan;
  for (const std::string& id : {std::string(), std::string("caf\xE9"), std::string("a\0b", 3)}) {
    const auto added = plan.add(std::vector{StudyInput{id, "/x/y.mp4", 1, 1}}, 64);
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(added.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(added.error().message, HasSubstr("/x/y.mp4"));
  }
  EXPECT_FALSE(plan.add(std::vector{StudyInput{"a", "/x/caf\xE9.mp4", 1, 1}}, 64).ok());
}

TEST_F(PlanTest, APlanThatWasTamperedWithIsNotBelieved) {
  Plan plan;
  ASSERT_TRUE(plan.add(inputs(3), 2).ok());
  ASSERT_TRUE(plan.write(database_, root_ / "plan.parquet").ok());
  const FileMetadata metadata = database_.read_metadata(root_ / "plan.parquet").value();
  const fs::path other = root_ / "other.parquet";
  const std::string source = sql_read_parquet(root_ / "plan.parquet");
  const auto tampered = [&](const std::string& select) {
    EXPECT_TRUE(database_.write_query_parquet(select + source, other, metadata).ok());
    return Plan::read(database_, other);
  };
  EXPECT_TRUE(tampered("SELECT * FROM ").ok());
  for (const char* select :
       {"SELECT * REPLACE (size_bytes + 1 AS size_bytes) FROM ",
        "SELECT * REPLACE (shard + 1 AS shard) FROM ", "SELECT * EXCLUDE (path) FROM ",
        "SELECT * REPLACE ('x' AS video_id) FROM ", "SELECT * REPLACE ('x' AS size_bytes) FROM "}) {
    const Result<Plan> read = tampered(select);
    ASSERT_FALSE(read.ok()) << select;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr("--redo"));
  }
}

TEST_F(PlanTest, AFolderOfPicturesIsDescribedByItsFiles) {
  const fs::path folder = root_ / "pictures";
  fs::create_directories(folder / "sub");
  std::ofstream(folder / "1.png") << "12345";
  std::ofstream(folder / "2.png") << "678";
  std::ofstream(folder / "sub" / "3.png") << "not counted";
  const StudyInput first = describe_input("pictures", folder);
  EXPECT_EQ(first.size_bytes, 8);
  fs::last_write_time(folder / "1.png", fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_GT(describe_input("pictures", folder).mtime_ns, first.mtime_ns);
  EXPECT_EQ(describe_input("x", root_ / "none").size_bytes, -1);
}

}  // namespace
}  // namespace mien
