#include "pipeline/cluster/cluster_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "base/check.h"
#include "pipeline/annotate/annotate_setup.h"
#include "pipeline/annotate/inputs.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study.h"
#include "pipeline/study/video_index.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kDurationColumn = "duration_s";
constexpr double kLongest_s = 1e6;  // what claims to last longer is no duration

std::optional<double> duration_of(const Cell& cell) {
  double seconds = 0;
  if (const auto* number = std::get_if<double>(&cell)) {
    seconds = *number;
  } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    seconds = static_cast<double>(*whole);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, seconds);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!(seconds > 0 && seconds <= kLongest_s)) return std::nullopt;
  return seconds;
}

struct Durations {
  std::vector<double> seconds;  // one a video
  std::vector<bool> guessed;
};

Durations durations_of(const Table& corpus, const std::vector<StudyInput>& videos) {
  Durations result{std::vector<double>(videos.size()), std::vector<bool>(videos.size(), true)};
  double known_s = 0;
  double known_bytes = 0;
  for (std::size_t i = 0; corpus.has(kDurationColumn) && i < videos.size(); ++i) {
    const auto seconds = duration_of(corpus.at(i, kDurationColumn));
    if (!seconds) continue;
    result.guessed[i] = false;
    if (videos[i].size_bytes <= 0) continue;
    result.seconds[i] = *seconds;
    known_s += *seconds;
    known_bytes += static_cast<double>(videos[i].size_bytes);
  }
  const double bytes_per_s = known_s > 0 ? known_bytes / known_s : kBytesPerSecond;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (!result.guessed[i] || videos[i].size_bytes <= 0) continue;
    result.seconds[i] =
        std::min(kLongest_s, static_cast<double>(videos[i].size_bytes) / bytes_per_s);
  }
  return result;
}

}  // namespace

Result<ShardPlanSummary> plan_shards(const AnnotateRequest& request, int shards) {
  const fs::path corpus = request.study / "corpus.parquet";
  std::error_code ignored;
  if (!fs::exists(corpus, ignored)) {
    return Error{ErrorCode::kNotFound, corpus.string() +
                                           ": there is no corpus to plan; remedy: make it of your "
                                           "list with 'mien ingest'"};
  }
  MIEN_TRY(setup, worker_setup(request));
  MIEN_TRY(database, Database::open());
  MIEN_TRY(inputs, expand_inputs({corpus}, request.options.image_sequence, database));
  if (inputs.videos.empty()) {
    return Error{ErrorCode::kNotFound, corpus.string() + ": the corpus has no videos"};
  }
  MIEN_TRY(study,
           Study::open_or_create(request.study, setup.settings, {request.redo, 64}, database));
  MIEN_TRY_VOID(remember_own_files(request));
  std::vector<StudyInput> videos = described_inputs(inputs);
  const Durations durations = durations_of(*inputs.corpus, videos);
  inputs = {};
  const std::int64_t shards_before = study.plan().shards();
  const std::size_t videos_before = study.plan().videos().size();
  ShardPlanSummary summary;
  VideoIndex new_videos;
  std::vector<double> seconds;  // of each
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (study.plan().find(videos[i].video_id)) continue;
    if (!new_videos.add(videos[i].video_id)) continue;  // twice: study.add_balanced() tells
    seconds.push_back(durations.seconds[i]);
    summary.without_duration += durations.guessed[i] ? 1 : 0;
  }
  MIEN_TRY_VOID(study.add_balanced(std::move(videos), durations.seconds, shards));

  const Plan& plan = study.plan();
  summary.videos = static_cast<std::int64_t>(plan.videos().size());
  summary.shards = plan.shards();
  summary.new_videos = static_cast<std::int64_t>(plan.videos().size() - videos_before);
  summary.new_shards = plan.shards() - shards_before;
  for (std::int64_t shard = shards_before; shard < plan.shards(); ++shard) {
    double total = 0;
    for (std::size_t i = plan.shard_begin(shard); i < plan.shard_end(shard); ++i) {
      const auto position = new_videos.find(plan.videos()[i].video_id);
      MIEN_CHECK(position.has_value(), "a new shard holds new videos");
      total += seconds[*position] + Plan::kOpening_s;
    }
    summary.least_s = shard == shards_before ? total : std::min(summary.least_s, total);
    summary.most_s = std::max(summary.most_s, total);
  }
  return summary;
}

Result<MergeSummary> merge_shards(const fs::path& folder) {
  const fs::path run_file = folder / "annotations" / "run.json";
  const Result<std::string> text = read_whole_file(run_file);
  if (!text.ok()) {
    return Error{ErrorCode::kNotFound,
                 folder.string() +
                     ": not a study with annotations; remedy: plan it with 'mien cluster plan'"};
  }
  MIEN_TRY(settings, decode_settings(*text));
  settings.program_version = kProgramVersion;
  MIEN_TRY(database, Database::open());
  MIEN_TRY(study, Study::open_or_create(folder, settings, {}, database));
  MIEN_TRY_VOID(study.publish_ready_shards());
  MergeSummary summary;
  summary.problems = study.problems();
  summary.videos = static_cast<std::int64_t>(study.plan().videos().size());
  summary.shards = study.plan().shards();
  std::set<std::int64_t> missing;
  for (std::size_t i = 0; i < study.plan().videos().size(); ++i) {
    if (study.state_of(study.plan().videos()[i].video_id) != VideoState::kDone) {
      missing.insert(study.plan().shard_of(i));
    }
  }
  if (!missing.empty()) {
    std::string problems;
    for (const std::string& problem : study.problems()) problems += "\n  " + problem;
    return Error{
        ErrorCode::kNotFound,
        fmt::format("{}: of {} shards {} are not whole: {}; remedy: 'mien cluster status' tells "
                    "why; the same 'mien cluster slurm' command, or 'mien annotate --study' with "
                    "--shard, does these alone{}",
                    folder.string(), summary.shards, missing.size(),
                    number_ranges({missing.begin(), missing.end()}, ", "), problems)};
  }
  MIEN_TRY(duplicates, find_duplicates(database, folder));
  summary.duplicates = duplicates;
  return summary;
}

std::string number_ranges(const std::vector<std::int64_t>& sorted, const char* separator) {
  std::string text;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i + 1;
    while (end < sorted.size() && sorted[end] == sorted[end - 1] + 1) ++end;
    if (!text.empty()) text += separator;
    text += std::to_string(sorted[i]);
    if (end - i > 1) text.append("-").append(std::to_string(sorted[end - 1]));
    i = end;
  }
  return text;
}

}  // namespace mien
