#include "pipeline/associate/association_scope.h"

#include "pipeline/study/study_tables.h"
#include "store/sql_text.h"

namespace mien {

std::string AssociationScope::rows_of(const std::vector<std::filesystem::path>& files,
                                      const std::string& condition) const {
  std::string sql = sql_read_parquet(files);
  if (!condition.empty()) sql += " WHERE " + condition;
  if (!is_part) return sql;
  return sql + (condition.empty() ? " WHERE " : " AND ") + "video_id IN (SELECT video_id FROM " +
         sql_read_parquet(corpus) + ")";
}

Result<AssociationScope> whole_scope(const std::filesystem::path& study) {
  AssociationScope scope;
  scope.corpus = study / "corpus.parquet";
  MIEN_TRY(expressions, study_table_files(study, "expressions"));
  scope.expressions = std::move(expressions);
  MIEN_TRY(status, study_table_files(study, "context_status"));
  scope.context_status = std::move(status);
  MIEN_TRY(contexts, study_table_files(study, "contexts"));
  scope.contexts = std::move(contexts);
  return scope;
}

}  // namespace mien
