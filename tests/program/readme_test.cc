// The README's blocks, line by line, over two clips of a real face: whoever types them meets no
// dead end.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "program/clips.h"
#include "program/documentation.h"
#include "program/program.h"

#include "serve/http_client.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

using Words = std::vector<std::string>;

bool begins_with(const Words& words, const Words& first) {
  return words.size() >= first.size() && std::equal(first.begin(), first.end(), words.begin());
}

// A folder of its own, where a person would stand.
class Readme : public ::testing::Test {
 protected:
  Readme() : before_(fs::current_path()) {
    fs::current_path(folder_.path());
    fs::create_directory("my-videos");
    face_clip("my-videos/first.mp4", 2, 4);
    face_clip("my-videos/second.mp4", 12, 4);
  }
  ~Readme() override { fs::current_path(before_); }

  static ProgramRun run(Words words) {
    if (words[0] != "serve" && !begins_with(words, {"rate", "serve"})) return run_mien(words);
    words.insert(words.end(), {"--port", std::to_string(kPort)});
    RunningMien server(words);
    HttpClient visitor(kPort);
    EXPECT_TRUE(comes_true(20, [&] { return visitor.get("/").status == 200; }));
    server.send(SIGTERM);
    return server.finish();
  }

 private:
  static constexpr int kPort = 18443;
  TemporaryFolder folder_;
  fs::path before_;
};

// In place of people: what three raters said of every clip.
void write_ratings(const fs::path& path) {
  std::ofstream out(path);
  out << "rater,clip,label,value\n";
  const auto list = nlohmann::json::parse(read_text("study/rating/clips.json"));
  for (const auto& clip : list.at("clips")) {
    for (const char* rater : {"one", "two", "three"}) {
      out << rater << ',' << clip.at("id").get<std::string>() << ",amusement,1\n";
    }
  }
}

TEST_F(Readme, EveryLineOfItsBlocksDoesWhatItSays) {
  std::size_t done = 0;
  for (const DocumentedCommand& command : documented_commands(source_dir())) {
    if (command.page != "README.md") continue;
    SCOPED_TRACE(command.line);
    const Words& words = command.arguments;
    // What a network learns from ratings takes more clips: the demo and train_expression_test.
    if (begins_with(words, {"train"}) || begins_with(words, {"annotate", "more-videos/"})) continue;
    if (begins_with(words, {"rate", "reliability"})) {
      write_ratings("of-raters.csv");
      const ProgramRun brought = run_mien({"rate", "import", "of-raters.csv", "--study", "study"});
      ASSERT_EQ(brought.exit_status, 0) << brought.err;
    }
    const ProgramRun ended = run(words);
    EXPECT_EQ(ended.exit_status, 0) << ended.err;
    if (begins_with(words, {"rate", "template"}))
      std::ofstream("study/rating/rating.toml") << ended.out;
    ++done;
  }
  EXPECT_EQ(done, 11U);
  EXPECT_TRUE(fs::exists("study/report/index.html"));
  EXPECT_THAT(read_text("ratings.csv"), HasSubstr("amusement"));
}

}  // namespace
}  // namespace mien::testing
