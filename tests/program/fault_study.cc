#include "program/fault_study.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include "program/clips.h"

#include "base/sha256.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien::testing {

namespace {

namespace fs = std::filesystem;

// Files by their whole paths, which stand in plan and messages: those of all studies are the same.
std::string toml_of(const fs::path& root) {
  return "[study]\nout = \"study\"\n[ingest]\nlist = \"" + (root / "list.csv").string() +
         "\"\n[contexts.text]\nvocabulary = \"" + (root / "places.csv").string() + R"("
model = "word_overlap"
[annotate]
channels = "action"
no_small_faces = true
shard_videos = 3
threads = 2
[associate]
kind = "correlation"
min_count = 0
bootstrap = 5
[compare]
permutations = 9
no_video_panels = true
)";
}

bool is_counted(const std::string& path) {
  return !path.starts_with("log/") && !path.ends_with(".lock");
}

}  // namespace

bool FaultStudy::can_run() {
  return fs::exists(source_dir() / "build/web/report.js");
}

FaultStudy::FaultStudy() {
  fs::create_directories(media());
  for (int i = 0; i < 3; ++i) {
    face_clip(media() / ("clip" + std::to_string(i) + ".mp4"), 2 + 5 * i, 1,
              {"-vf", "scale=240:-2"});
  }
  for (int i = 1; i <= 4; ++i) {
    group_picture(media() / ("group" + std::to_string(i) + ".png"), i, 400);
  }
  numbered_video(media() / "grey.mp4", 25, 25);
  write_bytes(media() / "garbage.mp4", std::string(3000, 'x'));

  std::ofstream list(root() / "list.csv");
  list << "video_id,uri,country,uploader,title\n";
  int number = 0;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(media())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    list << file.stem().string() << ",media/" << file.filename().string() << ","
         << (number % 2 == 0 ? "DE" : "JP") << ",of " << number << ","
         << (number / 2 % 2 == 0 ? "A day at the beach" : "Walking through the forest") << "\n";
    ++number;
  }
  std::ofstream(root() / "places.csv") << "id,name,wordings\nbeach,Beach,\nforest,Forest,\n";
}

std::vector<std::string> FaultStudy::command(const std::string& name) const {
  const fs::path file = root() / name / "study.toml";
  if (!fs::exists(file)) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << toml_of(root());
  }
  return {"run", file.string()};
}

std::map<std::string, std::string> study_hashes(const fs::path& study) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::recursive_directory_iterator(study)) {
    const std::string path = entry.path().lexically_relative(study).string();
    if (!entry.is_regular_file() || !is_counted(path)) continue;
    hashes[path] = sha256_of_file(entry.path()).value();
  }
  return hashes;
}

std::vector<std::string> left_overs(const fs::path& study) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(study)) {
    const std::string name = entry.path().filename().string();
    const bool is_left = is_temporary_name(entry.path()) || name.ends_with(".replaced") ||
                         name == ".work" || entry.path().parent_path().filename() == "pending";
    if (is_left) found.push_back(entry.path().lexically_relative(study).string());
  }
  return found;
}

StudyRows count_rows(const fs::path& study) {
  Database database = std::move(Database::open()).value();
  StudyRows rows;
  std::set<std::string> ids;
  for (const auto& entry : fs::recursive_directory_iterator(study)) {
    if (entry.path().extension() != ".parquet") continue;
    const Table table = database.read_parquet(entry.path()).value();
    const auto count = static_cast<std::int64_t>(table.rows());
    rows.files[entry.path().lexically_relative(study).string()] = count;
    rows.total += count;
    if (entry.path().filename() != "media.parquet") continue;
    rows.videos += count;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      if (!ids.insert(table.column("video_id").strings()[row]).second) ++rows.doubled;
    }
  }
  return rows;
}

EnvironmentVariable::EnvironmentVariable(const char* name, const std::string& value) : name_(name) {
  setenv(name_, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): tests run in one thread
}

EnvironmentVariable::~EnvironmentVariable() {
  unsetenv(name_);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace mien::testing
