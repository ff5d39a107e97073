#include "pipeline/texts/vocabulary_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/paths.h"

#include "context/vocabulary.h"

namespace mien {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(VocabularyImport, MakesIdsOutOfRowNames) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "Exp1_Africa.csv")
      << ",Awe\n\"Cat, grey\",0.1\nWeight training,0.2\ncat grey!,0.3\n\"say \"\"hi\"\"\",0\n";
  const auto csv = vocabulary_of_maps(folder.path(), 1);
  ASSERT_TRUE(csv.ok()) << csv.error().message;
  const auto vocabulary = parse_vocabulary(*csv, "v");
  ASSERT_TRUE(vocabulary.ok());
  ASSERT_EQ(vocabulary->contexts.size(), 4U);
  EXPECT_EQ(vocabulary->contexts[0].id, "cat_grey");
  EXPECT_EQ(vocabulary->contexts[0].name, "Cat, grey");
  EXPECT_EQ(vocabulary->contexts[1].id, "weight_training");
  EXPECT_EQ(vocabulary->contexts[2].id, "cat_grey_2");
  EXPECT_EQ(vocabulary->contexts[3].name, "say \"hi\"");
  EXPECT_FALSE(vocabulary_of_maps(folder.path(), 2).ok());
}

TEST(VocabularyImport, TakesThePublishedContexts) {
  const std::filesystem::path maps = testing::shared_dir() / "data" / "published-maps";
  if (!std::filesystem::exists(maps)) GTEST_SKIP() << "no published maps in ../shared";
  const std::size_t wanted[] = {653, 1953};
  for (int experiment = 1; experiment <= 2; ++experiment) {
    const auto csv = vocabulary_of_maps(maps, experiment);
    ASSERT_TRUE(csv.ok()) << csv.error().message;
    EXPECT_EQ(parse_vocabulary(*csv, "v")->contexts.size(), wanted[experiment - 1]);
  }
}

}  // namespace
}  // namespace mien
