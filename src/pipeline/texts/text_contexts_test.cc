#include "pipeline/texts/text_contexts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "pipeline/export/export.h"
#include "pipeline/texts/text_contexts_fixture.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TextContexts;

TEST_F(TextContexts, WritesBothTablesAndReadsEqualTextsOnce) {
  write_corpus(100, 7);
  const TextScorer model = scorer();
  const auto summary = name_text_contexts(request_, model, stop_);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->videos, 100);
  EXPECT_EQ(summary->texts, 7);
  EXPECT_EQ(asked_, 7);
  EXPECT_EQ(summary->reasons.at("no_text"), 1);
  EXPECT_EQ(summary->reasons.at("no_words"), 1);
  const Table status = read("context_status");
  ASSERT_EQ(status.rows(), 100U);
  for (std::size_t r = 0; r < 100; ++r) {
    EXPECT_EQ(std::get<std::string>(status.at(r, "video_id")), "v" + std::to_string(r));
    EXPECT_EQ(std::get<std::string>(status.at(r, "status")), r < 2 ? "skipped" : "ok");
    EXPECT_EQ(status.column("none_prob").is_null(r), r < 2);
  }
  EXPECT_EQ(std::get<std::string>(status.at(5, "language")), "en");
  const Table contexts = read("contexts");
  EXPECT_EQ(contexts.rows(), 98U * 3);
  EXPECT_EQ(std::get<std::string>(contexts.at(0, "video_id")), "v2");
  EXPECT_EQ(summary->context_rows, 98 * 3);
  // As an association will look for them.
  EXPECT_EQ(study_table_files(study(), "contexts")->size(), 1U);
  const auto again = name_text_contexts(request_, model, stop_);
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(asked_, 7);
}

TEST_F(TextContexts, AnotherModelIsRefusedUntilAskedForAndAnotherCorpusIsReadAnew) {
  write_corpus(20, 5);
  ASSERT_TRUE(name_text_contexts(request_, scorer(), stop_).ok());
  const auto refused = name_text_contexts(request_, scorer(9), stop_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(refused.error().message, HasSubstr("--redo"));
  request_.redo = true;
  EXPECT_TRUE(name_text_contexts(request_, scorer(9), stop_).ok());
  request_.redo = false;
  write_corpus(30, 5);
  const auto anew = name_text_contexts(request_, scorer(9), stop_);
  ASSERT_TRUE(anew.ok()) << anew.error().message;
  EXPECT_EQ(anew->videos, 30);
  EXPECT_FALSE(anew->unchanged);
}

// More texts than a piece has: stopped after the first piece, the rest is done by the next run, and
// the bytes are those of one run on another number of threads.
TEST_F(TextContexts, GoesOnWhereItStoppedWithTheSameBytes) {
  write_corpus(9000, 9000);
  const TextScorer model = scorer();
  request_.progress = [&](const StageProgress& progress) {
    if (progress.stage == "contexts" && progress.done > 0) stop_ = true;
  };
  const auto stopped = name_text_contexts(request_, model, stop_);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  const std::int64_t first = asked_;
  EXPECT_GT(first, 0);
  EXPECT_LT(first, 8998);
  stop_ = false;
  request_.progress = {};
  const auto rest = name_text_contexts(request_, model, stop_);
  ASSERT_TRUE(rest.ok()) << rest.error().message;
  EXPECT_EQ(rest->resumed, first);
  EXPECT_EQ(asked_, 8998);
  EXPECT_FALSE(fs::exists(study() / kTextsFolder / ".work"));
  const std::string bytes = hashes();
  request_.redo = true;
  request_.threads = 3;
  ASSERT_TRUE(name_text_contexts(request_, model, stop_).ok());
  EXPECT_EQ(hashes(), bytes);
}

// Texts of the first piece come again in the second and third, before and after a stop between
// them.
TEST_F(TextContexts, TextsThatLaterPiecesRepeatHaveTheSameScores) {
  constexpr std::int64_t kVideos = 9000;
  constexpr std::int64_t kDifferent = 3000;
  write_corpus(kVideos, kDifferent);
  const TextScorer model = scorer();
  int pieces = 0;
  request_.progress = [&](const StageProgress& progress) {
    if (progress.stage == "contexts" && ++pieces == 2) stop_ = true;
  };
  ASSERT_FALSE(name_text_contexts(request_, model, stop_).ok());
  stop_ = false;
  request_.progress = {};
  const auto rest = name_text_contexts(request_, model, stop_);
  ASSERT_TRUE(rest.ok()) << rest.error().message;
  EXPECT_EQ(rest->texts, kDifferent);
  EXPECT_EQ(asked_, kDifferent);
  const Table contexts = read("contexts");
  const Table status = read("context_status");
  constexpr std::size_t kContexts = 3;
  ASSERT_EQ(contexts.rows(), static_cast<std::size_t>(kVideos - 2) * kContexts);
  ASSERT_EQ(status.rows(), static_cast<std::size_t>(kVideos));
  for (std::int64_t v = kDifferent + 2; v < kVideos; ++v) {
    const auto row = static_cast<std::size_t>(v - 2) * kContexts;
    const std::size_t first =
        row - static_cast<std::size_t>(v / kDifferent * kDifferent) * kContexts;
    ASSERT_EQ(contexts.column("video_id").strings()[row], "v" + std::to_string(v));
    if (v % kDifferent < 2) continue;  // whose first has no words
    for (std::size_t k = 0; k < kContexts; ++k) {
      EXPECT_EQ(contexts.at(row + k, "context"), contexts.at(first + k, "context")) << v;
      EXPECT_EQ(contexts.at(row + k, "score_prob"), contexts.at(first + k, "score_prob")) << v;
    }
    const auto at = static_cast<std::size_t>(v);
    EXPECT_EQ(status.at(at, "none_prob"), status.at(at % kDifferent, "none_prob")) << v;
  }
  const std::string bytes = hashes();
  request_.redo = true;
  request_.threads = 2;
  ASSERT_TRUE(name_text_contexts(request_, model, stop_).ok());
  EXPECT_EQ(hashes(), bytes);
}

TEST_F(TextContexts, StudiesWithoutTitles) {
  const auto none = name_text_contexts(request_, scorer(), stop_);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("ingest"));
  // A corpus that has an id alone.
  const TableSchema ids = {"corpus", "video", "", {{"video_id", ColumnType::kString, ""}}};
  Table corpus(ids);
  const Cell id[] = {std::string("a")};
  corpus.append(id);
  auto database = Database::open();
  ASSERT_TRUE(database->write_parquet(corpus, study() / "corpus.parquet", {}).ok());
  const auto summary = name_text_contexts(request_, scorer(), stop_);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->reasons.at("no_text"), 1);
  EXPECT_EQ(summary->texts, 0);
  EXPECT_EQ(read("contexts").rows(), 0U);
}

