// The server as attackers and raters see it, over real sockets.
#include <gmock/gmock.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "serve/http_client.h"
#include "serve/http_server.h"
#include "serve/rating_api.h"
#include "store/durable_file.h"
#include "survey/rating_database.h"
#include "survey/survey_fixture.h"

namespace mien {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
namespace t = testing;

class RatingServer : public ::testing::Test {
 protected:
  void SetUp() override {
    t::make_study(folder_.path(), 10);
    for (const char* name : {"rate.js", "rate.css", "research.js", "research.css"}) {
      t::write_text(folder_.path() / "web" / name, name);
    }
    t::write_text(folder_.path() / "secret.txt", "outside");
    const SurveyDefinition definition = read_survey_definition(folder_.path()).value();
    SqliteDatabase ratings = open_ratings(folder_.path(), definition).value();
    secret_ = renew_secret(ratings).value();
    invitation_ = add_invitation(ratings, definition, "north", 100, 1).value();
    start("");
  }
  void start(const std::string& origin) {
    server_.reset();
    RatingApiOptions options;
    options.web = folder_.path() / "web";
    options.origin = origin;
    options.clock = [this] { return now_.load(); };
    options.log = [this](const std::string& message) { log_ += message + "\n"; };
    options.reliability = [](const Ratings& ratings) {
      return nlohmann::ordered_json{{"judgements", ratings.judgements.size()}};
    };
    auto api = RatingApi::open(folder_.path(), options);
    ASSERT_TRUE(api.ok()) << api.error().message;
    api_ = std::move(*api);
    auto server = HttpServer::start(*api_, {"127.0.0.1", 0});
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::make_unique<HttpServer>(std::move(*server));
    client_ = std::make_unique<t::HttpClient>(server_->port());
  }
  void TearDown() override {
    client_.reset();
    server_.reset();
    EXPECT_EQ(log_, "") << "nothing went wrong inside";
  }

  std::string join() {
    const t::Reply reply = client_->post("/api/join", Json{{"invitation", invitation_}}.dump());
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body)["token"];
  }
  std::string ready() {  // a rater with clips lent
    const std::string token = join();
    EXPECT_EQ(client_->post("/api/consent", R"({"agreed":true})", token).status, 200);
    return token;
  }
  static std::string answer(int place, const std::string& id, const std::string& label = "joy") {
    return Json{{"answers",
                 {{{"id", id}, {"place", place}, {"outcome", "rated"}, {"values", {{label, 1}}}}}}}
        .dump();
  }
  std::int64_t rows(const std::string& table) {
    SqliteDatabase ratings = read_only_ratings(folder_.path()).value();
    return table == "answers" ? *ratings.integer("SELECT count(*) FROM answers").value()
                              : *ratings.integer("SELECT count(*) FROM raters").value();
  }

  t::TemporaryFolder folder_;
  std::atomic<std::int64_t> now_{1'000'000};
  std::string secret_, invitation_, log_;
  std::unique_ptr<RatingApi> api_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<t::HttpClient> client_;
};

TEST_F(RatingServer, ARaterJoinsAgreesRatesAndWithdraws) {
  const std::string token = join();
  EXPECT_EQ(Json::parse(client_->post("/api/next", "{}", token).body)["state"], "consent");
  EXPECT_EQ(Json::parse(client_->post("/api/answers", answer(0, "answer-before-consent"), token)
                            .body)["receipts"][0]["reason"],
            "no_consent");
  const Json view = Json::parse(client_->post("/api/consent", R"({"agreed":true})", token).body);
  EXPECT_EQ(view["state"], "rating");
  ASSERT_EQ(view["clips"].size(), 2U);
  EXPECT_EQ(view["clips"][0].count("clip"), 0U) << "a page cannot tell repeats by their ids";
  const t::Reply clip = client_->get("/api/clips/0.webm", token);
  EXPECT_THAT(clip.body, HasSubstr("webm of c"));
  EXPECT_THAT(clip.head, HasSubstr("video/webm"));
  const Json after =
      Json::parse(client_->post("/api/answers", answer(0, "answer-number-one-1"), token).body);
  EXPECT_EQ(after["receipts"][0]["status"], "stored");
  EXPECT_EQ(after["clips"][0]["place"], 1);
  const Json study = Json::parse(client_->get("/api/study", token).body);
  EXPECT_EQ(study["labels"].size(), 3U);
  EXPECT_EQ(client_->post("/api/withdraw", "{}", token).status, 400) << "not by accident";
  EXPECT_EQ(client_->post("/api/withdraw", R"({"delete":true})", token).status, 200);
  EXPECT_EQ(client_->post("/api/next", "{}", token).status, 401);
  EXPECT_EQ(rows("answers"), 0);
}

