#include "pipeline/associate/associate_parts.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/sha256.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/associate/association_maps.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/associate/association_pieces.h"
#include "pipeline/associate/part_file.h"
#include "pipeline/study/file_lock.h"
#include "pipeline/study/study_parts.h"
#include "pipeline/study/study_tables.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

// Size and time of tables that have no checksum beside them.
std::string stamp_of(const std::vector<fs::path>& files) {
  std::string stamp;
  for (const fs::path& file : files) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) continue;
    stamp += fmt::format("{}{} {} {}.{:09}", stamp.empty() ? "" : ", ", file.filename().string(),
                         info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  }
  return stamp.empty() ? "none" : stamp;
}

// A study, its parts, and what they are made of.
class Parts {
 public:
  Parts(const AssociateOptions& options, std::int64_t shards)
      : options_(options), study_(options.study), asked_(shards) {}

  // The plan, the corpus's checksum.
  Status look(Database& database) {
    if (!is_there(study_ / "corpus.parquet")) {
      return Error{ErrorCode::kNotFound, study_.string() + ": no corpus.parquet"};
    }
    MIEN_TRY(planned, planned_shards(database, study_));
    has_plan_ = planned > 0;
    if (has_plan_ && asked_ > 0) {
      return Error{ErrorCode::kUsage, "--shards: the study has a plan, of " +
                                          std::to_string(planned) +
                                          " shards; remedy: leave it out"};
    }
    shards_ = has_plan_ ? planned : asked_;
    MIEN_TRY(corpus, sha256_of_file(study_ / "corpus.parquet"));
    corpus_ = std::move(corpus);
    return Ok{};
  }

  bool has_plan() const { return has_plan_; }
  std::int64_t shards() const { return shards_; }
  void set_shards(std::int64_t shards) { shards_ = shards; }
  fs::path folder() const { return study_ / "maps" / "parts"; }

  Result<PartOrigin> origin(std::int64_t shard) const {
    const MapOptions& map = options_.map;
    PartOrigin origin = {
        {"corpus", corpus_},
        {"by", options_.by},
        {"weights", options_.weights},
        {"channels", fmt::format("{}", fmt::join(options_.channels, ","))},
        {"sources", fmt::format("{}", fmt::join(options_.sources, ","))},
        {"contexts", options_.contexts == ContextUse::kScore ? "score" : "present"},
        {"within", std::string(to_string(map.estimator.within))},
        {"covariates", map.estimator.kind == AssociationKind::kCorrelation
                           ? "none"
                           : fmt::format("{}", fmt::join(options_.covariates, ","))},
        {"shards", has_plan_ ? "planned" : std::to_string(shards_)}};
    if (has_plan_) {
      const auto checksum = manifest_checksum(shard_folder(shard));
      origin["annotations"] = checksum.ok() ? *checksum : "none";
    } else {
      origin["annotations"] = stamp_of({study_ / "expressions.parquet", study_ / "contexts.parquet",
                                        study_ / "context_status.parquet"});
    }
    const auto texts = manifest_checksum(texts_part(shard));
    origin["texts"] =
        texts.ok() ? *texts : stamp_of({whole_texts("context_status"), whole_texts("contexts")});
    const std::vector<fs::path> coded = coded_table_files(study_, "context_status");
    if (!coded.empty()) origin["coded"] = stamp_of(coded);
    return origin;
  }

