#include "pipeline/simulate/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "pipeline/simulate/ordered_work.h"
#include "pipeline/simulate/simulate_tables.h"
#include "pipeline/simulate/simulate_truth.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_settings.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kStudyLabels[] = {
    "amusement", "anger",          "awe",   "concentration", "confusion", "contempt", "contentment",
    "desire",    "disappointment", "doubt", "elation",       "interest",  "pain",     "sadness",
    "surprise",  "triumph"};

struct TableJob {
  const char* name;
  TableSchema schema;
  std::function<std::int64_t(std::size_t, BulkBatch&)> rows;  // gives clipped scores
};

class Writer {
 public:
  Writer(const SimulateRequest& request, const GenerativeModel& model,
         const SimulatedVideos& videos, const std::atomic<bool>& stop)
      : request_(request), model_(model), videos_(videos), stop_(stop) {}

  Status write(Database& database, const TableJob& job, SimulateSummary& summary);
  FileMetadata metadata(const std::string& table) const;

 private:
  struct Piece {
    BulkBatch batch;
    std::int64_t clipped = 0;
  };

  const SimulateRequest& request_;
  const GenerativeModel& model_;
  const SimulatedVideos& videos_;
  const std::atomic<bool>& stop_;
};

FileMetadata Writer::metadata(const std::string& table) const {
  return {{"mien.table", table},
          {"mien.program_version", std::string(kProgramVersion)},
          {"mien.schema_version", std::to_string(kSchemaVersion)},
          {"mien.seed", std::to_string(model_.design.seed)},
          {"mien.options", design_json(model_.design).dump()},
          {kSimulatedKey, "true"}};
}

Status Writer::write(Database& database, const TableJob& job, SimulateSummary& summary) {
  OrderedWork<Piece> work(videos_.chunks(), request_.threads, [&](std::size_t chunk, Piece& piece) {
    piece.clipped = job.rows(chunk, piece.batch);
  });
  std::size_t chunks = 0;
  std::int64_t rows = 0;
  const BulkSource source = [&](BulkBatch& batch) -> Result<bool> {
    if (stop_) return Error{ErrorCode::kCancelled, "stopped as asked; the study is not complete"};
    Piece piece;
    if (!work.next(piece)) return false;
    batch = std::move(piece.batch);
    summary.clipped_scores += piece.clipped;
    rows += static_cast<std::int64_t>(batch.rows);
    ++chunks;
    if (request_.progress) {
      request_.progress({job.name,
                         static_cast<std::int64_t>(static_cast<double>(model_.design.videos) *
                                                   static_cast<double>(chunks) /
                                                   static_cast<double>(videos_.chunks())),
                         model_.design.videos, "videos"});
    }
    return true;
  };
  MIEN_TRY_VOID(database.write_stream(job.schema, source,
                                      request_.study / (std::string(job.name) + ".parquet"),
                                      metadata(job.name)));
  if (job.schema.name == "contexts") summary.context_rows = rows;
  return Ok{};
}

// Nothing of another study may lie there: its tables would pass for simulated ones, or the reverse.
Status check_folder(const fs::path& study) {
  for (const char* name : {"corpus.parquet", "annotations", "contexts.parquet",
                           "context_status.parquet", "expressions.parquet", "truth.parquet"}) {
    std::error_code ignored;
    if (fs::exists(study / name, ignored)) {
      return Error{ErrorCode::kMismatch,
                   fmt::format("{}: there is a study already ({}); remedy: name "
                               "another --out, or remove the folder",
                               study.string(), name)};
    }
  }
  return Ok{};
}

}  // namespace

std::vector<std::string> simulated_labels(int expressions) {
  if (expressions == static_cast<int>(std::size(kStudyLabels))) {
    return {std::begin(kStudyLabels), std::end(kStudyLabels)};
  }
  std::vector<std::string> labels;
  const std::size_t width = std::to_string(expressions).size();
  for (int e = 0; e < expressions; ++e) {
    labels.push_back(fmt::format("expression_{:0{}}", e + 1, width));
  }
  return labels;
}

