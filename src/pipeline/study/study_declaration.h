// [study] of a study.toml: what the study declares of itself.
//
//   [study]
//   title = "..."            the report's heading; else the folder's name
//   purpose = "..."
//   legal_basis = "..."
//   ethics_approval = "..."
//   contact = "..."
//   data_source = "..."
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/declaration.h"

namespace mien {

inline constexpr const char* kDeclarationKeys[] = {"title",           "purpose", "legal_basis",
                                                   "ethics_approval", "contact", "data_source"};

// Nothing is declared where there is no file. Other keys and tables are passed over: `mien run`
// checks them. kCorrupt: no TOML, with the line; kUsage: a declaration that is no text.
Result<StudyDeclaration> read_declaration(const std::filesystem::path& file);

// Of purpose, legal_basis and ethics_approval those that are not declared.
std::vector<std::string> missing_declarations(const StudyDeclaration& declaration);

}  // namespace mien
