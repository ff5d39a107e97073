// What stands between ratings and a training set: the cache of features, whose face a clip shows,
// names of columns.
#include <gmock/gmock.h>

#include <fstream>

#include "support/paths.h"

#include "pipeline/train/feature_cache.h"
#include "pipeline/train/head_folder.h"
#include "pipeline/train/rated_persons.h"
#include "store/durable_file.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::TemporaryFolder;

RatedVideo video() {
  RatedVideo video;
  video.input.video_id = "a.mp4";
  video.input.size_bytes = 1000;
  video.input.mtime_ns = 7;
  return video;
}

TEST(FeatureCache, GivesBackWhatItWasGivenAndNothingElse) {
  TemporaryFolder folder;
  const FeatureCache cache(folder.path(), "blocks", 2);
  const std::vector<RatedClip> clips = {{"c1", 0, 3, 0, 2'000'000}, {"c2", 0, 4, 5, 9}};
  const std::vector<ClipRows> rows = {{{1, 2, 3, 4}}, {}};
  EXPECT_FALSE(cache.read(video(), clips).has_value());
  ASSERT_TRUE(cache.write(video(), clips, rows).ok());
  const auto found = cache.read(video(), clips);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT((*found)[0].rows, ElementsAre(1, 2, 3, 4));
  EXPECT_TRUE((*found)[1].rows.empty());
  const auto second = cache.read(video(), std::span(clips).subspan(1));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->size(), 1U);

  RatedVideo changed = video();
  changed.input.mtime_ns = 8;
  EXPECT_FALSE(cache.read(changed, clips).has_value());
  const std::vector<RatedClip> longer = {{"c1", 0, 3, 0, 3'000'000}};
  EXPECT_FALSE(cache.read(video(), longer).has_value());
  EXPECT_FALSE(FeatureCache(folder.path(), "other blocks", 2).read(video(), clips).has_value());
}

TEST(FeatureCache, TakesADamagedFileAsNotThere) {
  TemporaryFolder folder;
  const FeatureCache cache(folder.path(), "blocks", 2);
  const std::vector<RatedClip> clips = {{"c1", 0, 0, 0, 1}};
  ASSERT_TRUE(cache.write(video(), clips, std::vector<ClipRows>{{{1, 2}}}).ok());
  std::filesystem::path file;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cache.folder())) {
    if (entry.is_regular_file()) file = entry.path();
  }
  const std::string bytes = read_whole_file(file).value();
  for (const std::size_t kept : {std::size_t{0}, std::size_t{20}, bytes.size() - 1}) {
    std::ofstream(file, std::ios::binary) << bytes.substr(0, kept);
    EXPECT_FALSE(cache.read(video(), clips).has_value()) << kept;
  }
  std::string flipped = bytes;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  std::ofstream(file, std::ios::binary) << flipped;
  EXPECT_FALSE(cache.read(video(), clips).has_value());
}

TEST(RatedPersons, AreReadWhereThereIsAColumn) {
  TemporaryFolder folder;
  auto database = Database::open().value();
  const auto file = folder.path() / "ratings.csv";
  std::ofstream(file) << "rater,clip,Person,label\nr,a,Ann,joy\nr,b,,joy\ns,a,Ann,awe\n";
  EXPECT_THAT(read_rated_persons(database, file).value(), ElementsAre(Pair("a", "Ann")));
  std::ofstream(file) << "rater,clip,label\nr,a,joy\n";
  EXPECT_TRUE(read_rated_persons(database, file).value().empty());
  std::ofstream(file) << "rater,clip,person,label\nr,a,Ann,joy\ns,a,Bob,awe\n";
  EXPECT_THAT(read_rated_persons(database, file).error().message,
              HasSubstr("shows the person 'Ann' and 'Bob'"));
}

TEST(ColumnWord, MakesOneColumnOfOneWord) {
  EXPECT_EQ(column_word("Awe, wonder!"), "awe_wonder");
  EXPECT_EQ(column_word("joy"), "joy");
  EXPECT_EQ(column_word(" 2 "), "2");
  EXPECT_NE(column_word("\xe6\x82\xb2"), column_word("\xe6\x82\xb1"));
  EXPECT_EQ(column_word("!"), "unnamed");
}

}  // namespace
}  // namespace mien
