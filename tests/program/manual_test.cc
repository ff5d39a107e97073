// Help, manual pages and shell completion of every verb, which all come from the declarations of
// the options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include "program/program.h"

namespace mien::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What a shell command prints, errors too.
std::string printed_by(const std::string& command) {
  FILE* pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  std::string out;
  std::array<char, 4096> bytes{};
  while (pipe != nullptr && std::fgets(bytes.data(), bytes.size(), pipe) != nullptr)
    out += bytes.data();
  if (pipe != nullptr) pclose(pipe);
  return out;
}

using Words = std::vector<std::string>;

std::string help_of(Words verb, const char* flag = "--help") {
  verb.emplace_back(flag);
  const ProgramRun run = run_mien(verb);
  EXPECT_EQ(run.exit_status, 0) << run.err;
  return run.out;
}

// The verbs below a verb, as its help lists them.
std::vector<Words> verbs_below(const Words& verb) {
  std::vector<Words> found;
  bool inside = false;
  for (const std::string& line : lines_of(help_of(verb))) {
    if (line.empty()) inside = false;
    if (inside && line.size() > 2 && line[2] != ' ') {
      Words below = verb;
      below.push_back(line.substr(2, line.find(' ', 2) - 2));
      found.push_back(below);
    }
    if (line == "Verbs:") inside = true;
  }
  return found;
}

std::vector<Words> all_verbs() {
  std::vector<Words> verbs = {{}};
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    for (const Words& below : verbs_below(verbs[i])) verbs.push_back(below);
  }
  return verbs;
}

TEST(Manual, HelpIsOneScreenWithAnExample) {
  const auto verbs = all_verbs();
  EXPECT_GE(verbs.size(), 40U);
  for (const Words& verb : verbs) {
    const std::string help = help_of(verb);
    const auto lines = lines_of(help);
    EXPECT_LE(lines.size(), 40U) << help;
    for (const std::string& line : lines) EXPECT_LE(line.size(), 80U) << line;
    if (verbs_below(verb).empty()) {
      EXPECT_THAT(help, HasSubstr("Example:\n  mien " + verb.front()));
    }
    EXPECT_GE(help_of(verb, "--help-all").size(), help.size());
  }
}

TEST(Manual, HelpAllShowsWhatHelpNames) {
  EXPECT_THAT(help_of({"annotate"}), Not(HasSubstr("--min-sharpness")));
  EXPECT_THAT(help_of({"annotate"}), HasSubstr("'mien annotate --help-all'"));
  EXPECT_THAT(help_of({"annotate"}, "--help-all"), HasSubstr("--min-sharpness"));
}

class WrittenManual : public ::testing::Test {
 protected:
  void SetUp() override {
    const ProgramRun run = run_mien({"manual", share().string()});
    ASSERT_EQ(run.exit_status, 0) << run.err;
  }
  fs::path share() const { return folder_.path() / "share"; }

  // What bash offers after these words, the last of them half typed.
  std::string offered(const std::string& words) const {
    return printed_by("bash --norc -c 'source " +
                      (share() / "bash-completion" / "completions" / "mien").string() +
                      "; COMP_WORDS=(" + words +
                      " \"\"); COMP_CWORD=$((${#COMP_WORDS[@]} - 2)); "
                      "_mien; echo \"${COMPREPLY[@]}\"'");
  }

  TemporaryFolder folder_;
};

TEST_F(WrittenManual, HasAPageForEveryVerbWithoutAComplaintOfGroff) {
  std::size_t pages = 0;
  for (const auto& page : fs::directory_iterator(share() / "man" / "man1")) {
    ++pages;
    EXPECT_THAT(printed_by("groff -man -ww -z -rLL=78n " + page.path().string()), IsEmpty())
        << page.path();
  }
  EXPECT_EQ(pages, all_verbs().size());
  const fs::path annotate = share() / "man" / "man1" / "mien-annotate.1";
  const std::string page = printed_by("groff -man -Tascii -P-cbou " + annotate.string());
  EXPECT_THAT(page, HasSubstr("--min-sharpness X"));
  EXPECT_THAT(page, HasSubstr("mien annotate clips/ --out study"));
}

TEST_F(WrittenManual, BashCompletesVerbsOptionsAndWords) {
  EXPECT_EQ(offered("mien anno"), "annotate\n");
  EXPECT_EQ(offered("mien cluster sta"), "status\n");
  EXPECT_EQ(offered("mien annotate a.mp4 --min-sh"), "--min-sharpness\n");
  EXPECT_EQ(offered("mien associate study --kind sem"), "semipartial\n");
  EXPECT_EQ(offered("mien annotate clips"), "\n");  // files: bash's own
}

TEST_F(WrittenManual, ZshAndFishReadTheirs) {
  const fs::path zsh = share() / "zsh" / "site-functions" / "_mien";
  const fs::path fish = share() / "fish" / "vendor_completions.d" / "mien.fish";
  ASSERT_TRUE(fs::exists(zsh) && fs::exists(fish));
  EXPECT_THAT(printed_by("zsh -n " + zsh.string()), IsEmpty());
  EXPECT_THAT(
      printed_by("fish --no-config -c 'source " + fish.string() + "; complete -C \"mien anno\"'"),
      HasSubstr("annotate"));
  EXPECT_THAT(printed_by("fish --no-config -c 'source " + fish.string() +
                         "; complete -C \"mien associate study --kind sem\"'"),
              HasSubstr("semipartial"));
}

}  // namespace
}  // namespace mien::testing
