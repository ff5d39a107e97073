// A simulated study released with differential privacy: what is written, what it costs, what is
// refused, and that nobody else decides which of an uploader's videos count.
#include "pipeline/private/private_associate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <map>
#include <set>

#include "support/paths.h"

#include "pipeline/compare/compare_study.h"
#include "pipeline/private/private_ledger.h"
#include "pipeline/simulate/simulate.h"
#include "store/durable_file.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kRegions = 3;
constexpr int kCountries = 6;
constexpr int kContexts = 12;

class PrivateAssociateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const CountryTable countries = CountryTable::load(testing::source_dir() / "data").value();
    SimulateRequest request;
    request.study = drawn_.path() / "study";
    request.regions = kRegions;
    request.countries = kCountries;
    request.design.videos = 30000;
    request.design.contexts = kContexts;
    request.design.expressions = 4;
    request.design.covariates = 1;
    const std::atomic<bool> go_on{false};
    ASSERT_TRUE(simulate(request, countries, go_on).ok());
  }

  void SetUp() override {
    study_ = folder_.path() / "study";
    fs::copy(drawn_.path() / "study", study_, fs::copy_options::recursive);
    const CountryTable countries = CountryTable::load(testing::source_dir() / "data").value();
    const auto regions = simulated_regions(countries, kRegions, kCountries).value();
    for (const SimulatedRegion& region : regions) {
      regions_.push_back(region.name);
      countries_.push_back(region.countries);
    }
    declare("epsilon = 10.0\ndelta = 1e-6\n");
  }

  static std::string list(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "\"" : ", \"") + text + "\"";
    return "[" + list + "]";
  }

  void declare(const std::string& budget, std::vector<std::string> contexts = {}) {
    for (int c = 1; contexts.size() < kContexts - 1; ++c) {
      contexts.push_back("context_" + std::string(c < 10 ? "0" : "") + std::to_string(c));
    }
    contexts.push_back("a context of nobody's");
    std::ofstream file(declaration());
    file << "sources = [\"visual\"]\nregions = " << list(regions_)
         << "\nexpressions = [\"label_expression_1\", \"label_expression_2\", "
            "\"label_expression_3\", \"label_expression_4\"]\ncontexts = "
         << list(contexts) << "\n[countries]\n";
    for (std::size_t g = 0; g < regions_.size(); ++g) {
      file << "\"" << regions_[g] << "\" = " << list(countries_[g]) << "\n";
    }
    file << "[covariates]\ncovariate_1 = { low = 2000, high = 2030 }\n[budget]\n" << budget;
  }

  fs::path declaration() const { return folder_.path() / "declared.toml"; }

  PrivateRequest request(double epsilon) const {
    PrivateRequest request;
    request.study = study_;
    request.declaration = declaration();
    request.epsilon = epsilon;
    return request;
  }

  inline static testing::TemporaryFolder drawn_;
  testing::TemporaryFolder folder_;
  fs::path study_;
  std::vector<std::string> regions_;
  std::vector<std::vector<std::string>> countries_;
};

std::set<std::string> files_under(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).string());
  }
  return names;
}

TEST_F(PrivateAssociateTest, WritesMapsOfTheDeclaredCellsAndNothingElse) {
  const auto summary = associate_privately(request(8));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->release, 1U);
  EXPECT_LE(summary->epsilon, 8);
  EXPECT_EQ(files_under(private_folder(study_)),
            std::set<std::string>{"release-0001/maps/maps.parquet"});
  EXPECT_FALSE(fs::exists(study_ / "maps"));

  Database database = Database::open().value();
  const fs::path path = summary->folder / "maps" / "maps.parquet";
  const Table maps = database.read_parquet(path).value();
  EXPECT_EQ(maps.rows(), 3U * kContexts * 4U);
  std::set<std::string> contexts;
  std::size_t estimates = 0;
  for (std::size_t row = 0; row < maps.rows(); ++row) {
    EXPECT_TRUE(maps.column("n_uploaders").is_null(row));
    contexts.insert(std::get<std::string>(maps.at(row, "context")));
    EXPECT_EQ(std::get<std::string>(maps.at(row, "kind")), "semipartial_private");
    const bool is_null = maps.column("estimate").is_null(row);
    EXPECT_EQ(is_null, !maps.column("reason").is_null(row));
    if (is_null) continue;
    ++estimates;
    EXPECT_LT(std::get<double>(maps.at(row, "lower")), std::get<double>(maps.at(row, "estimate")));
  }
  EXPECT_EQ(contexts.size(), static_cast<std::size_t>(kContexts));
  EXPECT_TRUE(contexts.contains("a context of nobody's"));
  EXPECT_FALSE(contexts.contains("context_12"));  // in the videos, not declared
  EXPECT_GT(estimates, 60U);
  const FileMetadata metadata = database.read_metadata(path).value();
  EXPECT_EQ(metadata.at("private"), "true");
  for (const auto& [key, value] : metadata) EXPECT_EQ(key.find("seed"), std::string::npos) << value;
  ASSERT_TRUE(private_note(metadata).has_value());
  EXPECT_THAT(*private_note(metadata), HasSubstr("delta 1e-06"));
}

