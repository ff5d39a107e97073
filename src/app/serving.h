// What `mien serve` and `mien rate serve` share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/resources.h"
#include "base/result.h"
#include "pipeline/study/file_lock.h"
#include "serve/http_server.h"
#include "serve/rating_api.h"

namespace mien {

struct RatingService {
  FileLock lock;  // one server a rating study
  std::unique_ptr<RatingApi> api;
};
// Of the study's rating pages. Messages go to standard error as `verb`'s.
Result<RatingService> open_rating_service(const std::string& study, const std::string& origin,
                                          const Resources& resources, const std::string& verb);

// What the service holds, for the person who started it; ends with where the researcher looks.
std::string told(const RatingApi& api, const HttpServerOptions& listen, int port);

// Answers until somebody asks to stop. The address goes to standard output, once it answers; what
// `tell` gives for its port, to standard error before that.
Status serve_until_stopped(HttpHandler& handler, const HttpServerOptions& listen,
                           const std::function<std::string(int port)>& tell);

}  // namespace mien
