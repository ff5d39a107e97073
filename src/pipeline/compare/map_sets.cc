#include "pipeline/compare/map_sets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/missing.h"
#include "pipeline/compare/study_maps.h"
#include "pipeline/study/name_list.h"
#include "table/schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostReasons = 255;

struct CellRow {
  std::size_t region, context, expression, reason;
  float estimate, lower, upper, p_bh;
  std::int64_t n, n_context, n_uploaders;
};

struct Collected {
  MapSet set;
  NameList regions, contexts, expressions, reasons;
  std::vector<CellRow> rows;
};

float number_in(const Column& column, std::size_t row) {
  return column.is_null(row) ? kFloatNaN : static_cast<float>(column.doubles()[row]);
}

std::int64_t count(const Column& column, std::size_t row) {
  return column.is_null(row) ? -1 : column.integers()[row];
}

std::int32_t count32(std::int64_t count) {
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(count, std::numeric_limits<std::int32_t>::max()));
}

RegionCells empty_cells(std::size_t contexts, std::size_t expressions) {
  RegionCells cells;
  const std::size_t n = contexts * expressions;
  for (std::vector<float>* values : {&cells.estimate, &cells.lower, &cells.upper, &cells.p_bh}) {
    values->assign(n, kFloatNaN);
  }
  cells.reason.assign(n, 0);
  cells.n_context.assign(contexts, -1);
  cells.n_uploaders.assign(contexts, -1);
  return cells;
}

MapSet finish(Collected collected) {
  MapSet set = std::move(collected.set);
  const std::size_t regions = collected.regions.size();
  set.regions = collected.regions.take();
  set.contexts = collected.contexts.take();
  set.expressions = collected.expressions.take();
  set.reasons = collected.reasons.take();
  set.cells.assign(regions, empty_cells(set.contexts.size(), set.expressions.size()));
  // A cell that no row speaks of says so.
  const auto absent = static_cast<std::uint8_t>(set.reasons.size());
  set.reasons.emplace_back("not in the maps");
  for (RegionCells& cells : set.cells) std::ranges::fill(cells.reason, absent);
  for (const CellRow& row : collected.rows) {
    RegionCells& cells = set.cells[row.region];
    const std::size_t at = row.context * set.expressions.size() + row.expression;
    cells.estimate[at] = row.estimate;
    cells.lower[at] = row.lower;
    cells.upper[at] = row.upper;
    cells.p_bh[at] = row.p_bh;
    cells.reason[at] = static_cast<std::uint8_t>(row.reason);
    cells.n = std::max(cells.n, row.n);
    cells.n_context[row.context] = count32(row.n_context);
    cells.n_uploaders[row.context] = count32(row.n_uploaders);
  }
  return set;
}

std::string title_of(const MapSet& set) {
  std::string source = set.source;
  if (!source.empty() && source[0] >= 'a' && source[0] <= 'z') {
    source[0] = static_cast<char>(source[0] - 'a' + 'A');
  }
  return source + " contexts, channel " + set.channel;
}

}  // namespace

Result<std::vector<MapSet>> read_map_sets(Database& database, const fs::path& study) {
  const fs::path path = study / "maps" / "maps.parquet";
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return Error{ErrorCode::kNotFound, path.string() +
                                           ": no maps; remedy: run `mien associate --study " +
                                           study.string() + "` first"};
  }
  MIEN_TRY(file_schema, database.read_schema(path));
  const TableSchema wanted = maps_schema();
  constexpr const char* kColumns[] = {
      "by",    "region", "source", "context", "channel",   "expression",  "kind",    "estimate",
      "lower", "upper",  "p_bh",   "n",       "n_context", "n_uploaders", "cluster", "reason"};
  std::string columns;
  for (const char* name : kColumns) {
    const int have = file_schema.index_of(name);
    const int want = wanted.index_of(name);
    if (have < 0 || file_schema.columns[static_cast<std::size_t>(have)].type !=
                        wanted.columns[static_cast<std::size_t>(want)].type) {
      return Error{ErrorCode::kCorrupt,
                   path.string() + ": no column '" + name +
                       "' as maps have it; remedy: run `mien associate` again"};
    }
    columns += (columns.empty() ? "" : ", ") + sql_identifier(name);
  }
  std::vector<Collected> parts;
  Collected* part = nullptr;
  MIEN_TRY_VOID(database.query(
      "SELECT " + columns + " FROM " + sql_read_parquet(path), [&](const Table& batch) {
        const auto text = [&](const char* column, std::size_t row) -> std::string {
          const Column& values = batch.column(column);
          return values.is_null(row) ? std::string() : values.strings()[row];
        };
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          const std::string source = text("source", row);
          const std::string channel = text("channel", row);
          if (part == nullptr || part->set.source != source || part->set.channel != channel) {
            const auto found = std::ranges::find_if(parts, [&](const Collected& known) {
              return known.set.source == source && known.set.channel == channel;
            });
            if (found == parts.end()) {
              part = &parts.emplace_back();
              part->set.source = source;
              part->set.channel = channel;
              part->set.by = text("by", row);
              part->set.kind = text("kind", row);
              part->set.cluster = text("cluster", row);
              part->reasons.add("");
            } else {
              part = &*found;
            }
          }
          const float estimate = number_in(batch.column("estimate"), row);
          std::string reason = text("reason", row);
          // A reason beside an estimate is why there is no interval.
          if (!std::isnan(estimate)) reason.clear();
          if (std::isnan(estimate) && reason.empty()) reason = "no reason given";
          part->rows.push_back(
              {part->regions.add(text("region", row)), part->contexts.add(text("context", row)),
               part->expressions.add(text("expression", row)), part->reasons.add(reason), estimate,
               number_in(batch.column("lower"), row), number_in(batch.column("upper"), row),
               number_in(batch.column("p_bh"), row), count(batch.column("n"), row),
               count(batch.column("n_context"), row), count(batch.column("n_uploaders"), row)});
        }
        return Status(Ok{});
      }));
  std::vector<MapSet> sets;
  for (Collected& collected : parts) {
    if (collected.reasons.size() >= kMostReasons) {
      return Error{ErrorCode::kCorrupt, path.string() + ": more than 254 different reasons"};
    }
    MIEN_TRY_VOID(check_cell_count(path, collected.regions.size(), collected.contexts.size(),
                                   collected.expressions.size()));
    sets.push_back(finish(std::move(collected)));
    sets.back().title = title_of(sets.back());
  }
  if (sets.empty()) return Error{ErrorCode::kCorrupt, path.string() + ": not one cell"};
  std::ranges::stable_sort(sets, [](const MapSet& a, const MapSet& b) {
    return (a.channel == "label") > (b.channel == "label");
  });
  return sets;
}

MapSet map_set_of(const ContextMaps& maps) {
  MapSet set;
  set.by = "region";
  set.regions = maps.regions;
  set.contexts = maps.contexts;
  set.expressions = maps.expressions;
  set.reasons = {"", "not published"};
  for (std::size_t g = 0; g < maps.regions.size(); ++g) {
    RegionCells cells = empty_cells(maps.contexts.size(), maps.expressions.size());
    const auto values = maps.values(g);
    for (std::size_t i = 0; i < values.size(); ++i) {
      cells.estimate[i] = static_cast<float>(values[i]);
      if (std::isnan(values[i])) cells.reason[i] = 1;
    }
    set.cells.push_back(std::move(cells));
  }
  return set;
}

}  // namespace mien