  // The shard's videos into `corpus`, and where their tables are.
  Result<AssociationScope> scope(Database& database, std::int64_t shard,
                                 const fs::path& corpus) const {
    const fs::path whole = study_ / "corpus.parquet";
    std::string rows = sql_read_parquet(whole);
    if (has_plan_) {
      MIEN_TRY_VOID(verify_study_shard(study_, shard_folder(shard)));
      rows += fmt::format(" WHERE video_id IN (SELECT video_id FROM {} WHERE shard = {})",
                          planned_videos(study_), shard);
    } else {
      MIEN_TRY(counted, database.query("SELECT count(*) AS n FROM " + rows));
      const std::int64_t videos = counted.column("n").integers()[0];
      rows += fmt::format(" WHERE file_row_number >= {} AND file_row_number < {}",
                          videos * shard / shards_, videos * (shard + 1) / shards_);
    }
    MIEN_TRY(columns, corpus_columns(database, options_));
    MIEN_TRY_VOID(database.write_query_parquet(
        "SELECT " + columns + " FROM " + rows + " ORDER BY file_row_number", corpus, {}));
    AssociationScope scope;
    scope.corpus = corpus;
    scope.is_part = !has_plan_;
    const fs::path folder = has_plan_ ? shard_folder(shard) : study_;
    const auto add = [&](const std::string& table, std::vector<fs::path>& files) {
      const fs::path name = table + ".parquet";
      if (is_there(folder / name)) files.push_back(folder / name);
      if (table == "expressions") return;
      if (is_there(texts_part(shard) / name)) {
        files.push_back(texts_part(shard) / name);
      } else if (is_there(whole_texts(table))) {
        files.push_back(whole_texts(table));
        scope.is_part = true;
      }
      for (fs::path& coded : coded_table_files(study_, table)) {
        files.push_back(std::move(coded));
        scope.is_part = true;
      }
    };
    add("expressions", scope.expressions);
    add("contexts", scope.contexts);
    add("context_status", scope.context_status);
    if (scope.context_status.empty()) {
      return Error{ErrorCode::kNotFound,
                   folder.string() + ": no table context_status; remedy: name contexts first"};
    }
    return scope;
  }

  // Videos of the corpus that no shard has, into `corpus`; how many.
  Result<std::int64_t> write_unplanned(Database& database, const fs::path& corpus) const {
    const fs::path whole = study_ / "corpus.parquet";
    const std::string rows = fmt::format("{} WHERE video_id NOT IN (SELECT video_id FROM {})",
                                         sql_read_parquet(whole), planned_videos(study_));
    MIEN_TRY(counted, database.query("SELECT count(*) AS n FROM " + rows));
    const std::int64_t videos = counted.column("n").integers()[0];
    if (videos == 0) return videos;
    MIEN_TRY(columns, corpus_columns(database, options_));
    MIEN_TRY_VOID(database.write_query_parquet(
        "SELECT " + columns + " FROM " + rows + " ORDER BY file_row_number", corpus, {}));
    return videos;
  }

 private:
  fs::path shard_folder(std::int64_t shard) const {
    return study_ / "annotations" / shard_name(shard);
  }
  fs::path texts_part(std::int64_t shard) const {
    return study_ / kTextsFolder / "parts" / shard_name(shard);
  }
  fs::path whole_texts(const std::string& table) const {
    return study_ / kTextsFolder / (table + ".parquet");
  }

  const AssociateOptions& options_;
  fs::path study_;
  std::int64_t asked_;
  std::int64_t shards_ = 0;
  bool has_plan_ = false;
  std::string corpus_;
};

// Of videos that no shard has; rows of them may lie in tables all the same.
Result<AssociationPart> reduce_unplanned(std::optional<Database>& database,
                                         const AssociateOptions& options, const fs::path& corpus) {
  MIEN_TRY(scope, whole_scope(options.study));
  scope.corpus = corpus;
  scope.is_part = true;
  return reduce_association(database, options, scope, [](const char*) {});
}

// How many parts a study without a plan was cut into, by what its parts say.
Result<std::int64_t> parts_said(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const Result<PartOrigin> origin = part_origin(it->path());
    if (!origin.ok() || !origin->contains("shards")) continue;
    const std::int64_t shards = std::atoll(origin->at("shards").c_str());
    if (shards > 0) return shards;
  }
  return Error{ErrorCode::kNotFound,
               folder.string() +
                   ": no parts; remedy: 'mien associate STUDY --shard K' for every shard first"};
}

}  // namespace

