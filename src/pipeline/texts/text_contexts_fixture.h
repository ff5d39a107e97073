// A study of titles, and a scorer that counts what it reads.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>

#include "support/paths.h"

#include "base/sha256.h"
#include "context/vocabulary.h"
#include "context/word_overlap.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/texts/text_contexts.h"
#include "store/database.h"
#include "table/schema.h"

namespace mien::testing {

// Word overlap that counts what it is asked, and can ask for a stop after so many texts.
class CountedOverlap : public ContextSimilarity {
 public:
  CountedOverlap(const ContextVocabulary& vocabulary, std::atomic<std::int64_t>& asked)
      : overlap_(vocabulary), asked_(asked) {}
  std::string identity() const override { return overlap_.identity(); }
  std::span<const std::string> contexts() const override { return overlap_.contexts(); }
  Result<Similarities> compare(std::span<const PreparedText> texts) const override {
    asked_ += static_cast<std::int64_t>(texts.size());
    return overlap_.compare(texts);
  }

 private:
  WordOverlap overlap_;
  std::atomic<std::int64_t>& asked_;
};

class TextContexts : public ::testing::Test {
 protected:
  TextContexts() {
    std::filesystem::create_directories(study());
    request_.study = study();
    request_.vocabulary = "v";
  }

  std::filesystem::path study() const { return folder_.path() / "study"; }

  TextScorer scorer(double slope = 8) {
    const auto vocabulary = parse_vocabulary(
        "id,name,wordings\nwedding,Wedding,es:boda\ngym,Weight training,workout\ncake,Cake,\n",
        "v");
    Calibration calibration;
    calibration.intercept = -3;
    calibration.slope = slope;
    calibration.none_texts = 1;
    return TextScorer(std::make_unique<CountedOverlap>(*vocabulary, asked_), calibration);
  }

  void write_corpus(std::int64_t videos, std::int64_t different) {
    Table corpus(corpus_schema());
    RowBuilder row(corpus.schema());
    for (std::int64_t v = 0; v < videos; ++v) {
      for (const ColumnSpec& column : corpus.schema().columns) row.set_null(column.name);
      row.set("video_id", "v" + std::to_string(v));
      if (v == 1) {
        row.set("title", std::string("😂"));
      } else if (v > 1) {
        // Equal once normalised, though not as they stand.
        const std::string number = std::to_string(v % different);
        row.set("title", (v % 2 == 0 ? "<b>Wedding</b> &amp; cake " : "Wedding & cake ") + number);
        row.set("description", "all about " + number);
      }
      corpus.append(row.finish());
    }
    auto database = Database::open();
    ASSERT_TRUE(database->write_parquet(corpus, study() / "corpus.parquet", {}).ok());
  }

  std::string hashes() const {
    std::string all;
    for (const char* table : {"contexts.parquet", "context_status.parquet"}) {
      all += *sha256_of_file(study() / kTextsFolder / table);
    }
    return all;
  }

  Table read(const std::string& table) const {
    auto database = Database::open();
    return *database->read_parquet(study() / kTextsFolder / (table + ".parquet"));
  }

  TemporaryFolder folder_;
  TextContextsRequest request_;
  std::atomic<std::int64_t> asked_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace mien::testing
