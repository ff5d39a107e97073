// What somebody who has just met the program tries first, and wrongly: every refusal says what to
// do next.
#include <gmock/gmock.h>

#include <fstream>

#include "program/program.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FirstTries : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(path("empty"));
    std::ofstream(path("notes.txt")) << "hello\n";
    std::ofstream(path("list.csv")) << "name,url\na,b\n";
    std::ofstream(path("study.toml")) << "[study]\nnmae = \"x\"\n";
    // A study with a corpus and nothing else.
    std::ofstream(path("corpus.csv")) << "video_id,uri,title\na,a.mp4,cats at play\n";
    ASSERT_EQ(run_mien({"ingest", path("corpus.csv"), "--out", path("study")}).exit_status, 0);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  TemporaryFolder folder_;
};

TEST_F(FirstTries, EndWithTheNextStep) {
  const std::string study = path("study");
  const std::string empty = path("empty");
  const std::string nowhere = path("nowhere");
  const std::vector<std::vector<std::string>> tries = {
      {"annotate"},
      {"annotate", path("notes.txt")},
      {"annotate", empty, "--out", path("s")},
      {"annotate", path("list.csv"), "--out", path("s")},
      {"annotate", "https://example.org/v.mp4", "--out", path("s")},
      {"annotate", path("notes.txt"), "--out", path("s"), "--rate", "0"},
      {"annotate", path("notes.txt"), "--out", path("s"), "--channels", "emotions"},
      {"report", nowhere},
      {"report", empty},
      {"export", empty, "--table", "windows"},
      {"associate", nowhere},
      {"associate", empty},
      {"associate", study},
      {"compare"},
      {"compare", study},
      {"compare", "--maps", empty, "--experiment", "1"},
      {"run"},
      {"run", path("study.toml")},
      {"run", path("none.toml")},
      {"ingest", path("list.csv"), "--out", path("s")},
      {"ingest", path("none.csv"), "--out", path("s")},
      {"ingest", path("corpus.csv"), "--out", study},
      {"rate", "prepare", "--study", study},
      {"rate", "serve", "--study", study},
      {"rate", "invite", "--study", study},
      {"rate", "reliability", path("list.csv")},
      {"train", "expression", "--ratings", path("list.csv"), "--study", study, "--out", path("m")},
      {"serve", nowhere},
      {"verify", nowhere},
      {"models", "add", path("notes.txt")},
      {"forget", study, "--video", "nobody"},
      {"plan", "--calibration", path("none.json"), "--videos", "10", "--seconds", "10"},
      {"cluster", "status", nowhere},
      {"simulate", "--out", study},
      {"evaluate"},
      {"anotate", "a.mp4"},
  };
  for (const std::vector<std::string>& arguments : tries) {
    const ProgramRun run = run_mien(arguments);
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    EXPECT_THAT(run.exit_status, AnyOf(1, 2)) << line << "\n" << run.out << run.err;
    EXPECT_THAT(run.err, AnyOf(HasSubstr("remedy: "), HasSubstr("did you mean"),
                               HasSubstr("--help' for what it takes")))
        << line;
  }
}

TEST_F(FirstTries, OfAWholeStudyNameTheTableThatIsMissing) {
  const ProgramRun run = run_mien({"associate", path("study")});
  EXPECT_THAT(run.err, HasSubstr("mien annotate VIDEOS --out " + path("study")));
  EXPECT_THAT(run.err, Not(HasSubstr("server.lock")));
}

}  // namespace
}  // namespace mien::testing