Result<PartSummary> associate_shard(const AssociateOptions& options, const PartChoice& choice) {
  MIEN_TRY(opened, association_database(options.map.threads));
  std::optional<Database> database(std::move(opened));
  Parts parts(options, choice.shards);
  MIEN_TRY_VOID(parts.look(*database));
  if (parts.shards() == 0) {
    return Error{ErrorCode::kUsage, options.study.string() +
                                        ": no plan of shards; remedy: 'mien annotate' or 'mien "
                                        "cluster' makes one, or --shards N cuts the corpus"};
  }
  if (choice.shard < 0 || choice.shard >= parts.shards()) {
    return Error{ErrorCode::kUsage, fmt::format("--shard {}: there are {} shards, from 0",
                                                choice.shard, parts.shards())};
  }
  MIEN_TRY(origin, parts.origin(choice.shard));
  MIEN_TRY(writer, ShardWriter::open(parts.folder() / shard_name(choice.shard)));
  const fs::path corpus = writer.path_of("corpus.parquet");
  MIEN_TRY(scope, parts.scope(*database, choice.shard, corpus));
  MIEN_TRY(part, reduce_association(database, options, scope, [](const char*) {}));
  PartSummary summary;
  summary.shard = choice.shard;
  summary.corpus_videos = part.videos;
  for (const auto& [source, sums] : part.sums) {
    std::int64_t& videos = summary.videos[source];
    for (const AssociationBlock& block : sums.blocks) videos += block.videos;
  }
  std::error_code failed;
  fs::remove(corpus, failed);
  MIEN_TRY(files, write_part(part, writer.path_of(""), map_metadata(options.map)));
  // What was read may have changed meanwhile.
  MIEN_TRY(after, parts.origin(choice.shard));
  if (after != origin) {
    return Error{ErrorCode::kBusy, shard_name(choice.shard) +
                                       ": it changed while it was read; remedy: run this again"};
  }
  MIEN_TRY_VOID(commit_part(writer, origin, files));
  return summary;
}

Result<AssociateSummary> associate_from_parts(const AssociateOptions& options) {
  std::error_code code;
  if (!fs::is_directory(options.study, code)) {
    return Error{ErrorCode::kNotFound,
                 options.study.string() + ": no such study folder; remedy: check the path"};
  }
  MIEN_TRY(lock, FileLock::acquire(options.study / ".lock"));
  MIEN_TRY(opened, association_database(options.map.threads));
  std::optional<Database> database(std::move(opened));
  Parts parts(options, 0);
  MIEN_TRY_VOID(parts.look(*database));
  if (!parts.has_plan()) {
    MIEN_TRY(said, parts_said(parts.folder()));
    parts.set_shards(said);
  }
  const std::string again =
      "'mien associate " + options.study.string() + "' with the options given now and" +
      (parts.has_plan() ? "" : fmt::format(" --shards {}", parts.shards())) + " --shard";
  MIEN_TRY_VOID(check_parts(
      parts.folder(), parts.shards(), [&](std::int64_t shard) { return parts.origin(shard); },
      again));
  MIEN_TRY_VOID(clear_pieces(options.study / "maps"));
  AssociationUnion all;
  for (std::int64_t shard = 0; shard < parts.shards(); ++shard) {
    const fs::path folder = parts.folder() / shard_name(shard);
    MIEN_TRY(part, read_part(folder));
    auto added = all.add(std::move(part));
    if (!added.ok()) return std::move(added).error().with_context(folder.string());
  }
  MIEN_TRY(made_by, origin_metadata(*database, options.study));
  if (parts.has_plan()) {
    const fs::path corpus = temporary_name_for(options.study / "maps" / "unplanned.parquet");
    MIEN_TRY(videos, parts.write_unplanned(*database, corpus));
    if (videos > 0) {
      auto rest = reduce_unplanned(database, options, corpus);
      fs::remove(corpus, code);
      if (!rest.ok()) return std::move(rest).error();
      MIEN_TRY(scratch, open_pieces(options.study / "maps"));
      MIEN_TRY(stored, store_part(std::move(rest).value(), scratch));
      MIEN_TRY_VOID(all.add(std::move(stored)));
    }
  }
  database.reset();
  MIEN_TRY(whole, all.finish(options));
  MIEN_TRY(writer, association_database(options.map.threads));
  MIEN_TRY(summary,
           write_maps(std::move(whole.sums), options.study / "maps", options.map, made_by, writer));
  summary.corpus_videos = whole.videos;
  summary.notes = std::move(whole.notes);
  return summary;
}

}  // namespace mien
