#include "pipeline/associate/association_plan.h"

#include <algorithm>
#include <set>

namespace mien {

namespace {

constexpr std::size_t kMostLevels = 64;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> column_names(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const ColumnSpec& column : schema.columns) names.push_back(column.name);
  return names;
}

Result<std::vector<std::string>> score_columns(const TableSchema& expressions,
                                               const AssociateOptions& options) {
  const TableSchema fixed = expressions_schema({});
  std::vector<std::string> scores;
  std::set<std::string> channels;
  for (const ColumnSpec& column : expressions.columns) {
    if (fixed.index_of(column.name) >= 0 || column.type != ColumnType::kDouble) continue;
    const std::string channel = split_channel(column.name).channel;
    channels.insert(channel);
    if (options.channels.empty() || std::find(options.channels.begin(), options.channels.end(),
                                              channel) != options.channels.end()) {
      scores.push_back(column.name);
    }
  }
  for (const std::string& channel : options.channels) {
    if (channels.contains(channel)) continue;
    return Error{ErrorCode::kUsage, "the study has no expression channel '" + channel +
                                        "'; it has " + joined({channels.begin(), channels.end()})};
  }
  if (scores.empty()) {
    return Error{ErrorCode::kNotFound,
                 "the study's expressions have no channel columns; remedy: run 'mien annotate'"};
  }
  return scores;
}

bool needs_covariates(AssociationKind kind) {
  return kind == AssociationKind::kPartial || kind == AssociationKind::kSemipartial;
}

Result<std::vector<PlannedCovariate>> choose_covariates(const TableSchema& corpus,
                                                        const TableSchema& expressions,
                                                        const AssociateOptions& options) {
  const AssociationKind kind = options.map.estimator.kind;
  if (kind == AssociationKind::kCorrelation) {
    if (options.covariates.empty()) return std::vector<PlannedCovariate>{};
    return Error{ErrorCode::kUsage,
                 "--kind correlation takes no --covariate; remedy: --kind partial"};
  }
  std::vector<std::string> wanted = options.covariates;
  if (wanted.empty()) {
    for (const ColumnSpec& column : corpus.columns) {
      if (column.name.starts_with(kCovariatePrefix)) wanted.push_back(column.name);
    }
  }
  if (wanted.empty() && needs_covariates(kind)) {
    return Error{ErrorCode::kUsage,
                 "--kind " + std::string(to_string(kind)) +
                     " needs covariates and the corpus has no covariate_* column; remedy: name "
                     "columns with --covariate (there are " +
                     joined(column_names(corpus)) + "), or --kind correlation"};
  }
  std::vector<PlannedCovariate> covariates;
  for (const std::string& name : wanted) {
    for (const PlannedCovariate& other : covariates) {
      if (other.column == name) {
        return Error{ErrorCode::kUsage, "--covariate " + name + " is named twice"};
      }
    }
    PlannedCovariate covariate{name, false, {}};
    if (corpus.index_of(name) < 0) {
      const int at = expressions.index_of(name);
      const bool is_measured =
          at > 0 && expressions_schema({}).index_of(name) > 0 && name != "video_id";
      if (!is_measured) {
        return Error{ErrorCode::kUsage, "--covariate " + name +
                                            ": neither the corpus nor expressions has that column"};
      }
      covariate.from_expressions = true;
    }
    if (name == "video_id" || name == "uploader" || name == options.by) {
      return Error{ErrorCode::kUsage, "--covariate " + name + " cannot be a covariate"};
    }
    covariates.push_back(std::move(covariate));
  }
  return covariates;
}

Status find_levels(Database& database, const TableSchema& corpus, const std::string& from,
                   std::vector<PlannedCovariate>& covariates) {
  for (PlannedCovariate& covariate : covariates) {
    if (covariate.from_expressions) continue;
    const int at = corpus.index_of(covariate.column);
    if (corpus.columns[static_cast<std::size_t>(at)].type != ColumnType::kString) continue;
    const std::string column = sql_identifier(covariate.column);
    std::set<std::string> levels;
    MIEN_TRY_VOID(database.scan(
        "SELECT DISTINCT " + column + " FROM " + from + " WHERE " + column + " IS NOT NULL",
        [&](const ScanBatch& batch) -> Status {
          for (std::size_t r = 0; r < batch.rows(); ++r) levels.emplace(batch.text(0, r));
          return Ok{};
        }));
    if (levels.size() > kMostLevels) {
      return Error{ErrorCode::kUsage,
                   "--covariate " + covariate.column + " has " + std::to_string(levels.size()) +
                       " different values, more than the " + std::to_string(kMostLevels) +
                       " a category may have; remedy: group them, or make the column a number"};
    }
    covariate.levels.assign(levels.begin(), levels.end());
    if (covariate.levels.empty()) covariate.levels.push_back("");
  }
  return Ok{};
}

Status check_corpus(const TableSchema& corpus, const AssociateOptions& options) {
  for (const std::string name : {"video_id", "country", "region", "uploader", "language"}) {
    const int at = corpus.index_of(name);
    if (at < 0 || corpus.columns[static_cast<std::size_t>(at)].type != ColumnType::kString) {
      return Error{ErrorCode::kCorrupt,
                   "corpus.parquet has no text column '" + name +
                       "'; remedy: make the corpus with 'mien ingest' or 'mien annotate'"};
    }
  }
  if (corpus.index_of(options.by) < 0) {
    return Error{ErrorCode::kUsage, "--by " + options.by +
                                        ": the corpus has no such column; it has " +
                                        joined(column_names(corpus))};
  }
  if (!options.weights.empty()) {
    const int at = corpus.index_of(options.weights);
    const bool is_number =
        at >= 0 && corpus.columns[static_cast<std::size_t>(at)].type != ColumnType::kString;
    if (!is_number) {
      return Error{ErrorCode::kUsage, "--weights " + options.weights +
                                          ": the corpus has no column of numbers of that name"};
    }
  }
  return Ok{};
}

}  // namespace

Result<AssociationPlan> plan_association(Database& database, const AssociateOptions& options,
                                         const AssociationScope& scope) {
  AssociationPlan plan;
  plan.corpus = scope.corpus;
  const std::filesystem::path whole = options.study / "corpus.parquet";
  MIEN_TRY(corpus, database.read_schema(whole));
  MIEN_TRY_VOID(check_corpus(corpus, options));
  TableSchema expressions = expressions_schema({});
  if (!scope.expressions.empty()) {
    MIEN_TRY(found, database.read_schema(scope.expressions.front()));
    expressions = std::move(found);
    if (expressions.index_of("video_id") != 0) {
      return Error{ErrorCode::kCorrupt,
                   scope.expressions.front().string() + ": not a table of expressions"};
    }
    MIEN_TRY(scores, score_columns(expressions, options));
    plan.scores = std::move(scores);
  }
  MIEN_TRY(covariates, choose_covariates(corpus, expressions, options));
  plan.covariates = std::move(covariates);
  const std::string from = sql_read_parquet(whole);
  MIEN_TRY_VOID(find_levels(database, corpus, from, plan.covariates));
  MIEN_TRY(countries, database.query("SELECT count(country) AS n FROM " + from));
  plan.has_country = countries.column("n").integers()[0] > 0;
  MIEN_TRY(videos, database.query("SELECT count(*) AS n FROM " + sql_read_parquet(scope.corpus)));
  plan.videos = static_cast<std::size_t>(videos.column("n").integers()[0]);
  return plan;
}

}  // namespace mien
