// Task bundles: what is read out of a zip, what is refused, and that the networks of MediaPipe's
// face landmarker compute what TensorFlow Lite's own interpreter computes.
#include "model/import/task_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/model_reference.h"
#include "support/paths.h"

#include "base/sha256.h"
#include "model/import/import.h"
#include "model/session.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string contents(const fs::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

std::string archive_of(const std::map<std::string, std::string>& files, int compression) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "test.task";
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (const auto& [name, bytes] : files) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), compression, 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
  return contents(path);
}

TEST(TaskBundle, GivesTheFilesThatItHas) {
  const std::string text(5000, 'm');
  for (const int compression : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
    const auto files =
        read_task_bundle(archive_of({{"a.tflite", text}, {"b.txt", ""}}, compression),
                         {"a.tflite", "b.txt", "c.tflite"});
    ASSERT_TRUE(files.ok()) << files.error().message;
    EXPECT_EQ(files->size(), 2U);
    EXPECT_EQ(files->at("a.tflite"), text);
    EXPECT_EQ(files->at("b.txt"), "");
  }
}

TEST(TaskBundle, DamageIsRefused) {
  const std::string bytes = archive_of({{"a.tflite", std::string(300, 'm')}}, ZIP_CM_STORE);
  const auto none = read_task_bundle("no archive", {"a.tflite"});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kCorrupt);
  std::string wrong = bytes;
  wrong[wrong.find("mmm")] = 'n';
  const auto read = read_task_bundle(wrong, {"a.tflite"});
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("'a.tflite' cannot be unpacked (CRC error)"));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    (void)read_task_bundle(std::string_view(bytes).substr(0, length), {"a.tflite"}).ok();
}

// What 300 MiB of zeros are packed to, whatever its list says.
TEST(TaskBundle, AnEntryThatUnpacksToTooMuchIsRefused) {
  const std::string bytes =
      archive_of({{"a.tflite", std::string(std::size_t{257} << 20, '\0')}}, ZIP_CM_DEFLATE);
  ASSERT_LT(bytes.size(), std::size_t{1} << 20);
  const auto read = read_task_bundle(bytes, {"a.tflite"});
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
}

std::vector<Manifest> bundle_manifests() {
  return read_manifests(testing::source_dir() / "models/bundle").value();
}

TEST(TaskBundle, AnotherVersionAndAnotherFileAreToldApart) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "test.task";
  std::ofstream(path, std::ios::binary)
      << archive_of({{"face_detector.tflite", "another"}}, ZIP_CM_STORE);
  const auto other = import_task_bundle(path, bundle_manifests(), folder.path() / "models");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(other.error().message, HasSubstr(path.string()));
  EXPECT_THAT(other.error().message, HasSubstr(sha256_of_bytes("another")));
  EXPECT_THAT(other.error().message, HasSubstr("face_landmarker.task"));
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      << archive_of({{"hand_detector.tflite", "a hand's"}}, ZIP_CM_STORE);
  const auto none = import_task_bundle(path, bundle_manifests(), folder.path() / "models");
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("no network that Mien knows"));
  EXPECT_THAT(none.error().message, HasSubstr("face_blendshapes.tflite"));
  const auto missing = import_task_bundle(folder.path() / "not.task", bundle_manifests(), path);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder.path() / "models"));
}

class FaceLandmarkerTask : public ::testing::Test {
 protected:
  static fs::path bundle() { return testing::shared_dir() / "data/models/face_landmarker.task"; }
  void SetUp() override {
    if (!fs::exists(bundle())) GTEST_SKIP() << bundle() << " is not there";
  }
};

// A change of the converter shows here; each network alone, so that all hashes are shown.
TEST_F(FaceLandmarkerTask, EveryNetworkConvertsToTheBytesOfItsManifest) {
  const testing::TemporaryFolder folder;
  for (const Manifest& manifest : bundle_manifests()) {
    const auto ids = import_task_bundle(bundle(), {manifest}, folder.path());
    EXPECT_TRUE(ids.ok()) << ids.error().message;
  }
}

TEST_F(FaceLandmarkerTask, ComputesWhatTensorFlowLiteComputes) {
  std::ifstream file(testing::source_dir() / "tests/reference/bundle/expected.json");
  const nlohmann::json expected = nlohmann::json::parse(file).at("models");
  const testing::TemporaryFolder folder;
  const auto ids = import_task_bundle(bundle(), bundle_manifests(), folder.path());
  ASSERT_TRUE(ids.ok()) << ids.error().message;
  EXPECT_EQ(ids->size(), 3U);
  for (const std::string& id : *ids) {
    const auto manifest = read_manifest(folder.path() / (id + ".json"));  // beside the network
    ASSERT_TRUE(manifest.ok()) << manifest.error().message;
    auto session = Session::open(*manifest, folder.path());
    ASSERT_TRUE(session.ok()) << session.error().message;
    const nlohmann::json& wanted = expected.at(id);
    const bool takes_points = takes_vectors(manifest->role);
    const PictureShape shape =
        takes_points ? PictureShape{1, 146, 2, 1, false} : picture_shape(*manifest);
    const std::vector<float> input =
        testing::block_picture(shape, wanted.at("seed"), wanted.at("low"), wanted.at("high"));
    const auto outputs =
        takes_points ? session->run_vectors({{1, 146, 2}, input})
                     : session->run({{1, shape.rows, shape.columns, shape.channels}, input});
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    testing::expect_reference(*manifest, *outputs, wanted.at("outputs"));
  }
}

}  // namespace
}  // namespace mien
