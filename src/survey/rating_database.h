// The ratings of a study: STUDY/rating/ratings.db (docs/rating-study.md has its tables).
//
// Of raters it knows a random pseudonym, their group and language, when they joined and agreed, and
// what they answered; tokens are kept as SHA-256 only. Answers are never changed: one that revises
// another stands beside it. Times are milliseconds since 1970.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"
#include "survey/definition.h"

namespace mien {

std::filesystem::path ratings_file(const std::filesystem::path& study);
bool is_rating_study(const std::filesystem::path& path);  // has a ratings.db
std::int64_t now_ms();

// Makes the tables where there are none. kMismatch where answers were given under another
// definition (labels, kind of answer, simulated or not), or the tables are of another version.
Result<SqliteDatabase> open_ratings(const std::filesystem::path& study,
                                    const SurveyDefinition& definition);
// What is there, without writing. kNotFound where there is none.
Result<SqliteDatabase> read_only_ratings(const std::filesystem::path& study);

// Replaces the researcher's secret and gives the new one, which is kept nowhere.
Result<std::string> renew_secret(SqliteDatabase& ratings);
// Whether there is one, and whether this is it.
Result<bool> has_secret(SqliteDatabase& ratings);
Result<bool> is_secret(SqliteDatabase& ratings, std::string_view secret);

// A token with which `uses` raters may join the group.
Result<std::string> add_invitation(SqliteDatabase& ratings, const SurveyDefinition& definition,
                                   std::string_view group, std::int64_t uses, std::int64_t now);

Status add_event(SqliteDatabase& ratings, std::int64_t now, std::string_view rater,
                 std::string_view kind, std::string_view detail);

// What is there, for writing, whatever rating.toml says now. kNotFound where there is none.
Result<SqliteDatabase> writable_ratings(const std::filesystem::path& study);

// Removes a rater and everything that was asked of and said by them; payments stay, without a name.
// An event notes the rater's mark (store/forgotten.h), by which models can be told that were
// trained on their answers. kNotFound where there is no such rater.
Status forget_rater(SqliteDatabase& ratings, std::string_view rater, std::string_view mark,
                    std::int64_t now);
// The marks of all who were forgotten.
Result<std::vector<std::string>> forgotten_raters(SqliteDatabase& ratings);
// Removes what was asked and said about a clip, by everybody; gives how many answers went.
Result<std::int64_t> forget_clip(SqliteDatabase& ratings, std::string_view clip);
// Writes the whole file anew, so that no page of it holds what was deleted; kBusy where another
// process is reading. Not in a transaction.
Status rewrite(SqliteDatabase& ratings);
// Writes the log into the file, so that nothing forgotten is left on the disk; not in a
// transaction.
Status settle(SqliteDatabase& ratings);

}  // namespace mien
