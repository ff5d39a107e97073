#include "pipeline/train/rated_persons.h"

#include "base/ascii_case.h"
#include "store/list_rows.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

int place_of(const std::vector<std::string>& columns, std::string_view name) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (ascii_lower_case(columns[i]) == name) return static_cast<int>(i);
  }
  return -1;
}

using Persons = std::map<std::string, std::string>;

Status note(Persons& persons, std::string_view clip, std::string_view person,
            const fs::path& file) {
  if (clip.empty() || person.empty()) return Ok{};
  const auto [found, is_new] = persons.try_emplace(std::string(clip), person);
  if (is_new || found->second == person) return Ok{};
  return Error{ErrorCode::kCorrupt, file.string() + ": the clip '" + found->first +
                                        "' shows the person '" + found->second + "' and '" +
                                        std::string(person) +
                                        "'; remedy: one person a clip, the one who was rated"};
}

}  // namespace

Result<Persons> read_rated_persons(Database& database, const fs::path& ratings) {
  Persons persons;
  if (ascii_lower_case(ratings.extension().string()) == ".parquet") {
    MIEN_TRY(schema, database.read_schema(ratings));
    std::vector<std::string> columns;
    for (const ColumnSpec& column : schema.columns) columns.push_back(column.name);
    const int clip = place_of(columns, "clip");
    const int person = place_of(columns, "person");
    if (clip < 0 || person < 0) return persons;
    const auto text = [&](int place) {
      return "CAST(" + sql_identifier(columns[static_cast<std::size_t>(place)]) + " AS VARCHAR)";
    };
    const auto take = [&](const ScanBatch& batch) -> Status {
      for (std::size_t r = 0; r < batch.rows(); ++r) {
        if (batch.is_null(0, r) || batch.is_null(1, r)) continue;
        MIEN_TRY_VOID(note(persons, batch.text(0, r), batch.text(1, r), ratings));
      }
      return Ok{};
    };
    MIEN_TRY_VOID(database.scan(
        "SELECT " + text(clip) + ", " + text(person) + " FROM " + sql_read_parquet(ratings), take));
    return persons;
  }
  MIEN_TRY(rows, ListRows::open(ratings));
  const int clip = place_of(rows.columns(), "clip");
  const int person = place_of(rows.columns(), "person");
  if (clip < 0 || person < 0) return persons;
  BulkBatch batch;
  for (;;) {
    MIEN_TRY(more, rows.next(batch));
    if (!more) return persons;
    for (std::size_t r = 0; r < batch.rows; ++r) {
      const auto word = [&](int place) -> std::string_view {
        const BulkColumn& column = batch.columns[static_cast<std::size_t>(place) + 3];
        return column.codes[r] == BulkColumn::kNull
                   ? std::string_view()
                   : std::string_view(column.words[column.codes[r]]);
      };
      MIEN_TRY_VOID(note(persons, word(clip), word(person), ratings));
    }
  }
}

}  // namespace mien
