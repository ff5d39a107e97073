#include "store/scratch_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "store/durable_file.h"

namespace mien {
namespace {

class ScratchFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("mien_scratch_file_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

std::string read_from(const PlacedBytes& bytes, std::uint64_t at, std::size_t count) {
  std::string text(count, '\0');
  const Status read = bytes.read(at, text);
  return read.ok() ? text : read.error().message;
}

TEST_F(ScratchFileTest, HoldsWhatWasAppendedAndGoesWithItsOwner) {
  std::filesystem::path path;
  {
    auto scratch = ScratchFile::create(folder_ / "pieces");
    ASSERT_TRUE(scratch.ok()) << scratch.error().message;
    path = scratch->path();
    EXPECT_TRUE(is_temporary_name(path));
    ASSERT_TRUE(scratch->append("one and ").ok());
    ASSERT_TRUE(scratch->append("two").ok());
    EXPECT_EQ(scratch->size(), 11U);
    const auto bytes = PlacedBytes::open(path);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(bytes->size(), 11U);
    EXPECT_EQ(read_from(*bytes, 8, 3), "two");
    EXPECT_NE(read_from(*bytes, 8, 4).find("shorter than it was; remedy"), std::string::npos);
    const ScratchFile moved = std::move(scratch).value();
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ScratchFileTest, WhatAKillLeftIsClearedByItsName) {
  const auto left = temporary_name_for(folder_ / "pieces");
  std::ofstream(left) << "left";
  ASSERT_TRUE(clear_left_overs_of(folder_ / "pieces").ok());
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(ScratchFileTest, OtherBytesUnderTheSameNameHaveAnotherStamp) {
  const auto path = folder_ / "file";
  ASSERT_TRUE(write_file_durably(path, "abc").ok());
  const std::string before = PlacedBytes::open(path)->stamp();
  EXPECT_EQ(PlacedBytes::open(path)->stamp(), before);
  ASSERT_TRUE(write_file_durably(path, "abd").ok());
  EXPECT_NE(PlacedBytes::open(path)->stamp(), before);
  EXPECT_EQ(PlacedBytes::open(folder_ / "none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace mien
