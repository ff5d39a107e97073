// Tables that people bring: lists of videos, ratings, regions, maps. The first byte says which and
// in what format. Parquet goes through DuckDB, as the program opens it.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "outside_file.h"

#include "base/check.h"
#include "pipeline/annotate/plan.h"
#include "pipeline/compare/map_sets.h"
#include "pipeline/compare/published_maps.h"
#include "pipeline/compare/study_maps.h"
#include "pipeline/import/score_file.h"
#include "pipeline/import/score_layout.h"
#include "pipeline/ingest/ingest_checks.h"
#include "pipeline/ingest/ingest_list.h"
#include "pipeline/rate/rating_list.h"
#include "pipeline/study/country_table.h"
#include "store/csv_import.h"
#include "store/list_rows.h"
#include "store/table_cells.h"

namespace {

using mien::fuzz::ScratchFolder;

// The program's own tables lie beside this source, wherever the target is run from.
const std::filesystem::path kData = std::filesystem::path(__FILE__).parent_path() / "../data";

const ScratchFolder& scratch() {
  static const ScratchFolder folder;
  return folder;
}

mien::Database& database() {
  static mien::Database opened = mien::Database::open().value();
  return opened;
}

// The rows of a list as a stream, then judged as `mien ingest` does.
void ingest_list(std::string_view bytes, const char* name) {
  const auto path = scratch().put(name, bytes);
  if (auto rows = mien::ListRows::open(path); rows.ok()) {
    const std::size_t columns = rows->schema().columns.size();
    for (;;) {
      mien::BulkBatch batch;
      const auto more = rows->next(batch);
      if (!more.ok() || !*more) break;
      MIEN_CHECK(batch.columns.size() == columns, "a batch has the list's columns");
    }
  }
  mien::IngestOptions options;
  options.list = path;
  static const mien::fuzz::ScratchFolder stage;
  const std::atomic<bool> stop{false};
  const auto list = stage_list(database(), options, stage.path(), {}, stop);
  if (!list.ok()) return;
  static const mien::CountryTable countries = mien::CountryTable::load(kData).value();
  (void)check_list(database(), *list, countries, stage.path()).ok();
}

void read_maps(std::string_view bytes) {
  scratch().put("maps/maps.parquet", bytes);
  (void)mien::read_map_sets(database(), scratch().path()).ok();
  (void)mien::read_study_maps(database(), scratch().path()).ok();
}

void read_published(std::string_view bytes) {
  scratch().put("published/Exp1_Here.csv", bytes);
  if (const auto maps = mien::read_published_maps(scratch().path() / "published", 1); maps.ok())
    (void)map_set_of(maps->maps);
}

// Another tool's scores: of what is read, times rise and every row is one of a frame.
void read_score_file(std::string_view bytes, const char* name, const mien::ScoreOptions& options) {
  const auto path = scratch().put(name, bytes);
  const auto header = mien::read_table_header(database(), path);
  if (!header.ok()) return;
  const auto layout = score_layout(options, {&*header, 1});
  if (!layout.ok()) return;
  const auto sheet = read_scores(database(), path, *layout);
  if (!sheet.ok()) return;
  const auto& times = sheet->frame_times_us;
  for (std::size_t i = 1; i < times.size(); ++i) MIEN_CHECK(times[i] > times[i - 1], "times rise");
  std::size_t frame = 0;
  for (const mien::ScoreRow& row : sheet->rows) {
    while (frame < times.size() && times[frame] != row.time_us) ++frame;
    MIEN_CHECK(frame < times.size(), "a row is one of a frame");
    MIEN_CHECK(row.first_value + layout->channels.size() <= sheet->values.size(), "its values");
  }
}

void read_any_scores(std::string_view bytes, const char* name) {
  mien::ScoreOptions options;
  options.tool = mien::ScoreTool::kTable;
  options.channel = "any";
  options.time = "t";
  options.face = "face";
  options.values = {"*"};
  read_score_file(bytes, name, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'C':
      ingest_list(bytes, "list.csv");
      break;
    case 'T':
      ingest_list(bytes, "list.tsv");
      break;
    case 'J':
      ingest_list(bytes, "list.jsonl");
      break;
    case 'P':
      ingest_list(bytes, "list.parquet");
      break;
    case 'V':
      (void)mien::read_list(database(), scratch().put("videos.csv", bytes), {"video_id", "uri"})
          .ok();
      break;
    case 'R':
      (void)mien::read_ratings(database(), scratch().put("ratings.csv", bytes), {}).ok();
      break;
    case 'A':
      (void)mien::CountryTable::load(kData, scratch().put("regions.csv", bytes)).ok();
      break;
    case 'U':
      read_published(bytes);
      break;
    case 'M':
      read_maps(bytes);
      break;
    case 'O':
      read_score_file(bytes, "openface.csv", {});
      break;
    case 'F': {
      mien::ScoreOptions options;
      options.tool = mien::ScoreTool::kPyFeat;
      options.frames_per_s = 25;
      read_score_file(bytes, "pyfeat.csv", options);
      break;
    }
    case 'S':
      read_any_scores(bytes, "scores.csv");
      break;
    case 'Q':
      read_any_scores(bytes, "scores.parquet");
      break;
    case 'Y':
      ingest_list(bytes, "video.info.json");
      break;
    case 'L':
      (void)mien::Plan::read(database(), scratch().put("plan.parquet", bytes)).ok();
      break;
    default:
      break;
  }
  return 0;
}
