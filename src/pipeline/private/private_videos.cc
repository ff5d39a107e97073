// The videos of a differentially private release, ordered and bounded in SQL: every choice looks at
// one uploader's rows alone.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "pipeline/private/private_associate.h"
#include "pipeline/study/study_tables.h"

namespace mien {

namespace {

std::string sql_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + sql_quote(text);
  return "[" + list + "]::VARCHAR[]";
}

struct UnitNames {
  std::vector<std::string> regions, countries;
};

UnitNames unit_names(const PrivateDeclaration& declaration, bool by_country) {
  UnitNames names;
  for (std::size_t g = 0; g < declaration.regions.size(); ++g) {
    if (!by_country) {
      names.regions.push_back(declaration.regions[g]);
      continue;
    }
    for (const std::string& country : declaration.countries[g]) {
      names.regions.push_back(declaration.regions[g]);
      names.countries.push_back(country);
    }
  }
  return names;
}

Status check_column(Database& database, const std::filesystem::path& file,
                    const std::string& column) {
  MIEN_TRY(schema, database.read_schema(file));
  if (schema.index_of(column) >= 0) return Ok{};
  std::vector<std::string> names;
  for (const ColumnSpec& spec : schema.columns) names.push_back(spec.name);
  return Error{ErrorCode::kUsage,
               fmt::format("{} has no column '{}', which the declaration names; it has {}",
                           file.string(), column, fmt::join(names, ", "))};
}

// Positions in the declared contexts, with blanks between.
void add_contexts(std::string_view list, PrivateVideos& videos) {
  const std::size_t first = videos.context.size();
  for (const char* at = list.data(); at < list.data() + list.size(); ++at) {
    std::uint16_t context = 0;
    at = std::from_chars(at, list.data() + list.size(), context).ptr;
    videos.context.push_back(context);
  }
  std::sort(videos.context.begin() + static_cast<std::ptrdiff_t>(first), videos.context.end());
}

struct Selection {
  std::string sql;
  std::size_t covariates_at = 2;  // column numbers
  std::size_t scores_at = 2;
  std::size_t contexts_at = 2;
};

struct SourceFiles {
  std::filesystem::path corpus;
  std::vector<std::filesystem::path> expressions, contexts, status;
};

Selection selection_of(const PrivateRequest& request, const PrivateDeclaration& declaration,
                       const PrivateDesign& design, const SourceFiles& files,
                       const std::string& source) {
  const bool by_country =
      request.kind == AssociationKind::kSemipartial && request.within == Within::kCountry;
  const UnitNames units = unit_names(declaration, by_country);
  std::string covariates;
  std::string scores;
  std::string chosen = "who, unit";
  std::string holds = "who IS NOT NULL AND who <> ''";
  Selection selection;
  if (design.covariates() > 0) {
    for (std::size_t k = 0; k < declaration.covariates.size(); ++k) {
      const DeclaredCovariate& covariate = declaration.covariates[k];
      covariates += fmt::format(", CAST({} AS {}) AS z{}", sql_identifier(covariate.column),
                                covariate.levels.empty() ? "DOUBLE" : "VARCHAR", k);
      chosen += fmt::format(", z{}", k);
      holds += fmt::format(" AND z{} IS NOT NULL", k);
      if (covariate.levels.empty()) holds += fmt::format(" AND isfinite(z{})", k);
    }
    selection.scores_at += declaration.covariates.size();
  }
  selection.contexts_at = selection.scores_at + declaration.expressions.size();
  for (std::size_t e = 0; e < declaration.expressions.size(); ++e) {
    scores +=
        fmt::format(", CAST({} AS DOUBLE) AS y{}", sql_identifier(declaration.expressions[e]), e);
    chosen += fmt::format(", y{}", e);
    holds += fmt::format(" AND y{} BETWEEN 0 AND 1", e);
  }
  selection.sql = fmt::format(
      "WITH context_names AS (SELECT unnest({}) AS name, unnest(range({})) AS k),"
      " units AS (SELECT unnest({}) AS region, {} unnest(range({})) AS unit),"
      " corpus AS (SELECT video_id AS id, uploader AS who, CAST({} AS VARCHAR) AS region,"
      "  country{} FROM {}),"
      " scores AS (SELECT video_id AS id{} FROM {}),"
      " named AS (SELECT DISTINCT video_id AS id FROM {} WHERE source = {} AND status = 'ok'),"
      " present AS (SELECT id, string_agg(CAST(k AS VARCHAR), ' ') AS list FROM (SELECT"
      "  c.video_id AS id, n.k, row_number() OVER (PARTITION BY c.video_id"
      "  ORDER BY md5(c.video_id || ' ' || n.name), n.k) AS place FROM (SELECT DISTINCT"
      "  video_id, context FROM {} WHERE source = {} AND above_threshold) c JOIN context_names n"
      "  ON n.name = c.context) WHERE place <= {} GROUP BY id)"
      " SELECT {}, list FROM corpus JOIN units USING (region{}) JOIN scores USING (id) JOIN named"
      "  USING (id) LEFT JOIN present USING (id) WHERE {} QUALIFY row_number() OVER (PARTITION BY"
      "  who ORDER BY md5(id), id) <= {} ORDER BY who, md5(id), id",
      sql_list(declaration.contexts), declaration.contexts.size(), sql_list(units.regions),
      by_country ? "unnest(" + sql_list(units.countries) + ") AS country," : "",
      units.regions.size(), sql_identifier(request.by), covariates, sql_read_parquet(files.corpus),
      scores, sql_read_parquet(files.expressions), sql_read_parquet(files.status),
      sql_quote(source), sql_read_parquet(files.contexts), sql_quote(source), design.most_contexts,
      chosen, by_country ? ", country" : "", holds, design.most_videos);
  return selection;
}

}  // namespace

