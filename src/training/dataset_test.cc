#include "training/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/half_float.h"
#include "store/durable_file.h"
#include "training/checkpoint.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DatasetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = std::filesystem::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(home_);
    std::filesystem::create_directories(home_);
    folder_ = home_ / "set";
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  static DatasetHeader header() {
    DatasetHeader header;
    header.blocks = {{"expression", 2, "face_expression", "ab"}, {"action", 1, "", ""}};
    header.seed = 7;
    header.provenance["study"] = "s";
    return header;
  }

  static Ratings ratings() {
    RatingsBuilder builder;
    for (const auto& [rater, clip, label] :
         {std::tuple("a", "1", "awe"), std::tuple("b", "1", "anger"), std::tuple("a", "2", "awe"),
          std::tuple("b", "3", "awe")}) {
      RatingsBuilder::Row row;
      row.rater = rater;
      row.clip = clip;
      row.label = label;
      row.group = *rater == 'a' ? "one" : "";
      builder.add(row);
    }
    return std::move(builder).finish(RatingMode::kChoice).value();
  }

  // Clips 2, 1 and 4 (which nobody rated), in this order; clip 3 has no features.
  void write() {
    auto writer = DatasetWriter::create(folder_, header());
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    const std::vector<float> two = {1, 2, 3, 4, 5, NAN};
    const std::vector<float> one = {0.1F, -7, 1e9F};
    ASSERT_TRUE(writer->add({"2", "p", "s", Split::kTest}, two).ok());
    ASSERT_TRUE(writer->add({"1", "q", "s"}, one).ok());
    ASSERT_TRUE(writer->add({"4", "q", "s"}, one).ok());
    EXPECT_THAT(writer->add({"2", "p", "s"}, one).error().message, HasSubstr("came before"));
    EXPECT_THAT(writer->add({"5", "", "s"}, one).error().message, HasSubstr("remedy"));
    const auto rated = writer->finish(ratings());
    ASSERT_TRUE(rated.ok()) << rated.error().message;
    EXPECT_EQ(*rated, 2U);
  }

  void damage(const std::string& name, std::size_t at) {
    std::string bytes = read_whole_file(folder_ / name).value();
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    ASSERT_TRUE(write_file_durably(folder_ / name, bytes).ok());
  }

  std::filesystem::path home_, folder_;
};

TEST_F(DatasetTest, GivesBackWhatWasWritten) {
  write();
  const auto set = Dataset::open(folder_);
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_EQ(set->header().blocks, header().blocks);
  EXPECT_EQ(set->header().provenance, header().provenance);
  ASSERT_EQ(set->clips().size(), 3U);
  EXPECT_EQ(set->clips()[0].person, "p");
  EXPECT_EQ(set->clips()[0].split, Split::kTest);
  EXPECT_EQ(set->clips()[1].first_row, 2U);
  EXPECT_TRUE(set->verify_features().ok());

  std::vector<std::uint16_t> halves;
  ASSERT_TRUE(set->read(0, halves).ok());
  ASSERT_EQ(halves.size(), 6U);
  EXPECT_EQ(half_to_float(halves[4]), 5);
  EXPECT_TRUE(std::isnan(half_to_float(halves[5])));
  ASSERT_TRUE(set->read(1, halves).ok());
  EXPECT_NEAR(half_to_float(halves[0]), 0.1, 1e-4);
  EXPECT_EQ(half_to_float(halves[2]), 65504);
}

TEST_F(DatasetTest, KeepsSingleRatingsOfItsClips) {
  write();
  const auto set = Dataset::open(folder_);
  ASSERT_TRUE(set.ok()) << set.error().message;
  const Ratings& rated = set->ratings();
  EXPECT_THAT(rated.clips, ElementsAre("2", "1", "4"));
  EXPECT_EQ(rated.judgements.size(), 3U);
  EXPECT_EQ(rated.group_of_rater, (std::vector<std::uint32_t>{0, kNoGroup}));

  const Targets all = targets_of(rated, 0, 1);
  EXPECT_EQ(all.labels, 2U);  // anger, awe
  EXPECT_THAT(std::vector(all.mean.begin(), all.mean.begin() + 4), ElementsAre(0, 1, 0.5, 0.5));
  EXPECT_TRUE(std::isnan(all.mean[4]));
  EXPECT_THAT(all.raters, ElementsAre(1, 1, 2, 2, 0, 0));
  const Targets one = targets_of(rated, 0, 1, std::vector<std::uint8_t>{1, 0});
  EXPECT_THAT(std::vector(one.mean.begin(), one.mean.begin() + 4), ElementsAre(0, 1, 0, 1));
}

