// The rest of a study folder: tables that lie in one file, association sums, the report's and the
// run's JSON, the ratings' database.
#pragma once

#include <filesystem>

#include "pipeline/verify/verify_report.h"
#include "store/database.h"

namespace mien {

// STUDY/*.parquet, texts/, coded/, maps/, compare/: each file is read to its end and held against
// its declared columns; ids stand once; texts have no video that the corpus lacks. Of
// statistics-*.sums the checksum. compare.json and log/run.json are JSON, and what a run recorded
// is as it left it.
void verify_whole_tables(Database& database, const std::filesystem::path& study,
                         VerifyFindings& findings);

// rating/ratings.db: SQLite's own integrity and foreign-key checks, on a copy in the system's
// temporary folder, since opening a database in place may write beside it.
void verify_ratings(const std::filesystem::path& study, VerifyFindings& findings);

}  // namespace mien
