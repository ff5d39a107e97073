#include "report/page_shell.h"

#include <nlohmann/json.hpp>

#include "report/script_text.h"

namespace mien {

namespace {

// Pages load nothing from elsewhere: the policy says it to the browser, too. `file:` stands beside
// 'self' because the pages are opened from the disk; blob: is what downloads are made of.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data: blob:; media-src 'self' file: blob:; base-uri 'none'; "
    "form-action 'none'";

}  // namespace

std::string page_shell(const PageShell& shell) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
      std::string(kPolicy) +
      "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
      "content=\"no-referrer\">\n<title>" +
      html_text(shell.title) + "</title>\n<link rel=\"icon\" href=\"data:,\">\n" +
      "<link rel=\"stylesheet\" href=\"" + shell.up + shell.style + "\">\n";
  for (const std::string& script : shell.scripts)
    html += "<script defer src=\"" + shell.up + script + "\"></script>\n";
  html +=
      "</head>\n<body data-page=\"" + shell.kind + "\" data-number=\"" + shell.number +
      "\">\n<main id=\"page\"><h1>" + html_text(shell.heading) +
      "</h1></main>\n<noscript><p>This page draws its tables and charts with the scripts beside "
      "it; please allow JavaScript for it. It loads nothing from the network.</p></noscript>\n"
      "</body>\n</html>\n";
  return html;
}

std::string script_assignment(const std::string& name, const nlohmann::json& value) {
  return "(globalThis.mien=globalThis.mien||{})." + name + "=" + script_json(value) + ";\n";
}

std::string script_assignment(const std::string& name, const nlohmann::ordered_json& value) {
  return "(globalThis.mien=globalThis.mien||{})." + name + "=" + script_json(value) + ";\n";
}

}  // namespace mien
