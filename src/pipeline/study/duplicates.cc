#include "pipeline/study/duplicates.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/sha256.h"
#include "pipeline/annotate/shard.h"
#include "pipeline/study/near_duplicates.h"
#include "pipeline/study/program_version.h"
#include "pipeline/study/study_settings.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/study/video_index.h"
#include "store/durable_file.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

constexpr const char* kClusterColumn = "duplicate_cluster";
constexpr const char* kSources = "mien.sources";
constexpr std::uint32_t kNone = 0xffffffff;

// Distinct texts by number.
class Numbers {
 public:
  std::uint32_t of(const ScanBatch& batch, std::size_t column, std::size_t row) {
    if (batch.is_null(column, row)) return kNone;
    const std::string_view text = batch.text(column, row);
    if (const auto known = index_.find(text)) return *known;
    return index_.add(text).value_or(kNone);
  }

 private:
  VideoIndex index_;
};

struct Corpus {
  VideoIndex ids;
  std::vector<std::uint32_t> region;
  std::vector<std::uint32_t> uploader;
  std::vector<std::uint32_t> title;  // the first video of the same title
};

Result<bool> has_text_column(Database& database, const fs::path& file, const std::string& name) {
  MIEN_TRY(schema, database.read_schema(file));
  const int at = schema.index_of(name);
  if (at < 0) return false;
  if (schema.columns[static_cast<std::size_t>(at)].type == ColumnType::kString) return true;
  return Error{ErrorCode::kCorrupt, file.string() + ": column '" + name + "' is no text"};
}

Result<Corpus> read_corpus(Database& database, const fs::path& file) {
  MIEN_TRY(has_titles, has_text_column(database, file, kClusterColumn));
  Corpus corpus;
  Numbers regions, uploaders, titles;
  std::vector<std::uint32_t> first_of;  // a title's first video
  MIEN_TRY_VOID(
      database.scan("SELECT video_id, region, uploader, " +
                        (has_titles ? sql_identifier(kClusterColumn) : "CAST(NULL AS VARCHAR)") +
                        " FROM " + sql_read_parquet(file),
                    [&](const ScanBatch& batch) -> Status {
                      for (std::size_t row = 0; row < batch.rows(); ++row) {
                        const auto position = corpus.ids.add(batch.text(0, row));
                        if (!position) {
                          return Error{ErrorCode::kCorrupt, file.string() + ": the video_id '" +
                                                                std::string(batch.text(0, row)) +
                                                                "' stands twice"};
                        }
                        corpus.region.push_back(regions.of(batch, 1, row));
                        corpus.uploader.push_back(uploaders.of(batch, 2, row));
                        const std::uint32_t title = titles.of(batch, 3, row);
                        if (title == first_of.size()) first_of.push_back(*position);
                        corpus.title.push_back(title == kNone ? *position : first_of[title]);
                      }
                      return Ok{};
                    }));
  return corpus;
}

struct Hashes {
  std::vector<FrameHashes> hashes;
  std::vector<std::uint32_t> positions;
};

// Nothing where the study's videos were not annotated.
Result<Hashes> read_hashes(Database& database, const fs::path& study, const VideoIndex& ids) {
  Hashes found;
  const auto files = study_table_files(study, "media");
  if (!files.ok()) return found;
  MIEN_TRY(has_hashes, has_text_column(database, files->front(), "frame_hashes"));
  if (!has_hashes) return found;
  std::uint32_t expected = 0;
  MIEN_TRY_VOID(database.scan(
      "SELECT video_id, frame_hashes FROM " + sql_read_parquet(*files) +
          " WHERE frame_hashes IS NOT NULL",
      [&](const ScanBatch& batch) -> Status {
        for (std::size_t row = 0; row < batch.rows(); ++row) {
          const auto position = ids.find(batch.text(0, row), expected);
          if (!position) continue;
          expected = *position + 1;
          const auto hashes = parse_frame_hashes(batch.text(1, row));
          if (!hashes) {
            return Error{ErrorCode::kCorrupt,
                         "media: video " + std::string(batch.text(0, row)) +
                             ": frame_hashes are not 8 words of 16 hexadecimal digits"};
          }
          found.hashes.push_back(*hashes);
          found.positions.push_back(*position);
        }
        return Ok{};
      }));
  return found;
}

// Per video, the number of videos of its cluster.
std::vector<std::uint32_t> sizes_of(Clusters& clusters, std::size_t count) {
  std::vector<std::uint32_t> of_first(count, 0);
  for (std::uint32_t i = 0; i < count; ++i) ++of_first[clusters.of(i)];
  std::vector<std::uint32_t> sizes(count);
  for (std::uint32_t i = 0; i < count; ++i) sizes[i] = of_first[clusters.of(i)];
  return sizes;
}

// Whether the videos of a cluster differ in a property, by the cluster's first video.
std::vector<bool> mixed(Clusters& clusters, const std::vector<std::uint32_t>& property) {
  std::vector<std::uint32_t> seen(property.size(), kNone);
  std::vector<bool> result(property.size(), false);
  for (std::uint32_t i = 0; i < property.size(); ++i) {
    if (property[i] == kNone) continue;
    const std::uint32_t first = clusters.of(i);
    if (seen[first] == kNone) seen[first] = property[i];
    if (seen[first] != property[i]) result[first] = true;
  }
  return result;
}