TEST_F(PrivateAssociateTest, ComparisonsReadThemAndSayWhatTheyAre) {
  const auto summary = associate_privately(request(8));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  Database database = Database::open().value();
  CompareOptions options;
  options.permutations = 9;
  options.video_panels = false;
  const auto comparison = compare_study(database, summary->folder, options);
  ASSERT_TRUE(comparison.ok()) << comparison.error().message;
  EXPECT_THAT(to_text(*comparison), HasSubstr("differentially private: epsilon"));
  EXPECT_THAT(to_json(*comparison).dump(), HasSubstr("differentially private: epsilon"));
}

TEST_F(PrivateAssociateTest, TheBudgetHoldsOverAllReleases) {
  ASSERT_TRUE(associate_privately(request(4)).ok());
  const auto ledger = read_privacy_ledger(study_).value();
  ASSERT_TRUE(ledger.has_value());
  const double once = ledger->rho();
  EXPECT_LE(once, rho_of(4, 1e-6));
  EXPECT_GT(once, 0.97 * rho_of(4, 1e-6));
  const auto second = associate_privately(request(4));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->release, 2U);
  EXPECT_NEAR(read_privacy_ledger(study_).value()->rho(), 2 * once, 1e-12);
  EXPECT_NEAR(second->spent_epsilon, epsilon_of(2 * once, 1e-6), 1e-9);
  // Two releases of epsilon 4 cost less than 8, but a third of 8 passes 10.
  EXPECT_LT(second->spent_epsilon, 8);
  const std::string before = read_whole_file(study_ / "privacy" / "ledger.json").value();
  const auto third = associate_privately(request(8));
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code, ErrorCode::kUsage);
  EXPECT_THAT(third.error().message, HasSubstr("would pass the study's budget"));
  EXPECT_EQ(read_whole_file(study_ / "privacy" / "ledger.json").value(), before);
  EXPECT_FALSE(fs::exists(private_folder(study_) / "release-0003"));
  // What the refusal offers fits.
  const std::size_t at = third.error().message.find("at most ");
  ASSERT_NE(at, std::string::npos);
  const double offered = std::stod(third.error().message.substr(at + 8));
  EXPECT_TRUE(associate_privately(request(offered * 0.999)).ok());
}

TEST_F(PrivateAssociateTest, ABudgetIsDeclaredOnce) {
  ASSERT_TRUE(associate_privately(request(1)).ok());
  declare("epsilon = 20.0\ndelta = 1e-6\n");
  const auto raised = associate_privately(request(1));
  ASSERT_FALSE(raised.ok());
  EXPECT_THAT(raised.error().message, HasSubstr("declared once"));
}

TEST_F(PrivateAssociateTest, ALedgerThatIsGoneOrBrokenStopsEverything) {
  ASSERT_TRUE(associate_privately(request(1)).ok());
  const fs::path ledger = study_ / "privacy" / "ledger.json";
  const std::string bytes = read_whole_file(ledger).value();
  for (const std::string& broken :
       {bytes.substr(0, bytes.size() / 2), std::string("{}"), std::string()}) {
    std::ofstream(ledger, std::ios::binary) << broken;
    const auto refused = associate_privately(request(1));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(refused.error().message, HasSubstr("ledger"));
  }
  fs::remove(ledger);
  const auto gone = associate_privately(request(1));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(fs::exists(private_folder(study_) / "release-0002"));
}

