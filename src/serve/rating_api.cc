#include "serve/rating_api.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "serve/http_server.h"
#include "serve/messages.h"
#include "store/durable_file.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

constexpr std::string_view kResearch = "/api/research/";
constexpr std::size_t kTokenLength = 48;

// The pages' frames; what they show is made by their scripts.
std::string shell(std::string_view name, std::string_view title) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{1}</title>\n<link "
      "rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/{0}.css\">\n<script defer "
      "src=\"/{0}.js\"></script>\n</head>\n<body>\n<noscript>This page needs "
      "JavaScript.</noscript>\n</body>\n</html>\n",
      name, title);
}

// The token of "Authorization: Bearer TOKEN"; empty: none that could be one.
std::string token_of(const HttpRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  if (!request.authorization.starts_with(kBearer)) return "";
  const std::string token = request.authorization.substr(kBearer.size());
  const bool is_token = token.size() == kTokenLength &&
                        token.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_token ? token : "";
}

std::string_view host_of(std::string_view origin) {
  const std::size_t at = origin.find("://");
  return at == std::string_view::npos ? std::string_view() : origin.substr(at + 3);
}

bool is_json(std::string_view content_type) {
  return content_type == "application/json" || content_type == "application/json; charset=utf-8" ||
         content_type == "application/json;charset=utf-8" ||
         content_type == "application/json;charset=UTF-8";
}

}  // namespace

RatingApi::RatingApi(std::filesystem::path study, SurveyDefinition definition, ClipList clips,
                     SqliteDatabase ratings, RatingApiOptions options)
    : study_(std::move(study)),
      definition_(std::move(definition)),
      clips_(std::move(clips)),
      ratings_(std::move(ratings)),
      options_(std::move(options)) {}

Result<std::unique_ptr<RatingApi>> RatingApi::open(const std::filesystem::path& study,
                                                   RatingApiOptions options) {
  MIEN_TRY(definition, read_survey_definition(study));
  MIEN_TRY(clips, ClipList::read(study));
  MIEN_TRY(ratings, open_ratings(study, definition));
  MIEN_TRY(has, has_secret(ratings));
  if (!has) {
    return Error{
        ErrorCode::kUsage,
        fmt::format("{}: there is no researcher's secret; remedy: mien rate secret --study {}",
                    ratings_file(study).string(), study.string())};
  }
  std::unique_ptr<RatingApi> api(new RatingApi(study, std::move(definition), std::move(clips),
                                               std::move(ratings), std::move(options)));
  MIEN_TRY(forgotten, Forgotten::read_or_begin(study));
  api->forgotten_ = std::move(forgotten);
  MIEN_TRY(desk, RatingDesk::open(api->ratings_, api->definition_, api->clips_));
  api->desk_ = std::make_unique<RatingDesk>(std::move(desk));
  MIEN_TRY_VOID(api->load_pages());
  return api;
}

Status RatingApi::load_pages() {
  pages_["/"] = {"text/html; charset=utf-8", shell("rate", "Rating clips")};
  pages_["/research"] = {"text/html; charset=utf-8", shell("research", "Rating study")};
  constexpr std::array<std::pair<const char*, const char*>, 4> kFiles = {
      {{"rate.js", "text/javascript; charset=utf-8"},
       {"rate.css", "text/css; charset=utf-8"},
       {"research.js", "text/javascript; charset=utf-8"},
       {"research.css", "text/css; charset=utf-8"}}};
  for (const auto& [name, type] : kFiles) {
    auto bytes = read_whole_file(options_.web / name);
    if (!bytes.ok()) {
      return Error{bytes.error().code,
                   bytes.error().message + "; remedy: build the pages with tools/build_web"};
    }
    pages_[std::string("/") + name] = {type, std::move(*bytes)};
  }
  return Ok{};
}

