// Titles named shard by shard and joined: the bytes of the whole.
#include "pipeline/texts/text_parts.h"

#include <gmock/gmock.h>

#include <fstream>

#include "pipeline/study/study_parts.h"
#include "pipeline/texts/text_contexts_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class TextParts : public testing::TextContexts {
 protected:
  // Every third video of the corpus into each of three shards, so that pieces mix them.
  void write_plan(int shards = 3) {
    auto database = Database::open();
    const fs::path corpus = study() / "corpus.parquet";
    fs::create_directories(study() / "annotations");
    const std::string rows = sql_read_parquet(corpus);
    ASSERT_TRUE(database
                    ->write_query_parquet("SELECT file_row_number % 3 AS shard, video_id FROM " +
                                              rows + " WHERE file_row_number % 3 < " +
                                              std::to_string(shards) +
                                              " ORDER BY shard, file_row_number",
                                          study() / "annotations" / "plan.parquet", {})
                    .ok());
  }

  fs::path part(std::int64_t shard) const {
    return study() / kTextsFolder / "parts" / shard_name(shard);
  }

  void name_shards(const TextScorer& model) {
    for (std::int64_t shard = 0; shard < 3; ++shard) {
      const auto made = name_shard_contexts(request_, shard, model, stop_);
      ASSERT_TRUE(made.ok()) << made.error().message;
    }
  }
};

TEST_F(TextParts, JoinedPartsAreTheBytesOfTheWhole) {
  write_corpus(9000, 2500);  // more than two pieces; texts that recur within shards and across
  write_plan();
  const TextScorer model = scorer();
  ASSERT_TRUE(name_text_contexts(request_, model, stop_).ok());
  const std::string whole = hashes();
  fs::remove_all(study() / kTextsFolder);
  name_shards(model);
  EXPECT_FALSE(fs::exists(study() / kTextsFolder / "contexts.parquet"));
  const auto joined = join_text_parts(request_);
  ASSERT_TRUE(joined.ok()) << joined.error().message;
  EXPECT_EQ(joined->videos, 9000);
  EXPECT_EQ(whole, hashes());
  const std::int64_t read = asked_;
  EXPECT_TRUE(name_shard_contexts(request_, 1, model, stop_)->unchanged);
  EXPECT_TRUE(name_text_contexts(request_, model, stop_)->unchanged);
  EXPECT_EQ(asked_, read);
}

TEST_F(TextParts, AStoppedShardGoesOnAndAnotherModelIsRefused) {
  write_corpus(600, 600);
  write_plan();
  const TextScorer model = scorer();
  stop_ = true;
  EXPECT_EQ(name_shard_contexts(request_, 0, model, stop_).error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(fs::exists(part(0)));
  stop_ = false;
  name_shards(model);
  ASSERT_TRUE(join_text_parts(request_).ok());
  fs::remove_all(part(2));
  auto refused = join_text_parts(request_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(refused.error().message, HasSubstr("shard-00002: missing"));
  ASSERT_TRUE(name_shard_contexts(request_, 2, scorer(9), stop_).ok());
  refused = join_text_parts(request_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("shard-00002: made of something else: scorer"));
  ASSERT_TRUE(name_shard_contexts(request_, 2, model, stop_).ok());
  {
    std::ofstream file(part(1) / "contexts.parquet", std::ios::app);
    file << "x";
  }
  EXPECT_THAT(join_text_parts(request_).error().message, HasSubstr("contexts.parquet"));
  EXPECT_FALSE(name_shard_contexts(request_, 1, model, stop_)->unchanged);
  ASSERT_TRUE(join_text_parts(request_).ok());
  write_corpus(700, 600);
  refused = join_text_parts(request_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("shard-00000: made of something else: corpus"));
  EXPECT_EQ(name_shard_contexts(request_, 3, model, stop_).error().code, ErrorCode::kUsage);
}

TEST_F(TextParts, VideosOfNoShardAreNamed) {
  write_corpus(90, 90);
  write_plan(2);
  const TextScorer model = scorer();
  ASSERT_TRUE(name_shard_contexts(request_, 0, model, stop_).ok());
  ASSERT_TRUE(name_shard_contexts(request_, 1, model, stop_).ok());
  const auto refused = join_text_parts(request_);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("30 videos of the corpus are in no shard"));
}

}  // namespace
}  // namespace mien
