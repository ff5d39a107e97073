#include "pipeline/associate.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>

#include "pipeline/association_file.h"
#include "pipeline/association_input.h"
#include "pipeline/association_metadata.h"
#include "pipeline/association_rows.h"
#include "pipeline/file_lock.h"
#include "pipeline/study_tables.h"
#include "stats/association_accumulator.h"
#include "store/durable_file.h"

namespace mien {

namespace {

constexpr std::int64_t kDatabaseMemoryMb = 640;

class StageClock {
 public:
  explicit StageClock(std::vector<AssociateStage>& times) : times_(times) {}
  void finish(const std::string& stage) {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const auto same = std::find_if(times_.begin(), times_.end(),
                                   [&](const AssociateStage& time) { return time.stage == stage; });
    if (same != times_.end()) {
      same->seconds += seconds;
    } else {
      times_.push_back({stage, seconds});
    }
    last_ = now;
  }

 private:
  std::vector<AssociateStage>& times_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

// What the expressions' files say of themselves: models, options, whether a simulation made them.
Result<FileMetadata> origin_metadata(Database& database, const std::filesystem::path& study) {
  MIEN_TRY(files, study_table_files(study, "expressions"));
  MIEN_TRY(metadata, database.read_metadata(files.front()));
  FileMetadata result;
  for (const auto& [key, value] : metadata) result["expressions_" + key] = value;
  return result;
}

Exclusions count_excluded(const StudyVideos& videos, const StudyContexts& contexts) {
  std::map<std::array<std::uint32_t, 3>, std::int64_t> counts;
  const std::uint16_t no_group = [&] {
    const auto found =
        std::find(videos.reasons.begin(), videos.reasons.end(), "no_" + videos.layout.by);
    return static_cast<std::uint16_t>(found - videos.reasons.begin());
  }();
  constexpr std::uint32_t kNoGroup = 0xffffffff;
  for (std::size_t i = 0; i < contexts.reason.size(); ++i) {
    const std::uint16_t reason = contexts.reason[i];
    if (reason == 0) continue;
    ++counts[{reason == no_group ? kNoGroup : videos.group[i], videos.language[i], reason}];
  }
  Exclusions exclusions;
  for (const auto& [key, count] : counts) {
    const std::string group = key[0] == kNoGroup ? "" : videos.layout.groups[key[0]];
    exclusions[{group, videos.languages[key[1]], videos.reasons[key[2]]}] += count;
  }
  return exclusions;
}

}  // namespace

AssociationSums sum_study_videos(const StudyVideos& videos, const StudyContexts& contexts,
                                 const std::string& source, int threads) {
  AssociationLayout layout = videos.layout;
  layout.source = source;
  layout.contexts = contexts.names;
  std::vector<std::uint32_t> group = videos.group;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (contexts.reason[i] != 0) group[i] = AssociationVideos::kLeftOut;
  }
  const AssociationVideos view{
      group,          videos.country,   videos.uploader, videos.values,           videos.weight,
      contexts.first, contexts.context, contexts.score,  contexts.above_threshold};
  AssociationSums sums = accumulate_sums(layout, view, association_centres(layout, view), threads);
  sums.exclusions = count_excluded(videos, contexts);
  return sums;
}

namespace {

// The commonest reasons, for an error.
std::string first_reasons(const Exclusions& exclusions) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [key, videos] : exclusions) counts[key[2]] += videos;
  std::vector<std::pair<std::int64_t, std::string>> ordered;
  for (const auto& [reason, videos] : counts) ordered.emplace_back(-videos, reason);
  std::sort(ordered.begin(), ordered.end());
  constexpr std::size_t kFew = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kFew, ordered.size()); ++i) {
    text += (i > 0 ? ", " : "") + ordered[i].second + " (" + std::to_string(-ordered[i].first) +
            " videos)";
  }
  return text;
}

SourceSummary summary_of(const AssociationSums& sums, AssociationMap map) {
  SourceSummary summary;
  summary.layout = sums.layout;
  summary.map = std::move(map);
  summary.exclusions = sums.exclusions;
  for (const AssociationBlock& block : sums.blocks) summary.videos += block.videos;
  return summary;
}