// Changes with the corpus and with what was measured; not with files' times, which clocks of other
// machines make, nor with how videos are spread over shards of the same files.
Result<std::string> hash_of_sources(const fs::path& study) {
  MIEN_TRY(corpus, sha256_of_file(study / "corpus.parquet"));
  std::string text = corpus;
  const auto files = study_table_files(study, "media");
  if (!files.ok()) return sha256_of_bytes(text);
  for (const fs::path& file : *files) {
    const Result<std::string> listed = read_whole_file(file.parent_path() / "manifest.json");
    const Result<ShardManifest> manifest =
        listed.ok() ? decode_shard_manifest(*listed) : Result<ShardManifest>(listed.error());
    std::string sha256;
    for (const ShardFile& entry : manifest.ok() ? manifest->files : std::vector<ShardFile>()) {
      if (entry.name == file.filename()) sha256 = entry.sha256;
    }
    if (sha256.empty()) {
      MIEN_TRY(of_file, sha256_of_file(file));
      sha256 = of_file;
    }
    text += sha256;
  }
  return sha256_of_bytes(text);
}

bool is_current(Database& database, const fs::path& file, const std::string& sources) {
  std::error_code missing;
  if (!fs::exists(file, missing)) return false;
  Result<FileMetadata> metadata = database.read_metadata(file);
  return metadata.ok() && (*metadata)[kSources] == sources;
}

Result<DuplicateSummary> summary_of(Database& database, const fs::path& study,
                                    const fs::path& file) {
  const fs::path corpus = study / "corpus.parquet";
  DuplicateSummary summary;
  MIEN_TRY_VOID(database.scan(
      "WITH c AS (SELECT cluster, count(*) AS videos, count(*) FILTER (same_pictures) AS pictures, "
      "count(DISTINCT region) AS regions, count(DISTINCT uploader) AS uploaders FROM " +
          sql_read_parquet(file) + " JOIN (SELECT video_id, region, uploader FROM " +
          sql_read_parquet(corpus) +
          ") USING (video_id) GROUP BY cluster) SELECT count(*), "
          "CAST(coalesce(sum(videos), 0) AS BIGINT), CAST(coalesce(sum(pictures), 0) AS BIGINT), "
          "count(*) FILTER (regions > 1), count(*) FILTER (uploaders > 1) FROM c",
      [&](const ScanBatch& batch) -> Status {
        summary = {batch.integers(0)[0], batch.integers(1)[0], batch.integers(2)[0],
                   batch.integers(3)[0], batch.integers(4)[0]};
        return Ok{};
      }));
  return summary;
}

}  // namespace

Result<DuplicateSummary> find_duplicates(Database& database, const fs::path& study) {
  const fs::path file = study / "duplicates.parquet";
  MIEN_TRY(sources, hash_of_sources(study));
  if (is_current(database, file, sources)) return summary_of(database, study, file);
  MIEN_TRY(corpus, read_corpus(database, study / "corpus.parquet"));
  const std::size_t count = corpus.ids.size();
  Clusters pictures(count);
  {
    MIEN_TRY(found, read_hashes(database, study, corpus.ids));
    unite_near_duplicates(found.hashes, found.positions, pictures);
  }
  Clusters all(count);
  std::vector<std::uint32_t> same_title(count, 0);
  for (std::uint32_t i = 0; i < count; ++i) {
    all.unite(i, pictures.of(i));
    all.unite(i, corpus.title[i]);
    ++same_title[corpus.title[i]];
  }
  const std::vector<std::uint32_t> videos = sizes_of(all, count);
  const std::vector<std::uint32_t> same_pictures = sizes_of(pictures, count);
  const std::vector<bool> regions = mixed(all, corpus.region);
  const std::vector<bool> uploaders = mixed(all, corpus.uploader);
  DuplicateSummary summary;
  Table table(duplicates_schema());
  RowBuilder row(table.schema());
  for (std::uint32_t i = 0; i < count; ++i) {
    if (videos[i] < 2) continue;
    const std::uint32_t first = all.of(i);
    ++summary.videos;
    summary.by_pictures += same_pictures[i] > 1 ? 1 : 0;
    if (first == i) {
      ++summary.clusters;
      summary.across_regions += regions[i] ? 1 : 0;
      summary.across_uploaders += uploaders[i] ? 1 : 0;
    }
    row.set("video_id", std::string(corpus.ids.id(i)))
        .set("cluster", std::string(corpus.ids.id(first)))
        .set("same_title", same_title[corpus.title[i]] > 1)
        .set("same_pictures", same_pictures[i] > 1);
    table.append(row.finish());
  }
  MIEN_TRY_VOID(database.write_parquet(table, file,
                                       {{"mien.table", table.schema().name},
                                        {kSources, sources},
                                        {"mien.program_version", std::string(kProgramVersion)},
                                        {"mien.schema_version", std::to_string(kSchemaVersion)},
                                        {"mien.same_bits", std::to_string(kSameBits)},
                                        {"mien.same_frames", std::to_string(kSameFrames)}}));
  return summary;
}

Result<std::map<std::string, std::string, std::less<>>> read_duplicates(Database& database,
                                                                        const fs::path& study) {
  std::map<std::string, std::string, std::less<>> clusters;
  fs::path file = study / "duplicates.parquet";
  std::string column = "cluster";
  std::error_code missing;
  if (!fs::is_regular_file(file, missing)) {
    file = study / "corpus.parquet";
    column = kClusterColumn;
    MIEN_TRY(has_titles, has_text_column(database, file, column));
    if (!has_titles) return clusters;
  }
  MIEN_TRY_VOID(database.scan("SELECT video_id, " + column + " FROM " + sql_read_parquet(file) +
                                  " WHERE " + column + " IS NOT NULL",
                              [&](const ScanBatch& batch) -> Status {
                                for (std::size_t row = 0; row < batch.rows(); ++row) {
                                  clusters.emplace(batch.text(0, row), batch.text(1, row));
                                }
                                return Ok{};
                              }));
  return clusters;
}

}  // namespace mien