std::optional<HttpResponse> RatingApi::at_once(const HttpRequest& request) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && request.method != "POST") {
    return refusal(405, "method", "this server knows GET and POST");
  }
  if (!options_.origin.empty() && request.host != host_of(options_.origin)) {
    return refusal(421, "host", "this server is another host's");
  }
  if (const auto page = pages_.find(request.path); page != pages_.end()) {
    if (!reads) return refusal(405, "method", "a page is read with GET");
    HttpResponse response;
    response.content_type = page->second.content_type;
    response.body = page->second.body;
    return response;
  }
  if (!request.path.starts_with("/api/")) return refusal(404, "not_found", "there is nothing here");
  const bool own_origin =
      request.origin.empty() || (options_.origin.empty() ? host_of(request.origin) == request.host
                                                         : request.origin == options_.origin);
  const bool own_site = request.fetch_site.empty() || request.fetch_site == "same-origin" ||
                        request.fetch_site == "none";
  if (!own_origin || !own_site) {
    return refusal(403, "cross_site", "requests of other sites' pages are not answered");
  }
  if (!reads && !is_json(request.content_type)) {
    return refusal(415, "content_type", "send application/json");
  }
  if (request.path != "/api/join" && token_of(request).empty()) {
    return refusal(401, "no_token", "send your token in the header Authorization");
  }
  return std::nullopt;
}

bool RatingApi::is_slow(const HttpRequest& request) const {
  return request.method != "POST" && request.path.starts_with(kResearch);
}

std::vector<HttpResponse> RatingApi::quick(const std::vector<HttpRequest>& requests) {
  const std::int64_t now = options_.clock();
  std::vector<HttpResponse> responses;
  responses.reserve(requests.size());
  const auto run = [&]() -> Status {
    MIEN_TRY(transaction, SqlTransaction::begin(ratings_));
    MIEN_TRY_VOID(desk_->begin(now));
    for (const HttpRequest& request : requests) {
      MIEN_TRY_VOID(ratings_.run("SAVEPOINT request"));
      Result<HttpResponse> response = handle(request, now);
      if (!response.ok()) {
        options_.log(request.path + ": " + response.error().message);
        MIEN_TRY_VOID(ratings_.run("ROLLBACK TO request"));
        desk_->rolled_back();
        MIEN_TRY_VOID(desk_->begin(now));
        responses.push_back(refusal(500, "internal", "this did not work; try again later"));
      } else {
        responses.push_back(std::move(*response));
      }
      MIEN_TRY_VOID(ratings_.run("RELEASE request"));
    }
    return transaction.commit();
  };
  const Status status = run();
  if (!status.ok()) {
    options_.log(status.error().message);
    desk_->rolled_back();
    responses.assign(requests.size(),
                     refusal(503, "not_stored", "nothing was stored; try again later"));
    return responses;
  }
  if (std::exchange(settle_after_, false)) {
    const Status settled = settle(ratings_);
    if (!settled.ok()) options_.log(settled.error().message);
  }
  return responses;
}

Result<HttpResponse> RatingApi::handle(const HttpRequest& request, std::int64_t now) {
  if (request.path == "/api/join") return join(request, now);
  if (request.path.starts_with(kResearch)) {
    MIEN_TRY(known, is_secret(ratings_, token_of(request)));
    if (!known) return refusal(401, "no_token", "this is not the researcher's secret");
    return for_researcher(request, now);
  }
  MIEN_TRY(rater, desk_->rater_of(token_of(request)));
  if (rater.empty()) return refusal(401, "no_token", "this token is nobody's");
  return for_rater(request, rater, now);
}

HttpResponse RatingApi::slow(const HttpRequest& request) {
  const auto run = [&]() -> Result<HttpResponse> {
    MIEN_TRY(ratings, read_only_ratings(study_));
    MIEN_TRY(known, is_secret(ratings, token_of(request)));
    if (!known) return refusal(401, "no_token", "this is not the researcher's secret");
    return researcher_asks(request, ratings);
  };
  Result<HttpResponse> response = run();
  if (response.ok()) return std::move(*response);
  options_.log(request.path + ": " + response.error().message);
  return refusal(500, "internal", "this did not work; the server's messages tell why");
}

}  // namespace mien