TEST_F(TextContexts, AreExportedWithAndWithoutOthersBesideThem) {
  write_corpus(10, 3);
  ASSERT_TRUE(name_text_contexts(request_, scorer(), stop_).ok());
  const auto rows = [&] {
    ExportRequest request;
    request.study = study();
    request.table = "context_status";
    std::string text;
    const auto summary = export_table(request, [&](const std::string& part) -> Status {
      text += part;
      return Ok{};
    });
    EXPECT_TRUE(summary.ok());
    return std::ranges::count(text, '\n') - 1;
  };
  EXPECT_EQ(rows(), 10);
  fs::copy_file(study() / kTextsFolder / "context_status.parquet",
                study() / "context_status.parquet");
  EXPECT_EQ(rows(), 20);
}

// Contexts of the same videos from pictures, as a study of one shard holds them.
TEST_F(TextContexts, NamedAnewReplaceTheOldOnesAndLeaveThoseFromPictures) {
  write_corpus(10, 3);
  Table seen(contexts_schema());
  RowBuilder row(seen.schema());
  for (int v = 0; v < 10; ++v) {
    row.set("video_id", "v" + std::to_string(v)).set("source", std::string("visual"));
    row.set("context", std::string("wedding")).set("score_prob", 0.25);
    row.set("above_threshold", false);
    seen.append(row.finish());
  }
  auto database = Database::open();
  const fs::path pictures = study() / "contexts.parquet";
  ASSERT_TRUE(database->write_parquet(seen, pictures, {}).ok());
  const std::string before = *sha256_of_file(pictures);
  const auto rows_of = [&](const std::string& source) {
    const auto files = study_table_files(study(), "contexts");
    EXPECT_EQ(files->size(), 2U);
    return *database->query("SELECT video_id, context, score_prob FROM " +
                            sql_read_parquet(*files) + " WHERE source = '" + source + "'");
  };
  ASSERT_TRUE(name_text_contexts(request_, scorer(), stop_).ok());
  const Table first = rows_of("text");
  request_.redo = true;
  ASSERT_TRUE(name_text_contexts(request_, scorer(20), stop_).ok());
  const Table second = rows_of("text");
  ASSERT_EQ(first.rows(), 8U * 3);  // a video with words has three contexts, the old ones are gone
  ASSERT_EQ(second.rows(), 8U * 3);
  EXPECT_GT(second.column(2).doubles()[0], first.column(2).doubles()[0]);
  EXPECT_EQ(rows_of("visual").rows(), 10U);
  EXPECT_EQ(*sha256_of_file(pictures), before);
}

}  // namespace
}  // namespace mien
