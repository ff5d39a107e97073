#include "pipeline/cluster/capacity_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "pipeline/cluster/capacity_storage.h"
#include "pipeline/cluster/measured_run.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_tables.h"
#include "store/csv_import.h"
#include "store/database.h"
#include "store/durable_file.h"
#include "table/schema.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSmallStudy = 5'000;  // simulated videos
constexpr std::int64_t kLargeStudy = 40'000;

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t at = line.find(": ");
    if (at != std::string::npos) return line.substr(at + 2);
  }
  return "an unknown processor";
}

class Calibrating {
 public:
  Calibrating(const CalibrationRequest& request, Database& database)
      : request_(request), database_(database) {}

  Result<CapacityCalibration> run() {
    result_.program_version = std::string(kProgramVersion);
    result_.processor = processor_name();
    for (const std::string& option : request_.annotate_options) {
      result_.options += (result_.options.empty() ? "" : " ") + option;
    }
    MIEN_TRY_VOID(measure_start());
    for (const fs::path& video : request_.videos) MIEN_TRY_VOID(measure_video(video));
    if (costs_.empty()) {
      return Error{ErrorCode::kNotFound,
                   "none of the videos could be measured; remedy: name videos that 'mien annotate' "
                   "can read"};
    }
    finish_videos();
    MIEN_TRY_VOID(measure_storage());
    if (request_.text_model != "none") MIEN_TRY_VOID(measure_texts());
    if (request_.contexts > 0) MIEN_TRY_VOID(measure_associations());
    return result_;
  }

 private:
  Result<MeasuredRun> measured(const std::vector<std::string>& arguments) {
    return run_measured(request_.program, arguments, request_.folder / "output.txt");
  }

  std::vector<std::string> annotate_words(const fs::path& input, const fs::path& study) const {
    std::vector<std::string> words = {
        "annotate", input.string(), "--out", study.string(), "--threads", "1", "--quiet"};
    words.insert(words.end(), request_.annotate_options.begin(), request_.annotate_options.end());
    return words;
  }

  void say(const std::string& text) const {
    if (request_.say) request_.say(text);
  }

  // A grey picture: what a run takes before it looks at anything worth while.
  Status measure_start() {
    constexpr std::size_t kSide = 64;
    const fs::path picture = request_.folder / "grey.ppm";
    MIEN_TRY_VOID(
        write_file_durably(picture, fmt::format("P6\n{} {}\n255\n", kSide, kSide) +
                                        std::string(kSide * kSide * 3, static_cast<char>(128))));
    say("a worker's start");
    MIEN_TRY(run, measured(annotate_words(picture, start_study())));
    result_.start_s = run.cpu_s;
    return Ok{};
  }

  fs::path start_study() const { return request_.folder / "start"; }

  Result<std::vector<MeasuredShard>> shards_of(const fs::path& study) {
    std::vector<MeasuredShard> shards;
    for (const fs::path& folder : shard_folders(study)) {
      MIEN_TRY(shard, read_measured_shard(database_, folder));
      shards.push_back(std::move(shard));
    }
    return shards;
  }

  Status measure_video(const fs::path& video) {
    say(video.string());
    const fs::path study = request_.folder / fmt::format("video-{}", costs_.size());
    MIEN_TRY(run, measured(annotate_words(video, study)));
    MIEN_TRY(media, study_table_files(study, "media"));
    MIEN_TRY(facts,
             database_.query("SELECT duration_s, width_px, height_px, frames_decoded FROM " +
                             sql_read_parquet(media) + " WHERE status = 'ok' AND duration_s > 0"));
    if (facts.rows() == 0) {
      say(video.string() + ": left out, since it has no duration or could not be read whole");
      std::error_code ignored;
      fs::remove_all(study, ignored);
      return Ok{};
    }
    VideoCost cost;
    cost.cpu_s = run.cpu_s;
    for (std::size_t r = 0; r < facts.rows(); ++r) {
      const auto frames = static_cast<double>(facts.column(3).integers()[r]);
      cost.seconds += facts.column(0).doubles()[r];
      cost.megapixels += frames * static_cast<double>(facts.column(1).integers()[r]) *
                         static_cast<double>(facts.column(2).integers()[r]) / 1e6;
      result_.frames_a_second += frames;
    }
    result_.videos += static_cast<std::int64_t>(facts.rows());
    result_.worker_memory_mb = std::max(result_.worker_memory_mb, run.memory_mb);
    costs_.push_back(cost);
    MIEN_TRY(shards, shards_of(study));
    std::ranges::move(shards, std::back_inserter(shards_));
    return Ok{};
  }

