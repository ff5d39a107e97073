#include "pipeline/verify/verify_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <vector>

#include "base/outside_json.h"
#include "base/sha256.h"
#include "pipeline/associate/association_file.h"
#include "pipeline/study/study_tables.h"
#include "pipeline/verify/verify_shards.h"
#include "store/durable_file.h"
#include "store/sqlite.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
constexpr std::size_t kDigestBytes = 64;  // SHA-256 in hexadecimal

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().filename().string().starts_with('.')) continue;
    if (it->is_regular_file(ignored)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The verb that makes a file again.
std::string remedy_for(const fs::path& study, const fs::path& file) {
  const std::string folder = file.parent_path().filename().string();
  if (file.parent_path() == study) {
    const std::string name = file.stem().string();
    if (name == "corpus" || name == "rejects") return "'mien ingest --redo' makes it again";
    if (name == "duplicates") return "'mien annotate' makes it again";
    return "'mien simulate' makes it again";
  }
  if (folder == kTextsFolder) return "'mien contexts text --redo' makes it again";
  if (file.parent_path().parent_path() == study / kCodedFolder) {
    return "'mien contexts import --redo' makes it again from its file";
  }
  if (folder == "maps") return "'mien associate' makes it again";
  return "'mien compare' makes it again";
}

class WholeTables {
 public:
  WholeTables(Database& database, const fs::path& study, VerifyFindings& findings)
      : database_(database), study_(study), findings_(findings) {}

  void run() {
    std::vector<fs::path> folders = {study_, study_ / kTextsFolder, study_ / "maps",
                                     study_ / "compare"};
    for (const fs::path& file : coded_table_files(study_, "context_status")) {
      folders.push_back(file.parent_path());
    }
    for (const fs::path& folder : folders) {
      for (const fs::path& file : files_in(folder)) {
        if (file.extension() == ".parquet") {
          take(file, hold_table(file));
        } else if (is_association_file(file)) {
          take(file, hold_sums(file));
        } else if (file == study_ / "compare" / "compare.json") {
          take(file, hold_json(file));
        }
      }
    }
    const fs::path record = study_ / "log" / "run.json";
    std::error_code ignored;
    if (!fs::exists(record, ignored)) return;
    const Status held = hold_json(record);
    take(record, held);
    if (held.ok()) hold_outputs(record);
  }

 private:
  // The corpus itself is never taken away: it may be what nobody has twice.
  void take(const fs::path& file, const Status& held) {
    if (held.ok()) {
      std::error_code ignored;
      ++findings_.report().files;
      findings_.report().bytes += static_cast<std::int64_t>(fs::file_size(file, ignored));
      return;
    }
    const std::string path = file.string() + ": ";
    const std::string& message = held.error().message;
    VerifyFinding finding{
        file, message.starts_with(path) ? message.substr(path.size()) : message,
        file.extension() == ".json" ? "'mien run' makes it again" : remedy_for(study_, file)};
    const bool stays = held.error().code != ErrorCode::kCorrupt || file.parent_path() == study_;
    if (stays) {
      findings_.damage(std::move(finding));
    } else {
      findings_.damage_that_goes(std::move(finding), file);
    }
  }

  Status hold_table(const fs::path& file) {
    MIEN_TRY(schema, database_.read_schema(file));
    const std::string folder = file.parent_path().filename().string();
    const std::string name = file.stem().string();
    MIEN_TRY_VOID(check_columns(folder == "compare" ? "compare/" + name : name, schema));
    const std::string from = sql_read_parquet(file);
    std::int64_t rows = 0;
    Status read = database_.query("SELECT * FROM " + from, [&](const Table& batch) -> Status {
      rows += static_cast<std::int64_t>(batch.rows());
      return Ok{};
    });
    if (!read.ok()) return as_corrupt(std::move(read).error());
    findings_.report().rows += rows;
    const bool one_a_video = name == "corpus" || name == "context_status" || name == "duplicates";
    if (one_a_video) MIEN_TRY_VOID(hold_ids(from));
    const bool is_coded = file.parent_path().parent_path() == study_ / kCodedFolder;
    if (folder == kTextsFolder || is_coded) MIEN_TRY_VOID(hold_known(from));
    return Ok{};
  }

  // What a reader of a damaged page says may be of any kind.
  static Error as_corrupt(Error error) {
    if (error.code != ErrorCode::kIo) error.code = ErrorCode::kCorrupt;
    return error;
  }

  Status hold_ids(const std::string& from) {
    return nothing_in("SELECT video_id FROM " + from +
                          " GROUP BY video_id HAVING count(*) > 1 OR video_id IS NULL LIMIT 1",
                      "has '{}' twice");
  }

  Status hold_known(const std::string& from) {
    const fs::path corpus = study_ / "corpus.parquet";
    if (!database_.read_schema(corpus).ok()) return Ok{};  // told for itself
    return nothing_in("SELECT t.video_id FROM " + from + " t ANTI JOIN " +
                          sql_read_parquet(corpus) + " c ON t.video_id = c.video_id LIMIT 1",
                      "has rows of '{}', a video that the corpus does not know");
  }

  Status nothing_in(const std::string& sql, const char* what) {
    MIEN_TRY(found, database_.query(sql));
    if (found.rows() == 0) return Ok{};
    const Column& ids = found.column("video_id");
    return Error{ErrorCode::kCorrupt,
                 fmt::format(fmt::runtime(what), ids.is_null(0) ? "" : ids.strings()[0])};
  }

  // Piece by piece: sums may be larger than memory.
  static Status hold_sums(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(file, failed);
    if (failed || !stream) return Error{ErrorCode::kIo, "it cannot be read"};
    if (size < kDigestBytes) return Error{ErrorCode::kCorrupt, "it is cut off"};
    Sha256 digest;
    std::string piece(kPieceBytes, '\0');
    for (std::uintmax_t left = size - kDigestBytes; left > 0;) {
      const std::uintmax_t wanted = std::min<std::uintmax_t>(left, kPieceBytes);
      if (!stream.read(piece.data(), static_cast<std::streamsize>(wanted))) {
        return Error{ErrorCode::kIo, "it cannot be read"};
      }
      digest.add(std::string_view(piece).substr(0, wanted));
      left -= wanted;
    }
    std::string said(kDigestBytes, '\0');
    if (!stream.read(said.data(), kDigestBytes)) return Error{ErrorCode::kIo, "it cannot be read"};
    if (digest.finish() == said) return Ok{};
    return Error{ErrorCode::kCorrupt, "the checksum does not hold"};
  }

  static Status hold_json(const fs::path& file) {
    MIEN_TRY(text, read_whole_file(file));
    if (nlohmann::json::accept(text)) return Ok{};
    return Error{ErrorCode::kCorrupt, "it is not JSON"};
  }

  // Bytes that changed while the time of the file did not come after the record: nobody made the
  // file again, so the disk changed it.
  void hold_outputs(const fs::path& record) {
    const auto text = read_whole_file(record);
    if (!text.ok()) return;
    const auto json = parse_outside_json<OrderedJson>(*text);
    std::error_code failed;
    const auto recorded_at = fs::last_write_time(record, failed);
    if (failed || !json.contains("stages") || !json["stages"].is_object()) return;
    for (const auto& [verb, stage] : json["stages"].items()) {
      if (!stage.is_object() || !stage.contains("outputs") || verb == "annotate") continue;
      for (const auto& [name, digest] : stage["outputs"].items()) {
        const fs::path file = study_ / name;
        if (!digest.is_string() || !fs::is_regular_file(file, failed)) continue;
        const auto sha256 = sha256_of_file(file);
        if (!sha256.ok() || *sha256 == digest.get<std::string>()) continue;
        const bool is_hash = digest.get<std::string>().size() == kDigestBytes;
        if (!is_hash || fs::last_write_time(file, failed) > recorded_at) {
          findings_.note(file.string() +
                         ": not as the last run left it; the next run makes it "
                         "again");
        } else {
          findings_.damage({file, "its bytes are not those that the run recorded",
                            "the same 'mien run' makes it again"});
        }
      }
    }
  }

  Database& database_;
  const fs::path study_;
  VerifyFindings& findings_;
};

// The database and its log as they were at one moment; false where they kept changing.
Result<bool> copy_ratings(const fs::path& database, const fs::path& copy) {
  const std::vector<std::pair<fs::path, fs::path>> files = {
      {database, copy}, {database.string() + "-wal", copy.string() + "-wal"}};
  const auto state = [&] {
    std::string text;
    for (const auto& [from, to] : files) {
      std::error_code ignored;
      text += fmt::format("{} {} ", fs::file_size(from, ignored),
                          fs::last_write_time(from, ignored).time_since_epoch().count());
    }
    return text;
  };
  for (int attempt = 0; attempt < 3; ++attempt) {
    const std::string before = state();
    for (const auto& [from, to] : files) {
      std::error_code failed;
      if (!fs::exists(from, failed)) continue;
      fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
      if (failed) {
        return Error{ErrorCode::kIo, fmt::format("it cannot be copied to {} to be looked at: {}",
                                                 copy.string(), failed.message())};
      }
    }
    if (state() == before) return true;
  }
  return false;
}

Status check_ratings(const fs::path& copy) {
  MIEN_TRY(database, SqliteDatabase::open(copy, SqliteDatabase::Access::kWrite));
  std::string said;
  MIEN_TRY_VOID(database.each("PRAGMA integrity_check(10)", {}, [&](const SqlRow& row) -> Status {
    said += (said.empty() ? "" : "; ") + std::string(row.text(0));
    return Ok{};
  }));
  if (said != "ok") return Error{ErrorCode::kCorrupt, said};
  return database.each("PRAGMA foreign_key_check", {}, [](const SqlRow& row) -> Status {
    return Error{
        ErrorCode::kCorrupt,
        fmt::format("a row of {} refers to one of {} that is not there", row.text(0), row.text(2))};
  });
}

}  // namespace

void verify_whole_tables(Database& database, const fs::path& study, VerifyFindings& findings) {
  WholeTables(database, study, findings).run();
}

void verify_ratings(const fs::path& study, VerifyFindings& findings) {
  if (!is_rating_study(study)) return;
  const fs::path file = ratings_file(study);
  std::error_code ignored;
  const fs::path folder = temporary_name_for(fs::temp_directory_path(ignored) / "mien-verify");
  const auto look = [&]() -> Status {
    MIEN_TRY_VOID(make_folders(folder));
    MIEN_TRY(copied, copy_ratings(file, folder / "ratings.db"));
    if (copied) return check_ratings(folder / "ratings.db");
    findings.note(file.string() + ": not looked at, since it is being written");
    return Ok{};
  };
  const Status looked = look();
  fs::remove_all(folder, ignored);
  if (!looked.ok()) {
    findings.damage({file, looked.error().message, "put back a copy of the database"});
    return;
  }
  ++findings.report().files;
  findings.report().bytes += static_cast<std::int64_t>(fs::file_size(file, ignored));
}

}  // namespace mien