TEST_F(RatingServer, TokensAreLongRandomAndKeptAsDigestsOnly) {
  const std::string one = join(), two = join();
  EXPECT_EQ(one.size(), 48U);  // 192 bits
  EXPECT_NE(one, two);
  client_.reset();
  server_.reset();
  std::string bytes;
  for (const char* name : {"ratings.db", "ratings.db-wal"}) {
    const auto read = read_whole_file(folder_.path() / "rating" / name);
    if (read.ok()) bytes += *read;
  }
  for (const std::string& token : {one, two, secret_, invitation_}) {
    EXPECT_EQ(bytes.find(token), std::string::npos);
    EXPECT_NE(bytes.find(sha256_of_bytes(token)), std::string::npos);
  }
}

TEST_F(RatingServer, NobodyWithoutAToken) {
  const std::string rater = ready();
  for (const std::string& token : {std::string(), std::string(48, '0'), rater.substr(1) + "g",
                                   rater.substr(2), std::string("' OR 1=1 --"), secret_}) {
    EXPECT_EQ(client_->get("/api/study", token).status, 401) << token;
    EXPECT_EQ(client_->get("/api/clips/0.webm", token).status, 401) << token;
    EXPECT_EQ(client_->post("/api/answers", answer(0, "answer-number-one-1"), token).status, 401);
  }
  for (const char* path : {"/api/research/progress", "/api/research/clips", "/api/research/export",
                           "/api/research/reliability"}) {
    EXPECT_EQ(client_->get(path, rater).status, 401) << path;
    EXPECT_EQ(client_->get(std::string(path) + "?secret=" + secret_).status, 401)
        << "a secret in an address is no secret";
  }
  EXPECT_EQ(client_->post("/api/research/pause", R"({"paused":true})", rater).status, 401);
  EXPECT_EQ(client_->post("/api/join", R"({"invitation":"0000"})").status, 403);
}

TEST_F(RatingServer, NoClipWithoutALease) {
  const std::string one = ready(), two = join();
  EXPECT_EQ(client_->get("/api/clips/0.webm", one).status, 200);
  EXPECT_EQ(client_->get("/api/clips/0.webm", two).status, 404) << "another's";
  for (const char* forged : {"2.webm", "99.webm", "-1.webm", "c0.webm", "0", "0.txt", "0.webm.mp4",
                             "1e0.mp4", "9999999999999999999999.mp4", ""}) {
    EXPECT_EQ(client_->get(std::string("/api/clips/") + forged, one).status, 404) << forged;
  }
  now_ += 61'000;
  EXPECT_EQ(client_->get("/api/clips/0.webm", one).status, 404) << "the lease has ended";
  EXPECT_EQ(client_->post("/api/next", "{}", one).status, 200);
  EXPECT_EQ(client_->get("/api/clips/0.webm", one).status, 200) << "lent anew";
  (void)client_->post("/api/answers", answer(0, "answer-number-one-1"), one);
  EXPECT_EQ(client_->get("/api/clips/0.webm", one).status, 404) << "answered";
}

TEST_F(RatingServer, NoPathLeavesThePages) {
  const std::string token = ready();
  for (const char* path :
       {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/rating/ratings.db",
        "/api/clips/../../secret.txt", "/api/clips/%2e%2e%2f%2e%2e%2fsecret.txt", "//secret.txt",
        "/api/clips/0.webm/../../secret.txt", "/rate.js/../secret.txt", "/api/clips/..%00.webm"}) {
    const t::Reply reply = client_->get(path, token);
    EXPECT_NE(reply.status, 200) << path;
    EXPECT_THAT(reply.body, Not(HasSubstr("outside"))) << path;
  }
}

