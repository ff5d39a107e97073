// Text and paths -> forms that cannot leave their place in a script, a page or a URL.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace mien {

// JSON in ASCII that may stand inside a <script> element as well as in a .js file: `<`, `>`, `&`
// and everything beyond ASCII (U+2028 among it) as \u escapes; bytes that are not UTF-8 become
// U+FFFD; numbers that are not finite become null. Keys stand as the JSON has them.
std::string script_json(const nlohmann::json& json);
std::string script_json(const nlohmann::ordered_json& json);

// For the text of an element or a quoted attribute. Control characters and bytes that are not UTF-8
// become U+FFFD.
std::string html_text(std::string_view text);

// "a%20b/c.mp4": every byte but unreserved characters (RFC 3986) and `/` percent-encoded.
std::string url_path(const std::filesystem::path& path);

// How a page in `from_folder` names `target`: relative where target lies below `root`, else a
// file: URL. Symbolic links among the folders are followed, one that is itself named is not.
std::string url_of(const std::filesystem::path& target, const std::filesystem::path& from_folder,
                   const std::filesystem::path& root);

}  // namespace mien
