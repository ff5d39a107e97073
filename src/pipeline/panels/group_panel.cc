#include "pipeline/panels/group_panel.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "pipeline/study/json_values.h"
#include "pipeline/study/name_list.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/study/video_index.h"
#include "stats/association_map.h"
#include "stats/decomposition.h"
#include "stats/suppression.h"

namespace mien {

namespace {

using Json = nlohmann::ordered_json;
using Dense = Eigen::MatrixXd;

constexpr std::size_t kBlocks = 64;
constexpr std::size_t kMostGroups = 24;
constexpr double kNormal95 = 1.959963984540054;

struct People {
  VideoIndex ids;
  std::vector<std::uint32_t> group;  // kNone: not in any
  std::vector<std::uint64_t> uploader;
  std::vector<std::string> names;
};
constexpr std::uint32_t kNone = 0xffffffff;

Result<People> read_people(Database& database, const std::filesystem::path& corpus,
                           const std::string& column) {
  People people;
  NameList groups;
  MIEN_TRY_VOID(database.scan(
      "SELECT video_id, CAST(" + sql_identifier(column) + " AS VARCHAR), uploader FROM " +
          sql_read_parquet(corpus),
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          const std::string_view id = batch.text(0, row);
          if (!people.ids.add(id)) continue;
          people.group.push_back(batch.is_null(1, row) ? kNone
                                                       : static_cast<std::uint32_t>(groups.add(
                                                             std::string(batch.text(1, row)))));
          people.uploader.push_back(batch.is_null(2, row)
                                        ? uploader_hash("video:" + std::string(id))
                                        : uploader_hash(batch.text(2, row)));
          if (groups.size() > kMostGroups) {
            return Error{ErrorCode::kUsage, "--group " + column + " has more than " +
                                                std::to_string(kMostGroups) +
                                                " different values; remedy: group them"};
          }
        }
        return Ok{};
      }));
  people.names = groups.take();
  return people;
}

// Columns of a channel, with the SQL that reads them after video_id.
struct Columns {
  std::vector<std::string> scores;
  std::vector<std::string> actions;

  std::string sql(const std::vector<std::filesystem::path>& files) const {
    std::string select = "SELECT video_id";
    for (const auto* part : {&scores, &actions}) {
      for (const std::string& name : *part) select += ", " + sql_identifier(name);
    }
    return select + " FROM " + sql_read_parquet(files);
  }
};

Result<Columns> read_columns(Database& database, const std::filesystem::path& file,
                             const std::string& channel) {
  MIEN_TRY(schema, database.read_schema(file));
  Columns columns;
  const TableSchema fixed = expressions_schema({});
  for (const ColumnSpec& column : schema.columns) {
    if (fixed.index_of(column.name) >= 0 || column.type != ColumnType::kDouble) continue;
    const std::string of = split_channel(column.name).channel;
    if (of == channel) columns.scores.push_back(column.name);
    if (of == "action" && channel != "action") columns.actions.push_back(column.name);
  }
  return columns;
}

// Cross-products of [actions, group indicators] with themselves and with the scores.
struct Products {
  Dense xx;
  Dense xy;
  Dense yy;  // sum of squares: groups x scores
  Eigen::VectorXd n;

  Products(Eigen::Index actions, Eigen::Index groups, Eigen::Index scores)
      : xx(Dense::Zero(actions + groups, actions + groups)),
        xy(Dense::Zero(actions + groups, scores)),
        yy(Dense::Zero(groups, scores)),
        n(Eigen::VectorXd::Zero(groups)) {}

  void add(const Eigen::VectorXd& actions, Eigen::Index group, const Eigen::VectorXd& scores) {
    const Eigen::Index a = actions.size();
    xx.topLeftCorner(a, a).noalias() += actions * actions.transpose();
    xx.col(a + group).head(a) += actions;
    xx.row(a + group).head(a) += actions.transpose();
    xx(a + group, a + group) += 1;
    xy.topRows(a).noalias() += actions * scores.transpose();
    xy.row(a + group) += scores.transpose();
    yy.row(group) += scores.array().square().matrix().transpose();
    n(group) += 1;
  }
  void add(const Products& other, double sign) {
    xx += sign * other.xx;
    xy += sign * other.xy;
    yy += sign * other.yy;
    n += sign * other.n;
  }
};