PrivateDesign private_design(const PrivateRequest& request, const PrivateDeclaration& declaration) {
  PrivateDesign design;
  design.regions = declaration.regions.size();
  design.contexts = declaration.contexts.size();
  design.expressions = declaration.expressions.size();
  design.most_videos = request.most_videos;
  design.most_contexts = request.most_contexts;
  design.clip =
      request.clip > 0 ? request.clip : std::sqrt(static_cast<double>(design.expressions));
  const bool is_semipartial = request.kind == AssociationKind::kSemipartial;
  for (std::size_t g = 0; g < design.regions; ++g) {
    const std::size_t units =
        is_semipartial && request.within == Within::kCountry ? declaration.countries[g].size() : 1;
    design.unit_region.insert(design.unit_region.end(), units, static_cast<std::uint32_t>(g));
  }
  if (!is_semipartial) return design;
  for (const DeclaredCovariate& covariate : declaration.covariates) {
    if (covariate.levels.empty()) {
      ++design.numbers;
    } else {
      ++design.categories;
      design.levels += covariate.levels.size();
    }
  }
  return design;
}

Result<PrivateVideos> read_private_videos(Database& database, const PrivateRequest& request,
                                          const PrivateDeclaration& declaration,
                                          const PrivateDesign& design, const std::string& source) {
  SourceFiles files{request.study / "corpus.parquet", {}, {}, {}};
  MIEN_TRY(expressions, study_table_files(request.study, "expressions"));
  MIEN_TRY(contexts, study_table_files(request.study, "contexts"));
  MIEN_TRY(status, study_table_files(request.study, "context_status"));
  files.expressions = std::move(expressions);
  files.contexts = std::move(contexts);
  files.status = std::move(status);
  MIEN_TRY_VOID(check_column(database, files.corpus, request.by));
  for (const std::string& column : declaration.expressions) {
    MIEN_TRY_VOID(check_column(database, files.expressions.front(), column));
  }
  if (design.covariates() > 0) {
    for (const DeclaredCovariate& covariate : declaration.covariates) {
      MIEN_TRY_VOID(check_column(database, files.corpus, covariate.column));
    }
  }
  const Selection selection = selection_of(request, declaration, design, files, source);
  PrivateVideos videos;
  std::string last;
  const auto add = [&](const ScanBatch& batch) -> Status {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::string_view who = batch.text(0, row);
      const std::uint32_t number = videos.uploader.empty() ? 0
                                   : who == last           ? videos.uploader.back()
                                                           : videos.uploader.back() + 1;
      last = who;
      videos.uploader.push_back(number);
      videos.unit.push_back(static_cast<std::uint32_t>(batch.integers(1)[row]));
      for (std::size_t k = 0; design.covariates() > 0 && k < declaration.covariates.size(); ++k) {
        const DeclaredCovariate& covariate = declaration.covariates[k];
        const std::size_t column = selection.covariates_at + k;
        if (covariate.levels.empty()) {
          const double share =
              (batch.doubles(column)[row] - covariate.low) / (covariate.high - covariate.low);
          videos.covariates.push_back(std::clamp(2 * share - 1, -1.0, 1.0));
          continue;
        }
        for (const std::string& level : covariate.levels) {
          videos.covariates.push_back(batch.text(column, row) == level ? 1 : 0);
        }
      }
      for (std::size_t e = 0; e < design.expressions; ++e) {
        videos.scores.push_back(batch.doubles(selection.scores_at + e)[row]);
      }
      if (!batch.is_null(selection.contexts_at, row)) {
        add_contexts(batch.text(selection.contexts_at, row), videos);
      }
      videos.first.push_back(videos.context.size());
    }
    return Ok{};
  };
  MIEN_TRY_VOID(database.scan(selection.sql, add));
  return videos;
}

}  // namespace mien
