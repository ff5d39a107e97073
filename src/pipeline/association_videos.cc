// Corpus and expressions of a study.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "pipeline/association_input.h"
#include "pipeline/study_tables.h"

namespace mien {

namespace {

constexpr std::size_t kMostLevels = 64;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Covariate {
  std::string column;
  bool from_expressions = false;    // else from the corpus
  std::vector<std::string> levels;  // of a category; empty: a number
};

// Everything that is decided before millions of rows are read.
struct ReadingPlan {
  std::vector<std::filesystem::path> corpus;
  std::vector<std::filesystem::path> expressions;
  std::vector<std::string> scores;
  std::vector<Covariate> covariates;
  bool has_country = true;
};

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

Result<std::vector<Covariate>> choose_covariates(const TableSchema& corpus,
                                                 const TableSchema& expressions,
                                                 const AssociateOptions& options) {
  const AssociationKind kind = options.map.estimator.kind;
  if (kind == AssociationKind::kCorrelation) {
    if (options.covariates.empty()) return std::vector<Covariate>{};
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
  std::vector<Covariate> covariates;
  for (const std::string& name : wanted) {
    for (const Covariate& other : covariates) {
      if (other.column == name) {
        return Error{ErrorCode::kUsage, "--covariate " + name + " is named twice"};
      }
    }
    Covariate covariate{name, false, {}};
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
                   std::vector<Covariate>& covariates) {
  for (Covariate& covariate : covariates) {
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

std::uint32_t position_of(const std::vector<std::string>& sorted, std::string_view text) {
  return static_cast<std::uint32_t>(std::lower_bound(sorted.begin(), sorted.end(), text) -
                                    sorted.begin());
}

// Codes in order of appearance to positions in the sorted list of those in use.
std::vector<std::string> sort_codes(const std::vector<std::string>& texts,
                                    std::vector<std::uint32_t>& codes) {
  std::vector<std::string> sorted = texts;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::uint32_t> to;
  for (const std::string& text : texts) to.push_back(position_of(sorted, text));
  for (std::uint32_t& code : codes) {
    if (code < to.size()) code = to[code];
  }
  return sorted;
}

class CorpusReader {
 public:
  CorpusReader(const ReadingPlan& plan, const AssociateOptions& options, StudyVideos& videos)
      : plan_(plan), options_(options), videos_(videos) {
    const std::size_t scores = plan.scores.size();
    std::size_t column = scores;
    for (const Covariate& covariate : plan.covariates) {
      first_columns_.push_back(column);
      missing_.push_back(videos.reason_code("missing_" + covariate.column));
      column += std::max<std::size_t>(1, covariate.levels.size());
    }
    no_group_ = videos.reason_code("no_" + options.by);
    no_country_ = videos.reason_code("no_country");
    no_weight_ = videos.reason_code("no_weight");
  }

  std::string sql() const {
    const auto as_text = [](const std::string& column) {
      return "CAST(" + sql_identifier(column) + " AS VARCHAR)";
    };
    std::string select =
        "SELECT video_id, " + as_text(options_.by) + ", " +
        (plan_.has_country ? "country" : "CAST(NULL AS VARCHAR)") +
        ", uploader, language, region, " +
        (options_.weights.empty() ? std::string("CAST(NULL AS DOUBLE)")
                                  : "CAST(" + sql_identifier(options_.weights) + " AS DOUBLE)");
    for (const Covariate& covariate : plan_.covariates) {
      if (covariate.from_expressions) continue;
      const std::string type = covariate.levels.empty() ? "DOUBLE" : "VARCHAR";
      select += ", CAST(" + sql_identifier(covariate.column) + " AS " + type + ")";
    }
    return select + " FROM " + sql_read_parquet(plan_.corpus);
  }

  Status add(const ScanBatch& batch) {
    for (std::size_t r = 0; r < batch.rows(); ++r) MIEN_TRY_VOID(add_row(batch, r));
    return Ok{};
  }

  void finish() {
    videos_.layout.groups = sort_codes(groups_.texts(), videos_.group);
    videos_.layout.countries = sort_codes(countries_.texts(), videos_.country);
    videos_.languages = languages_.texts();
    std::vector<std::string> parents(videos_.layout.groups.size());
    if (options_.by == "country") {
      for (std::size_t g = 0; g < parents.size(); ++g) {
        const auto& regions = regions_of_[videos_.layout.groups[g]];
        if (regions.size() == 1) parents[g] = *regions.begin();
      }
    }
    videos_.layout.parents = std::move(parents);
    if (without_uploader_ > 0) {
      videos_.notes.push_back(std::to_string(without_uploader_) +
                              " videos without an uploader were each taken as an uploader's only "
                              "one; their errors may go together, unseen");
    }
  }

 private:
  enum Fixed : std::size_t { kId, kGroup, kCountry, kUploader, kLanguage, kRegion, kWeight, kOwn };

  Status add_row(const ScanBatch& batch, std::size_t r) {
    if (batch.is_null(kId, r)) {
      return Error{ErrorCode::kCorrupt,
                   "corpus: row " + std::to_string(videos_.index.size()) + " has no video_id"};
    }
    const std::string_view id = batch.text(kId, r);
    const auto position = videos_.index.add(id);
    if (!position) {
      return Error{ErrorCode::kCorrupt, "corpus: the video_id '" + std::string(id) +
                                            "' appears twice; remedy: make ids unique"};
    }
    const std::uint32_t video = *position;
    videos_.reason.push_back(0);
    const bool has_group = !batch.is_null(kGroup, r);
    videos_.group.push_back(has_group ? groups_.code(batch.text(kGroup, r)) : 0);
    if (!has_group) videos_.leave_out(video, no_group_);
    const bool has_country = !batch.is_null(kCountry, r);
    videos_.country.push_back(countries_.code(has_country ? batch.text(kCountry, r) : ""));
    if (!has_country && plan_.has_country && options_.map.estimator.within == Within::kCountry) {
      videos_.leave_out(video, no_country_);
    }
    if (batch.is_null(kUploader, r)) {
      ++without_uploader_;
      videos_.uploader.push_back(uploader_hash("video:" + std::string(id)));
    } else {
      videos_.uploader.push_back(uploader_hash(batch.text(kUploader, r)));
    }
    videos_.language.push_back(
        languages_.code(batch.is_null(kLanguage, r) ? "" : batch.text(kLanguage, r)));
    if (options_.by == "country" && has_group && !batch.is_null(kRegion, r)) {
      auto& regions = regions_of_[std::string(batch.text(kGroup, r))];
      if (regions.size() < 2) regions.emplace(batch.text(kRegion, r));
    }
    if (!options_.weights.empty()) {
      const double weight = batch.is_null(kWeight, r) ? kNan : batch.doubles(kWeight)[r];
      const bool holds = std::isfinite(weight) && weight > 0;
      videos_.weight.push_back(holds ? weight : 0);
      if (!holds) videos_.leave_out(video, no_weight_);
    }
    add_covariates(batch, r, video);
    return Ok{};
  }

  void add_covariates(const ScanBatch& batch, std::size_t r, std::uint32_t video) {
    double* row = videos_.values.data() + std::size_t{video} * videos_.layout.columns();
    std::size_t field = kOwn;
    for (std::size_t k = 0; k < plan_.covariates.size(); ++k) {
      const Covariate& covariate = plan_.covariates[k];
      if (covariate.from_expressions) continue;
      const bool is_null = batch.is_null(field, r);
      if (covariate.levels.empty()) {
        const double value = is_null ? kNan : batch.doubles(field)[r];
        row[first_columns_[k]] = value;
        if (!std::isfinite(value)) videos_.leave_out(video, missing_[k]);
      } else if (is_null) {
        videos_.leave_out(video, missing_[k]);
      } else {
        row[first_columns_[k] + position_of(covariate.levels, batch.text(field, r))] = 1;
      }
      ++field;
    }
  }

  const ReadingPlan& plan_;
  const AssociateOptions& options_;
  StudyVideos& videos_;
  TextCodes groups_, countries_, languages_;
  std::map<std::string, std::set<std::string>> regions_of_;
  std::vector<std::size_t> first_columns_;
  std::vector<std::uint16_t> missing_;
  std::uint16_t no_group_ = 0;
  std::uint16_t no_country_ = 0;
  std::uint16_t no_weight_ = 0;
  std::int64_t without_uploader_ = 0;
};

// Probabilities stay in [0, 1]; other channels are in units of their own.
bool is_probability(const std::string& column) {
  const std::string channel = split_channel(column).channel;
  return channel == "label" || channel == "basic7";
}

class ExpressionReader {
 public:
  ExpressionReader(const ReadingPlan& plan, StudyVideos& videos)
      : plan_(plan), videos_(videos), seen_(videos.index.size(), 0), measured_(plan.scores.size()) {
    no_expressions_ = videos.reason_code("no_expressions");
    no_face_ = videos.reason_code("no_scored_face");
    missing_ = videos.reason_code("missing_expression");
    out_of_range_ = videos.reason_code("score_out_of_range");
    std::size_t column = plan.scores.size();
    for (const Covariate& covariate : plan.covariates) {
      if (covariate.from_expressions) {
        own_columns_.push_back(column);
        own_missing_.push_back(videos.reason_code("missing_" + covariate.column));
      }
      column += std::max<std::size_t>(1, covariate.levels.size());
    }
    for (const std::string& score : plan.scores) bounded_.push_back(is_probability(score) ? 1 : 0);
  }

  std::string sql() const {
    std::string select = "SELECT video_id";
    for (const std::string& score : plan_.scores) select += ", " + sql_identifier(score);
    for (const Covariate& covariate : plan_.covariates) {
      if (!covariate.from_expressions) continue;
      select += ", CAST(" + sql_identifier(covariate.column) + " AS DOUBLE)";
    }
    return select + " FROM " + sql_read_parquet(plan_.expressions);
  }

  Status add(const ScanBatch& batch) {
    const std::size_t width = videos_.layout.columns();
    for (std::size_t r = 0; r < batch.rows(); ++r) {
      const auto position = videos_.index.find(batch.text(0, r), expected_);
      if (!position) {
        ++unknown_;
        continue;
      }
      if (seen_[*position] != 0) {
        return Error{ErrorCode::kCorrupt, "expressions: the video '" +
                                              std::string(batch.text(0, r)) + "' appears twice"};
      }
      seen_[*position] = 1;
      expected_ = *position + 1;
      add_row(batch, r, *position, videos_.values.data() + std::size_t{*position} * width);
    }
    return Ok{};
  }

  // Columns that no video has a score in.
  std::vector<std::size_t> finish() {
    for (std::uint32_t video = 0; video < videos_.index.size(); ++video) {
      if (seen_[video] == 0) videos_.leave_out(video, no_expressions_);
    }
    if (unknown_ > 0) {
      videos_.notes.push_back(std::to_string(unknown_) +
                              " rows of expressions belong to no video of the corpus");
    }
    std::vector<std::size_t> empty;
    for (std::size_t e = 0; e < measured_.size(); ++e) {
      if (measured_[e] == 0) empty.push_back(e);
    }
    return empty;
  }

  // Once it is known which columns count.
  void judge(const std::vector<std::size_t>& empty) {
    std::vector<std::size_t> columns;
    for (std::size_t e = 0; e < plan_.scores.size(); ++e) {
      if (!std::binary_search(empty.begin(), empty.end(), e)) columns.push_back(e);
    }
    const std::size_t width = videos_.layout.columns();
    for (std::uint32_t video = 0; video < videos_.index.size(); ++video) {
      if (seen_[video] == 0) continue;
      const double* row = videos_.values.data() + std::size_t{video} * width;
      std::size_t missing = 0;
      bool is_outside = false;
      for (const std::size_t e : columns) {
        if (!std::isfinite(row[e])) {
          ++missing;
        } else if (bounded_[e] != 0 && (row[e] < 0 || row[e] > 1)) {
          is_outside = true;
        }
      }
      if (missing == columns.size()) {
        videos_.leave_out(video, no_face_);
      } else if (missing > 0) {
        videos_.leave_out(video, missing_);
      } else if (is_outside) {
        videos_.leave_out(video, out_of_range_);
      }
    }
  }

 private:
  void add_row(const ScanBatch& batch, std::size_t r, std::uint32_t video, double* row) {
    const std::size_t scores = plan_.scores.size();
    for (std::size_t e = 0; e < scores; ++e) {
      row[e] = batch.is_null(1 + e, r) ? kNan : batch.doubles(1 + e)[r];
      measured_[e] += std::isfinite(row[e]) ? 1 : 0;
    }
    for (std::size_t k = 0; k < own_columns_.size(); ++k) {
      const std::size_t field = 1 + scores + k;
      const double value = batch.is_null(field, r) ? kNan : batch.doubles(field)[r];
      row[own_columns_[k]] = value;
      if (!std::isfinite(value)) videos_.leave_out(video, own_missing_[k]);
    }
  }

  const ReadingPlan& plan_;
  StudyVideos& videos_;
  std::vector<std::uint8_t> seen_;
  std::vector<std::int64_t> measured_;
  std::vector<std::uint8_t> bounded_;
  std::vector<std::size_t> own_columns_;
  std::vector<std::uint16_t> own_missing_;
  std::uint32_t expected_ = 0;
  std::int64_t unknown_ = 0;
  std::uint16_t no_expressions_ = 0;
  std::uint16_t no_face_ = 0;
  std::uint16_t missing_ = 0;
  std::uint16_t out_of_range_ = 0;
};

// Takes score columns out of the rows of `values`, in place.
void drop_scores(const std::vector<std::size_t>& dropped, StudyVideos& videos) {
  const std::size_t width = videos.layout.columns();
  std::vector<std::size_t> kept;
  for (std::size_t v = 0; v < width; ++v) {
    if (!std::binary_search(dropped.begin(), dropped.end(), v)) kept.push_back(v);
  }
  std::size_t to = 0;
  for (std::size_t video = 0; video < videos.index.size(); ++video) {
    for (const std::size_t v : kept) videos.values[to++] = videos.values[video * width + v];
  }
  videos.values.resize(to);
  for (auto at = dropped.rbegin(); at != dropped.rend(); ++at) {
    const std::string name = videos.layout.expressions[*at];
    videos.notes.push_back(name + " was measured in no video and has no cells");
    videos.layout.expressions.erase(videos.layout.expressions.begin() +
                                    static_cast<std::ptrdiff_t>(*at));
  }
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

std::uint32_t TextCodes::code(std::string_view text) {
  if (last_ < texts_.size() && texts_[last_] == text) return last_;
  auto found = codes_.find(text);
  if (found == codes_.end()) {
    found = codes_.emplace(std::string(text), static_cast<std::uint32_t>(texts_.size())).first;
    texts_.emplace_back(text);
  }
  last_ = found->second;
  return last_;
}

std::uint16_t StudyVideos::reason_code(const std::string& text) {
  const auto found = std::find(reasons.begin(), reasons.end(), text);
  if (found != reasons.end()) return static_cast<std::uint16_t>(found - reasons.begin());
  reasons.push_back(text);
  return static_cast<std::uint16_t>(reasons.size() - 1);
}

Result<StudyVideos> read_study_videos(Database& database, const AssociateOptions& options) {
  ReadingPlan plan;
  plan.corpus = {options.study / "corpus.parquet"};
  MIEN_TRY(corpus, database.read_schema(plan.corpus.front()));
  MIEN_TRY_VOID(check_corpus(corpus, options));
  MIEN_TRY(files, study_table_files(options.study, "expressions"));
  plan.expressions = std::move(files);
  MIEN_TRY(expressions, database.read_schema(plan.expressions.front()));
  if (expressions.index_of("video_id") != 0) {
    return Error{ErrorCode::kCorrupt,
                 plan.expressions.front().string() + ": not a table of expressions"};
  }
  MIEN_TRY(scores, score_columns(expressions, options));
  plan.scores = std::move(scores);
  MIEN_TRY(covariates, choose_covariates(corpus, expressions, options));
  plan.covariates = std::move(covariates);
  const std::string from = sql_read_parquet(plan.corpus);
  MIEN_TRY_VOID(find_levels(database, corpus, from, plan.covariates));

  StudyVideos videos;
  videos.layout.by = options.by;
  videos.layout.context_use = options.contexts == ContextUse::kScore ? "score" : "present";
  videos.layout.weight = options.weights;
  videos.layout.expressions = plan.scores;
  for (const Covariate& covariate : plan.covariates) {
    if (covariate.levels.empty()) videos.layout.covariates.push_back(covariate.column);
    for (const std::string& level : covariate.levels) {
      videos.layout.covariates.push_back(covariate.column + "=" + level);
    }
  }
  std::int64_t rows = 0;
  std::int64_t with_country = 0;
  MIEN_TRY_VOID(database.scan("SELECT count(*), count(country) FROM " + from,
                              [&](const ScanBatch& batch) -> Status {
                                rows = batch.integers(0)[0];
                                with_country = batch.integers(1)[0];
                                return Ok{};
                              }));
  if (rows == 0) return Error{ErrorCode::kNotFound, "the corpus has no videos"};
  plan.has_country = with_country > 0;
  if (!plan.has_country) {
    videos.notes.push_back(
        "no video has a country: everything is centred within its group and resampled as one "
        "country");
  }
  const auto count = static_cast<std::size_t>(rows);
  videos.values.assign(count * videos.layout.columns(), 0.0);
  for (auto* column : {&videos.group, &videos.country, &videos.language}) column->reserve(count);
  videos.uploader.reserve(count);
  videos.reason.reserve(count);

  CorpusReader corpus_reader(plan, options, videos);
  MIEN_TRY_VOID(database.scan(corpus_reader.sql(),
                              [&](const ScanBatch& batch) { return corpus_reader.add(batch); }));
  corpus_reader.finish();

  ExpressionReader reader(plan, videos);
  MIEN_TRY_VOID(
      database.scan(reader.sql(), [&](const ScanBatch& batch) { return reader.add(batch); }));
  const std::vector<std::size_t> empty = reader.finish();
  if (empty.size() == plan.scores.size()) {
    return Error{ErrorCode::kNotFound,
                 "no video of the corpus has a scored face; remedy: run 'mien annotate'"};
  }
  reader.judge(empty);
  if (!empty.empty()) drop_scores(empty, videos);
  return videos;
}

}  // namespace mien