// What is entered is spent, also where the maps cannot be written.
TEST_F(PrivateAssociateTest, TheCostIsEnteredBeforeTheRelease) {
  const LedgerRelease nothing{"2026-01-01", "semipartial_private", 1, 10, {}};
  ASSERT_TRUE(spend_privacy(study_, {10, 1e-6}, nothing).ok());
  std::ofstream(private_folder(study_)) << "in the way";
  EXPECT_FALSE(associate_privately(request(2)).ok());
  EXPECT_GT(read_privacy_ledger(study_).value()->rho(), 0.97 * rho_of(2, 1e-6));
}

// The rows of one uploader are the same whoever else is in the study.
TEST_F(PrivateAssociateTest, WhichVideosCountDependsOnTheUploaderAlone) {
  PrivateRequest wanted = request(1);
  wanted.most_videos = 3;
  wanted.most_contexts = 2;
  const PrivateDeclaration declared = read_private_declaration(declaration()).value();
  const PrivateDesign design = private_design(wanted, declared);
  Database database = Database::open().value();
  const PrivateVideos whole =
      read_private_videos(database, wanted, declared, design, "visual").value();
  std::map<std::uint32_t, std::size_t> of_uploader;
  for (const std::uint32_t uploader : whole.uploader) ++of_uploader[uploader];
  for (const auto& [uploader, videos] : of_uploader) EXPECT_LE(videos, 3U);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_LE(whole.first[i + 1] - whole.first[i], 2U);

  const fs::path corpus = study_ / "corpus.parquet";
  const std::string from = sql_read_parquet(corpus);
  const Table table = database
                          .query("SELECT * FROM " + from +
                                 " WHERE uploader <> (SELECT min(uploader) FROM " + from + ")")
                          .value();
  ASSERT_TRUE(database.write_parquet(table, corpus, {}).ok());
  const PrivateVideos rest =
      read_private_videos(database, wanted, declared, design, "visual").value();
  const std::size_t gone = of_uploader.at(0);
  ASSERT_EQ(rest.size() + gone, whole.size());
  const auto same_tail = [](const auto& longer, const auto& shorter) {
    return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
  };
  EXPECT_TRUE(same_tail(whole.scores, rest.scores));
  EXPECT_TRUE(same_tail(whole.covariates, rest.covariates));
  EXPECT_TRUE(same_tail(whole.unit, rest.unit));
  EXPECT_TRUE(same_tail(whole.context, rest.context));
}

TEST_F(PrivateAssociateTest, WhatCannotBeIsRefusedByName) {
  PrivateRequest partial = request(1);
  partial.kind = AssociationKind::kPartial;
  EXPECT_THAT(associate_privately(partial).error().message, HasSubstr("--kind semipartial"));
  const std::pair<const char*, const char*> broken[] = {
      {"epsilon = 0.0\ndelta = 1e-6\n", "epsilon above 0"},
      {"epsilon = 1.0\n", "delta above 0"},
      {"epsilon = 1.0\ndelta = 1e-6\n[other]\n", "'other' is not known"},
      {"epsilon = 1.0\ndelta = 1e-6\n[covariates]\n", "line"}};
  for (const auto& [budget, message] : broken) {
    declare(budget);
    const auto refused = associate_privately(request(1));
    ASSERT_FALSE(refused.ok()) << budget;
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
  declare("epsilon = 1.0\ndelta = 1e-6\n", {"twice", "twice"});
  EXPECT_THAT(associate_privately(request(1)).error().message, HasSubstr("names 'twice' twice"));
  declare("epsilon = 1.0\ndelta = 1e-6\n");
  PrivateRequest elsewhere = request(1);
  elsewhere.by = "continent";
  EXPECT_THAT(associate_privately(elsewhere).error().message,
              AllOf(HasSubstr("no column 'continent'"), HasSubstr("region")));
  EXPECT_FALSE(fs::exists(study_ / "privacy"));
}

}  // namespace
}  // namespace mien
