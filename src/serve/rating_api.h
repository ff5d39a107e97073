// The rating study over HTTP: pages, what raters' pages ask, what the researcher's page asks
// (docs/rating-study.md has the table of requests).
//
// Who asks is told by a token in the header Authorization alone, so that no other site's page can
// ask in a rater's name. Bodies are JSON objects whose keys are all known. No text of a request
// reaches the file system, a header or the text of an SQL statement.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "rating/ratings.h"
#include "serve/http.h"
#include "store/forgotten.h"
#include "survey/clip_list.h"
#include "survey/definition.h"
#include "survey/rating_desk.h"

namespace mien {

struct RatingApiOptions {
  std::filesystem::path web;  // the built pages
  std::string origin;         // "https://rate.example.org"; empty: whatever host was asked
  std::function<std::int64_t()> clock;                                // milliseconds since 1970
  std::function<nlohmann::ordered_json(const Ratings&)> reliability;  // of the answers so far
  std::function<void(const std::string&)> log;  // what went wrong inside; never a token
};

class RatingApi : public HttpHandler {
 public:
  // Opens the study's rating.toml, clips.json and ratings.db. kUsage where there is no
  // researcher's secret yet.
  static Result<std::unique_ptr<RatingApi>> open(const std::filesystem::path& study,
                                                 RatingApiOptions options);

  std::optional<HttpResponse> at_once(const HttpRequest& request) const override;
  bool is_slow(const HttpRequest& request) const override;
  std::vector<HttpResponse> quick(const std::vector<HttpRequest>& requests) override;
  HttpResponse slow(const HttpRequest& request) override;

  const SurveyDefinition& definition() const { return definition_; }
  const ClipList& clips() const { return clips_; }

 private:
  using Json = nlohmann::ordered_json;
  struct Page {
    std::string content_type, body;
  };

  RatingApi(std::filesystem::path study, SurveyDefinition definition, ClipList clips,
            SqliteDatabase ratings, RatingApiOptions options);
  Status load_pages();
  Result<HttpResponse> handle(const HttpRequest& request, std::int64_t now);
  Result<HttpResponse> join(const HttpRequest& request, std::int64_t now);
  Result<HttpResponse> for_rater(const HttpRequest& request, const std::string& rater,
                                 std::int64_t now);
  Result<HttpResponse> study_for(const std::string& rater);
  Result<HttpResponse> view_for(const std::string& rater, std::int64_t now);
  Result<HttpResponse> take_answers(const HttpRequest& request, const std::string& rater,
                                    std::int64_t now);
  Result<HttpResponse> clip_for(const std::string& path, const std::string& rater,
                                std::int64_t now);
  Result<HttpResponse> for_researcher(const HttpRequest& request, std::int64_t now);
  Result<HttpResponse> researcher_asks(const HttpRequest& request, SqliteDatabase& ratings);
  Result<HttpResponse> export_for(const std::string& query, SqliteDatabase& ratings);
  Json view_json(const RaterView& view) const;

  std::filesystem::path study_;
  SurveyDefinition definition_;
  ClipList clips_;
  SqliteDatabase ratings_;
  RatingApiOptions options_;
  std::unique_ptr<RatingDesk> desk_;
  std::map<std::string, Page> pages_;
  Forgotten forgotten_;        // for its salt
  bool settle_after_ = false;  // somebody was forgotten in this batch
};

}  // namespace mien
