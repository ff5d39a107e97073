// study.toml -> stages, and which of them a run does again. A shell script stands for the program.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/paths.h"

#include "pipeline/run/run_plan.h"
#include "pipeline/run/run_study.h"
#include "store/durable_file.h"

namespace mien {
namespace {

namespace fs = std::filesystem;

class RunTest : public ::testing::Test {
 protected:
  fs::path file() const { return folder_.path() / "study.toml"; }
  fs::path study() const { return folder_.path() / "out"; }

  static void write(const fs::path& path, const std::string& text) {
    ASSERT_TRUE(make_folders(path.parent_path()).ok());
    ASSERT_TRUE(write_file_durably(path, text).ok());
  }

  Result<RunPlan> plan(const std::string& toml) const {
    write(file(), toml);
    return read_run_plan(file());
  }

  // Writes what the stages of the program write; `associate` makes its maps from the corpus's size,
  // so that they do not change with every change of it. FAIL/VERB makes VERB fail.
  void write_program() const {
    const fs::path program = folder_.path() / "program";
    write(program, "#!/bin/sh\nverb=$1; shift; echo \"$verb $*\" >>'" +
                       (folder_.path() / "calls").string() + "'\n[ -e '" +
                       (folder_.path() / "FAIL").string() + "'/$verb ] && exit 1\ncd '" +
                       study().string() +
                       "' || exit 3\ncase $verb in\n"
                       "ingest) if [ -e corpus.parquet ]; then case \"$*\" in *--redo*) ;; *) exit "
                       "1;; esac; fi\ncp '" +
                       (folder_.path() / "list.csv").string() +
                       "' corpus.parquet;;\n"
                       "contexts) mkdir -p texts; if [ -e texts/contexts.parquet ]; then case "
                       "\"$*\" in *--redo*) ;; *) exit 1;; esac; fi\n"
                       "cat corpus.parquet ../v.csv >texts/contexts.parquet;;\n"
                       "associate) mkdir -p maps; wc -l <corpus.parquet >maps/maps.parquet;;\n"
                       "compare) mkdir -p compare; cp maps/maps.parquet compare/compare.json;;\n"
                       "report) mkdir -p report; date >report/index.html;;\nesac\n");
    fs::permissions(program, fs::perms::owner_all);
  }

  std::vector<std::string> calls() const {
    std::vector<std::string> verbs;
    const auto text = read_whole_file(folder_.path() / "calls");
    std::string line;
    for (const char c : text.ok() ? *text : "") {
      if (c == '\n') {
        verbs.push_back(line.substr(0, line.find(' ')));
        line.clear();
      } else {
        line += c;
      }
    }
    return verbs;
  }

  // The verbs that this run called.
  std::vector<std::string> run(const std::string& toml, bool redo = false, bool retry = false) {
    fs::remove(folder_.path() / "calls");
    lines_.clear();
    auto read = plan(toml);
    EXPECT_TRUE(read.ok()) << read.error().message;
    const auto summary =
        run_study({std::move(*read), folder_.path() / "program", folder_.path() / "web", redo,
                   retry, [this](const std::string& line) { lines_.push_back(line); }});
    failed_ = summary.ok() ? "" : summary.error().message;
    return calls();
  }

  bool said(const std::string& words) const {
    return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
      return line.find(words) != std::string::npos;
    });
  }

  using Verbs = std::vector<std::string>;
  static constexpr const char* kStudy =
      "[study]\nout = 'out'\n[ingest]\nlist = 'list.csv'\n[associate]\nbootstrap = 20\n";

  testing::TemporaryFolder folder_;
  std::vector<std::string> lines_;
  std::string failed_;
};