TEST_F(DatasetTest, ScalesValuesByTheirRange) {
  RatingsBuilder builder;
  for (const auto& [clip, value] : {std::pair("1", 2.0), std::pair("2", 4.0)}) {
    RatingsBuilder::Row row;
    row.rater = "a";
    row.clip = clip;
    row.label = "awe";
    row.value = value;
    builder.add(row);
  }
  const Ratings values = std::move(builder).finish(RatingMode::kValue).value();
  const std::vector<float> one = {1, 2, 3};
  for (const double highest : {5.0, 3.0}) {
    DatasetHeader told = header();
    told.lowest_value = 1;
    told.highest_value = highest;
    auto writer = DatasetWriter::create(folder_, told);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->add({"1", "p", "s"}, one).ok());
    ASSERT_TRUE(writer->add({"2", "q", "s"}, one).ok());
    EXPECT_EQ(writer->finish(values).ok(), highest == 5.0);
  }
  const auto set = Dataset::open(folder_);
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(targets_of(set->ratings(), set->lowest_value(), set->highest_value()).mean,
              ElementsAre(0.25, 0.75));
}

TEST_F(DatasetTest, LeavesNothingWhereItIsGivenUp) {
  {
    auto writer = DatasetWriter::create(folder_, header());
    ASSERT_TRUE(writer.ok());
    EXPECT_THAT(writer->finish(ratings()).error().message, HasSubstr("annotate"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(home_));
}

TEST_F(DatasetTest, SaysWhichFileIsDamaged) {
  for (const std::string name : {"clips.jsonl", "ratings.bin", "manifest.json"}) {
    write();
    damage(name, 1);
    const auto set = Dataset::open(folder_);
    ASSERT_FALSE(set.ok()) << name;
    EXPECT_THAT(set.error().message, HasSubstr(name));
    EXPECT_THAT(set.error().message, HasSubstr("remedy"));
  }
  write();
  damage("features.f16", 3);
  const auto set = Dataset::open(folder_);
  ASSERT_TRUE(set.ok());
  EXPECT_THAT(set->verify_features().error().message, HasSubstr("features.f16"));
}

// Numbers of a manifest that were changed on purpose, where they are trusted with memory.
TEST_F(DatasetTest, CountsThatOverflowAreRefused) {
  const std::pair<const char*, const char*> changes[] = {
      {"/rated/judgements", "4611686018427387904"},  // times 4 is 0
      {"/rated/judgements", "1e300"},
      {"/rated/values", "[9223372036854775808,9223372036854775808]"},
      {"/rated/group_of_rater", "[9,0]"},
      {"/rated/group_of_rater", "[0]"},
      {"/blocks/0/size", "18446744073709551615"},
      {"/rows", "1099511627777"},
      {"/version", "1.0"}};
  for (const auto& [place, value] : changes) {
    write();
    const std::filesystem::path file = folder_ / "manifest.json";
    auto json = nlohmann::ordered_json::parse(read_whole_file(file).value());
    json[nlohmann::ordered_json::json_pointer(place)] = nlohmann::ordered_json::parse(value);
    ASSERT_TRUE(write_file_durably(file, json.dump()).ok());
    const auto set = Dataset::open(folder_);
    ASSERT_FALSE(set.ok()) << place << " " << value;
    EXPECT_EQ(set.error().code, ErrorCode::kCorrupt) << set.error().message;
  }
}

TEST_F(DatasetTest, ACheckpointWhoseSizeOverflowsIsNone) {
  const std::filesystem::path file = home_ / "checkpoint";
  Checkpoint checkpoint;
  checkpoint.parameters = checkpoint.first_moment = checkpoint.second_moment =
      checkpoint.best = {1};
  ASSERT_TRUE(write_checkpoint(file, "key", checkpoint).ok());
  ASSERT_TRUE(read_checkpoint(file, "key").has_value());
  EXPECT_FALSE(read_checkpoint(file, "other").has_value());
  checkpoint.parameters = checkpoint.first_moment = checkpoint.second_moment = checkpoint.best = {};
  ASSERT_TRUE(write_checkpoint(file, "key", checkpoint).ok());
  const std::string bytes = read_whole_file(file).value();
  for (const char* size : {"1152921504606846976", "-1", "1e300", "\"1\""}) {  // 2^60: times 16 is 0
    std::string changed = bytes;
    const std::size_t at = changed.find("\"size\":0");
    ASSERT_NE(at, std::string::npos);
    changed.replace(at, 8, std::string("\"size\":") + size);
    ASSERT_TRUE(write_file_durably(file, changed).ok());
    EXPECT_FALSE(read_checkpoint(file, "key").has_value()) << size;
  }
  for (const char* head : {"{\"key\":1}\n", "{\"key\":\"key\",\"sha256\":2}\n", "[]\n", "{}"}) {
    ASSERT_TRUE(write_file_durably(file, head).ok());
    EXPECT_FALSE(read_checkpoint(file, "key").has_value()) << head;
  }
}

}  // namespace
}  // namespace mien
