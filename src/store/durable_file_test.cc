#include "store/durable_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DurableFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("mien_durable_file_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(DurableFileTest, WritesReplacesAndReads) {
  const fs::path path = folder_ / "a.json";
  ASSERT_TRUE(write_file_durably(path, "one").ok());
  ASSERT_TRUE(write_file_durably(path, std::string(200000, 'x')).ok());
  EXPECT_EQ(read_whole_file(path).value(), std::string(200000, 'x'));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(DurableFileTest, FailureNamesPlaceAndRemedyAndLeavesNothing) {
  const Status missing = write_file_durably(folder_ / "no" / "a", "x");
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("remedy"));
  fs::create_directories(folder_ / "full" / "inside");
  ASSERT_FALSE(write_file_durably(folder_ / "full", "x").ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
  EXPECT_EQ(read_whole_file(folder_ / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_whole_file(folder_).error().code, ErrorCode::kIo);
}

TEST_F(DurableFileTest, TemporaryNamesAreRecognisedAndDiffer) {
  const fs::path a = temporary_name_for(folder_ / "x.parquet");
  EXPECT_TRUE(is_temporary_name(a));
  EXPECT_NE(a, temporary_name_for(folder_ / "x.parquet"));
  EXPECT_EQ(a.parent_path(), folder_);
  EXPECT_FALSE(is_temporary_name(folder_ / "x.tmp-1-2.parquet"));
  EXPECT_FALSE(is_temporary_name(folder_ / ".hidden"));
}

}  // namespace
}  // namespace mien
