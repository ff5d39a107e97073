// The two tables of contexts from words in STUDY/texts, made of their pieces, and what they hold.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/texts/text_contexts.h"
#include "store/database.h"

namespace mien {

// What contexts from words are made of: SHA-256 of the corpus, scorer and vocabulary. It stands in
// the tables' metadata as mien.options.
nlohmann::json text_identity(const std::string& corpus, const std::string& scorer,
                             const std::string& vocabulary);

// Puts pieces together, in their order; neither table is there until both are.
Status publish_text_tables(const std::filesystem::path& folder,
                           const std::vector<std::filesystem::path>& contexts,
                           const std::vector<std::filesystem::path>& status,
                           const nlohmann::json& identity);

// Of the tables in `folder`, but for texts, resumed and seconds.
Status count_text_tables(Database& database, const std::filesystem::path& folder,
                         TextContextsSummary& summary);

// As reading, scoring and putting together needs it; what does not fit goes to `spill`.
Result<Database> text_database(int threads, const std::filesystem::path& spill);

}  // namespace mien
