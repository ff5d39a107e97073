#include <fasttext/fasttext.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "support/paths.h"

#include "base/sha256.h"
#include "context/fasttext_model.h"
#include "context/fasttext_similarity.h"

namespace mien {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::vector<FastTextExample> examples() {
  std::vector<FastTextExample> all;
  for (int i = 0; i < 60; ++i) {
    const std::string number = std::to_string(i);
    all.push_back({"wedding bride day " + number, {0}});
    all.push_back({"gym weights training " + number, {1}});
    all.push_back({"tax law lecture " + number, {2}});
  }
  return all;
}

FastTextOptions small() {
  FastTextOptions options;
  options.dimensions = 10;
  options.buckets = 1000;
  options.epochs = 20;
  options.learning_rate = 0.3;
  return options;
}

class FastText : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path model_ = folder_.path() / "model.ftz";

  void train() {
    const Status trained = train_fasttext(examples(), small(), folder_.path(), model_);
    ASSERT_TRUE(trained.ok()) << trained.error().message;
  }

  FastTextManifest manifest() const {
    FastTextManifest made;
    made.id = "m";
    made.file = "model.ftz";
    made.sha256 = *sha256_of_file(model_);
    made.contexts = {"wedding", "gym"};
    return made;
  }
};

TEST_F(FastText, LearnsAndGivesTheSameBytesAgain) {
  train();
  const auto opened = FastTextModel::open(model_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  ASSERT_EQ(opened->labels(), 3U);
  std::vector<float> logits(3);
  ASSERT_TRUE(opened->predict("our wedding with the bride", logits));
  EXPECT_GT(logits[0], logits[1] + 1);
  ASSERT_TRUE(opened->predict("weights", logits));
  EXPECT_GT(logits[1], logits[0] + 1);
  EXPECT_FALSE(opened->predict("nothing known", logits));
  EXPECT_FALSE(opened->predict("", logits));
  const std::string first = *sha256_of_file(model_);
  train();
  EXPECT_EQ(*sha256_of_file(model_), first);
}

// The library's own prediction goes through a table of the logistic function with steps of 1/32.
TEST_F(FastText, LogitsAreThoseOfTheLibrary) {
  train();
  const auto opened = FastTextModel::open(model_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  fasttext::FastText library;
  library.loadModel(model_.string());
  int compared = 0;
  for (const std::string& words :
       {std::string("our wedding with the bride"), std::string("weights 7 law day"),
        std::string("gym"), std::string("tax law lecture 12 unseen unseen")}) {
    std::vector<float> logits(3);
    ASSERT_TRUE(opened->predict(words, logits));
    std::istringstream line(words + "\n");
    std::vector<std::pair<float, std::string>> predictions;
    ASSERT_TRUE(library.predictLine(line, predictions, 3, 0.0F));
    for (const auto& [prob, label] : predictions) {
      const double logit = std::log(prob / (1.0 - prob));
      if (std::abs(logit) > 5) continue;  // the library adds 1e-5 to every probability
      EXPECT_NEAR(logits[static_cast<std::size_t>(label.back() - '0')], logit, 0.04) << words;
      ++compared;
    }
  }
  EXPECT_GE(compared, 6);
}

TEST_F(FastText, TrainingThatMeetsNanIsRefused) {
  FastTextOptions wild = small();
  wild.learning_rate = 1e6;
  const Status trained = train_fasttext(examples(), wild, folder_.path(), model_);
  ASSERT_FALSE(trained.ok());
  EXPECT_EQ(trained.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(trained.error().message, HasSubstr("--learning-rate"));
  EXPECT_FALSE(std::filesystem::exists(model_));
}

TEST_F(FastText, ComparesTextsAndSaysWhyNot) {
  train();
  auto similarity = FastTextSimilarity::open(manifest(), folder_.path());
  ASSERT_TRUE(similarity.ok()) << similarity.error().message;
  const PreparedText texts[] = {prepare_text("The BRIDE at the wedding", ""),
                                prepare_text("", "unseen"), prepare_text("", "")};
  const auto found = (*similarity)->compare(texts);
  ASSERT_EQ(found->values.size(), 6U);
  EXPECT_GT(found->values[0], found->values[1]);
  EXPECT_EQ(found->reasons[1], kNoKnownWords);
  EXPECT_EQ(found->reasons[2], kNoText);
}

TEST_F(FastText, RefusesFilesThatAreNotTheManifests) {
  train();
  FastTextManifest more = manifest();
  more.contexts.emplace_back("cake");
  const auto labels = FastTextSimilarity::open(more, folder_.path());
  ASSERT_FALSE(labels.ok());
  EXPECT_EQ(labels.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(labels.error().message, HasSubstr("3 labels"));
  const FastTextManifest before = manifest();
  std::ofstream(model_, std::ios::app) << "x";
  const auto damaged = FastTextSimilarity::open(before, folder_.path());
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code, ErrorCode::kMismatch);
  std::ofstream(model_) << "not a model";
  EXPECT_FALSE(FastTextModel::open(model_).ok());
  EXPECT_FALSE(FastTextModel::open(folder_.path() / "none").ok());
  for (const char* bad : {"", "{}", R"({"id":"a","file":"../x","sha256":"b","contexts":["a","b"]})",
                          R"({"id":"a","file":"x","sha256":"b","contexts":["a"]})",
                          R"({"id":"a","file":"x","sha256":"b","contexts":["a","a"]})",
                          R"({"id":"a","file":"x","sha256":"b","contexts":["a","b"]})"}) {
    const auto refused = parse_fasttext_manifest(bad, "m.json");
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("m.json"));
  }
}

}  // namespace
}  // namespace mien
