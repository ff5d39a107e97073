// Associations of readable tables against expected values that a script made from the definitions,
// row by row, with numpy, scipy and statsmodels (tests/reference/stats).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "support/paths.h"

#include "stats/association_fixture.h"
#include "stats/association_map.h"
#include "store/csv_import.h"
#include "store/durable_file.h"

namespace mien {
namespace {

constexpr double kTolerance = 1e-9;
constexpr double kThreshold = 0.5;
constexpr int kReplicates = 40;
constexpr std::uint64_t kSeed = 20211;

std::filesystem::path reference(const std::string& name) {
  return testing::source_dir() / "tests/reference/stats" / name;
}

Table read_csv(const std::string& name) {
  const auto bytes = read_whole_file(reference(name));
  EXPECT_TRUE(bytes.ok());
  const auto table = parse_list(*bytes, name);
  EXPECT_TRUE(table.ok());
  return *table;
}

std::string text(const Table& table, std::size_t row, const std::string& column) {
  const Cell cell = table.at(row, column);
  return std::holds_alternative<std::string>(cell) ? std::get<std::string>(cell) : "";
}

double number(const Table& table, std::size_t row, const std::string& column) {
  const std::string field = text(table, row, column);
  return field.empty() ? std::nan("") : std::strtod(field.c_str(), nullptr);
}

std::vector<std::string> sorted_values(const Table& table, const std::string& column) {
  std::set<std::string> values;
  for (std::size_t row = 0; row < table.rows(); ++row) values.insert(text(table, row, column));
  return {values.begin(), values.end()};
}

template <typename T>
std::uint32_t position(const std::vector<T>& sorted, const T& value) {
  return static_cast<std::uint32_t>(std::lower_bound(sorted.begin(), sorted.end(), value) -
                                    sorted.begin());
}

struct Entry {
  std::string context;
  double score;
};

std::vector<Entry> entries(const std::string& field) {
  std::vector<Entry> result;
  std::istringstream stream(field);
  for (std::string part; std::getline(stream, part, ';');) {
    const std::size_t colon = part.find(':');
    result.push_back({part.substr(0, colon), std::strtod(part.c_str() + colon + 1, nullptr)});
  }
  return result;
}

FixtureVideos read_case(const std::string& name, bool use_score, bool weighted) {
  const Table table = read_csv("cases/" + name + ".csv");
  FixtureVideos videos;
  AssociationLayout& layout = videos.layout;
  layout.source = "visual";
  layout.context_use = use_score ? "score" : "present";
  layout.groups = sorted_values(table, "region");
  layout.parents.assign(layout.groups.size(), "");
  layout.countries = sorted_values(table, "country");
  std::set<std::string> names;
  std::vector<std::string> covariate_columns;
  for (const ColumnSpec& column : table.schema().columns) {
    if (column.name.starts_with("label_")) layout.expressions.push_back(column.name);
    if (!column.name.starts_with("covariate_")) continue;
    covariate_columns.push_back(column.name);
    if (column.name != "covariate_device") {
      layout.covariates.push_back(column.name);
      continue;
    }
    for (const std::string& level : sorted_values(table, column.name)) {
      layout.covariates.push_back(column.name + "=" + level);
    }
  }
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (const Entry& entry : entries(text(table, row, "contexts"))) names.insert(entry.context);
  }
  layout.contexts.assign(names.begin(), names.end());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    videos.group.push_back(position(layout.groups, text(table, row, "region")));
    videos.country.push_back(position(layout.countries, text(table, row, "country")));
    videos.uploader.push_back(uploader_hash(text(table, row, "uploader")));
    if (weighted) videos.weight.push_back(number(table, row, "weight"));
    for (const std::string& column : layout.expressions) {
      videos.values.push_back(number(table, row, column));
    }
    for (const std::string& column : layout.covariates) {
      const std::size_t equals = column.find('=');
      if (equals == std::string::npos) {
        videos.values.push_back(number(table, row, column));
      } else {
        const bool is_level =
            text(table, row, column.substr(0, equals)) == column.substr(equals + 1);
        videos.values.push_back(is_level ? 1 : 0);
      }
    }
    for (const Entry& entry : entries(text(table, row, "contexts"))) {
      if (!use_score && entry.score < kThreshold) continue;
      videos.context.push_back(position(layout.contexts, entry.context));
      if (!use_score) continue;
      videos.score.push_back(entry.score);
      videos.above_threshold.push_back(entry.score >= kThreshold ? 1 : 0);
    }
    videos.first.push_back(videos.context.size());
  }
  return videos;
}

AssociationKind kind_of(const std::string& name) {
  for (const auto kind :
       {AssociationKind::kCorrelation, AssociationKind::kPartial, AssociationKind::kSemipartial,
        AssociationKind::kSlope, AssociationKind::kStandardisedSlope}) {
    if (to_string(kind) == name) return kind;
  }
  ADD_FAILURE() << "unknown kind " << name;
  return AssociationKind::kPartial;
}

