#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <thread>

#include "base/random.h"
#include "model/onnx_runtime.h"
#include "stats/logistic_regression.h"
#include "store/durable_file.h"
#include "training/dataset.h"
#include "training/fit_job.h"
#include "training/logistic_columns.h"
#include "training/simulated_set.h"

namespace mien {
namespace {

using ::testing::HasSubstr;

// Probabilities of the exported head, by ONNX Runtime.
class OnnxHead {
 public:
  OnnxHead(const std::filesystem::path& path, std::size_t dimensions)
      : session_(environment_, path.c_str(), Ort::SessionOptions{}), dimensions_(dimensions) {}

  std::vector<float> operator()(std::span<const float> rows) {
    const std::array<std::int64_t, 3> shape = {1,
                                               static_cast<std::int64_t>(rows.size() / dimensions_),
                                               static_cast<std::int64_t>(dimensions_)};
    const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    std::vector<float> copy(rows.begin(), rows.end());
    const auto input = Ort::Value::CreateTensor<float>(memory, copy.data(), copy.size(),
                                                       shape.data(), shape.size());
    const char* in = "features";
    const char* out = "probabilities";
    const auto given = session_.Run(Ort::RunOptions{}, &in, &input, 1, &out, 1);
    const float* values = given[0].GetTensorData<float>();
    return {values, values + given[0].GetTensorTypeAndShapeInfo().GetElementCount()};
  }

