// Panels (d), (j) and (k) on studies in which the answer was planted.
#include "pipeline/panels/video_panels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/paths.h"

#include "base/random.h"
#include "pipeline/associate/associate.h"
#include "pipeline/compare/compare_study.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

constexpr int kRegions = 4;
constexpr int kContexts = 12;
constexpr const char* kExpressions[] = {"label_awe", "label_pain", "label_doubt"};

struct Plan {
  int videos = 600;          // of a region
  double of_brightness = 0;  // how much brightness drives contexts and scores
  int copied = 0;            // videos that every region has under the same title
  bool has_languages = false;
};

class VideoPanelsTest : public ::testing::Test {
 protected:
  // Contexts and scores go together in a way of each region's own, except for what is planted.
  void write(const Plan& plan) {
    TableSchema schema = corpus_schema();
    schema.columns.push_back({"duplicate_cluster", ColumnType::kString, ""});
    Table corpus(schema);
    const std::vector<ColumnSpec> channels = {{kExpressions[0], ColumnType::kDouble, ""},
                                              {kExpressions[1], ColumnType::kDouble, ""},
                                              {kExpressions[2], ColumnType::kDouble, ""}};
    Table expressions(expressions_schema(channels));
    Table contexts(contexts_schema());
    Table status(context_status_schema());
    for (int g = 0; g < kRegions; ++g) {
      for (int i = 0; i < plan.videos; ++i) {
        const bool is_copy = i < plan.copied;
        // The copies of a video are drawn alike in every region.
        Random random(is_copy ? 5'000'000U + static_cast<std::uint64_t>(i)
                              : static_cast<std::uint64_t>(g * 100'000 + i));
        const std::string id = "r" + std::to_string(g) + "-" + std::to_string(i);
        add_video(plan, g, i, id, is_copy, random, corpus, expressions, contexts);
        RowBuilder row(status.schema());
        for (const ColumnSpec& column : status.schema().columns) row.set_null(column.name);
        row.set("video_id", id).set("source", "visual").set("status", "ok");
        row.set("vocabulary", "test");
        status.append(row.finish());
      }
    }
    for (const auto& [table, name] : {std::pair(&corpus, "corpus"),
                                      {&expressions, "expressions"},
                                      {&contexts, "contexts"},
                                      {&status, "context_status"}}) {
      const auto file = study() / (std::string(name) + ".parquet");
      const Status written = database_.write_parquet(*table, file, {});
      ASSERT_TRUE(written.ok()) << written.error().message;
    }
  }

  static void add_video(const Plan& plan, int g, int i, const std::string& id, bool is_copy,
                        Random& random, Table& corpus, Table& expressions, Table& contexts) {
    const double brightness = random.normal();
    RowBuilder video(corpus.schema());
    for (const ColumnSpec& column : corpus.schema().columns) video.set_null(column.name);
    video.set("video_id", id).set("region", "Region " + std::to_string(g));
    video.set("country", std::string(1, static_cast<char>('A' + g)) + (i % 2 == 0 ? "X" : "Y"));
    video.set("uploader", "u" + std::to_string(g) + "-" + std::to_string(i % 200));
    if (plan.has_languages && g < 3) video.set("language", i % 3 == 0 ? "de" : "en");
    if (is_copy) video.set("duplicate_cluster", "r0-" + std::to_string(i));
    corpus.append(video.finish());

    double sum[3] = {};
    for (int c = 0; c < kContexts; ++c) {
      const double drive = plan.of_brightness * (c % 3 - 1) * brightness;
      if (random.uniform() > 1 / (1 + std::exp(1.2 - drive))) continue;
      for (int e = 0; e < 3; ++e) {
        const int pattern = is_copy ? c * 3 + e : (c * 3 + e) * (2 * g + 5) + g;
        sum[e] += 0.05 * std::sin(1.7 * pattern);
      }
      RowBuilder row(contexts.schema());
      row.set("video_id", id).set("source", "visual").set("context", "c" + std::to_string(c));
      row.set("score_prob", 0.9).set("above_threshold", true);
      contexts.append(row.finish());
    }
    RowBuilder scores(expressions.schema());
    for (const ColumnSpec& column : expressions.schema().columns) scores.set_null(column.name);
    scores.set("video_id", id).set("faces", std::int64_t{1}).set("face_seconds", 2.0);
    scores.set("brightness", brightness);
    for (int e = 0; e < 3; ++e) {
      const double y =
          0.5 + sum[e] + 0.05 * plan.of_brightness * (e - 1) * brightness + 0.05 * random.normal();
      scores.set(kExpressions[e], std::clamp(y, 0.0, 1.0));
    }
    expressions.append(scores.finish());
  }

  VideoPanels panels(AssociationKind kind = AssociationKind::kCorrelation) {
    AssociateOptions options;
    options.study = study();
    options.map.bootstrap = 50;
    options.map.estimator.kind = kind;
    const auto associated = associate(options);
    EXPECT_TRUE(associated.ok()) << associated.error().message;
    const auto maps = read_study_maps(database_, study()).value();
    const auto result = video_panels(database_, study(), maps.front(), {});
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.value();
  }
  const std::filesystem::path& study() const { return folder_.path(); }

  testing::TemporaryFolder folder_;
  Database database_ = Database::open().value();
};

TEST_F(VideoPanelsTest, BrightnessThatDrivesBothIsTakenOut) {
  write({.of_brightness = 1.5});
  const VideoPanel panel = panels().appearance;
  ASSERT_EQ(panel.not_possible, "");
  EXPECT_EQ(panel.result["covariates_added"], nlohmann::ordered_json({"brightness"}));
  EXPECT_EQ(panel.result["videos"], 2400);
  const double as_it_is = panel.result["mean_r_as_it_is"].get<double>();
  const double with = panel.result["mean_r_with_them"].get<double>();
  EXPECT_GT(as_it_is, with + 0.3) << panel.result.dump(1);
}

TEST_F(VideoPanelsTest, BrightnessThatDrivesNothingChangesNothing) {
  write({});
  const VideoPanel panel = panels().appearance;
  EXPECT_NEAR(panel.result["mean_r_as_it_is"].get<double>(),
              panel.result["mean_r_with_them"].get<double>(), 0.02)
      << panel.result.dump(1);
}

TEST_F(VideoPanelsTest, CopiesInEveryRegionMakeThemAlike) {
  write({.copied = 300});
  const VideoPanel panel = panels().duplicates;
  ASSERT_EQ(panel.not_possible, "");
  EXPECT_EQ(panel.result["clusters"], 300);
  EXPECT_EQ(panel.result["clusters_across_regions"], 300);
  EXPECT_EQ(panel.result["videos_left_out"], 900);
  EXPECT_GT(panel.result["mean_r_with"].get<double>(),
            panel.result["mean_r_without"].get<double>() + 0.2)
      << panel.result.dump(1);
}

TEST_F(VideoPanelsTest, ExchangedUploadersAreAlikeByChanceAlone) {
  write({.copied = 600});
  const VideoPanel panel = panels().exchanged;
  ASSERT_EQ(panel.not_possible, "");
  EXPECT_GT(panel.result["mean_r"].get<double>(), 0.7) << panel.result.dump(1);
  EXPECT_NEAR(panel.result["null_mean"].get<double>(), 0, 0.1) << panel.result.dump(1);
  EXPECT_DOUBLE_EQ(panel.result["p"].get<double>(), 0.05);
  write({});
  EXPECT_GT(panels().exchanged.result["p"].get<double>(), 0.05) << "regions of their own";
}

TEST_F(VideoPanelsTest, OneLanguageStandsAgainstAsManyOfAny) {
  write({.has_languages = true});
  const VideoPanel panel = panels().language;
  ASSERT_EQ(panel.not_possible, "");
  EXPECT_EQ(panel.result["language"], "en");
  EXPECT_EQ(panel.result["regions"], nlohmann::ordered_json({"Region 0", "Region 1", "Region 2"}));
  EXPECT_EQ(panel.result["videos"], 1200);
  EXPECT_TRUE(panel.result["r_between_the_two_by_region"]["Region 3"].is_null());
  EXPECT_GT(panel.result["r_between_the_two_by_region"]["Region 1"].get<double>(), 0.5);
  EXPECT_EQ(panels().language.result, panel.result) << "the same seed, the same draw";
}

TEST_F(VideoPanelsTest, WhatIsMissingIsNamed) {
  write({});
  const VideoPanels all = panels();
  EXPECT_THAT(all.duplicates.not_possible, HasSubstr("no near-duplicates"));
  EXPECT_THAT(all.language.not_possible, HasSubstr("100 videos"));
  std::filesystem::remove(study() / "contexts.parquet");
  const auto maps = read_study_maps(database_, study()).value();
  const VideoPanels none = video_panels(database_, study(), maps.front(), {}).value();
  for (const VideoPanel& panel :
       {none.appearance, none.exchanged, none.duplicates, none.language}) {
    EXPECT_THAT(panel.not_possible, HasSubstr("maps alone"));
  }
}

TEST_F(VideoPanelsTest, AreLeftOutWhereAsked) {
  write({.of_brightness = 1.5});
  panels();
  CompareOptions options;
  options.permutations = 19;
  options.video_panels = false;
  const auto json = to_json(compare_study(database_, study(), options).value());
  EXPECT_THAT(json["panels"]["d"]["reason"].get<std::string>(), HasSubstr("--no-video-panels"));
  options.video_panels = true;
  const auto with = to_json(compare_study(database_, study(), options).value());
  EXPECT_TRUE(with["panels"]["d"]["possible"].get<bool>());
}

}  // namespace
}  // namespace mien