// Sums of a source that the present maps do not have must not stay beside them.
void remove_other_sums(const std::filesystem::path& folder,
                       const std::vector<AssociationSums>& sums) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    if (!is_association_file(entry.path())) continue;
    const bool is_present = std::any_of(sums.begin(), sums.end(), [&](const auto& part) {
      return association_file_path(folder, part.layout.source) == entry.path();
    });
    if (!is_present) std::filesystem::remove(entry.path(), code);
  }
}

FileMetadata layout_metadata(const AssociationLayout& layout) {
  return {{"by", layout.by},
          {"contexts", layout.context_use},
          {"weights", layout.weight},
          {"covariates", joined(layout.covariates)},
          {"expressions", joined(layout.expressions)}};
}

}  // namespace

Result<AssociateSummary> write_maps(const std::vector<AssociationSums>& sums,
                                    const std::filesystem::path& folder, const MapOptions& options,
                                    const FileMetadata& origin, Database& database) {
  AssociateSummary summary;
  StageClock clock(summary.times);
  FileMetadata metadata = map_metadata(options);
  metadata.insert(origin.begin(), origin.end());
  FileMetadata of_layout = layout_metadata(sums.front().layout);
  of_layout.insert(metadata.begin(), metadata.end());
  MIEN_TRY_VOID(make_folders(folder));
  // The disk is waited for while the maps are made.
  std::future<Status> written = std::async(std::launch::async, [&]() -> Status {
    for (const AssociationSums& part : sums) {
      MIEN_TRY_VOID(write_association_file(association_file_path(folder, part.layout.source), part,
                                           metadata));
    }
    return Ok{};
  });
  std::vector<AssociationMap> maps;
  for (const AssociationSums& part : sums) maps.push_back(association_map(part, options));
  clock.finish("estimate");
  MIEN_TRY_VOID(written.get());
  remove_other_sums(folder, sums);
  clock.finish("write statistics");
  MIEN_TRY_VOID(database.write_stream(maps_schema(), map_rows(sums, maps, options),
                                      folder / "maps.parquet", of_layout));
  MIEN_TRY_VOID(
      database.write_parquet(excluded_rows(sums), folder / "excluded.parquet", of_layout));
  clock.finish("write maps");
  for (std::size_t i = 0; i < sums.size(); ++i) {
    summary.sources.push_back(summary_of(sums[i], std::move(maps[i])));
  }
  return summary;
}

Result<AssociateSummary> associate(const AssociateOptions& options) {
  std::vector<AssociateStage> times;
  StageClock clock(times);
  std::error_code code;
  if (!std::filesystem::is_directory(options.study, code)) {
    return Error{ErrorCode::kNotFound, options.study.string() + ": no such study folder"};
  }
  MIEN_TRY(lock, FileLock::acquire(options.study / ".lock"));
  DatabaseOptions database_options;
  database_options.threads = options.map.threads;
  database_options.memory_limit_mb = kDatabaseMemoryMb;
  MIEN_TRY(opened, Database::open(database_options));
  std::optional<Database> database(std::move(opened));

  MIEN_TRY_VOID(verify_shards(options.study));
  MIEN_TRY(sources, read_sources(*database, options));
  MIEN_TRY(videos, read_study_videos(*database, options));
  MIEN_TRY(origin, origin_metadata(*database, options.study));
  clock.finish("read corpus and expressions");
  const auto corpus_videos = static_cast<std::int64_t>(videos.index.size());
  std::vector<AssociationSums> sums;
  for (const std::string& source : sources) {
    MIEN_TRY(contexts, read_study_contexts(*database, options, source, videos));
    if (source == sources.back()) {  // room for the sums
      database.reset();
      videos.index = {};
    }
    clock.finish("read contexts");
    sums.push_back(sum_study_videos(videos, contexts, source, options.map.threads));
    clock.finish("sum");
    if (sums.back().blocks.empty()) {
      return Error{ErrorCode::kNotFound,
                   "no video is left for the " + source +
                       " contexts; the first reasons: " + first_reasons(sums.back().exclusions)};
    }
  }
  std::vector<std::string> notes = std::move(videos.notes);
  videos = {};

  MIEN_TRY(writer, Database::open(database_options));
  MIEN_TRY(summary, write_maps(sums, options.study / "maps", options.map, origin, writer));
  summary.corpus_videos = corpus_videos;
  summary.notes = std::move(notes);
  summary.times.insert(summary.times.begin(), times.begin(), times.end());
  return summary;
}

}  // namespace mien
