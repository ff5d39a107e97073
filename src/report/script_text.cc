#include "report/script_text.h"

#include <nlohmann/json.hpp>

namespace mien {

namespace {

// Replaces bytes that are not UTF-8 by U+FFFD, by way of the JSON writer's own rule, so that pages
// and scripts show the same text.
std::string well_formed(std::string_view text) {
  const std::string quoted = nlohmann::json(std::string(text))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(quoted).get<std::string>();
}

std::filesystem::path resolved(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "a/b/" is "a/b"
  const std::filesystem::path folder =
      std::filesystem::weakly_canonical(absolute.parent_path(), failed);
  return failed ? absolute : folder / absolute.filename();
}

bool lies_below(const std::filesystem::path& path, const std::filesystem::path& root) {
  const auto [rest_of_root, rest_of_path] =
      std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return rest_of_root == root.end() && rest_of_path != path.end();
}

// JSON in ASCII without what ends a <script>.
std::string without_tags(const std::string& plain) {
  std::string safe;
  safe.reserve(plain.size());
  for (const char c : plain) {  // these three stand only inside strings
    if (c == '<') {
      safe += "\\u003c";
    } else if (c == '>') {
      safe += "\\u003e";
    } else if (c == '&') {
      safe += "\\u0026";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string script_json(const nlohmann::json& json) {
  return without_tags(json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

std::string script_json(const nlohmann::ordered_json& json) {
  return without_tags(json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

std::string html_text(std::string_view text) {
  std::string safe;
  for (const char c : well_formed(text)) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (c == '\'') {
      safe += "&#39;";
    } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7f) {
      safe += "\xEF\xBF\xBD";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string url_path(const std::filesystem::path& path) {
  constexpr std::string_view kKept = "-._~/";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string url;
  for (const char c : path.string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= 'a' && byte <= 'z');
    if (alphanumeric || kKept.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += '%';
      url += kHex[byte >> 4];
      url += kHex[byte & 15];
    }
  }
  return url;
}

std::string url_of(const std::filesystem::path& target, const std::filesystem::path& from_folder,
                   const std::filesystem::path& root) {
  const std::filesystem::path to = resolved(target);
  if (!lies_below(to, resolved(root))) return "file://" + url_path(to);
  return url_path(to.lexically_relative(resolved(from_folder)));
}

}  // namespace mien
