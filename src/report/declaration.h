// What a study declares of itself under [study] in study.toml, as its pages print it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace mien {

// Empty: not declared.
struct StudyDeclaration {
  std::string title;
  std::string purpose;          // what the study is for
  std::string legal_basis;      // of processing the videos, e.g. "GDPR Art. 6(1)(e), 9(2)(j), 89"
  std::string ethics_approval;  // board and number
  std::string contact;
  std::string data_source;  // where the videos are from
};

// Without the title; null: not declared.
inline nlohmann::ordered_json to_json(const StudyDeclaration& declaration) {
  const auto text = [](const std::string& value) {
    return value.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
  };
  return {{"purpose", text(declaration.purpose)},
          {"legal_basis", text(declaration.legal_basis)},
          {"ethics_approval", text(declaration.ethics_approval)},
          {"contact", text(declaration.contact)},
          {"data_source", text(declaration.data_source)}};
}

}  // namespace mien