TEST_F(RunTest, TablesBecomeStagesAndKeysBecomeOptions) {
  const auto plan = this->plan(
      "[study]\nout = 'out'\n[annotate]\ninputs = ['videos']\nframes = true\noverlay = false\n"
      "context_model = ['m.json']\n[associate]\nkind = 'partial'\nmin_count = 20\ncovariate = "
      "['year', 'length']\n"
      "[compare]\nmargin = 0.02\n[report]\npublished = 'maps'\n");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->study, study());
  ASSERT_EQ(plan->stages.size(), 4U);
  EXPECT_EQ(plan->stages[0].verb, "annotate");
  EXPECT_EQ(plan->stages[0].arguments,
            (Verbs{(folder_.path() / "videos").string(), "--out", study().string(),
                   "--context-model", (folder_.path() / "m.json").string(), "--frames"}));
  EXPECT_EQ(plan->stages[1].arguments,
            (Verbs{"--study", study().string(), "--covariate", "year", "--covariate", "length",
                   "--kind", "partial", "--min-count", "20"}));
  EXPECT_EQ(plan->stages[2].arguments, (Verbs{"--study", study().string(), "--margin", "0.02"}));
  EXPECT_EQ(plan->stages[3].arguments,
            (Verbs{"--study", study().string(), "--config", file().string(), "--published",
                   (folder_.path() / "maps").string()}));
}

TEST_F(RunTest, AStudyDeclaresWhatItIsForOrIsSaidNotTo) {
  const auto bare = plan(kStudy);
  ASSERT_TRUE(bare.ok()) << bare.error().message;
  EXPECT_EQ(missing_declarations(bare->declaration),
            (Verbs{"purpose", "legal_basis", "ethics_approval"}));
  const auto declared = plan(
      "[study]\nout = 'out'\ntitle = 'Rain'\npurpose = 'to learn'\nlegal_basis = 'Art. 89'\n"
      "ethics_approval = 'board, 7/2026'\ncontact = 'a@b.org'\ndata_source = 'a list'\n");
  ASSERT_TRUE(declared.ok()) << declared.error().message;
  EXPECT_EQ(declared->study, study());
  EXPECT_TRUE(missing_declarations(declared->declaration).empty());
  EXPECT_EQ(declared->declaration.title, "Rain");
  const auto json = to_json(declared->declaration);
  EXPECT_EQ(json["purpose"], "to learn");
  EXPECT_EQ(json["ethics_approval"], "board, 7/2026");
  EXPECT_TRUE(to_json(bare->declaration)["legal_basis"].is_null());
  EXPECT_NE(declared->stages.back().declared, bare->stages.back().declared);
  const auto wrong = plan("[study]\npurpose = 7\n");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("line 2"), std::string::npos) << wrong.error().message;
}

TEST_F(RunTest, AnIngestedListIsWhatIsAnnotated) {
  const auto plan =
      this->plan("[study]\nout = 'out'\n[ingest]\nlist = 'list.csv'\n[annotate]\nframes = true\n");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  ASSERT_EQ(plan->stages.size(), 3U);
  EXPECT_EQ(plan->stages[0].verb, "ingest");
  EXPECT_EQ(plan->stages[0].arguments,
            (Verbs{"--config", file().string(), "--out", study().string()}));
  EXPECT_EQ(plan->stages[1].verb, "annotate");
  EXPECT_EQ(plan->stages[1].arguments,
            (Verbs{(study() / "corpus.parquet").string(), "--out", study().string(), "--frames"}));
}

TEST_F(RunTest, ContextsFromWordsAreNamedAndReplacedWhenTheListChanges) {
  const std::string toml =
      "[study]\nout = 'out'\n[ingest]\nlist = 'list.csv'\n[contexts.text]\nvocabulary = "
      "'v.csv'\nmodel = 'use_lite'\n";
  const auto plan = this->plan(toml);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  ASSERT_EQ(plan->stages.size(), 3U);
  EXPECT_EQ(plan->stages[1].verb, "contexts");
  EXPECT_EQ(plan->stages[1].arguments,
            (Verbs{"text", "--study", study().string(), "--model", "use_lite", "--vocabulary",
                   (folder_.path() / "v.csv").string()}));
  EXPECT_EQ(plan->stages[1].inputs,
            (std::vector<fs::path>{study() / "corpus.parquet", folder_.path() / "v.csv"}));
  EXPECT_EQ(plan->stages[1].outputs.front(), study() / "texts" / "contexts.parquet");
  for (const char* bad : {"[contexts]\n[contexts.visual]\n", "[contexts]\ntext = 1\n",
                          "[contexts.text]\nstudy = 'x'\n"}) {
    EXPECT_FALSE(this->plan(bad).ok()) << bad;
  }
}

