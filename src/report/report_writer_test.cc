#include "report/report_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "support/paths.h"

#include "report/report_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::corpus_row;
using testing::expressions_row;
using testing::few_facts;
using ::testing::HasSubstr;
using testing::hostile_texts;
using testing::media_row;
using ::testing::Not;
using testing::random_bytes;
using ::testing::StartsWith;
using testing::TemporaryFolder;

std::string written(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the script at `path` assigns.
json assigned(const fs::path& path) {
  const std::string text = written(path);
  const std::size_t from = text.find('=', text.find(").")) + 1;
  return json::parse(text.substr(from, text.rfind(';') - from));
}

class ReportWriterTest : public ::testing::Test {
 protected:
  ReportWriterTest() {
    fs::create_directories(folder_.path() / "web");
    for (const char* asset : {"report.js", "report.css"})
      std::ofstream(folder_.path() / "web" / asset) << asset;
  }
  ReportFacts facts() const {
    ReportFacts facts = few_facts();
    facts.web_assets = folder_.path() / "web";
    return facts;
  }
  fs::path place() const { return folder_.path() / "study" / "report"; }

  static Status add(ReportWriter& writer, const Table& media, const Table* corpus = nullptr,
                    const Table* expressions = nullptr) {
    VideoTables tables;
    tables.media = &media;
    tables.corpus = corpus;
    tables.expressions = expressions;
    return writer.add_video(tables);
  }

  TemporaryFolder folder_;
};

TEST_F(ReportWriterTest, WritesAPageAVideoAndAnIndex) {
  ReportWriter writer = ReportWriter::create(place(), facts()).value();
  const Table corpus = corpus_row("a.mp4", "A title");
  const Table means = expressions_row("a.mp4", 6.5, {0.2, 0.7, 1.25, 0.3});
  ASSERT_TRUE(add(writer, media_row("a.mp4"), &corpus, &means).ok());
  ASSERT_TRUE(add(writer, media_row("b.mp4", "failed", Cell{}, "empty", "b.mp4: 0 bytes")).ok());
  ASSERT_TRUE(add(writer, media_row("c.mp4", "failed", Cell{}, "empty", "c.mp4: 0 bytes")).ok());
  ASSERT_TRUE(add(writer, media_row("d.mp4", "partial", 5.0, "truncated", "d.mp4: cut")).ok());
  const ReportSummary summary = writer.finish().value();
  EXPECT_EQ(summary.videos, 4);
  EXPECT_EQ(summary.ok, 1);
  EXPECT_EQ(summary.partial, 1);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(summary.index, place() / "index.html");

  const json study = assigned(place() / "data" / "study.js");
  EXPECT_EQ(study["name"], "Test");
  EXPECT_EQ(study["index_files"], 1);
  EXPECT_EQ(study["leading_groups"], json({0, 2}));
  EXPECT_EQ(study["channels"][2], json({"action_jaw_drop", "Jaw.", 1}));
  const json& totals = study["totals"];
  EXPECT_EQ(totals["videos"], 4);
  EXPECT_EQ(totals["duration_s"], 15.0);
  EXPECT_EQ(totals["durations_unknown"], 2);
  EXPECT_EQ(totals["face_seconds"], 6.5);
  EXPECT_EQ(totals["by_reason"], json({json({"failed", "empty", 2, "b.mp4: 0 bytes"}),
                                       json({"partial", "truncated", 1, "d.mp4: cut"})}))
      << "with the first message as an example";
  EXPECT_EQ(totals["leading"][0], json::array({json({1, 1})}));

  EXPECT_EQ(assigned(place() / "data" / "2.js")["number"], 2);
  EXPECT_THAT(written(place() / "data" / "index-0.js"), HasSubstr("[\"a.mp4\",\"A title\""));
  for (const char* asset : {"report.js", "report.css"})
    EXPECT_EQ(written(place() / "assets" / asset), asset);
  const std::string page = written(place() / "videos" / "1.html");
  EXPECT_THAT(page, HasSubstr("<title>A title - Test</title>"));
  EXPECT_THAT(page, HasSubstr("src=\"../data/1.js\""));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST_F(ReportWriterTest, NothingHostileLeavesItsPlace) {
  ReportFacts hostile = facts();
  hostile.study_name = "</title><script>alert(1)</script>";
  ReportWriter writer = ReportWriter::create(place(), hostile).value();
  std::vector<std::string> texts = hostile_texts();
  Random random(6);
  for (int i = 0; i < 40; ++i) texts.push_back(random_bytes(random, 60));
  for (const std::string& text : texts) {
    const Table corpus = corpus_row(text, text);
    ASSERT_TRUE(add(writer, media_row(text, "failed", Cell{}, "empty", text), &corpus).ok());
  }
  ASSERT_TRUE(writer.finish().ok());
  const auto count = [](const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
      ++n;
    return n;
  };
  // A page holds the tags of its shell and no other.
  const std::string plain = written(place() / "videos" / "1.html");
  for (std::size_t i = 1; i <= texts.size(); ++i) {
    const std::string page = written(place() / "videos" / (std::to_string(i) + ".html"));
    for (const char* part : {"<", ">", "<script", "\""})
      ASSERT_EQ(count(page, part), count(plain, part)) << texts[i - 1];
    const std::string script = written(place() / "data" / (std::to_string(i) + ".js"));
    ASSERT_EQ(script.find_first_of("<>"), std::string::npos);
    ASSERT_EQ(script.find('\n'), script.size() - 1);
    ASSERT_TRUE(assigned(place() / "data" / (std::to_string(i) + ".js")).is_object());
  }
  EXPECT_EQ(count(written(place() / "index.html"), "<script"), 3U);
}

TEST_F(ReportWriterTest, TheSameTablesGiveTheSameBytes) {
  std::vector<std::map<std::string, std::string>> runs;
  for (const char* name : {"one", "two"}) {
    const fs::path place = folder_.path() / name / "report";
    ReportWriter writer = ReportWriter::create(place, facts()).value();
    const Table corpus = corpus_row("a.mp4", "A title");
    ASSERT_TRUE(add(writer, media_row("a.mp4"), &corpus).ok());
    ASSERT_TRUE(writer.finish().ok());
    std::map<std::string, std::string>& files = runs.emplace_back();
    for (const auto& entry : fs::recursive_directory_iterator(place)) {
      if (entry.is_regular_file())
        files[entry.path().lexically_relative(place).string()] = written(entry.path());
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_EQ(runs[0].size(), 7U);
}

TEST_F(ReportWriterTest, CutsTheIndexIntoFilesOfAThousand) {
  ReportWriter writer = ReportWriter::create(place(), facts()).value();
  for (int i = 0; i < 2001; ++i)
    ASSERT_TRUE(add(writer, media_row(std::to_string(i) + ".mp4", "failed", Cell{}, "empty")).ok());
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_EQ(assigned(place() / "data" / "study.js")["index_files"], 3);
  EXPECT_THAT(written(place() / "data" / "index-1.js"), HasSubstr("[\"1000.mp4\""));
  EXPECT_THAT(written(place() / "data" / "index-2.js"), HasSubstr("[\"2000.mp4\""));
  EXPECT_THAT(written(place() / "index.html"), Not(HasSubstr("index-1.js")))
      << "the others are read behind the page";
}

TEST_F(ReportWriterTest, AStudyWithoutVideosHasAnIndex) {
  ReportWriter writer = ReportWriter::create(place(), facts()).value();
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_EQ(assigned(place() / "data" / "study.js")["index_files"], 0);
  EXPECT_THAT(written(place() / "index.html"), Not(HasSubstr("index-0.js")));
}

TEST_F(ReportWriterTest, ADroppedWriterLeavesTheEarlierReport) {
  {
    ReportWriter writer = ReportWriter::create(place(), facts()).value();
    ASSERT_TRUE(add(writer, media_row("a.mp4")).ok());
    ASSERT_TRUE(writer.finish().ok());
  }
  {
    ReportWriter writer = ReportWriter::create(place(), facts()).value();
    ASSERT_TRUE(add(writer, media_row("b.mp4")).ok());
  }
  EXPECT_EQ(assigned(place() / "data" / "1.js")["id"], "a.mp4");
  EXPECT_EQ(std::distance(fs::directory_iterator(place().parent_path()), {}), 1);
}

TEST_F(ReportWriterTest, SaysWhatIsMissing) {
  fs::remove(folder_.path() / "web" / "report.css");
  const auto unbuilt = ReportWriter::create(place(), facts());
  ASSERT_FALSE(unbuilt.ok());
  EXPECT_EQ(unbuilt.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(unbuilt.error().message, HasSubstr("tools/build_web"));
  EXPECT_FALSE(fs::exists(place().parent_path()));

  ReportFacts garbled = facts();
  for (const char* options : {"", "[]", "{", "7"}) {
    garbled.options_json = options;
    const auto refused = ReportWriter::create(place(), garbled);
    ASSERT_FALSE(refused.ok()) << options;
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
  }
}

}  // namespace
}  // namespace mien
