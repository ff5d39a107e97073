#include "pipeline/texts/train_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/paths.h"

#include "base/sha256.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

// Titles of three contexts and of none, each with words of its own.
std::string labels() {
  const char* const words[] = {"bride groom church vows", "barbell squat gym press",
                               "frosting oven sponge batter", "invoice ledger audit decree"};
  const char* const contexts[] = {"wedding", "weight_training", "cake", ""};
  std::string csv = "video_id,title,contexts\n";
  for (int i = 0; i < 480; ++i) {
    const int which = i % 4;
    const std::string own = words[which];
    const std::size_t cut = own.find(' ', static_cast<std::size_t>(i) % 12);
    csv += "v" + std::to_string(i) + ",number " + std::to_string(i) + " of " +
           (i % 3 == 0 ? own : own.substr(cut + 1)) + "," + contexts[which] + "\n";
  }
  return csv;
}

TEST(TrainText, TrainsMeasuresAndIsUsed) {
  const TemporaryFolder folder;
  TrainTextRequest request;
  request.labels = folder.path() / "labels.csv";
  std::ofstream(request.labels) << labels();
  request.out = folder.path() / "model";
  request.options.buckets = 2000;
  const auto summary = train_text(request);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->training + summary->calibration + summary->held_out, 480);
  EXPECT_GT(summary->held_out, 40);
  const TextEvaluation& evaluation = summary->evaluation.evaluation;
  EXPECT_EQ(evaluation.texts, summary->held_out);
  EXPECT_GT(evaluation.top1, 0.9);
  EXPECT_GT(evaluation.micro_f1, 0.9);
  EXPECT_LT(evaluation.none_above, 0.1);
  // The manifest opens as a model, with its own contexts and calibration.
  TextModelRequest model;
  model.model = (request.out / "manifest.json").string();
  const auto opened = open_text_model(model);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->scorer->contexts().size(), 3U);
  const PreparedText text = prepare_text("the bride and her vows", "");
  const auto scores = opened->scorer->score({&text, 1});
  EXPECT_EQ(opened->scorer->contexts()[(*scores)[0].scores[0].context], "wedding");
  model.vocabulary = request.labels;
  EXPECT_EQ(open_text_model(model).error().code, ErrorCode::kUsage);
  // Again: the same model.
  const std::string first = *sha256_of_file(request.out / "model.ftz");
  ASSERT_TRUE(train_text(request).ok());
  EXPECT_EQ(*sha256_of_file(request.out / "model.ftz"), first);
}

TEST(TrainText, RefusesTooLittle) {
  const TemporaryFolder folder;
  TrainTextRequest request;
  request.labels = folder.path() / "labels.csv";
  request.out = folder.path() / "model";
  for (const char* few : {"id,title,contexts\na,x,wedding\n", "id,title,contexts\na,x,\nb,y,\n",
                          "id,title,contexts\na,x,wedding\nb,y,gym\nc,z,gym\n"}) {
    std::ofstream(request.labels) << few;
    const auto refused = train_text(request);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage) << refused.error().message;
  }
}

}  // namespace
}  // namespace mien
