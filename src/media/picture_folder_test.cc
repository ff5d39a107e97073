#include "media/picture_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/media_fixtures.h"
#include "support/paths.h"

#include "media/media_info.h"

namespace mien {
namespace {

TEST(PictureFolder, NumbersInNamesCountByValue) {
  EXPECT_TRUE(name_before("frame2.jpg", "frame10.jpg"));
  EXPECT_FALSE(name_before("frame10.jpg", "frame2.jpg"));
  EXPECT_TRUE(name_before("a1b10", "a01b11"));
  EXPECT_TRUE(name_before("a", "a1"));
  EXPECT_TRUE(name_before("Z", "a"));
}

TEST(PictureFolder, OrderIsStrictAndTotal) {
  const std::string names[] = {
      "",        "0",   "00", "01",  "1",   "1a", "10", "2",
      "a",       "a01", "a1", "a1b", "a10", "a2", "b",  "99999999999999999999999999",
      "\xC3\xA4"};
  for (const std::string& a : names) {
    EXPECT_FALSE(name_before(a, a)) << a;
    for (const std::string& b : names) {
      EXPECT_EQ(name_before(a, b) || name_before(b, a), a != b) << a << " and " << b;
      EXPECT_FALSE(name_before(a, b) && name_before(b, a)) << a << " and " << b;
      for (const std::string& c : names) {
        EXPECT_FALSE(name_before(a, b) && name_before(b, c) && !name_before(a, c)) << a << b << c;
      }
    }
  }
}

TEST(PictureFolder, TakesPicturesOnlyAndNoHiddenFiles) {
  const testing::TemporaryFolder folder;
  for (const char* name : {"p10.JPG", "p9.png", ".hidden.png", "notes.txt", "Thumbs.db"}) {
    testing::write_bytes(folder.path() / name, "x");
  }
  std::filesystem::create_directory(folder.path() / "folder.png");
  const auto pictures = pictures_of(folder.path());
  ASSERT_TRUE(pictures.ok());
  ASSERT_EQ(pictures->size(), 2U);
  EXPECT_EQ(pictures->at(0).filename(), "p9.png");
  EXPECT_EQ(pictures->at(1).filename(), "p10.JPG");
}

TEST(PictureFolder, EmptyAndMissingFoldersAreErrors) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(reason_of(pictures_of(folder.path()).error()), MediaReason::kEmpty);
  EXPECT_EQ(reason_of(pictures_of(folder.path() / "none").error()), MediaReason::kMissing);
}

}  // namespace
}  // namespace mien
