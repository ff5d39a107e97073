// A request and its response, without the library that carries them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mien {

struct HttpRequest {
  std::string method, path;  // the path as it was decoded, without the query
  std::string query;         // "from=3&to=4", each part decoded
  std::string host, origin, fetch_site, content_type, authorization;  // headers; empty: not sent
  std::string body;
  std::string range;  // a header, too
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  // Sent instead of the body where it is named; of at_once(), a part where one was asked for.
  std::filesystem::path file;
  bool remove_file = false;   // once it is open
  std::string download_name;  // a plain name of the program's own; empty: shown, not saved
  const char* content_security_policy = nullptr;  // instead of the server's own
};

// What a server does with requests. quick() and slow() run in a thread of their own each.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Pages, and requests that need no look at the data to be refused; any thread.
  virtual std::optional<HttpResponse> at_once(const HttpRequest& request) const = 0;
  virtual bool is_slow(const HttpRequest& request) const = 0;
  // One response a request, in their order: those that came while the ones before were handled.
  virtual std::vector<HttpResponse> quick(const std::vector<HttpRequest>& requests) = 0;
  virtual HttpResponse slow(const HttpRequest& request) = 0;
};

}  // namespace mien