TEST_F(RunTest, WhatCannotBeIsRefusedWithItsLine) {
  for (const auto& [toml, words] : {
           std::pair("[study\n", "line 1"),
           std::pair("[study]\nplace = 'x'\n", "line 2"),
           std::pair("[asociate]\n", "no part of a study"),
           std::pair("[simulate]\n[ingest]\nlist = 'a'\n", "not both"),
           std::pair("[annotate]\nframes = true\n", "inputs"),
           std::pair("[ingest]\nlist = 'a'\n[annotate]\ninputs = ['b']\n", "line 4"),
           std::pair("[associate]\nstudy = 'x'\n", "named once"),
           std::pair("[associate]\nwhen = 1979-05-27\n", "must be text"),
       }) {
    const auto read = plan(toml);
    ASSERT_FALSE(read.ok()) << toml;
    EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().message;
  }
  EXPECT_FALSE(read_run_plan(folder_.path() / "nothing.toml").ok());
}

TEST_F(RunTest, AnotherDeclarationIsAnotherReport) {
  write_program();
  write(folder_.path() / "list.csv", "a\n");
  run(kStudy);
  const std::string declared =
      "[study]\nout = 'out'\npurpose = 'to learn'\n[ingest]\nlist = "
      "'list.csv'\n[associate]\nbootstrap = 20\n";
  EXPECT_EQ(run(declared), (Verbs{"ingest", "report"})) << "ingest reads the file itself";
  EXPECT_EQ(run(declared), Verbs{});
}

TEST_F(RunTest, OnlyWhatChangedIsDoneAgain) {
  write_program();
  write(folder_.path() / "list.csv", "a\nb\n");
  EXPECT_EQ(run(kStudy), (Verbs{"ingest", "associate", "compare", "report"}));
  EXPECT_EQ(failed_, "");
  EXPECT_EQ(run(kStudy), Verbs{});
  EXPECT_TRUE(said("compare: unchanged"));
  // A change that leaves the maps as they are still reaches the comparison, whose panels read the
  // videos, and the report, which shows the corpus.
  write(folder_.path() / "list.csv", "a\nc\n");
  EXPECT_EQ(run(kStudy), (Verbs{"ingest", "associate", "compare", "report"}));
  EXPECT_TRUE(said("ingest: ../list.csv changed"));
  write(folder_.path() / "list.csv", "a\nc\nd\n");
  EXPECT_EQ(run(kStudy), (Verbs{"ingest", "associate", "compare", "report"}));
  // study.toml is an input of ingest, which reads it itself; other stages see their own options.
  EXPECT_EQ(run(std::string(kStudy) + "[compare]\nmargin = 0.02\n"), (Verbs{"ingest", "compare"}));
  EXPECT_TRUE(said("compare: its options changed"));
  EXPECT_EQ(run(std::string(kStudy) + "[compare]\nmargin = 0.02\n", true),
            (Verbs{"ingest", "associate", "compare", "report"}));
}

