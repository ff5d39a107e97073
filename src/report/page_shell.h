// What a page is before its scripts have run, and how data reaches it: classic scripts that assign
// to the global `mien`, since browsers refuse modules and fetch() over file://.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace mien {

struct PageShell {
  std::string title;
  std::string kind;  // what the page's script shows: "index", "video", "claims"...
  std::string up;    // "" or "../"
  std::string number = "0";
  std::string heading;
  std::string style = "assets/report.css";
  std::vector<std::string> scripts;  // in the order in which they run
};

// A whole HTML page with a heading that is already right. Text is escaped; the page's own policy
// forbids whatever is not on the disk.
std::string page_shell(const PageShell& shell);

// `mien.NAME = VALUE;`, safe as a .js file and inside <script>.
std::string script_assignment(const std::string& name, const nlohmann::json& value);
std::string script_assignment(const std::string& name, const nlohmann::ordered_json& value);

}  // namespace mien
