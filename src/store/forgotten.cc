#include "store/forgotten.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/outside_json.h"
#include "base/secret.h"
#include "base/sha256.h"
#include "store/durable_file.h"
#include "store/sql_text.h"

namespace mien {

namespace {

namespace fs = std::filesystem;
using Marks = std::set<std::string, std::less<>>;

constexpr std::size_t kSaltBytes = 16;

std::string sql_is_one_of(std::string_view expression, const std::string& salt,
                          const Marks& marks) {
  if (marks.empty()) return "false";
  std::string list;
  for (const std::string& mark : marks) list += (list.empty() ? "" : ", ") + sql_quote(mark);
  return "coalesce(sha256(" + sql_quote(salt) + " || " + std::string(expression) + ") IN (" + list +
         "), false)";
}

}  // namespace

std::string mark_with(std::string_view salt, std::string_view id) {
  return sha256_of_bytes(std::string(salt) + std::string(id));
}

fs::path forgotten_file(const fs::path& study) {
  return study / "forgotten.json";
}

fs::path forget_journal(const fs::path& study) {
  return study / ".forget.json";
}

Status no_forgetting_undone(const fs::path& study) {
  std::error_code ignored;
  if (!fs::exists(forget_journal(study), ignored)) return Ok{};
  return Error{ErrorCode::kBusy,
               study.string() +
                   ": forgetting was begun here and not completed; remedy: mien forget " +
                   study.string()};
}

std::string Forgotten::mark_of(std::string_view id) const {
  return mark_with(salt_, id);
}

std::string Forgotten::sql_is_forgotten(std::string_view video, std::string_view uploader) const {
  std::string condition = "(";
  condition += sql_is_one_of(video, salt_, videos) + " OR ";
  condition += sql_is_one_of(uploader, salt_, uploaders) + ")";
  return condition;
}

Result<Forgotten> Forgotten::read(const fs::path& study) {
  const fs::path file = forgotten_file(study);
  Forgotten forgotten;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return forgotten;
  MIEN_TRY(text, read_whole_file(file));
  try {
    const auto json = parse_outside_json(text);
    if (json.at("version") != 1) {
      return Error{ErrorCode::kMismatch, file.string() +
                                             ": of another version; remedy: use the program that "
                                             "wrote it"};
    }
    json.at("salt").get_to(forgotten.salt_);
    const std::array<std::pair<const char*, Marks*>, 3> lists = {
        {{"videos", &forgotten.videos},
         {"uploaders", &forgotten.uploaders},
         {"raters", &forgotten.raters}}};
    for (const auto& [key, marks] : lists) {
      for (const auto& mark : json.at(key)) marks->insert(mark.get<std::string>());
    }
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt,
                 file.string() + ": " + error.what() +
                     "; remedy: bring it back from a copy; without it, what was forgotten is taken "
                     "in again when it stands in a list"};
  }
  return forgotten;
}

Result<Forgotten> Forgotten::read_or_begin(const fs::path& study) {
  MIEN_TRY(forgotten, read(study));
  if (!forgotten.salt_.empty()) return forgotten;
  forgotten.salt_ = random_token(kSaltBytes);
  MIEN_TRY_VOID(forgotten.write(study));
  return forgotten;
}

Status Forgotten::write(const fs::path& study) const {
  const nlohmann::ordered_json json = {{"version", 1},
                                       {"salt", salt_},
                                       {"videos", videos},
                                       {"uploaders", uploaders},
                                       {"raters", raters}};
  return write_file_durably(forgotten_file(study), json.dump(1) + "\n");
}

}  // namespace mien