TEST_F(RunTest, ContextsFromWordsAreNamedAnewOnlyWhereTheirInputsChanged) {
  write_program();
  write(folder_.path() / "list.csv", "a\n");
  write(folder_.path() / "v.csv", "id,name\n");
  write(study() / "contexts.parquet", "from pictures");
  const std::string toml = std::string(kStudy) + "[contexts.text]\nvocabulary = 'v.csv'\n";
  EXPECT_EQ(run(toml), (Verbs{"ingest", "contexts", "associate", "compare", "report"}));
  EXPECT_EQ(failed_, "");
  EXPECT_EQ(run(toml), Verbs{});
  // What associates only says so; the titles are the same.
  std::string other = toml;
  other.replace(other.find("= 20"), 4, "= 30");
  EXPECT_EQ(run(other), (Verbs{"ingest", "associate"}));
  EXPECT_TRUE(said("contexts: unchanged"));
  write(folder_.path() / "v.csv", "id,name\nx,X\n");
  const Verbs after = run(other);
  EXPECT_EQ(failed_, "");
  EXPECT_EQ((Verbs{after.begin(), after.begin() + 2}), (Verbs{"contexts", "associate"}));
  EXPECT_TRUE(said("contexts: ../v.csv changed"));
  EXPECT_EQ(*read_whole_file(study() / "texts" / "contexts.parquet"), "a\nid,name\nx,X\n");
  EXPECT_EQ(*read_whole_file(study() / "contexts.parquet"), "from pictures");
}

TEST_F(RunTest, ReplacesItsOwnCorpusAndNobodyElses) {
  write_program();
  write(folder_.path() / "list.csv", "a\n");
  write(study() / "corpus.parquet", "somebody's");
  EXPECT_EQ(run(kStudy), Verbs{"ingest"});
  EXPECT_NE(failed_.find("ingest: ended with status 1"), std::string::npos) << failed_;
  EXPECT_EQ(*read_whole_file(study() / "corpus.parquet"), "somebody's");
  fs::remove(study() / "corpus.parquet");
  run(kStudy);
  EXPECT_EQ(failed_, "");
  // An ingest that broke off is gone on with, too.
  write(folder_.path() / "list.csv", "a\nb\n");
  write(folder_.path() / "FAIL" / "ingest", "");
  EXPECT_EQ(run(kStudy), Verbs{"ingest"});
  fs::remove(folder_.path() / "FAIL" / "ingest");
  EXPECT_EQ(run(kStudy), (Verbs{"ingest", "associate", "compare", "report"}));
  EXPECT_EQ(failed_, "");
  EXPECT_EQ(*read_whole_file(study() / "corpus.parquet"), "a\nb\n");
}

TEST_F(RunTest, WhatIsGoneOrSpoiledIsMadeAgain) {
  write_program();
  write(folder_.path() / "list.csv", "a\n");
  run(kStudy);
  fs::remove(study() / "compare" / "compare.json");
  EXPECT_EQ(run(kStudy), Verbs{"compare"});
  write(study() / "maps" / "maps.parquet", "spoiled");
  EXPECT_EQ(run(kStudy), Verbs{"associate"});
  EXPECT_TRUE(said("is not as it was left"));
  // Without its record nobody knows whose corpus it is: it is replaced where that is asked for.
  write(study() / "log" / "run.json", "{");
  EXPECT_EQ(run(kStudy), Verbs{"ingest"});
  EXPECT_EQ(run(kStudy, true), (Verbs{"ingest", "associate", "compare", "report"}));
  EXPECT_EQ(failed_, "");
}

TEST_F(RunTest, AFailedStageEndsTheRunAndIsWhereTheNextGoesOn) {
  write_program();
  write(folder_.path() / "list.csv", "a\n");
  write(folder_.path() / "FAIL" / "compare", "");
  EXPECT_EQ(run(kStudy), (Verbs{"ingest", "associate", "compare"}));
  EXPECT_NE(failed_.find("compare: ended with status 1"), std::string::npos) << failed_;
  fs::remove(folder_.path() / "FAIL" / "compare");
  EXPECT_EQ(run(kStudy), (Verbs{"compare", "report"}));
  EXPECT_EQ(failed_, "");
}

}  // namespace
}  // namespace mien