TEST_F(RatingServer, TooLargeAndMalformedRequestsAreRefused) {
  const std::string token = ready();
  EXPECT_EQ(client_->post("/api/answers", std::string(kLargestBody + 1, 'x'), token).status, 413);
  t::HttpClient chunked(server_->port());
  std::string body;
  for (int i = 0; i < 70; ++i) body += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  const int status =
      chunked
          .send(
              "POST /api/answers HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
              "Content-Type: application/json\r\nAuthorization: Bearer " +
              token + "\r\n\r\n" + body + "0\r\n\r\n")
          .status;
  EXPECT_TRUE(status == 413 || status == 0) << status;
  const t::Reply headers =
      t::HttpClient(server_->port()).get("/", "", "X-Large: " + std::string(40'000, 'x') + "\r\n");
  EXPECT_TRUE(headers.status == 431 || headers.status == 413 || headers.status == 0);
  for (const char* bytes : {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                            "POST /api/next HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n"}) {
    const int got = t::HttpClient(server_->port()).send(bytes).status;
    EXPECT_TRUE(got == 0 || (got >= 400 && got < 500)) << bytes << got;
  }
  for (const std::string& body_of :
       {std::string("{"), std::string("[]"), std::string("{\"answers\":3}"),
        std::string("{\"answers\":[{\"id\":1}]}"), std::string(5000, '['),
        std::string("{\"answers\":[],\"more\":1}"), std::string("\xff\xfe"), answer(0, "short"),
        answer(-1, "answer-number-one-1"), answer(0, "answer number one 1; --")}) {
    EXPECT_EQ(client_->post("/api/answers", body_of, token).status, 400) << body_of.substr(0, 60);
  }
  EXPECT_EQ(client_
                ->post("/api/answers", "x=1", token,
                       "Content-Type: application/x-www-form-urlencoded\r\n")
                .status,
            415);
  EXPECT_EQ(client_->post("/api/answers", "{}", token, "").status, 415);
  EXPECT_EQ(client_->send("DELETE /api/study HTTP/1.1\r\nHost: h\r\n\r\n").status, 405);
  EXPECT_EQ(client_->get("/api/study", token).status, 200) << "it serves on";
}

TEST_F(RatingServer, OtherSitesAreRefused) {
  const std::string token = ready();
  const std::string json = "Content-Type: application/json\r\n";
  EXPECT_EQ(
      client_->post("/api/next", "{}", token, json + "Origin: https://evil.example\r\n").status,
      403);
  EXPECT_EQ(client_->post("/api/next", "{}", token, json + "Origin: null\r\n").status, 403);
  EXPECT_EQ(client_->post("/api/next", "{}", token, json + "Sec-Fetch-Site: cross-site\r\n").status,
            403);
  EXPECT_EQ(client_->get("/api/study", token, "Sec-Fetch-Site: same-site\r\n").status, 403);
  EXPECT_EQ(client_->post("/api/next", "{}", token, json + "Origin: http://127.0.0.1\r\n").status,
            200);
  start("https://rate.example.org");
  EXPECT_EQ(client_->get("/").status, 421) << "another host's name";
  const std::string own = "GET / HTTP/1.1\r\nHost: rate.example.org\r\n\r\n";
  EXPECT_EQ(client_->send(own).status, 200);
}

TEST_F(RatingServer, HeadersHoldNothingOfARequest) {
  for (const char* path : {"/", "/%0d%0aX-Injected:%201", "/?a=%0d%0aX-Injected:%201",
                           "/api/research/export?format=csv%0d%0aX-Injected:%201"}) {
    const t::Reply reply = client_->get(path, secret_, "Origin: http://127.0.0.1\r\n");
    EXPECT_NE(reply.status, 0);
    EXPECT_THAT(reply.head, Not(HasSubstr("X-Injected"))) << path;
    EXPECT_THAT(reply.head, HasSubstr("Content-Security-Policy: default-src 'none'")) << path;
    EXPECT_THAT(reply.head, HasSubstr("X-Content-Type-Options: nosniff"));
    EXPECT_THAT(reply.head, HasSubstr("Referrer-Policy: no-referrer"));
    EXPECT_THAT(reply.head, HasSubstr("X-Frame-Options: DENY"));
    EXPECT_THAT(reply.head, Not(HasSubstr("Access-Control-Allow-Origin")));
  }
}

TEST_F(RatingServer, ValuesDeepInEachOtherAreRefused) {
  const std::string token = ready();
  const std::string deep = std::string(120'000, '[') + std::string(120'000, ']');
  for (const char* path : {"/api/next", "/api/answers", "/api/session"}) {
    EXPECT_EQ(client_->post(path, "{\"answers\":" + deep + "}", token).status, 400) << path;
    EXPECT_EQ(client_->post(path, deep, token).status, 400) << path;
  }
  EXPECT_EQ(client_->get("/api/study", token).status, 200);
}

TEST_F(RatingServer, TextIsNeverSql) {
  const std::string token = ready();
  const std::string sly = "x'); DROP TABLE answers; --";
  EXPECT_EQ(client_->post("/api/join", Json{{"invitation", sly}}.dump()).status, 403);
  const Json told =
      Json::parse(client_->post("/api/answers", answer(0, "answer-number-one-1", sly), token).body);
  EXPECT_EQ(told["receipts"][0]["reason"], "unknown_label");
  EXPECT_EQ(
      client_->post("/api/research/exclude", Json{{"rater", sly}, {"reason", "r"}}.dump(), secret_)
          .status,
      404);
  const std::string rater = Json::parse(client_->get("/api/study", token).body)["rater"];
  EXPECT_EQ(
      client_
          ->post("/api/research/exclude", Json{{"rater", rater}, {"reason", sly}}.dump(), secret_)
          .status,
      200);
  const Json progress = Json::parse(client_->get("/api/research/progress", secret_).body);
  EXPECT_EQ(progress["raters"][0]["excluded"], sly) << "kept as text";
  EXPECT_EQ(rows("answers"), 0);
}

TEST_F(RatingServer, TheResearcherSeesPausesInvitesAndExports) {
  const std::string token = ready();
  (void)client_->post("/api/answers", answer(0, "answer-number-one-1"), token);
  EXPECT_EQ(Json::parse(client_->get("/api/research/reliability", secret_).body)["judgements"], 1);
  EXPECT_EQ(client_->post("/api/research/pause", R"({"paused":true})", secret_).status, 200);
  EXPECT_EQ(Json::parse(client_->post("/api/next", "{}", token).body)["state"], "paused");
  EXPECT_EQ(client_->post("/api/research/pause", R"({"paused":false})", secret_).status, 200);
  EXPECT_EQ(Json::parse(client_->post("/api/next", "{}", token).body)["state"], "rating");
  const t::Reply csv = client_->get("/api/research/export?format=csv", secret_);
  EXPECT_THAT(csv.body, HasSubstr("rater,clip,label,value"));
  EXPECT_THAT(csv.head, HasSubstr("attachment; filename=\"ratings.csv\""));
  EXPECT_EQ(client_->get("/api/research/export?format=parquet", secret_).body.substr(0, 4), "PAR1");
  EXPECT_EQ(Json::parse(client_->get("/api/research/export?format=json", secret_).body).size(), 1U);
  EXPECT_EQ(client_->get("/api/research/export?format=../x", secret_).status, 400);
  EXPECT_EQ(client_->post("/api/research/invite", R"({"group":"west"})", secret_).status, 400);
  const Json made =
      Json::parse(client_->post("/api/research/invite", R"({"group":"south"})", secret_).body);
  invitation_ = made["invitation"];
  const std::string south = join();
  const Json study = Json::parse(client_->get("/api/study", south).body);
  EXPECT_EQ(study["language"], "ar");
  EXPECT_EQ(client_->post("/api/join", Json{{"invitation", invitation_}}.dump()).status, 403)
      << "used up";
  std::size_t left = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "rating")) {
    if (entry.path().filename().string().find("-ratings.") != std::string::npos) ++left;
  }
  EXPECT_EQ(left, 0U) << "no export stays behind";
}

TEST_F(RatingServer, AClipThatIsGoneIsARefusalAndTheRestGoesOn) {
  const std::string token = ready();
  std::filesystem::remove_all(folder_.path() / "rating/clips");
  EXPECT_EQ(client_->get("/api/clips/0.webm", token).status, 503);
  EXPECT_EQ(client_->post("/api/next", "{}", token).status, 200);
}

}  // namespace
}  // namespace mien
