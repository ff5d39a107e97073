#include "pipeline/annotate/pending.h"

#include <fmt/format.h>

#include <system_error>

#include "base/check.h"
#include "base/sha256.h"
#include "store/durable_file.h"

namespace mien {

std::filesystem::path pending_folder(const std::filesystem::path& study,
                                     const std::string& video_id) {
  return study / "annotations" / "pending" / sha256_of_bytes(video_id).substr(0, 32);
}

void discard_pending(const std::filesystem::path& folder) {
  std::error_code ignored;
  const std::filesystem::path aside = temporary_name_for(folder);
  std::filesystem::rename(folder, aside, ignored);
  std::filesystem::remove_all(ignored ? folder : aside, ignored);
}

Result<PendingWriter> PendingWriter::open(Database& database, const std::filesystem::path& study,
                                          const StudySettings& settings, const StudyInput& video) {
  MIEN_TRY(writer, ShardWriter::open(pending_folder(study, video.video_id)));
  return PendingWriter(database, std::move(writer), settings, video);
}

Status PendingWriter::append(const std::string& table, const Table& batch) {
  const Column& ids = batch.column("video_id");
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    MIEN_CHECK(!ids.is_null(row) && ids.strings()[row] == video_.video_id,
               "a pending folder holds the rows of its own video");
  }
  const auto [it, is_new] = tables_.try_emplace(table);
  Gathered& gathered = it->second;
  if (is_new) gathered.rows = Table(batch.schema());
  gathered.rows.append(batch);
  if (gathered.rows.rows() >= kPartRows) return flush(table, gathered);
  return Ok{};
}

Status PendingWriter::flush(const std::string& table, Gathered& gathered) {
  const std::string name = fmt::format("{}-{:03}.parquet", table, gathered.parts);
  MIEN_TRY_VOID(database_->write_parquet(gathered.rows, writer_.path_of(name),
                                         file_metadata(settings_, table)));
  const auto rows = static_cast<std::int64_t>(gathered.rows.rows());
  MIEN_TRY_VOID(writer_.add_file(name, table, columns_hash(gathered.rows.schema()), rows));
  gathered.written += rows;
  ++gathered.parts;
  gathered.rows = Table(gathered.rows.schema());
  return Ok{};
}

Status PendingWriter::commit() {
  ShardVideo video{video_.video_id, video_.size_bytes, video_.mtime_ns, {}};
  for (auto& [table, gathered] : tables_) {
    if (gathered.parts == 0 || gathered.rows.rows() > 0) MIEN_TRY_VOID(flush(table, gathered));
    video.rows[table] = gathered.written;
  }
  ShardManifest manifest;
  manifest.program_version = settings_.program_version;
  manifest.settings = settings_hash(settings_);
  manifest.videos.push_back(std::move(video));
  return writer_.commit(std::move(manifest));
}

}  // namespace mien