// Groups x scores: each group's coefficient less the mean of those shown, weighted by videos, so
// that it tells nothing of the others. Without actions these are differences of means.
Dense differences(const Products& products, const std::vector<std::size_t>& shown,
                  bool with_actions) {
  const Eigen::Index groups = products.n.size();
  const Eigen::Index all = products.xx.rows();
  const Eigen::Index from = with_actions ? 0 : all - groups;
  const Eigen::Index used = all - from;
  const Dense coefficients =
      least_squares(products.xx.bottomRightCorner(used, used), products.xy.bottomRows(used));
  const Dense of_groups = coefficients.bottomRows(groups);
  Eigen::VectorXd n = Eigen::VectorXd::Zero(groups);
  for (const std::size_t g : shown) {
    n(static_cast<Eigen::Index>(g)) = products.n(static_cast<Eigen::Index>(g));
  }
  const Eigen::RowVectorXd mean = n.transpose() * of_groups / n.sum();
  return of_groups.rowwise() - mean;
}

class Groups {
 public:
  Groups(std::size_t groups, const Columns& columns)
      : actions_(static_cast<Eigen::Index>(columns.actions.size())),
        scores_(static_cast<Eigen::Index>(columns.scores.size())),
        uploaders_(groups),
        blocks_(kBlocks, Products(actions_, static_cast<Eigen::Index>(groups), scores_)) {}

  // A video counts where it has a group, every score and every action.
  Status add(const ScanBatch& batch, const People& people) {
    Eigen::VectorXd values(scores_ + actions_);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const auto video = people.ids.find(batch.text(0, row), expected_);
      if (!video) continue;
      expected_ = *video + 1;
      const std::uint32_t group = people.group[*video];
      if (group == kNone) continue;
      for (Eigen::Index i = 0; i < values.size(); ++i) {
        const auto column = static_cast<std::size_t>(i) + 1;
        values(i) = batch.is_null(column, row) ? NAN : batch.doubles(column)[row];
      }
      if (!values.allFinite()) {
        ++incomplete_;
        incomplete_uploaders_.insert(people.uploader[*video]);
        continue;
      }
      const std::uint64_t uploader = people.uploader[*video];
      uploaders_[group].insert(uploader);
      blocks_[uploader % kBlocks].add(values.tail(actions_), group, values.head(scores_));
    }
    return Ok{};
  }

  std::optional<std::int64_t> told_incomplete(std::int64_t minimum) const {
    return told_count(incomplete_, static_cast<std::int64_t>(incomplete_uploaders_.size()),
                      minimum);
  }
  std::int64_t uploaders(std::size_t group) const {
    return static_cast<std::int64_t>(uploaders_[group].size());
  }
  Products total() const {
    Products sum = blocks_.front();
    for (std::size_t b = 1; b < blocks_.size(); ++b) sum.add(blocks_[b], 1);
    return sum;
  }

  // Jackknife standard errors of differences().
  Dense standard_errors(const Products& total, const std::vector<std::size_t>& shown,
                        bool with_actions) const {
    std::vector<Dense> left;
    for (const Products& block : blocks_) {
      if (block.n.sum() == 0) continue;
      Products without = total;
      without.add(block, -1);
      left.push_back(differences(without, shown, with_actions));
    }
    const auto count = static_cast<double>(left.size());
    Dense mean = Dense::Zero(left.front().rows(), left.front().cols());
    for (const Dense& value : left) mean += value / count;
    Dense squares = Dense::Zero(mean.rows(), mean.cols());
    for (const Dense& value : left) squares.array() += (value - mean).array().square();
    return ((count - 1) / count * squares).cwiseSqrt();
  }

 private:
  Eigen::Index actions_;
  Eigen::Index scores_;
  std::vector<std::set<std::uint64_t>> uploaders_;
  std::vector<Products> blocks_;
  std::uint32_t expected_ = 0;
  std::int64_t incomplete_ = 0;
  std::set<std::uint64_t> incomplete_uploaders_;
};

