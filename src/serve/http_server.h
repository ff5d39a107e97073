// HTTP over libmicrohttpd, the only place that names it: one thread for all connections, one that
// handles quick requests in batches, one for slow ones.
//
// Limits: 32 KB of request line and headers, 256 KB of body, 30 s without a byte, 2048 connections;
// a request that is not HTTP is refused by the library. Every response carries the security headers
// of docs/rating-study.md, and no header holds anything that came in a request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "serve/http.h"

namespace mien {

constexpr std::size_t kLargestBody = 256 * 1024;

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  int port = 8080;  // 0: one that is free
};

class HttpServer {
 public:
  // `handler` must outlive it. kUsage: no such address; kBusy: the port is taken.
  static Result<HttpServer> start(HttpHandler& handler, const HttpServerOptions& options);
  HttpServer(HttpServer&&) noexcept;
  ~HttpServer();  // answers what has come, then ends

  int port() const;
  static std::string library_version();

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mien
