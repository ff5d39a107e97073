#include "pipeline/compare/study_maps.h"

#include <cmath>
#include <utility>

#include "base/missing.h"
#include "pipeline/study/name_list.h"
#include "table/schema.h"

namespace mien {

namespace {

struct StudyCellRow {
  std::size_t region = 0;
  std::size_t context = 0;
  std::size_t expression = 0;
  double estimate = kNaN;
  double se = kNaN;
};

struct CollectedMaps {
  StudyMaps head;
  NameList regions;
  NameList contexts;
  NameList expressions;
  std::vector<StudyCellRow> rows;
};

Status check_columns(const Table& table, const std::filesystem::path& path) {
  const TableSchema wanted = maps_schema();
  for (const char* name : {"by", "region", "source", "context", "channel", "expression", "kind",
                           "estimate", "se", "cluster", "reason"}) {
    const int have = table.schema().index_of(name);
    const ColumnType type = wanted.columns[static_cast<std::size_t>(wanted.index_of(name))].type;
    if (have >= 0 && table.schema().columns[static_cast<std::size_t>(have)].type == type) continue;
    return Error{ErrorCode::kCorrupt, path.string() + ": no column '" + name + "' of type " +
                                          std::string(to_string(type)) +
                                          "; remedy: run `mien associate` again"};
  }
  return Ok{};
}

Result<StudyMaps> finish(CollectedMaps collected, const std::filesystem::path& path) {
  StudyMaps result = std::move(collected.head);
  ContextMaps& maps = result.maps;
  maps.regions = collected.regions.take();
  maps.contexts = collected.contexts.take();
  maps.expressions = collected.expressions.take();
  MIEN_TRY_VOID(
      check_cell_count(path, maps.regions.size(), maps.contexts.size(), maps.expressions.size()));
  const auto rows = static_cast<Eigen::Index>(maps.contexts.size());
  const auto columns = static_cast<Eigen::Index>(maps.expressions.size());
  maps.cells.assign(maps.regions.size(), Matrix::Constant(rows, columns, kNaN));
  std::vector<Matrix> se = maps.cells;
  std::vector<bool> seen(maps.regions.size() * static_cast<std::size_t>(rows * columns), false);
  bool any_se = false;
  for (const StudyCellRow& row : collected.rows) {
    const auto c = static_cast<Eigen::Index>(row.context);
    const auto e = static_cast<Eigen::Index>(row.expression);
    const std::size_t place =
        (row.region * maps.contexts.size() + row.context) * maps.expressions.size() +
        row.expression;
    if (seen[place]) {
      return Error{ErrorCode::kCorrupt, path.string() + ": the cell " + maps.regions[row.region] +
                                            ", " + maps.contexts[row.context] + ", " +
                                            maps.expressions[row.expression] + " stands twice"};
    }
    seen[place] = true;
    maps.cells[row.region](c, e) = row.estimate;
    se[row.region](c, e) = row.se;
    any_se = any_se || row.se > 0;
  }
  if (any_se) maps.se = std::move(se);
  MIEN_TRY_VOID(check_maps(maps));
  return result;
}

}  // namespace

Status check_cell_count(const std::filesystem::path& file, std::size_t regions,
                        std::size_t contexts, std::size_t expressions) {
  // Each count is at most that of rows, below 2^32, and none is 0.
  if (regions * contexts <= kMostMapCells / expressions) return Ok{};
  return Error{ErrorCode::kUnsupported,
               file.string() + ": " + std::to_string(regions) + " regions, " +
                   std::to_string(contexts) + " contexts and " + std::to_string(expressions) +
                   " expressions are more than " + std::to_string(kMostMapCells) +
                   " cells; remedy: the file is damaged or not a map; run `mien associate` again, "
                   "with fewer contexts"};
}

Result<std::vector<StudyMaps>> read_study_maps(Database& database,
                                               const std::filesystem::path& study) {
  const std::filesystem::path path = study / "maps" / "maps.parquet";
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Error{ErrorCode::kNotFound, path.string() +
                                           ": no maps; remedy: run `mien associate --study " +
                                           study.string() + "` first"};
  }
  MIEN_TRY(table, database.read_parquet(path));
  MIEN_TRY_VOID(check_columns(table, path));
  std::map<std::pair<std::string, std::string>, CollectedMaps> parts;
  const auto text = [&](const char* column) { return table.column(column).strings(); };
  const auto by = text("by"), region = text("region"), source = text("source"),
             context = text("context"), channel = text("channel"), expression = text("expression"),
             kind = text("kind"), cluster = text("cluster"), reason = text("reason");
  const Column& estimate = table.column("estimate");
  const Column& se = table.column("se");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    CollectedMaps& part = parts[{source[row], channel[row]}];
    if (part.rows.empty()) {
      part.head = {by[row], source[row], channel[row], kind[row], cluster[row], {}, {}};
    }
    if (part.head.kind != kind[row] || part.head.by != by[row]) {
      return Error{ErrorCode::kCorrupt, path.string() + ": maps of '" + part.head.kind + "' by " +
                                            part.head.by + " and of '" + kind[row] + "' by " +
                                            by[row] + " in one file"};
    }
    const bool missing = estimate.is_null(row);
    if (missing) ++part.head.missing_cells[reason[row]];
    part.rows.push_back({part.regions.add(region[row]), part.contexts.add(context[row]),
                         part.expressions.add(expression[row]),
                         missing ? kNaN : estimate.doubles()[row],
                         missing || se.is_null(row) ? kNaN : se.doubles()[row]});
  }
  if (parts.empty()) {
    return Error{ErrorCode::kCorrupt, path.string() + ": not one cell"};
  }
  std::vector<StudyMaps> result;
  for (auto& [key, part] : parts) {
    MIEN_TRY(maps, finish(std::move(part), path));
    result.push_back(std::move(maps));
  }
  return result;
}

}  // namespace mien
