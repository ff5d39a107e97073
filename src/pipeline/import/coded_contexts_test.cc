// A coder's table -> a source of contexts.
#include "pipeline/import/coded_contexts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.h"

#include "pipeline/import/score_fixture.h"
#include "pipeline/study/corpus.h"
#include "pipeline/study/study_tables.h"
#include "store/csv_import.h"
#include "store/durable_file.h"
#include "store/text_export.h"

namespace mien {
namespace {

using ::testing::HasSubstr;
using testing::put_text;
namespace fs = std::filesystem;

class CodedContextsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_folders(study_).ok());
    const auto rows = parse_list("video_id\na\nb\nc\nd\n", "corpus.csv");
    ASSERT_TRUE(update_corpus(database_, study_, *rows).ok());
  }

  CodedContextsRequest request(const std::string& text, const std::string& name = "coded.csv") {
    CodedContextsRequest made;
    made.study = study_;
    made.file = put_text(folder_.path() / name, text);
    made.source = "coders";
    return made;
  }

  CodedContextsSummary import(const CodedContextsRequest& wanted) {
    auto made = import_coded_contexts(wanted);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
    return made.ok() ? *made : CodedContextsSummary{};
  }

  std::string csv(const std::string& table, const std::string& columns) {
    const auto files = study_table_files(study_, table);
    EXPECT_TRUE(files.ok());
    const auto rows = database_.query("SELECT " + columns + " FROM " + sql_read_parquet(*files));
    EXPECT_TRUE(rows.ok());
    std::string text;
    append_csv(*rows, text);
    return text;
  }

  testing::TemporaryFolder folder_;
  fs::path study_ = folder_.path() / "study";
  Database database_ = std::move(Database::open()).value();
};

TEST_F(CodedContextsTest, ScoresAreMeansByLengthAndWeight) {
  const CodedContextsSummary summary =
      import(request("video_id,context,begin_s,end_s,score,weight\n"
                     "b,wedding,0,10,1,1\n"
                     "b,wedding,10,40,0.2,1\n"
                     "a,school,,,0.5,\n"
                     "b,dance,0,1,0.6,2\n"
                     "b,dance,1,2,0,1\n"
                     "z,dance,1,2,1,1\n"
                     "c,,,,,\n"));
  EXPECT_EQ(summary.unknown_rows, 1);
  EXPECT_EQ(summary.not_annotated, 1);
  EXPECT_EQ(summary.ok, 3);
  EXPECT_EQ(summary.above_threshold, 1);
  // (1 x 10 + 0.2 x 30) / 40; (0.6 x 2 + 0) / 3
  EXPECT_EQ(csv("contexts", "video_id, source, context, round(score_prob, 9), above_threshold"),
            "a,coders,school,0.5,true\nb,coders,dance,0.4,false\nb,coders,wedding,0.4,false\n");
  EXPECT_EQ(csv("context_status", "video_id, status, reason"),
            "a,ok,\nb,ok,\nc,ok,\nd,skipped,not_annotated\n");
}

TEST_F(CodedContextsTest, PresenceAloneIsAScoreOfOneAndAllVideosMayBeLookedAt) {
  CodedContextsRequest wanted = request("clip;label\na;party\na;party\n", "other.csv");
  wanted.columns = {{"video_id", "clip"}, {"context", "label"}};
  wanted.complete = true;
  EXPECT_EQ(import(wanted).ok, 4);
  EXPECT_EQ(csv("contexts", "context, score_prob, above_threshold"), "party,1,true\n");
}

TEST_F(CodedContextsTest, ABadRowCostsItsVideoAlone) {
  const CodedContextsSummary summary = import(
      request("video_id,context,score\na,party,0.9\nb,party,high\nb,work,1\nc,party,1.5\n,x,1\n"));
  EXPECT_EQ(summary.bad_rows, 3);
  ASSERT_EQ(summary.problems.size(), 3U);
  EXPECT_THAT(summary.problems[0],
              ::testing::AllOf(HasSubstr("coded.csv: line 3: 'high'"), HasSubstr("remedy: ")));
  EXPECT_EQ(csv("contexts", "video_id, context"), "a,party\n");
  EXPECT_EQ(csv("context_status", "video_id, status, reason"),
            "a,ok,\nb,failed,bad_row\nc,failed,bad_row\nd,skipped,not_annotated\n");
}

TEST_F(CodedContextsTest, ASourceIsReplacedOnlyWhenAsked) {
  const std::string text = "video_id,context\na,party\n";
  import(request(text));
  import(request(text));
  CodedContextsRequest other = request("video_id,context\na,work\n");
  const auto refused = import_coded_contexts(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(csv("contexts", "context"), "party\n");
  other.redo = true;
  import(other);
  EXPECT_EQ(csv("contexts", "context"), "work\n");
  other.source = "others";
  import(other);
  EXPECT_EQ(csv("contexts", "source, context"), "coders,work\nothers,work\n");
}

TEST_F(CodedContextsTest, ABrokenTableChangesNothing) {
  import(request("video_id,context\na,party\n"));
  CodedContextsRequest broken = request("video_id,context\na,work\nb\n", "broken.csv");
  broken.redo = true;
  const auto refused = import_coded_contexts(broken);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("broken.csv: line 3: 1 fields"));
  EXPECT_EQ(csv("contexts", "context"), "party\n");
  EXPECT_THAT(import_coded_contexts(request("id,context\na,x\n", "n.csv")).error().message,
              HasSubstr("no column 'video_id'; it has id, context"));
  EXPECT_THAT(
      import_coded_contexts(request("video_id,context,end_s\na,x,1\n", "n.csv")).error().message,
      HasSubstr("give both or neither"));
  CodedContextsRequest named = request("video_id,context\na,party\n");
  for (const char* source : {"text", "visual", "visual_2", "Coders", "../x", ""}) {
    named.source = source;
    EXPECT_EQ(import_coded_contexts(named).error().code, ErrorCode::kUsage) << source;
  }
}

}  // namespace
}  // namespace mien
