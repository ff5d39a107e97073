#include "pipeline/train/context_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "support/paths.h"

#include "context/letter_encoder.h"
#include "store/durable_file.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CountedEncoder : public testing::LetterEncoder {
 public:
  explicit CountedEncoder(std::atomic<int>& texts) : texts_(texts) {}
  Result<std::vector<float>> encode(std::span<const std::string> texts) const override {
    texts_ += static_cast<int>(texts.size());
    return LetterEncoder::encode(texts);
  }

 private:
  std::atomic<int>& texts_;
};

class ContextVectors : public ::testing::Test {
 protected:
  // Similarities of a text to the contexts, and in encoded_ how many prompts that took.
  std::vector<float> similarities(const std::string& csv = "id,name\na,Wedding\nb,Gym\n") {
    said_.clear();
    encoded_ = 0;
    const auto vocabulary = parse_vocabulary(csv, "v");
    auto made = EncoderSimilarity::create(
        std::make_shared<CountedEncoder>(encoded_), *vocabulary, 1,
        context_vector_files(place_, [this](const std::string& line) { said_.push_back(line); }));
    const int prompts = encoded_;
    const PreparedText text = prepare_text("our wedding", "");
    auto found = (*made)->compare({&text, 1});
    encoded_ = prompts;
    return std::move(found->values);
  }

  fs::path only_file() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(place_)) files.push_back(entry.path());
    EXPECT_EQ(files.size(), 1U);
    return files.front();
  }

  testing::TemporaryFolder folder_;
  fs::path place_ = folder_.path() / "vectors";
  std::atomic<int> encoded_{0};
  std::vector<std::string> said_;
};

TEST_F(ContextVectors, AreComputedOnceForAVocabulary) {
  const std::vector<float> first = similarities();
  EXPECT_EQ(encoded_, 4);  // names, alone and in a sentence
  EXPECT_EQ(similarities(), first);
  EXPECT_EQ(encoded_, 0);
  EXPECT_TRUE(said_.empty());
  // A wording more is another vocabulary; so is another id.
  similarities("id,name,wordings\na,Wedding,nuptials\nb,Gym,\n");
  EXPECT_EQ(encoded_, 6);
  similarities("id,name\nc,Wedding\nb,Gym\n");
  EXPECT_EQ(encoded_, 4);
  EXPECT_EQ(similarities(), first);
  EXPECT_EQ(encoded_, 0);
}

TEST_F(ContextVectors, ADamagedFileIsSaidAndReplaced) {
  const std::vector<float> first = similarities();
  const fs::path file = only_file();
  const std::string whole = *read_whole_file(file);
  std::string changed = whole;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  std::string other = whole;
  other.replace(other.find("letters"), 7, "ciphers");
  for (const std::string& bad : {std::string(), std::string("x"), whole.substr(0, whole.size() - 4),
                                 whole + "1234", changed, other, whole.substr(whole.find('\n'))}) {
    std::ofstream(file, std::ios::binary) << bad;
    EXPECT_EQ(similarities(), first);
    EXPECT_EQ(encoded_, 4);
    EXPECT_THAT(said_, ElementsAre(HasSubstr(file.string() + ": damaged")));
    EXPECT_EQ(*read_whole_file(only_file()), whole);
  }
}

TEST_F(ContextVectors, WithoutAPlaceTheyAreComputedEachTime) {
  std::ofstream(place_) << "a file where the folder should be";
  const std::vector<float> first = similarities();
  EXPECT_THAT(said_, ElementsAre(HasSubstr("not kept")));
  EXPECT_EQ(similarities(), first);
  EXPECT_EQ(encoded_, 4);
}

}  // namespace
}  // namespace mien