class AssociationReferenceTest : public ::testing::Test {
 protected:
  // Rows [first, last) of the expected table are one run.
  static void check_run(const Table& expected, std::size_t first, std::size_t last) {
    const std::string where = text(expected, first, "case") + " " + text(expected, first, "kind") +
                              " within " + text(expected, first, "within") + " control " +
                              text(expected, first, "control") + " " +
                              text(expected, first, "use") + " " + text(expected, first, "cluster");
    SCOPED_TRACE(where);
    const FixtureVideos videos =
        read_case(text(expected, first, "case"), text(expected, first, "use") == "score",
                  text(expected, first, "weighted") == "1");
    const AssociationSums sums = videos.sums();
    MapOptions options;
    options.estimator.kind = kind_of(text(expected, first, "kind"));
    options.estimator.within =
        text(expected, first, "within") == "country" ? Within::kCountry : Within::kNone;
    options.estimator.control =
        text(expected, first, "control") == "expressions" ? Control::kExpressions : Control::kNone;
    options.cluster =
        text(expected, first, "cluster") == "country" ? ClusterBy::kCountry : ClusterBy::kUploader;
    options.bootstrap = kReplicates;
    options.seed = kSeed;
    options.minimum = 0;
    options.threads = 2;
    const AssociationMap map = association_map(sums, options);
    const AssociationLayout& layout = sums.layout;
    const std::size_t cells = layout.contexts.size() * layout.expressions.size();
    ASSERT_EQ(map.groups.size() * cells, last - first);
    for (std::size_t i = 0; i < map.groups.size() * cells; ++i) {
      check_cell(expected, first + i, layout, map, i / cells, i % cells);
    }
  }

  static void check_cell(const Table& expected, std::size_t at, const AssociationLayout& layout,
                         const AssociationMap& map, std::size_t g, std::size_t cell) {
    const GroupMap& group = map.groups[g];
    const std::size_t context = cell / layout.expressions.size();
    const std::string& expression = layout.expressions[cell % layout.expressions.size()];
    ASSERT_EQ(text(expected, at, "region"), layout.groups[g]);
    ASSERT_EQ(text(expected, at, "context"), layout.contexts[context]);
    ASSERT_EQ(text(expected, at, "expression"), expression);
    const std::string_view reason = to_string(group.reason[cell]);
    SCOPED_TRACE(layout.groups[g] + " " + layout.contexts[context] + " " + expression +
                 " reason '" + std::string(reason) + "'");
    EXPECT_EQ(static_cast<double>(group.videos), number(expected, at, "n"));
    EXPECT_EQ(static_cast<double>(group.context_videos[context]),
              number(expected, at, "n_context"));
    EXPECT_EQ(static_cast<double>(group.context_uploaders[context]),
              number(expected, at, "n_uploaders"));
    const std::pair<const char*, const std::vector<double>*> columns[] = {
        {"estimate", &group.estimate},
        {"se", &group.se},
        {"df", &group.df},
        {"lower", &group.lower},
        {"upper", &group.upper},
        {"p", &group.p},
        {"p_bh", &group.p_bh},
        {"p_holm", &group.p_holm},
        {"p_by", &group.p_by},
        {"smd", &group.smd},
        {"superiority", &group.superiority},
        {"estimate_pooled", &group.pooled},
        {"estimate_between", &group.between}};
    for (const auto& [column, values] : columns) {
      const double wanted = number(expected, at, column);
      const double found = (*values)[cell];
      ASSERT_EQ(std::isnan(wanted), std::isnan(found)) << column << " wanted " << wanted;
      if (std::isnan(wanted)) continue;
      EXPECT_NEAR(found, wanted, kTolerance * std::max(1.0, std::abs(wanted))) << column;
    }
    const bool has_all =
        !std::isnan(number(expected, at, "estimate")) && !std::isnan(number(expected, at, "se"));
    EXPECT_EQ(reason.empty(), has_all);
  }
};

TEST_F(AssociationReferenceTest, EqualsDefinitionsRowByRow) {
  const Table expected = read_csv("expected/associations.csv");
  const auto run_of = [&](std::size_t row) {
    std::string key;
    for (const char* column : {"case", "use", "weighted", "kind", "within", "control", "cluster"}) {
      key += text(expected, row, column) + "/";
    }
    return key;
  };
  std::size_t runs = 0;
  for (std::size_t first = 0; first < expected.rows();) {
    std::size_t last = first;
    while (last < expected.rows() && run_of(last) == run_of(first)) ++last;
    check_run(expected, first, last);
    first = last;
    ++runs;
  }
  EXPECT_EQ(runs, 27U);
}

TEST_F(AssociationReferenceTest, NamesWhatCannotBeEstimated) {
  const FixtureVideos videos = read_case("mixed", false, false);
  const AssociationSums sums = videos.sums();
  MapOptions options;
  options.minimum = 0;
  options.bootstrap = 0;
  const AssociationMap map = association_map(sums, options);
  const auto reason = [&](const std::string& group, const std::string& context,
                          const std::string& expression) {
    const GroupMap& of = map.groups[position(sums.layout.groups, group)];
    const auto& all = sums.layout.expressions;
    const auto e =
        static_cast<std::size_t>(std::find(all.begin(), all.end(), expression) - all.begin());
    const std::size_t c = position(sums.layout.contexts, context);
    return to_string(of.reason[c * all.size() + e]);
  };
  EXPECT_EQ(reason("Narrow", "snow", "label_awe"), "context_absent");
  EXPECT_EQ(reason("Wide", "everywhere", "label_awe"), "constant_context");
  EXPECT_EQ(reason("Wide", "tablet", "label_awe"), "collinear_context");
  EXPECT_EQ(reason("Wide", "beach", "label_fixed"), "constant_expression");
  EXPECT_EQ(reason("Wide", "beach", "label_awe"), "no_bootstrap");
  const std::vector<std::string> wanted = {"", "", "collinear_covariate",
                                           "", "", "reference_level"};
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    EXPECT_EQ(to_string(map.groups[1].covariates[k]), wanted[k]) << sums.layout.covariates[k];
  }
}

}  // namespace
}  // namespace mien
