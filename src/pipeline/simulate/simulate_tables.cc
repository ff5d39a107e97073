#include "pipeline/simulate/simulate_tables.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace mien {

namespace {

// Streams of the seed for what the model knows nothing of (stats uses those below 1000).
enum Stream : std::uint64_t { kCorpusStream = 1001, kFaceStream };

constexpr double kHomeLanguageProb = 0.8;  // else English
constexpr int kUploadDays = 5479;          // 2010-01-01 to 2024-12-31

// Written covariates are offset + scale z: years, seconds, counts of other sizes, so that whoever
// reads them meets numbers as real covariates have them. Associations do not depend on it.
struct Written {
  double offset, scale;
};
constexpr Written kWritten[] = {{2015, 4}, {60, 15}, {0, 1}, {1000000, 1000}};

// One language a region is enough for a simulated corpus.
struct RegionLanguage {
  const char* region;
  const char* language;
};
constexpr RegionLanguage kLanguages[] = {{"Africa", "sw"},
                                         {"Brazil", "pt"},
                                         {"Central/Northern Europe", "de"},
                                         {"East Asia", "zh"},
                                         {"Eastern Europe", "ru"},
                                         {"Hispanic America", "es"},
                                         {"Indian Subcontinent", "hi"},
                                         {"Middle East", "ar"},
                                         {"Southeast Asia (Mainland)", "th"},
                                         {"Southeast Asia (Maritime)", "id"},
                                         {"Western Europe", "fr"}};

std::string video_name(std::int64_t number) {
  return fmt::format("v{:09}", number + 1);
}

// The names of a chunk's videos, each used by its own row.
BulkColumn video_column(const VideoChunk& chunk) {
  BulkColumn column;
  for (std::size_t v = 0; v < chunk.videos; ++v) {
    column.words.push_back(video_name(chunk.first + static_cast<std::int64_t>(v)));
    column.codes.push_back(static_cast<std::uint32_t>(v));
  }
  return column;
}

BulkColumn same_text(const char* text, std::size_t rows) {
  BulkColumn column;
  column.words = {text};
  column.codes.assign(rows, 0);
  return column;
}

BulkColumn no_text(std::size_t rows) {
  BulkColumn column;
  column.codes.assign(rows, BulkColumn::kNull);
  return column;
}

std::vector<std::string> upload_days() {
  std::vector<std::string> days;
  for (int d = 0; d < kUploadDays; ++d) {
    const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::year{2010} / 1 / 1} +
                                          std::chrono::days{d}};
    days.push_back(fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                               static_cast<unsigned>(day.month()),
                               static_cast<unsigned>(day.day())));
  }
  return days;
}

}  // namespace

SimulatedTables::SimulatedTables(const GenerativeModel& model, const SimulatedVideos& videos,
                                 std::vector<std::string> labels)
    : model_(model), videos_(videos), labels_(std::move(labels)), root_(model.design.seed) {
  const std::size_t width = std::to_string(model.contexts).size();
  for (int c = 0; c < model.contexts; ++c) {
    context_ids_.push_back(fmt::format("context_{:0{}}", c + 1, width));
  }
  for (const SimulatedRegion& region : model.design.regions) {
    region_names_.push_back(region.name);
    country_codes_.insert(country_codes_.end(), region.countries.begin(), region.countries.end());
    const auto* found =
        std::find_if(std::begin(kLanguages), std::end(kLanguages),
                     [&](const auto& entry) { return entry.region == region.name; });
    languages_.emplace_back(found != std::end(kLanguages) ? found->language : "en");
  }
}

TableSchema SimulatedTables::corpus() const {
  TableSchema schema = corpus_schema();
  for (int k = 0; k < model_.covariates; ++k) {
    schema.columns.push_back({fmt::format("covariate_{}", k + 1), ColumnType::kDouble,
                              "A simulated covariate; see docs/simulate.md."});
  }
  return schema;
}

TableSchema SimulatedTables::expressions() const {
  std::vector<ColumnSpec> channels;
  for (const std::string& label : labels_) {
    channels.push_back(
        {"label_" + label, ColumnType::kDouble, "A simulated score of the label in [0, 1]."});
  }
  return expressions_schema(channels);
}

