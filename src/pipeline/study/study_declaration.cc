#include "pipeline/study/study_declaration.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "store/durable_file.h"

namespace mien {

Result<StudyDeclaration> read_declaration(const std::filesystem::path& file) {
  StudyDeclaration declaration;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return declaration;
  MIEN_TRY(text, read_whole_file(file));
  try {
    const toml::table root = toml::parse(text, file.string());
    std::string* const values[] = {&declaration.title,       &declaration.purpose,
                                   &declaration.legal_basis, &declaration.ethics_approval,
                                   &declaration.contact,     &declaration.data_source};
    for (std::size_t i = 0; i < std::size(values); ++i) {
      const auto node = root["study"][kDeclarationKeys[i]];
      if (!node) continue;
      const auto value = node.value_exact<std::string>();
      if (!value.has_value()) {
        return Error{ErrorCode::kUsage,
                     fmt::format("{}: line {}: {} of [study] is a text", file.string(),
                                 node.node()->source().begin.line, kDeclarationKeys[i])};
      }
      *values[i] = *value;
    }
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("{}: line {}: {}; remedy: write TOML", file.string(),
                             error.source().begin.line, error.description())};
  }
  return declaration;
}

std::vector<std::string> missing_declarations(const StudyDeclaration& declaration) {
  std::vector<std::string> missing;
  if (declaration.purpose.empty()) missing.emplace_back("purpose");
  if (declaration.legal_basis.empty()) missing.emplace_back("legal_basis");
  if (declaration.ethics_approval.empty()) missing.emplace_back("ethics_approval");
  return missing;
}

}  // namespace mien