Result<std::vector<SimulatedRegion>> simulated_regions(const CountryTable& table, int regions,
                                                       int countries) {
  const auto all = static_cast<int>(table.places().size());
  if (regions < 1 || regions > all) {
    return Error{ErrorCode::kUsage,
                 fmt::format("--regions {}: must lie between 1 and {}", regions, all)};
  }
  std::vector<SimulatedRegion> chosen;
  std::vector<std::vector<const Country*>> members;
  std::vector<double> shares;
  int most = 0;
  for (int g = 0; g < regions; ++g) {
    const RegionPlace& place = table.places()[static_cast<std::size_t>(g)];
    chosen.push_back({place.name, place.latitude_deg, place.longitude_deg, {}});
    members.emplace_back();
    for (const Country& country : table.countries()) {
      if (country.region == place.name) members.back().push_back(&country);
    }
    std::stable_sort(members.back().begin(), members.back().end(),
                     [](const Country* a, const Country* b) { return a->area_km2 > b->area_km2; });
    most += static_cast<int>(members.back().size());
    // One each is set aside; the rest is shared out by what is left.
    shares.push_back(static_cast<double>(members.back().size()) - 1);
  }
  if (countries < regions || countries > most) {
    return Error{ErrorCode::kUsage, fmt::format("--countries {}: must lie between {} and {} for {} "
                                                "regions",
                                                countries, regions, most, regions)};
  }
  std::vector<std::int64_t> counts(shares.size(), 0);
  if (countries > regions) counts = whole_shares(countries - regions, shares);
  for (std::size_t g = 0; g < chosen.size(); ++g) {
    const auto count =
        std::min<std::size_t>(static_cast<std::size_t>(counts[g]) + 1, members[g].size());
    for (std::size_t i = 0; i < count; ++i) chosen[g].countries.push_back(members[g][i]->alpha2);
  }
  return chosen;
}

Result<SimulateSummary> simulate(const SimulateRequest& request, const CountryTable& countries,
                                 const std::atomic<bool>& stop) {
  const auto begin = std::chrono::steady_clock::now();
  SimulationDesign design = request.design;
  if (design.regions.empty()) {
    MIEN_TRY(regions, simulated_regions(countries, request.regions, request.countries));
    design.regions = std::move(regions);
  }
  MIEN_TRY_VOID(complete_design(design));
  MIEN_TRY_VOID(make_folders(request.study));
  MIEN_TRY(lock, FileLock::acquire(request.study / ".lock"));
  MIEN_TRY_VOID(check_folder(request.study));

  const GenerativeModel model = make_generative_model(design);
  const SimulatedVideos videos(model);
  const SimulatedTables tables(model, videos, simulated_labels(design.expressions));
  Writer writer(request, model, videos, stop);
  MIEN_TRY(database,
           Database::open({.threads = 1, .memory_limit_mb = 512, .temporary_folder = {}}));

  SimulateSummary summary;
  summary.videos = design.videos;
  summary.uploaders = static_cast<std::int64_t>(videos.uploaders());
  summary.largest_uploader = videos.largest_uploader();
  summary.regions = model.regions;
  summary.countries = static_cast<int>(model.countries.size());
  // The corpus comes last: a folder with one holds a whole study.
  const TableJob jobs[] = {
      {"contexts", contexts_schema(),
       [&](std::size_t chunk, BulkBatch& batch) {
         tables.context_rows(chunk, batch);
         return std::int64_t{0};
       }},
      {"context_status", context_status_schema(),
       [&](std::size_t chunk, BulkBatch& batch) {
         tables.status_rows(chunk, batch);
         return std::int64_t{0};
       }},
      {"expressions", tables.expressions(),
       [&](std::size_t chunk, BulkBatch& batch) { return tables.expression_rows(chunk, batch); }}};
  for (const TableJob& job : jobs) MIEN_TRY_VOID(writer.write(database, job, summary));
  MIEN_TRY_VOID(database.write_stream(truth_schema(),
                                      truth_rows(model, tables.context_ids(), tables.labels()),
                                      request.study / "truth.parquet", writer.metadata("truth")));
  const std::string json = truth_json(model, tables.context_ids(), tables.labels()).dump(1) + "\n";
  MIEN_TRY_VOID(write_file_durably(request.study / "truth.json", json));
  const TableJob corpus = {"corpus", tables.corpus(), [&](std::size_t chunk, BulkBatch& batch) {
                             tables.corpus_rows(chunk, batch);
                             return std::int64_t{0};
                           }};
  MIEN_TRY_VOID(writer.write(database, corpus, summary));
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return summary;
}

}  // namespace mien