void SimulatedTables::corpus_rows(std::size_t chunk, BulkBatch& batch) const {
  static const std::vector<std::string> kDays = upload_days();
  VideoChunk drawn;
  videos_.draw(chunk, {.covariates = true}, drawn);
  batch = {};
  batch.rows = drawn.videos;
  BulkColumn country;
  BulkColumn region;
  BulkColumn language;
  BulkColumn day;
  BulkColumn uploader;
  country.words = country_codes_;
  country.codes = drawn.country;
  region.words = region_names_;
  language.words = languages_;
  language.words.emplace_back("en");
  day.words = kDays;
  std::uint32_t last = BulkColumn::kNull;
  for (std::size_t v = 0; v < drawn.videos; ++v) {
    const auto g = static_cast<std::uint32_t>(model_.countries[drawn.country[v]].region);
    Random random = root_.fork(kCorpusStream).fork(static_cast<std::uint64_t>(drawn.first) + v);
    region.codes.push_back(g);
    language.codes.push_back(
        random.uniform() < kHomeLanguageProb ? g : static_cast<std::uint32_t>(languages_.size()));
    day.codes.push_back(static_cast<std::uint32_t>(random.below(kUploadDays)));
    if (drawn.uploader[v] != last) {
      last = drawn.uploader[v];
      uploader.words.push_back(fmt::format("u{:09}", last + 1));
    }
    uploader.codes.push_back(static_cast<std::uint32_t>(uploader.words.size() - 1));
  }
  batch.columns.push_back(video_column(drawn));
  batch.columns.push_back(no_text(drawn.videos));  // uri
  batch.columns.push_back(std::move(country));
  batch.columns.push_back(std::move(region));
  batch.columns.push_back(no_text(drawn.videos));  // title
  batch.columns.push_back(no_text(drawn.videos));  // description
  batch.columns.push_back(std::move(language));
  batch.columns.push_back(std::move(day));
  batch.columns.push_back(std::move(uploader));
  const auto covariates = static_cast<std::size_t>(model_.covariates);
  for (std::size_t k = 0; k < covariates; ++k) {
    const Written& written = kWritten[k % std::size(kWritten)];
    BulkColumn column;
    for (std::size_t v = 0; v < drawn.videos; ++v) {
      column.doubles.push_back(written.offset +
                               written.scale * drawn.covariates[v * covariates + k]);
    }
    batch.columns.push_back(std::move(column));
  }
}

std::int64_t SimulatedTables::expression_rows(std::size_t chunk, BulkBatch& batch) const {
  VideoChunk drawn;
  videos_.draw(chunk, {.scores = true}, drawn);
  batch = {};
  batch.rows = drawn.videos;
  batch.columns.push_back(video_column(drawn));
  BulkColumn faces;
  // face_seconds, face_size_px, yaw_deg, pitch_deg, sharpness, brightness, skin_tone_ita_deg: noise
  // that goes with nothing, in steps that compress well.
  constexpr std::size_t kMeasures = 7;
  BulkColumn measures[kMeasures];
  for (std::size_t v = 0; v < drawn.videos; ++v) {
    Random random = root_.fork(kFaceStream).fork(static_cast<std::uint64_t>(drawn.first) + v);
    const bool face = drawn.face_ok[v] != 0;
    faces.integers.push_back(face ? 1 + static_cast<std::int64_t>(random.below(3)) : 0);
    const auto steps = [&](double low, double step, std::uint64_t count) {
      return face ? low + step * static_cast<double>(random.below(count)) : std::nan("");
    };
    const double values[kMeasures] = {face ? steps(0.5, 0.5, 120) : 0.0,
                                      steps(32, 1, 200),
                                      steps(-40, 0.5, 160),
                                      steps(-30, 0.5, 120),
                                      steps(0, 1.0 / 64, 64),
                                      steps(0.25, 1.0 / 128, 64),
                                      steps(-40, 1, 100)};
    for (std::size_t m = 0; m < kMeasures; ++m) measures[m].doubles.push_back(values[m]);
  }
  batch.columns.push_back(std::move(faces));
  for (BulkColumn& measure : measures) batch.columns.push_back(std::move(measure));
  const std::size_t expressions = labels_.size();
  for (std::size_t e = 0; e < expressions; ++e) {
    BulkColumn column;
    column.doubles.reserve(drawn.videos);
    for (std::size_t v = 0; v < drawn.videos; ++v) {
      column.doubles.push_back(drawn.scores[v * expressions + e]);
    }
    batch.columns.push_back(std::move(column));
  }
  return drawn.clipped;
}

void SimulatedTables::context_rows(std::size_t chunk, BulkBatch& batch) const {
  VideoChunk drawn;
  videos_.draw(chunk, {.contexts = true}, drawn);
  batch = {};
  batch.rows = drawn.contexts.size();
  batch.columns.push_back(video_column(drawn));
  batch.columns.push_back(same_text("visual", batch.rows));
  batch.columns.resize(5);
  batch.columns[2].words = context_ids_;
  std::vector<std::uint32_t>& videos = batch.columns[0].codes;
  videos.clear();
  for (const ContextRow& row : drawn.contexts) {
    videos.push_back(row.video);
    batch.columns[2].codes.push_back(row.context);
    batch.columns[3].doubles.push_back(row.score_prob);
    batch.columns[4].truths.push_back(row.above_threshold ? 1 : 0);
  }
}

void SimulatedTables::status_rows(std::size_t chunk, BulkBatch& batch) const {
  VideoChunk drawn;
  videos_.draw(chunk, {}, drawn);
  batch = {};
  batch.rows = drawn.videos;
  BulkColumn status;
  BulkColumn reason;
  status.words = {"failed", "ok"};
  reason.words = {"simulated_missing"};
  for (const std::uint8_t ok : drawn.context_ok) {
    status.codes.push_back(ok);
    reason.codes.push_back(ok != 0 ? BulkColumn::kNull : 0);
  }
  BulkColumn none;
  none.doubles.assign(drawn.videos, std::nan(""));
  batch.columns.push_back(video_column(drawn));
  batch.columns.push_back(same_text("visual", drawn.videos));
  batch.columns.push_back(same_text("simulated", drawn.videos));
  batch.columns.push_back(std::move(status));
  batch.columns.push_back(std::move(reason));
  batch.columns.push_back(no_text(drawn.videos));  // language: none for pictures
  batch.columns.push_back(none);
  batch.columns.push_back(std::move(none));
}

}  // namespace mien