  Status measure_storage() {
    MIEN_TRY(text, read_whole_file(start_study() / "annotations" / "run.json"));
    MIEN_TRY(settings, decode_settings(text));
    MIEN_TRY(empty, shards_of(start_study()));
    MIEN_TRY(tables,
             table_costs(database_, settings, shards_, empty.at(0), request_.folder / "together"));
    result_.tables = std::move(tables);
    return Ok{};
  }

  void finish_videos() {
    double megapixels = 0;
    for (const VideoCost& cost : costs_) {
      result_.seconds += cost.seconds;
      megapixels += cost.megapixels;
    }
    result_.megapixels_a_second = megapixels / result_.seconds;
    result_.frames_a_second /= result_.seconds;
    const VideoRates rates = fit_video_rates(costs_, result_.start_s);
    result_.second_s = rates.second_s;
    result_.megapixel_s = rates.megapixel_s;
  }

  Status write_titles(const Table& titles, std::size_t count, const fs::path& study) {
    const TableSchema schema = {"corpus",
                                "video",
                                "",
                                {{"video_id", ColumnType::kString, ""},
                                 {"title", ColumnType::kString, ""},
                                 {"description", ColumnType::kString, ""}}};
    Table corpus(schema);
    RowBuilder row(schema);
    for (std::size_t r = 0; r < count; ++r) {
      row.set("video_id", fmt::format("v{}", r));
      for (const char* column : {"title", "description"}) {
        const Cell cell = titles.has(column) ? titles.at(r, column) : Cell();
        if (std::holds_alternative<std::string>(cell)) {
          row.set(column, std::get<std::string>(cell));
        } else {
          row.set_null(column);
        }
      }
      corpus.append(row.finish());
    }
    MIEN_TRY_VOID(make_folders(study));
    return database_.write_parquet(corpus, study / "corpus.parquet", {});
  }

  Status measure_texts() {
    MIEN_TRY(titles, read_list(database_, request_.titles));
    constexpr std::size_t kPart = 8;
    const std::size_t few = titles.rows() / kPart;
    if (few == 0) return Error{ErrorCode::kUsage, request_.titles.string() + ": too few titles"};
    MeasuredRun runs[2];
    for (const std::size_t count : {few, titles.rows()}) {
      const fs::path study = request_.folder / fmt::format("texts-{}", count);
      MIEN_TRY_VOID(write_titles(titles, count, study));
      std::vector<std::string> words = {"contexts",  "text", "--study", study.string(),
                                        "--threads", "1",    "--redo"};
      if (!request_.text_model.empty()) words.insert(words.end(), {"--model", request_.text_model});
      say(fmt::format("contexts of {} titles", count));
      // The first start encodes the vocabulary, which is kept for all later ones.
      if (count == few) MIEN_TRY_VOID(measured(words));
      MIEN_TRY(run, measured(words));
      runs[count == few ? 0 : 1] = run;
    }
    result_.texts = fit_stage_cost(static_cast<double>(few), runs[0].cpu_s,
                                   static_cast<double>(titles.rows()), runs[1].cpu_s);
    result_.texts->memory_mb = runs[1].memory_mb;
    return Ok{};
  }

  Status measure_associations() {
    MeasuredRun runs[2];
    for (const std::int64_t videos : {kSmallStudy, kLargeStudy}) {
      const fs::path study = request_.folder / fmt::format("simulated-{}", videos);
      say(fmt::format("associations of {} simulated videos with {} contexts", videos,
                      request_.contexts));
      MIEN_TRY_VOID(
          measured({"simulate", "--out", study.string(), "--videos", std::to_string(videos),
                    "--contexts", std::to_string(request_.contexts), "--threads", "1"}));
      MIEN_TRY(run, measured({"associate", study.string(), "--threads", "1"}));
      runs[videos == kSmallStudy ? 0 : 1] = run;
    }
    constexpr double kKbOfMb = 1024;
    result_.associate = fit_stage_cost(kSmallStudy, runs[0].cpu_s, kLargeStudy, runs[1].cpu_s);
    const StageCost memory =
        fit_stage_cost(kSmallStudy, runs[0].memory_mb, kLargeStudy, runs[1].memory_mb);
    result_.associate->memory_mb = memory.start_s;
    result_.associate->unit_kb = memory.unit_s * kKbOfMb;
    return Ok{};
  }

  const CalibrationRequest& request_;
  Database& database_;
  CapacityCalibration result_;
  std::vector<VideoCost> costs_;
  std::vector<MeasuredShard> shards_;  // of those videos
};

}  // namespace

Result<CapacityCalibration> calibrate_capacity(const CalibrationRequest& request) {
  MIEN_TRY_VOID(make_folders(request.folder));
  MIEN_TRY(database, Database::open());
  auto calibration = Calibrating(request, database).run();
  std::error_code ignored;
  fs::remove_all(request.folder, ignored);
  return calibration;
}

}  // namespace mien
