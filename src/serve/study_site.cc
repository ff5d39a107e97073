#include "serve/study_site.h"

#include <algorithm>
#include <array>

#include "serve/messages.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// As the pages' own policy (report/page_shell.cc), without the disk.
constexpr const char* kReportPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTypes = {
    {{".html", "text/html; charset=utf-8"},
     {".js", "text/javascript; charset=utf-8"},
     {".css", "text/css; charset=utf-8"},
     {".json", "application/json"},
     {".csv", "text/csv; charset=utf-8"},
     {".svg", "image/svg+xml"},
     {".png", "image/png"},
     {".jpg", "image/jpeg"},
     {".webp", "image/webp"},
     {".mp4", "video/mp4"},
     {".webm", "video/webm"}}};

constexpr std::array<std::string_view, 2> kFolders = {"/report/", "/overlays/"};

// The parts of a path; none where one of them is not a plain name.
std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    const bool is_plain = !name.empty() && name.front() != '.' &&
                          name.find_first_of(std::string_view("\\\0", 2)) == name.npos;
    if (!is_plain) return {};
    names.emplace_back(name);
    path.remove_prefix(end);
  }
  return names;
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, other] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() && other != path.end();
}

HttpResponse not_found(std::string_view message) {
  return refusal(404, "not_found", message);
}

}  // namespace

StudySite::StudySite(fs::path study, StudySiteOptions options, HttpHandler* ratings)
    : study_(std::move(study)), options_(std::move(options)), ratings_(ratings) {}

bool StudySite::has_report() const {
  std::error_code ignored;
  return fs::is_regular_file(study_ / "report" / "index.html", ignored);
}

bool StudySite::is_own_host(std::string_view host) const {
  const std::size_t scheme = options_.origin.find("://");
  if (scheme != std::string::npos)
    return host == std::string_view(options_.origin).substr(scheme + 3);
  const std::string_view name = host.substr(0, host.find(':'));
  // Who listens at every address is asked by names that nobody here knows.
  return name == options_.address || name == "localhost" || options_.address == "0.0.0.0";
}

std::optional<HttpResponse> StudySite::at_once(const HttpRequest& request) const {
  if (!is_own_host(request.host)) return refusal(421, "host", "this server is another host's");
  const bool is_ours = request.path == "/study" || (request.path == "/" && ratings_ == nullptr) ||
                       std::ranges::any_of(kFolders, [&](std::string_view folder) {
                         return request.path.starts_with(folder);
                       });
  if (!is_ours && ratings_ != nullptr) return ratings_->at_once(request);
  if (request.method != "GET" && request.method != "HEAD") {
    return refusal(405, "method", "this server is for reading");
  }
  if (!is_ours) return not_found("there is nothing here; /study tells what there is");
  if (request.path == "/study" || request.path == "/") return start_page();
  return file_of(request.path.ends_with('/') ? request.path + "index.html" : request.path);
}

HttpResponse StudySite::file_of(const std::string& path) const {
  const std::vector<std::string> names = names_of(path);
  if (names.size() < 2) return not_found("there is nothing here");
  fs::path file = study_;
  for (const std::string& name : names) file /= name;
  const auto type = std::ranges::find(kTypes, file.extension().string(),
                                      &std::pair<std::string_view, std::string_view>::first);
  if (type == kTypes.end()) return not_found("files of this kind are not handed out");
  std::error_code failed;
  const fs::path folder = fs::canonical(study_ / names.front(), failed);
  if (failed) return not_found("there is no such folder; 'mien report' makes the pages");
  const fs::path real = fs::canonical(file, failed);
  if (failed || !is_below(real, folder) || !fs::is_regular_file(real, failed)) {
    return not_found("there is no such file");
  }
  HttpResponse response;
  response.content_type = type->second;
  response.file = real;
  response.content_security_policy = kReportPolicy;
  return response;
}

HttpResponse StudySite::start_page() const {
  HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.content_security_policy = kReportPolicy;
  response.body =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>A Mien "
      "study</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>:root{color-scheme:light "
      "dark}body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 "
      "1rem}h1{font-weight:600}li{margin:.4rem 0}</style>\n</head>\n<body>\n<main>\n<h1>A Mien "
      "study</h1>\n<ul>\n";
  response.body += has_report()
                       ? "<li><a href=\"/report/\">Report</a>: videos, maps, comparison</li>\n"
                       : "<li>No report yet: <code>mien report STUDY</code> makes it.</li>\n";
  response.body +=
      ratings_ != nullptr
          ? "<li><a href=\"/research\">Rating study</a>, for its researcher</li>\n"
            "<li>Raters come by the links that <code>mien rate invite</code> gives.</li>\n"
          : "<li>Nobody can rate here: <code>mien serve STUDY --ratings</code> takes "
            "ratings.</li>\n";
  response.body +=
      "</ul>\n<p>A label is what raters would call a face, never what a person "
      "feels.</p>\n</main>\n</body>\n</html>\n";
  return response;
}

bool StudySite::is_slow(const HttpRequest& request) const {
  return ratings_ != nullptr && ratings_->is_slow(request);
}

std::vector<HttpResponse> StudySite::quick(const std::vector<HttpRequest>& requests) {
  if (ratings_ != nullptr) return ratings_->quick(requests);
  return std::vector<HttpResponse>(requests.size(), not_found("there is nothing here"));
}

HttpResponse StudySite::slow(const HttpRequest& request) {
  return ratings_ != nullptr ? ratings_->slow(request) : not_found("there is nothing here");
}

}  // namespace mien
