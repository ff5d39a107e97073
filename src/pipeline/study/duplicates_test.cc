#include "pipeline/study/duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/paths.h"

#include "face/frame_hash.h"

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DuplicatesTest : public ::testing::Test {
 protected:
  struct Video {
    const char* id;
    const char* region;
    const char* uploader;
    const char* title_cluster;  // "" for none
    std::uint64_t pictures;     // 0: not annotated
  };

  void write(const std::vector<Video>& videos, bool annotated = true) {
    TableSchema schema = corpus_schema();
    schema.columns.push_back({"duplicate_cluster", ColumnType::kString, ""});
    Table corpus(schema);
    Table media(media_schema());
    for (const Video& video : videos) {
      RowBuilder row(corpus.schema());
      for (const ColumnSpec& column : schema.columns) row.set_null(column.name);
      row.set("video_id", video.id).set("region", video.region).set("uploader", video.uploader);
      if (*video.title_cluster != '\0') row.set("duplicate_cluster", video.title_cluster);
      corpus.append(row.finish());
      if (video.pictures == 0) continue;
      FrameHashes hashes{};
      for (std::size_t i = 0; i < kHashedFrames; ++i) {
        hashes[i] = video.pictures * (0x9e3779b97f4a7c15U + 2 * i);
      }
      RowBuilder other(media.schema());
      for (const ColumnSpec& column : media.schema().columns) other.set_null(column.name);
      other.set("video_id", video.id).set("frame_hashes", to_text(hashes));
      media.append(other.finish());
    }
    ASSERT_TRUE(database_.write_parquet(corpus, study() / "corpus.parquet", {}).ok());
    if (annotated) {
      ASSERT_TRUE(database_.write_parquet(media, study() / "media.parquet", {}).ok());
    }
  }

  // "id cluster", with t for the same title and p for the same pictures.
  std::vector<std::string> rows() {
    const Table table = database_.read_parquet(study() / "duplicates.parquet").value();
    std::vector<std::string> result;
    for (std::size_t r = 0; r < table.rows(); ++r) {
      result.push_back(table.column("video_id").strings()[r] + " " +
                       table.column("cluster").strings()[r] + " " +
                       (std::get<bool>(table.column("same_title").at(r)) ? "t" : "") +
                       (std::get<bool>(table.column("same_pictures").at(r)) ? "p" : ""));
    }
    return result;
  }
  const std::filesystem::path& study() const { return folder_.path(); }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(DuplicatesTest, TitlesAndPicturesMakeOneCluster) {
  write({{"a", "Africa", "u1", "a", 3},
         {"b", "Africa", "u1", "", 7},
         {"c", "East Asia", "u2", "a", 0},
         {"d", "East Asia", "u3", "", 3},
         {"e", "Brazil", "u4", "", 11},
         {"f", "Brazil", "u4", "", 7},
         {"g", "Brazil", "u5", "", 0}});
  // The second of a pair that stands before it in the corpus counts as well.
  const DuplicateSummary summary = find_duplicates(database_, study()).value();
  EXPECT_THAT(rows(), ElementsAre("a a tp", "b b p", "c a t", "d a p", "f b p"));
  EXPECT_EQ(summary.clusters, 2);
  EXPECT_EQ(summary.videos, 5);
  EXPECT_EQ(summary.by_pictures, 4);
  EXPECT_EQ(summary.across_regions, 2);
  EXPECT_EQ(summary.across_uploaders, 2);
  const auto clusters = read_duplicates(database_, study()).value();
  EXPECT_EQ(clusters.size(), 5U);
  EXPECT_EQ(clusters.at("d"), "a");
}

TEST_F(DuplicatesTest, WhatIsCurrentIsNotMadeAgain) {
  write({{"a", "Africa", "u1", "", 3}, {"b", "Brazil", "u2", "", 3}});
  const DuplicateSummary first = find_duplicates(database_, study()).value();
  const auto written = std::filesystem::last_write_time(study() / "duplicates.parquet");
  const DuplicateSummary again = find_duplicates(database_, study()).value();
  EXPECT_EQ(std::filesystem::last_write_time(study() / "duplicates.parquet"), written);
  EXPECT_EQ(again.clusters, 1);
  EXPECT_EQ(again.videos, first.videos);
  EXPECT_EQ(again.by_pictures, 2);
  EXPECT_EQ(again.across_regions, first.across_regions);
  EXPECT_EQ(again.across_uploaders, first.across_uploaders);
  // The clock of the machine that wrote it was years ahead.
  std::filesystem::last_write_time(study() / "duplicates.parquet",
                                   written + std::chrono::hours(100'000));
  write({{"a", "Africa", "u1", "", 3}, {"b", "Brazil", "u2", "", 5}});
  EXPECT_EQ(find_duplicates(database_, study())->clusters, 0);
  EXPECT_TRUE(rows().empty());
}

TEST_F(DuplicatesTest, TitlesAloneWhereNothingIsAnnotated) {
  write({{"a", "Africa", "u1", "a", 0}, {"b", "Brazil", "u2", "a", 0}}, false);
  EXPECT_EQ(read_duplicates(database_, study())->at("b"), "a");
  EXPECT_EQ(find_duplicates(database_, study())->clusters, 1);
  EXPECT_THAT(rows(), ElementsAre("a a t", "b a t"));
}

TEST_F(DuplicatesTest, HashesThatAreNoneAreNamed) {
  write({{"a", "Africa", "u1", "", 0}});
  Table media(media_schema());
  RowBuilder row(media.schema());
  for (const ColumnSpec& column : media.schema().columns) row.set_null(column.name);
  row.set("video_id", "a").set("frame_hashes", "abc");
  media.append(row.finish());
  ASSERT_TRUE(database_.write_parquet(media, study() / "media.parquet", {}).ok());
  const auto found = find_duplicates(database_, study());
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.error().message, HasSubstr("video a: frame_hashes"));
}

}  // namespace
}  // namespace mien
