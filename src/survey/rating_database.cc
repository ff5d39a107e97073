#include "survey/rating_database.h"

#include <fmt/format.h>

#include <chrono>

#include "base/secret.h"
#include "base/sha256.h"

namespace mien {

namespace {

constexpr std::int64_t kVersion = 1;

constexpr const char* kTables = R"sql(
CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE invitations(
  id INTEGER PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, group_name TEXT NOT NULL,
  uses INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0 CHECK(used <= uses),
  made_ms INTEGER NOT NULL) STRICT;
CREATE TABLE raters(
  id TEXT PRIMARY KEY, token_hash TEXT UNIQUE, group_name TEXT NOT NULL, language TEXT NOT NULL,
  seed INTEGER NOT NULL, joined_ms INTEGER NOT NULL, consented_ms INTEGER,
  state TEXT NOT NULL CHECK(state IN ('active', 'stopped', 'imported')),
  sessions INTEGER NOT NULL DEFAULT 1) STRICT, WITHOUT ROWID;
CREATE TABLE label_orders(
  rater TEXT NOT NULL REFERENCES raters(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  label TEXT NOT NULL, PRIMARY KEY(rater, position)) STRICT, WITHOUT ROWID;
CREATE TABLE assignments(
  rater TEXT NOT NULL REFERENCES raters(id) ON DELETE CASCADE, place INTEGER NOT NULL,
  clip TEXT NOT NULL, kind TEXT NOT NULL CHECK(kind IN ('new', 'repeat', 'catch')),
  repeat INTEGER NOT NULL, leased_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  answer TEXT, PRIMARY KEY(rater, place)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX no_clip_twice ON assignments(rater, clip, repeat);
CREATE TABLE answers(
  id TEXT PRIMARY KEY, rater TEXT NOT NULL, place INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind IN ('rated', 'none', 'cannot_tell', 'skipped')),
  comment TEXT, response_ms INTEGER, viewed_ms INTEGER, viewed_fully INTEGER, speed REAL,
  answered_ms INTEGER NOT NULL, revised_by TEXT,
  FOREIGN KEY(rater, place) REFERENCES assignments(rater, place) ON DELETE CASCADE)
  STRICT, WITHOUT ROWID;
CREATE INDEX answers_of_rater ON answers(rater, place);
CREATE TABLE answer_values(
  answer TEXT NOT NULL REFERENCES answers(id) ON DELETE CASCADE, label TEXT NOT NULL,
  value REAL NOT NULL, PRIMARY KEY(answer, label)) STRICT, WITHOUT ROWID;
CREATE TABLE exclusions(
  id INTEGER PRIMARY KEY, rater TEXT NOT NULL REFERENCES raters(id) ON DELETE CASCADE,
  reason TEXT NOT NULL, made_ms INTEGER NOT NULL, lifted_ms INTEGER, lifted_reason TEXT) STRICT;
CREATE TABLE payments(
  id INTEGER PRIMARY KEY, rater TEXT REFERENCES raters(id) ON DELETE SET NULL,
  amount REAL NOT NULL, currency TEXT NOT NULL, note TEXT NOT NULL, made_ms INTEGER NOT NULL) STRICT;
CREATE TABLE events(
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,
  rater TEXT REFERENCES raters(id) ON DELETE CASCADE, kind TEXT NOT NULL, detail TEXT NOT NULL)
  STRICT;
CREATE INDEX events_of_rater ON events(rater, kind);
PRAGMA user_version = 1;
)sql";

Result<std::string> fact(SqliteDatabase& ratings, std::string_view key) {
  MIEN_TRY(value, ratings.text("SELECT value FROM facts WHERE key = ?", {key}));
  return value.value_or("");
}

Status set_fact(SqliteDatabase& ratings, std::string_view key, std::string_view value) {
  return ratings.run(
      "INSERT INTO facts VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
      {key, value});
}

Status check_definition(SqliteDatabase& ratings, const SurveyDefinition& definition,
                        const std::filesystem::path& study) {
  const std::string now = definition.answers_fingerprint();
  MIEN_TRY(before, fact(ratings, "answers_fingerprint"));
  if (before == now) return Ok{};
  MIEN_TRY(answers, ratings.integer("SELECT EXISTS(SELECT 1 FROM answers)"));
  if (!before.empty() && answers == 1) {
    return Error{
        ErrorCode::kMismatch,
        fmt::format("{}: answers were given under other labels, another kind of answer or "
                    "another 'simulated'; remedy: put {} back as it was, or begin a study "
                    "in a new folder",
                    ratings_file(study).string(), (rating_folder(study) / "rating.toml").string())};
  }
  MIEN_TRY_VOID(set_fact(ratings, "answers_fingerprint", now));
  return set_fact(ratings, "simulated", definition.simulated ? "1" : "0");
}

Status check_version(SqliteDatabase& ratings, const std::filesystem::path& study) {
  MIEN_TRY(version, ratings.integer("PRAGMA user_version"));
  if (version == kVersion) return Ok{};
  return Error{
      ErrorCode::kMismatch,
      fmt::format("{}: its tables are of version {}, this program's of {}; remedy: use the "
                  "program that made them",
                  ratings_file(study).string(), version.value_or(0), kVersion)};
}

Error no_ratings(const std::filesystem::path& study) {
  return {ErrorCode::kNotFound,
          fmt::format("{}: there are no ratings; remedy: collect them with mien rate serve, or "
                      "bring them with mien rate import",
                      ratings_file(study).string())};
}

}  // namespace

std::filesystem::path ratings_file(const std::filesystem::path& study) {
  return rating_folder(study) / "ratings.db";
}

bool is_rating_study(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(ratings_file(path), ignored);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Result<SqliteDatabase> open_ratings(const std::filesystem::path& study,
                                    const SurveyDefinition& definition) {
  MIEN_TRY(ratings, SqliteDatabase::open(ratings_file(study), SqliteDatabase::Access::kCreate));
  MIEN_TRY(transaction, SqlTransaction::begin(ratings));
  MIEN_TRY(version, ratings.integer("PRAGMA user_version"));
  if (version == 0) MIEN_TRY_VOID(ratings.run_script(kTables));
  MIEN_TRY_VOID(check_version(ratings, study));
  MIEN_TRY_VOID(check_definition(ratings, definition, study));
  MIEN_TRY_VOID(transaction.commit());
  return ratings;
}

Result<SqliteDatabase> read_only_ratings(const std::filesystem::path& study) {
  if (!is_rating_study(study)) return no_ratings(study);
  MIEN_TRY(ratings, SqliteDatabase::open(ratings_file(study), SqliteDatabase::Access::kRead));
  MIEN_TRY_VOID(check_version(ratings, study));
  return ratings;
}

Result<std::string> renew_secret(SqliteDatabase& ratings) {
  const std::string secret = random_token(24);
  MIEN_TRY_VOID(set_fact(ratings, "secret_hash", sha256_of_bytes(secret)));
  return secret;
}

Result<bool> has_secret(SqliteDatabase& ratings) {
  MIEN_TRY(hash, fact(ratings, "secret_hash"));
  return !hash.empty();
}

Result<bool> is_secret(SqliteDatabase& ratings, std::string_view secret) {
  MIEN_TRY(hash, fact(ratings, "secret_hash"));
  return !hash.empty() && token_matches(secret, hash);
}

Result<std::string> add_invitation(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                   std::string_view group, std::int64_t uses, std::int64_t now) {
  if (definition.group(group) == nullptr) {
    std::string known;
    for (const SurveyGroup& one : definition.groups)
      known += (known.empty() ? "" : ", ") + one.name;
    return Error{ErrorCode::kUsage,
                 fmt::format("'{}' is no group of the study; it has {}", group, known)};
  }
  const std::string token = random_token(24);
  MIEN_TRY_VOID(ratings.run(
      "INSERT INTO invitations(token_hash, group_name, uses, made_ms) VALUES (?, ?, ?, ?)",
      {sha256_of_bytes(token), group, uses, now}));
  return token;
}

Status add_event(SqliteDatabase& ratings, std::int64_t now, std::string_view rater,
                 std::string_view kind, std::string_view detail) {
  return ratings.run("INSERT INTO events(at_ms, rater, kind, detail) VALUES (?, ?, ?, ?)",
                     {now, rater.empty() ? SqlValue{} : SqlValue{rater}, kind, detail});
}

Result<SqliteDatabase> writable_ratings(const std::filesystem::path& study) {
  if (!is_rating_study(study)) return no_ratings(study);
  MIEN_TRY(ratings, SqliteDatabase::open(ratings_file(study), SqliteDatabase::Access::kWrite));
  MIEN_TRY_VOID(check_version(ratings, study));
  return ratings;
}

Status forget_rater(SqliteDatabase& ratings, std::string_view rater, std::string_view mark,
                    std::int64_t now) {
  MIEN_TRY_VOID(ratings.run("DELETE FROM raters WHERE id = ?", {rater}));
  if (ratings.changed_rows() == 0) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("'{}' is no rater of this study; remedy: take the id from the "
                             "researcher's page or an export",
                             rater)};
  }
  return add_event(ratings, now, "", "rater_forgotten", mark);
}

