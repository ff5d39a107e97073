#include "pipeline/panels/cell_verdicts.h"

#include <algorithm>
#include <unordered_map>

#include "base/missing.h"
#include "table/comparison_schema.h"

namespace mien {

namespace {

constexpr const char* kColumns[] = {"source", "channel", "context", "expression", "verdict",
                                    "mean",   "lower",   "upper",   "i2"};

// Places of a set's contexts and expressions.
struct Places {
  explicit Places(const MapSet& set) {
    for (std::size_t i = 0; i < set.contexts.size(); ++i) contexts.emplace(set.contexts[i], i);
    for (std::size_t i = 0; i < set.expressions.size(); ++i) {
      expressions.emplace(set.expressions[i], i);
    }
  }
  std::unordered_map<std::string, std::size_t> contexts;
  std::unordered_map<std::string, std::size_t> expressions;
};

float number_in(const ScanBatch& batch, std::size_t column, std::size_t row) {
  return batch.is_null(column, row) ? kFloatNaN : static_cast<float>(batch.doubles(column)[row]);
}

void make_room(const MapSet& set, CellVerdicts& verdicts) {
  const std::size_t cells = set.contexts.size() * set.expressions.size();
  verdicts.verdict.assign(cells, 0);
  for (std::vector<float>* values :
       {&verdicts.mean, &verdicts.lower, &verdicts.upper, &verdicts.i2}) {
    values->assign(cells, kFloatNaN);
  }
}

}  // namespace

Status read_cell_verdicts(Database& database, const std::filesystem::path& study,
                          std::vector<MapSet>& sets) {
  const std::filesystem::path file = study / "compare" / "cells.parquet";
  std::error_code missing;
  if (!std::filesystem::is_regular_file(file, missing)) return Ok{};
  MIEN_TRY(schema, database.read_schema(file));
  const TableSchema wanted = compare_cells_schema();
  std::string select;
  for (const char* name : kColumns) {
    const int have = schema.index_of(name);
    const int want = wanted.index_of(name);
    if (have < 0 || schema.columns[static_cast<std::size_t>(have)].type !=
                        wanted.columns[static_cast<std::size_t>(want)].type) {
      return Error{ErrorCode::kCorrupt, file.string() + ": no column '" + name +
                                            "' as comparisons have it; remedy: run `mien "
                                            "compare --study` again"};
    }
    select += (select.empty() ? "" : ", ") + sql_identifier(name);
  }
  std::vector<Places> places;
  for (const MapSet& set : sets) places.emplace_back(set);
  return database.scan(
      "SELECT " + select + " FROM " + sql_read_parquet(file),
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          for (std::size_t s = 0; s < sets.size(); ++s) {
            MapSet& set = sets[s];
            if (batch.text(0, row) != set.source || batch.text(1, row) != set.channel) continue;
            const auto context = places[s].contexts.find(std::string(batch.text(2, row)));
            const auto expression = places[s].expressions.find(std::string(batch.text(3, row)));
            if (context == places[s].contexts.end() || expression == places[s].expressions.end()) {
              continue;
            }
            if (set.verdicts.verdict.empty()) make_room(set, set.verdicts);
            const std::size_t at = context->second * set.expressions.size() + expression->second;
            const auto verdict = std::ranges::find(kVerdicts, batch.text(4, row));
            if (verdict == kVerdicts.end()) {
              return Error{ErrorCode::kCorrupt, file.string() + ": no verdict is called '" +
                                                    std::string(batch.text(4, row)) + "'"};
            }
            set.verdicts.verdict[at] = static_cast<std::uint8_t>(verdict - kVerdicts.begin());
            set.verdicts.mean[at] = number_in(batch, 5, row);
            set.verdicts.lower[at] = number_in(batch, 6, row);
            set.verdicts.upper[at] = number_in(batch, 7, row);
            set.verdicts.i2[at] = number_in(batch, 8, row);
          }
        }
        return Ok{};
      });
}

}  // namespace mien
