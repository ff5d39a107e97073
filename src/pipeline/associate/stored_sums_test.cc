// Sums that lie in files give what they give in memory, bit by bit, and what is damaged is said.
#include "pipeline/associate/stored_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/random.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/associate/united_sums.h"
#include "stats/association_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Videos of two groups and four countries, of those `is_taken` says, with a level and a context
// that only some have.
FixtureVideos drawn(std::uint64_t seed, const std::function<bool(std::size_t)>& is_taken) {
  FixtureVideos videos;
  videos.layout.source = "visual";
  videos.layout.context_use = "present";
  videos.layout.expressions = {"label_awe", "label_doubt"};
  videos.layout.covariates = {"covariate_kind=a", "covariate_year"};
  videos.layout.contexts = {"beach", "party", "sport"};
  videos.layout.groups = {"East", "West"};
  videos.layout.parents = {"", ""};
  videos.layout.countries = {"AA", "BB", "CC", "DD"};
  Random random(seed);
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < 600; ++i) {
    if (is_taken(i)) taken.push_back(i);
    const auto country = static_cast<std::uint32_t>(random.below(4));
    videos.country.push_back(country);
    videos.group.push_back(country % 2);
    videos.uploader.push_back(uploader_hash("u" + std::to_string(random.below(90))));
    videos.values.push_back(random.uniform());
    videos.values.push_back(0.3 + 0.1 * random.normal());
    videos.values.push_back(random.uniform() < 0.5 ? 1 : 0);
    videos.values.push_back(2010 + std::floor(10 * random.uniform()));
    for (std::uint32_t c = 0; c < 3; ++c) {
      if (random.uniform() < 0.4) videos.context.push_back(c);
    }
    videos.first.push_back(videos.context.size());
  }
  return videos.picked(taken);
}

AssociationSums whole_sums() {
  AssociationSums sums = drawn(3, [](std::size_t) { return true; }).sums();
  sums.exclusions[{"East", "en", "missing_expression"}].videos = 4;
  return sums;
}

class StoredSumsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("mien_stored_sums_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  StoredSums stored(const AssociationSums& sums) {
    auto scratch = ScratchFile::create(folder_ / "pieces");
    EXPECT_TRUE(scratch.ok());
    auto aside = store_sums(sums, std::make_shared<ScratchFile>(std::move(scratch).value()));
    EXPECT_TRUE(aside.ok());
    return std::move(aside).value();
  }

  static std::string bytes_of(const AssociationSums& sums) { return association_bytes(sums, {}); }

  // All groups, put together.
  static Result<AssociationSums> all_groups(
      const AssociationSums& names,
      const std::function<Result<AssociationSums>(std::uint32_t group)>& group_of) {
    AssociationSums all;
    all.layout = names.layout;
    all.centres = names.centres;
    all.exclusions = names.exclusions;
    for (std::uint32_t g = 0; g < names.layout.groups.size(); ++g) {
      MIEN_TRY(alone, group_of(g));
      EXPECT_EQ(alone.layout.groups, std::vector{names.layout.groups[g]});
      for (AssociationBlock& block : alone.blocks) {
        block.group = g;
        all.blocks.push_back(std::move(block));
      }
      all.presence.insert(all.presence.end(), alone.presence.begin(), alone.presence.end());
      all.slots.push_back(alone.slots.front());
    }
    return all;
  }

  static void flip(const fs::path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 0x10));
  }

  fs::path folder_;
};

TEST_F(StoredSumsTest, GroupsAreReadAsTheyWere) {
  const AssociationSums sums = whole_sums();
  const StoredSums aside = stored(sums);
  EXPECT_EQ(aside.block_count(), sums.blocks.size());
  const auto read = all_groups(sums, [&](std::uint32_t g) { return sums_of_group(aside, g); });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(bytes_of(*read), bytes_of(sums));
}