Json interval(const char* name, double value, double se) {
  const std::string text = name;
  return {{text, value},
          {text + "_lower", value - kNormal95 * se},
          {text + "_upper", value + kNormal95 * se}};
}

}  // namespace

Result<VideoPanel> group_panel(Database& database, const std::filesystem::path& study,
                               const std::string& channel, const std::string& column,
                               std::int64_t minimum) {
  const std::filesystem::path corpus = study / "corpus.parquet";
  MIEN_TRY(schema, database.read_schema(corpus));
  const int at = schema.index_of(column);
  if (at < 0 || schema.columns[static_cast<std::size_t>(at)].type != ColumnType::kString) {
    return Error{ErrorCode::kUsage,
                 "--group " + column + ": the corpus has no column of text of that name"};
  }
  MIEN_TRY(files, study_table_files(study, "expressions"));
  MIEN_TRY(columns, read_columns(database, files.front(), channel));
  MIEN_TRY(people, read_people(database, corpus, column));
  Groups groups(people.names.size(), columns);
  MIEN_TRY_VOID(database.scan(columns.sql(files),
                              [&](const ScanBatch& batch) { return groups.add(batch, people); }));
  if (people.names.empty()) return VideoPanel{"no video has a value of " + column, {}};

  const Products total = groups.total();
  std::vector<std::size_t> shown;
  for (std::size_t g = 0; g < people.names.size(); ++g) {
    const auto videos = static_cast<std::int64_t>(total.n(static_cast<Eigen::Index>(g)));
    // A mean needs one video, its spread two, whatever may be told.
    const std::int64_t least = std::max<std::int64_t>(minimum, 2);
    if (videos >= least && groups.uploaders(g) >= minimum) shown.push_back(g);
  }
  std::ranges::sort(shown, {}, [&](std::size_t g) { return people.names[g]; });
  if (shown.size() < 2) {
    return VideoPanel{"fewer than two groups of " + column + " have " + std::to_string(minimum) +
                          " videos and uploaders with every score",
                      {}};
  }
  const bool has_actions = !columns.actions.empty();
  const Dense plain = differences(total, shown, false);
  const Dense plain_se = groups.standard_errors(total, shown, false);
  const Dense equal = has_actions ? differences(total, shown, true) : Dense();
  const Dense equal_se = has_actions ? groups.standard_errors(total, shown, true) : Dense();
  const auto actions = static_cast<Eigen::Index>(columns.actions.size());
  const std::optional<std::int64_t> incomplete = groups.told_incomplete(minimum);
  Json rows = Json::array();
  for (const std::size_t group : shown) {
    const auto g = static_cast<Eigen::Index>(group);
    for (std::size_t score = 0; score < columns.scores.size(); ++score) {
      const auto e = static_cast<Eigen::Index>(score);
      const double n = total.n(g);
      const double mean = total.xy(actions + g, e) / n;
      Json row = {{"group", people.names[group]},
                  {"expression", split_channel(columns.scores[score]).expression},
                  // Roughly, so that all less those shown does not tell of the others.
                  {"videos", *told_count(static_cast<std::int64_t>(n), minimum, minimum)},
                  {"uploaders", *told_count(groups.uploaders(group), minimum, minimum)},
                  {"mean", mean},
                  {"sd", std::sqrt(std::max(0.0, (total.yy(g, e) - n * mean * mean) / (n - 1)))}};
      row.update(interval("difference", plain(g, e), plain_se(g, e)));
      if (has_actions) {
        row.update(interval("at_equal_actions", equal(g, e), equal_se(g, e)));
      }
      rows.push_back(std::move(row));
    }
  }
  return VideoPanel{
      "",
      {{"groups_by", column},
       {"groups_held_back", people.names.size() - shown.size()},
       {"videos_without_a_score_or_action", incomplete ? Json(*incomplete) : Json()},
       {"actions", has_actions ? Json(columns.actions.size()) : Json()},
       {"not_known",
        {"errors per group, which need ratings of these faces",
         "shifts when crops are made lighter, darker, smaller or blurred: crops are not kept"}},
       {"scores", std::move(rows)}}};
}

}  // namespace mien
