// A study's pages over real sockets: what is handed out, and what is not.
#include "serve/study_site.h"

#include <gmock/gmock.h>

#include <fstream>

#include "support/paths.h"

#include "serve/http_client.h"
#include "serve/http_server.h"
#include "serve/messages.h"

namespace mien {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
namespace t = testing;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

class Site : public ::testing::Test {
 protected:
  void SetUp() override {
    write(study_ / "report/index.html", "<p>index</p>");
    write(study_ / "report/assets/report.js", "js");
    write(study_ / "report/data/odd.exe", "no");
    write(study_ / "overlays/clip.mp4", "0123456789");
    write(study_ / "corpus.parquet", "secret");
    write(folder_.path() / "outside.html", "secret");
    fs::create_symlink(folder_.path() / "outside.html", study_ / "report/out.html");
    fs::create_symlink(folder_.path(), study_ / "report/away");
    start(nullptr);
  }
  void start(HttpHandler* ratings, StudySiteOptions options = {}) {
    client_.reset();
    server_.reset();
    site_ = std::make_unique<StudySite>(study_, std::move(options), ratings);
    auto server = HttpServer::start(*site_, {"127.0.0.1", 0});
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::make_unique<HttpServer>(std::move(*server));
    client_ = std::make_unique<t::HttpClient>(server_->port());
  }

  t::TemporaryFolder folder_;
  const fs::path study_ = folder_.path() / "study";
  std::unique_ptr<StudySite> site_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<t::HttpClient> client_;
};

TEST_F(Site, HandsOutTheReportAndItsVideos) {
  EXPECT_THAT(client_->get("/").body, HasSubstr("href=\"/report/\""));
  EXPECT_THAT(client_->get("/study").body, HasSubstr("Nobody can rate here"));
  const t::Reply index = client_->get("/report/");
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(index.body, "<p>index</p>");
  EXPECT_THAT(index.head, HasSubstr("Content-Type: text/html; charset=utf-8"));
  EXPECT_THAT(index.head, HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(client_->get("/report/assets/report.js").body, "js");
}

TEST_F(Site, SendsThePartOfAVideoThatAPlayerAsksFor) {
  const auto part = [&](const std::string& range) {
    return client_->get("/overlays/clip.mp4", "", "Range: " + range + "\r\n");
  };
  const t::Reply middle = part("bytes=2-4");
  EXPECT_EQ(middle.status, 206);
  EXPECT_EQ(middle.body, "234");
  EXPECT_THAT(middle.head, HasSubstr("Content-Range: bytes 2-4/10"));
  EXPECT_EQ(part("bytes=7-").body, "789");
  EXPECT_EQ(part("bytes=-3").body, "789");
  EXPECT_EQ(part("bytes=8-99").body, "89");
  for (const char* odd :
       {"bytes=10-", "bytes=5-2", "bytes=-0", "bytes=-11", "bytes=1-2,4-5", "bytes=a-b",
        "bytes=", "lines=1-2", "bytes=-", "bytes=2-x", "bytes=99999999999999999999-"}) {
    const t::Reply whole = part(odd);
    EXPECT_EQ(whole.status, 200) << odd;
    EXPECT_EQ(whole.body, "0123456789") << odd;
  }
}

TEST_F(Site, HandsOutNothingElse) {
  for (const char* path :
       {"/corpus.parquet", "/report", "/report/../corpus.parquet", "/report/%2e%2e/corpus.parquet",
        "/report/..%2fcorpus.parquet", "/overlays/../corpus.parquet", "/report/out.html",
        "/report/away/outside.html", "/report/data/odd.exe", "/report/none.html", "/report//",
        "/report/.hidden.html", "/report/assets/", "/overlays/", "/report/data%00.html",
        "/rating/ratings.db", "/nothing"}) {
    const t::Reply reply = client_->get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_THAT(reply.body, Not(HasSubstr("secret"))) << path;
  }
  EXPECT_EQ(client_->post("/report/index.html", "{}").status, 405);
  EXPECT_EQ(client_->post("/api/join", "{}").status, 405);
}

TEST_F(Site, IsNotFooledByAnotherHostsName) {
  const auto asked = [&](const std::string& host) {
    return client_->send("GET /report/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  EXPECT_EQ(asked("localhost:8080"), 200);
  EXPECT_EQ(asked("127.0.0.1"), 200);
  EXPECT_EQ(asked("evil.example"), 421);
  EXPECT_EQ(asked("localhost.evil.example"), 421);
  start(nullptr, {"127.0.0.1", "https://mien.example.org"});
  EXPECT_EQ(asked("mien.example.org"), 200);
  EXPECT_EQ(asked("localhost"), 421);
}

// Answers everything with its own name.
class Named : public HttpHandler {
 public:
  std::optional<HttpResponse> at_once(const HttpRequest& request) const override {
    if (request.path.starts_with("/api/")) return std::nullopt;
    HttpResponse response;
    response.body = "ratings " + request.path;
    return response;
  }
  bool is_slow(const HttpRequest& request) const override { return request.path == "/api/slow"; }
  std::vector<HttpResponse> quick(const std::vector<HttpRequest>& requests) override {
    return std::vector<HttpResponse>(requests.size(), refusal(200, "quick", "quick"));
  }
  HttpResponse slow(const HttpRequest&) override { return refusal(200, "slow", "slow"); }
};

TEST_F(Site, LeavesTheRestToTheRatingStudyWhereAsked) {
  Named ratings;
  start(&ratings);
  EXPECT_EQ(client_->get("/").body, "ratings /");
  EXPECT_EQ(client_->get("/research").body, "ratings /research");
  EXPECT_THAT(client_->get("/api/next").body, HasSubstr("quick"));
  EXPECT_THAT(client_->get("/api/slow").body, HasSubstr("slow"));
  EXPECT_EQ(client_->get("/report/").body, "<p>index</p>");
  EXPECT_THAT(client_->get("/study").body, HasSubstr("href=\"/research\""));
  client_.reset();
  server_.reset();
}

TEST_F(Site, SaysWhereThereIsNoReport) {
  fs::remove_all(study_ / "report");
  EXPECT_THAT(client_->get("/").body, HasSubstr("mien report STUDY"));
  EXPECT_EQ(client_->get("/report/").status, 404);
}

}  // namespace
}  // namespace mien