Result<std::vector<std::string>> forgotten_raters(SqliteDatabase& ratings) {
  std::vector<std::string> marks;
  MIEN_TRY_VOID(ratings.each(
      "SELECT detail FROM events WHERE kind = 'rater_forgotten' AND detail <> '' ORDER BY id", {},
      [&](const SqlRow& row) -> Status {
        marks.emplace_back(row.text(0));
        return Ok{};
      }));
  return marks;
}

Result<std::int64_t> forget_clip(SqliteDatabase& ratings, std::string_view clip) {
  MIEN_TRY(answers,
           ratings.integer("SELECT count(*) FROM answers b JOIN assignments a ON a.rater = b.rater "
                           "AND a.place = b.place WHERE a.clip = ?",
                           {clip}));
  MIEN_TRY_VOID(ratings.run("DELETE FROM assignments WHERE clip = ?", {clip}));
  return answers.value_or(0);
}

Status rewrite(SqliteDatabase& ratings) {
  MIEN_TRY_VOID(ratings.run_script("VACUUM"));
  MIEN_TRY(busy, ratings.integer("PRAGMA wal_checkpoint(TRUNCATE)"));
  if (busy.value_or(0) == 0) return Ok{};
  return Error{ErrorCode::kBusy,
               "the ratings are being read, so that what was deleted is still in the log beside "
               "them; remedy: stop 'mien rate serve', then run the command again"};
}

Status settle(SqliteDatabase& ratings) {
  return ratings.run_script("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace mien