TEST_F(StoredSumsTest, TheFileIsTheSameFromMemoryAndFromWhatWasPutAside) {
  const AssociationSums sums = whole_sums();
  const fs::path path = folder_ / "statistics-visual.sums";
  ASSERT_TRUE(write_association_file(path, stored(sums), {{"kind", "slope"}}).ok());
  EXPECT_EQ(*read_whole_file(path), association_bytes(sums, {{"kind", "slope"}}));
  const auto opened = open_association_file(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->metadata, (FileMetadata{{"kind", "slope"}}));
  EXPECT_EQ(opened->sums.exclusions, sums.exclusions);
  const auto read =
      all_groups(sums, [&](std::uint32_t g) { return sums_of_group(opened->sums, g); });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(bytes_of(*read), bytes_of(sums));
}

TEST_F(StoredSumsTest, PartsAddUpAsInMemory) {
  const auto a = drawn(3, [](std::size_t i) { return i % 3 == 0; }).sums();
  FixtureVideos rest = drawn(3, [](std::size_t i) { return i % 3 != 0; });
  const auto added = add_sums(a, rest.sums());
  ASSERT_TRUE(added.ok());
  UnitedSums united;
  ASSERT_TRUE(united.add(stored(a)).ok());
  ASSERT_TRUE(united.add(stored(rest.sums())).ok());
  united.finish();
  EXPECT_EQ(united.centres(), added->centres);
  EXPECT_EQ(united.slots(), added->slots);
  const auto read = all_groups(*added, [&](std::uint32_t g) { return united.group(g); });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(bytes_of(*read), bytes_of(*added));

  rest.layout.by = "country";
  const Status refused = united.add(stored(rest.sums()));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
}

TEST_F(StoredSumsTest, DamageToWhatWasPutAsideIsAnErrorWithARemedy) {
  const AssociationSums sums = whole_sums();
  const StoredSums aside = stored(sums);
  const std::uint64_t size = fs::file_size(aside.path);
  for (std::uint64_t at = 0; at < size; at += 1 + size / 200) {
    flip(aside.path, at);
    const auto read = all_groups(sums, [&](std::uint32_t g) { return sums_of_group(aside, g); });
    ASSERT_FALSE(read.ok()) << at;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(read.error().message, HasSubstr("remedy"));
    EXPECT_FALSE(write_association_file(folder_ / "statistics-visual.sums", aside, {}).ok()) << at;
    flip(aside.path, at);
  }
  EXPECT_FALSE(fs::exists(folder_ / "statistics-visual.sums"));
  fs::resize_file(aside.path, size - 1);
  const auto cut = all_groups(sums, [&](std::uint32_t g) { return sums_of_group(aside, g); });
  ASSERT_FALSE(cut.ok());
  EXPECT_THAT(cut.error().message, HasSubstr("remedy"));
}

TEST_F(StoredSumsTest, DamagedFilesAreRefusedWhenTheyAreOpened) {
  const fs::path path = folder_ / "statistics-visual.sums";
  ASSERT_TRUE(write_association_file(path, whole_sums(), {}).ok());
  const std::uint64_t size = fs::file_size(path);
  for (std::uint64_t at = 0; at < size; at += 1 + size / 200) {
    flip(path, at);
    const auto opened = open_association_file(path);
    ASSERT_FALSE(opened.ok()) << at;
    EXPECT_THAT(opened.error().message, HasSubstr("remedy"));
    flip(path, at);
  }
  for (const std::uint64_t length : {size - 1, size / 2, std::uint64_t{90}, std::uint64_t{0}}) {
    fs::resize_file(path, length);
    EXPECT_FALSE(open_association_file(path).ok()) << length;
  }
}

TEST_F(StoredSumsTest, AFileThatIsWrittenAnewMeanwhileIsNotRead) {
  const AssociationSums sums = whole_sums();
  const fs::path path = folder_ / "statistics-visual.sums";
  ASSERT_TRUE(write_association_file(path, sums, {}).ok());
  const auto opened = open_association_file(path);
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE(write_association_file(path, sums, {{"kind", "slope"}}).ok());
  const auto read = sums_of_group(opened->sums, 0);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kBusy);
}

}  // namespace
}  // namespace mien
