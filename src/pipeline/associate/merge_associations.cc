#include <algorithm>
#include <map>

#include "pipeline/associate/associate.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/associate/association_maps.h"
#include "pipeline/associate/association_metadata.h"
#include "pipeline/associate/association_pieces.h"
#include "pipeline/study/file_lock.h"
#include "store/durable_file.h"

namespace mien {

Result<MergedAssociations> merge_associations(const std::vector<std::filesystem::path>& studies,
                                              const std::filesystem::path& out, int threads) {
  struct Merged {
    UnitedSums sums;
    FileMetadata metadata;
  };
  std::map<std::string, Merged> merged;
  std::size_t count = 0;
  for (const std::filesystem::path& study : studies) {
    std::vector<std::filesystem::path> files;
    std::error_code code;
    for (const auto& folder : {study / "maps", study}) {
      for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
        if (is_association_file(entry.path())) files.push_back(entry.path());
      }
      if (!files.empty()) break;
    }
    if (files.empty()) {
      return Error{ErrorCode::kNotFound,
                   study.string() + ": no maps/statistics-*.sums; remedy: run 'mien associate " +
                       study.string() + "' first"};
    }
    if (count > 0 && files.size() != merged.size()) {
      return Error{ErrorCode::kMismatch, study.string() +
                                             ": its sources of contexts are not those of " +
                                             studies.front().string()};
    }
    ++count;
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path& path : files) {
      MIEN_TRY(file, open_association_file(path));
      const std::string source = file.sums.layout.source;
      const auto found = merged.find(source);
      if (found == merged.end()) {
        if (count > 1) {
          return Error{ErrorCode::kMismatch, path.string() + ": " + studies.front().string() +
                                                 " has no contexts of that source"};
        }
        Merged& fresh = merged[source];
        fresh.metadata = std::move(file.metadata);
        MIEN_TRY_VOID(fresh.sums.add(std::move(file.sums)));
        continue;
      }
      if (found->second.metadata != file.metadata) {
        return Error{ErrorCode::kMismatch,
                     path.string() + ": " +
                         first_difference(found->second.metadata, file.metadata) +
                         "; remedy: associate all parts with the same options"};
      }
      auto added = found->second.sums.add(std::move(file.sums));
      if (!added.ok()) return std::move(added).error().with_context(path.string());
    }
  }
  std::vector<UnitedSums> sums;
  for (auto& [source, of_source] : merged) {
    of_source.sums.finish();
    sums.push_back(std::move(of_source.sums));
  }
  const FileMetadata& metadata = merged.begin()->second.metadata;
  MIEN_TRY(options, map_options(metadata, threads));
  DatabaseOptions database_options;
  database_options.threads = threads;
  MIEN_TRY(database, Database::open(database_options));
  MIEN_TRY_VOID(make_folders(out));
  MIEN_TRY(lock, FileLock::acquire(out / ".lock"));
  MIEN_TRY_VOID(clear_pieces(out / "maps"));
  MIEN_TRY(summary, write_maps(std::move(sums), out / "maps", options, metadata, database));
  for (const SourceSummary& source : summary.sources) {
    std::int64_t videos = source.videos;
    for (const auto& [key, excluded] : source.exclusions) videos += excluded;
    summary.corpus_videos = videos;
  }
  return MergedAssociations{std::move(summary), options};
}

}  // namespace mien