 private:
  Ort::Env environment_;
  Ort::Session session_;
  std::size_t dimensions_;
};

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mx += x[i] / static_cast<double>(x.size());
    my += y[i] / static_cast<double>(x.size());
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

class FitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = std::filesystem::path(::testing::TempDir()) /
            (std::string("fit_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(home_);
    std::filesystem::create_directories(home_);
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  FitRequest request() const {
    FitRequest request;
    request.dataset = home_ / "set";
    request.out = home_ / "out";
    request.checkpoint = home_ / "checkpoint";
    return request;
  }

  static Result<nlohmann::ordered_json> run(const FitRequest& request) {
    return run_fit(request, [](const auto&) {});
  }

  nlohmann::json read(const std::string& name) const {
    return nlohmann::json::parse(read_whole_file(home_ / "out" / name).value());
  }

  // Correlation of held-out predictions with the planted truth, the lowest over labels.
  double least_truth(const std::vector<float>& truth, std::size_t labels) const {
    std::vector<std::vector<double>> x(labels), y(labels);
    std::istringstream lines(read_whole_file(home_ / "out" / "predictions.jsonl").value());
    for (std::string line; std::getline(lines, line);) {
      const auto prediction = nlohmann::json::parse(line);
      const std::size_t clip = std::stoul(prediction.at("clip").get<std::string>().substr(4));
      for (std::size_t l = 0; l < labels; ++l) {
        const std::string label = "label00000" + std::to_string(l);
        x[l].push_back(prediction.at("probabilities").at(label).get<double>());
        y[l].push_back(static_cast<double>(truth[clip * labels + l]));
      }
    }
    double least = 1;
    for (std::size_t l = 0; l < labels; ++l) least = std::min(least, correlation(x[l], y[l]));
    return least;
  }

  double least_corrected() const {
    double least = 2;
    const nlohmann::json evaluation = read("evaluation.json");
    for (const auto& label : evaluation.at("labels")) {
      const auto& corrected = label.at("corrected_correlation").at("estimate");
      EXPECT_FALSE(corrected.is_null()) << label;
      least = std::min(least, corrected.is_null() ? 0 : corrected.get<double>());
    }
    return least;
  }

  void expect_export_agrees(std::size_t dimensions) const {
    OnnxHead head(home_ / "out" / "head.onnx", dimensions);
    const auto off = check_export(home_ / "set", home_ / "out",
                                  [&](std::span<const float> rows) { return head(rows); });
    ASSERT_TRUE(off.ok()) << off.error().message;
    EXPECT_LT(*off, kMostExportDifference);
  }

  // Starts mien-train, kills it once `file` was written anew, and gives how it ended.
  int run_program_until(const std::filesystem::path& file) const {
    std::error_code none;
    const auto before = std::filesystem::last_write_time(file, none);
    const std::string program =
        (std::filesystem::path(std::getenv("MIEN_PROGRAM")).parent_path() / "mien-train").string();
    const std::string argument = (home_ / "request.json").string();
    const pid_t child = ::fork();
    if (child == 0) {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
      ::execl(program.c_str(), program.c_str(), argument.c_str(), nullptr);
      ::_exit(127);
    }
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      const auto now = std::filesystem::last_write_time(file, none);
      if (!none && now != before) ::kill(child, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return status;
  }

  std::filesystem::path home_;
};

TEST(LogisticColumns, AreThoseOfTheReference) {
  Random random(2);
  constexpr std::size_t kCases = 300, kWidth = 20, kColumns = 3;
  std::vector<float> features, targets, weights;
  Eigen::MatrixXd reference(kCases, kWidth);
  std::vector<std::vector<std::uint8_t>> labels(kColumns);
  std::vector<std::vector<double>> of_column(kColumns);
  for (std::size_t i = 0; i < kCases; ++i) {
    double z = 0;
    for (std::size_t f = 0; f < kWidth; ++f) {
      features.push_back(static_cast<float>(random.normal()));
      reference(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(f)) =
          static_cast<double>(features.back());
      z += static_cast<double>(features.back()) * (f % 3 == 0 ? 0.5 : -0.2);
    }
    for (std::size_t c = 0; c < kColumns; ++c) {
      const bool chosen = random.uniform() < 1 / (1 + std::exp(static_cast<double>(c) - z));
      // The last column leaves the first hundred cases out, with a target that is no number.
      const bool out = c == 2 && i < 100;
      targets.push_back(out ? NAN : chosen ? 1.0F : 0.0F);
      weights.push_back(out ? 0.0F : 1.0F + static_cast<float>(i % 3));
      if (out) continue;
      labels[c].push_back(chosen ? 1 : 0);
      of_column[c].push_back(1 + static_cast<double>(i % 3));
    }
  }
  const LogisticSolver solver(features, kCases, kWidth, 2);
  for (const double penalty : {1.0, 0.01}) {
    LogisticColumns columns;
    solver.fit(targets, weights, penalty, columns);
    for (std::size_t c = 0; c < kColumns; ++c) {
      const auto rows = static_cast<Eigen::Index>(labels[c].size());
      const auto model = fit_logistic(reference.bottomRows(rows), labels[c], of_column[c], penalty);
      ASSERT_TRUE(model.ok());
      for (std::size_t f = 0; f < kWidth; ++f) {
        EXPECT_NEAR(columns.weights[f * kColumns + c],
                    model->coefficients[static_cast<Eigen::Index>(f)], 2e-4);
      }
      EXPECT_NEAR(columns.bias[c], model->intercept, 2e-4);
    }
  }
}

TEST_F(FitTest, APooledHeadReachesTheCeilingByFolds) {
  SimulatedSet design;
  design.labels = 2;  // of two, a share's logit is linear in the latent scores
  design.raters_a_clip = 12;
  const auto truth = write_simulated_set(design, home_ / "set");
  ASSERT_TRUE(truth.ok()) << truth.error().message;
  const auto fit = run(request());
  ASSERT_TRUE(fit.ok()) << fit.error().message;
  EXPECT_EQ(fit->at("head"), "pooled");
  EXPECT_EQ(fit->at("evaluation"), "folds");
  EXPECT_GE(least_corrected(), 0.95);
  EXPECT_GE(least_truth(*truth, design.labels), 0.95);
  expect_export_agrees(design.dimensions);
  EXPECT_THAT(read_whole_file(home_ / "out" / "card.md").value(), HasSubstr("simulated"));
}

TEST_F(FitTest, TheRecurrentHeadIsTakenWhereItIsBetterAndReachesTheCeiling) {
  SimulatedSet design;
  design.clips = 3000;
  design.people = 500;
  design.rows = 4;
  design.raters_a_clip = 12;
  const auto truth = write_simulated_set(design, home_ / "set");
  ASSERT_TRUE(truth.ok());
  FitRequest wanted = request();
  wanted.threads = 2;
  const auto fit = run(wanted);
  ASSERT_TRUE(fit.ok()) << fit.error().message;
  EXPECT_EQ(fit->at("head"), "recurrent");
  EXPECT_GE(least_corrected(), 0.95);
  EXPECT_GE(least_truth(*truth, design.labels), 0.95);
  expect_export_agrees(design.dimensions);
}

TEST_F(FitTest, GroupsThatDifferAreFoundAndOthersAreNot) {
  for (const double difference : {0.7, 0.0}) {
    SimulatedSet design;
    design.clips = 600;
    design.rows = 1;
    design.dimensions = 16;
    design.latent = design.labels = 4;
    design.groups = 2;
    design.group_difference = difference;
    ASSERT_TRUE(write_simulated_set(design, home_ / "set").ok());
    FitRequest wanted = request();
    wanted.keep_all_labels = true;
    const auto fit = run(wanted);
    ASSERT_TRUE(fit.ok()) << fit.error().message;
    const auto& models = fit->at("group_models");
    EXPECT_GT(models.at("judgements_a_model").get<int>(), 1500);
    for (const auto& label : models.at("labels")) {
      const bool planted = difference > 0 && label.at("label").get<std::string>() < "label000002";
      if (planted) {  // the least that 19 random deals can give
        EXPECT_LE(label.at("p").get<double>(), 0.05) << label;
        EXPECT_GT(label.at("distance").get<double>(), 3 * label.at("random_groups").get<double>());
      } else {
        EXPECT_GT(label.at("p").get<double>(), 0.05) << label;
      }
    }
    for (const auto& group : models.at("groups")) {
      const double gain =
          group.at("own_model").get<double>() - group.at("pooled_model").get<double>();
      if (difference > 0) {
        EXPECT_GT(gain, 0.02) << group;
      } else {
        EXPECT_LT(std::fabs(gain), 0.02) << group;
      }
    }
    const std::string card = read_whole_file(home_ / "out" / "card.md").value();
    EXPECT_THAT(card, HasSubstr("One model a group"));
    EXPECT_THAT(card, HasSubstr("Dropped: none."));
    EXPECT_EQ(card.find("| **fails**") != std::string::npos,
              card.find("Kept on request though they fail") != std::string::npos);
  }
}

TEST_F(FitTest, ThreadsAndAKillChangeNoByte) {
  SimulatedSet design;
  design.clips = 600;
  design.rows = 3;
  ASSERT_TRUE(write_simulated_set(design, home_ / "set").ok());
  FitRequest wanted = request();
  wanted.head = "recurrent";
  wanted.epochs = 4;
  wanted.keep_all_labels = true;
  ASSERT_TRUE(run(wanted).ok());
  const std::string head = read_whole_file(home_ / "out" / "head.onnx").value();
  const std::string fit = read_whole_file(home_ / "out" / "fit.json").value();
  EXPECT_FALSE(std::filesystem::exists(wanted.checkpoint));

  // Another number of threads, killed three times as soon as there is a new checkpoint.
  const nlohmann::json told = {{"dataset", wanted.dataset.string()},
                               {"out", (home_ / "out").string()},
                               {"head", "recurrent"},
                               {"epochs", 4},
                               {"keep_all_labels", true},
                               {"threads", 2},
                               {"checkpoint", wanted.checkpoint.string()},
                               {"checkpoint_s", 0}};
  ASSERT_TRUE(write_file_durably(home_ / "request.json", told.dump()).ok());
  int kills = 0;
  while (true) {
    const int status = run_program_until(kills < 3 ? wanted.checkpoint : "");
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ASSERT_LT(++kills, 4);
  }
  EXPECT_EQ(kills, 3);
  EXPECT_EQ(read_whole_file(home_ / "out" / "head.onnx").value(), head);
  EXPECT_EQ(read_whole_file(home_ / "out" / "fit.json").value(), fit);
}

// Ratings that nothing can be learned from: what is said, and that a head of before stays.
TEST_F(FitTest, BadRatingsAreNamedAndNothingIsLost) {
  const auto write = [&](RatingMode mode, const std::function<RatingsBuilder::Row(int)>& rating) {
    DatasetHeader header;
    header.blocks = {{"simulated", 2, "", ""}};
    auto writer = DatasetWriter::create(home_ / "set", header);
    ASSERT_TRUE(writer.ok());
    RatingsBuilder builder;
    std::vector<std::string> names;
    for (int i = 0; i < 60; ++i) names.push_back("c" + std::to_string(i));
    for (int i = 0; i < 60; ++i) {
      const std::string& name = names[static_cast<std::size_t>(i)];
      const std::vector<float> rows = {static_cast<float>(i % 7), static_cast<float>(i % 3)};
      ASSERT_TRUE(writer->add({name, name, name}, rows).ok());
      RatingsBuilder::Row row = rating(i);
      row.clip = name;
      builder.add(row);
    }
    const auto ratings = std::move(builder).finish(mode);
    ASSERT_TRUE(ratings.ok()) << ratings.error().message;
    header.lowest_value = 0;
    ASSERT_TRUE(writer->finish(*ratings).ok());
  };
  const auto row = [](const char* rater, const char* label, double value = 1) {
    RatingsBuilder::Row told;
    told.rater = rater;
    told.label = label;
    told.value = value;
    return told;
  };
  // One rater: a warning, and reliability that is not estimable.
  write(RatingMode::kChoice, [&](int i) { return row("a", i % 3 == 0 ? "awe" : "anger"); });
  const auto one_rater = run(request());
  ASSERT_TRUE(one_rater.ok()) << one_rater.error().message;
  EXPECT_THAT(one_rater->at("warnings").dump(), HasSubstr("one rater"));
  const std::string card = read_whole_file(home_ / "out" / "card.md").value();
  EXPECT_THAT(card, HasSubstr("not estimable"));

  // A label that nobody chose is left out by name; too few of one label likewise.
  write(RatingMode::kChoice, [&](int i) {
    return i == 0   ? row("a", "doubt", 0)
           : i == 1 ? row("b", "pain")
                    : row(i % 2 == 0 ? "a" : "b", i % 3 == 0 ? "awe" : "anger");
  });
  const auto nobody = run(request());
  ASSERT_TRUE(nobody.ok()) << nobody.error().message;
  EXPECT_THAT(nobody->at("left_out").dump(), HasSubstr("doubt: nobody chose it"));
  EXPECT_THAT(nobody->at("left_out").dump(), HasSubstr("pain: only 1 clips"));
  EXPECT_THAT(nobody->at("labels").dump(), "[\"anger\",\"awe\"]");

  // One label only.
  const std::string head = read_whole_file(home_ / "out" / "head.onnx").value();
  write(RatingMode::kChoice, [&](int) { return row("a", "awe"); });
  const auto one_label = run(request());
  ASSERT_FALSE(one_label.ok());
  EXPECT_THAT(one_label.error().message, HasSubstr("awe: every rating of it is the same"));
  EXPECT_THAT(one_label.error().message, HasSubstr("remedy"));
  EXPECT_EQ(read_whole_file(home_ / "out" / "head.onnx").value(), head);
}

// One movement alone tells the label, and only a block of blendshapes has it.
TEST_F(FitTest, ALabelThatOnlyABlendshapeTellsIsLearnedWithItsBlockAndNotWithoutIt) {
  constexpr std::size_t kActions = 26, kShapes = 52, kTelling = 25;
  for (const bool with_shapes : {true, false}) {
    DatasetHeader header;
    header.blocks = {{"action", kActions, "", ""}};
    if (with_shapes) header.blocks.push_back({"blendshape", kShapes, "", ""});
    auto writer = DatasetWriter::create(home_ / "set", header);
    ASSERT_TRUE(writer.ok());
    RatingsBuilder builder;
    Random random(7);
    for (int i = 0; i < 300; ++i) {
      const std::string name = "c" + std::to_string(i);
      std::vector<float> row;
      for (std::size_t f = 0; f < kActions; ++f) row.push_back(static_cast<float>(random.normal()));
      for (std::size_t f = 0; f < kShapes; ++f) row.push_back(static_cast<float>(random.uniform()));
      RatingsBuilder::Row told;
      told.rater = "a";
      told.clip = name;
      told.label = row[kActions + kTelling] > 0.5F ? "open" : "shut";
      builder.add(told);
      if (!with_shapes) row.resize(kActions);
      ASSERT_TRUE(writer->add({name, name, name}, row).ok());
    }
    const auto ratings = std::move(builder).finish(RatingMode::kChoice);
    ASSERT_TRUE(writer->finish(*ratings).ok());
    FitRequest wanted = request();
    wanted.keep_all_labels = true;
    const auto fit = run(wanted);
    ASSERT_TRUE(fit.ok()) << fit.error().message;
    const double balanced = fit->at("balanced_accuracy").get<double>();
    if (with_shapes) {
      EXPECT_GT(balanced, 0.9);
    } else {
      EXPECT_LT(balanced, 0.6);  // chance is 0.5, its standard error 0.03
    }
  }
}

TEST_F(FitTest, ALeakBetweenGivenSplitsFailsTheRun) {
  DatasetHeader header;
  header.blocks = {{"simulated", 1, "", ""}};
  auto writer = DatasetWriter::create(home_ / "set", header);
  ASSERT_TRUE(writer.ok());
  RatingsBuilder builder;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "c" + std::to_string(i);
    const std::string person = i < 59 ? name : "c0";
    const Split split = i % 3 == 0 ? Split::kTrain : i % 3 == 1 ? Split::kValidation : Split::kTest;
    const std::vector<float> rows = {static_cast<float>(i)};
    ASSERT_TRUE(writer->add({name, person, name, split}, rows).ok());
    RatingsBuilder::Row row;
    row.rater = "a";
    row.clip = name;
    row.label = i % 2 == 0 ? "awe" : "anger";
    builder.add(row);
  }
  const auto ratings = std::move(builder).finish(RatingMode::kChoice);
  ASSERT_TRUE(writer->finish(*ratings).ok());
  const auto fit = run(request());
  ASSERT_FALSE(fit.ok());
  EXPECT_EQ(fit.error().code, ErrorCode::kMismatch);
  EXPECT_THAT(fit.error().message, HasSubstr("person 'c0' stands in train and in test"));
  EXPECT_FALSE(std::filesystem::exists(home_ / "out"));
}

}  // namespace
}  // namespace mien
