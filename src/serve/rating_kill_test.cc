// Raters answer while the server is killed again and again: what it acknowledged is there, and
// nothing is there twice, by the count of the clients' own log.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "serve/http_client.h"
#include "serve/http_server.h"
#include "serve/rating_api.h"
#include "survey/rating_database.h"
#include "survey/survey_fixture.h"

namespace mien {
namespace {

using Json = nlohmann::json;
namespace t = testing;

constexpr int kThreads = 10;
constexpr int kRatersOfThread = 20;

// Serves until it is killed; writes the port it listens at into the pipe.
[[noreturn]] void serve(const std::filesystem::path& study, int port, int told) {
  RatingApiOptions options;
  options.web = study / "web";
  options.clock = now_ms;
  options.log = [](const std::string& message) { std::fputs((message + "\n").c_str(), stderr); };
  auto api = RatingApi::open(study, options);
  if (!api.ok()) _exit(2);
  auto server = HttpServer::start(**api, {"127.0.0.1", port});
  if (!server.ok()) _exit(3);
  const int at = server->port();
  if (write(told, &at, sizeof at) != sizeof at) _exit(4);
  for (;;) pause();
}

struct Child {
  pid_t pid = -1;
  int port = 0;
};

// In a process of its own; port 0: any. Called while this process has no other thread, or only ones
// that wait in a socket.
Child start(const std::filesystem::path& study, int port) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    serve(study, port, ends[1]);
  }
  close(ends[1]);
  int at = 0;
  const bool told = read(ends[0], &at, sizeof at) == sizeof at;
  close(ends[0]);
  return told ? Child{pid, at} : Child{};
}

void end(const Child& child) {
  kill(child.pid, SIGKILL);
  waitpid(child.pid, nullptr, 0);
}

struct Log {
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::atomic<int> answers{0};
  std::atomic<bool> stop{false};
};

// One rater: sends an answer until it is acknowledged, then the next.
struct ClientRater {
  std::string token, pending, id;
  int place = -1, sent = 0;
};

void rate(t::HttpClient& client, ClientRater& rater, Log& log) {
  if (rater.pending.empty()) {
    const t::Reply reply = client.post("/api/next", "{}", rater.token);
    if (reply.status != 200) return;
    const Json view = Json::parse(reply.body);
    if (view["clips"].empty()) return;
    rater.place = view["clips"][0]["place"];
    rater.id = rater.token.substr(0, 20) + "-" + std::to_string(rater.place);
    rater.pending = Json{{"answers",
                          {{{"id", rater.id},
                            {"place", rater.place},
                            {"outcome", "rated"},
                            {"values", {{"joy", 1}}}}}}}
                        .dump();
  }
  const t::Reply reply = client.post("/api/answers", rater.pending, rater.token);
  if (reply.status != 200) return;  // not acknowledged: sent again
  const std::string status = Json::parse(reply.body)["receipts"][0]["status"];
  ASSERT_TRUE(status == "stored" || status == "known") << reply.body;
  const std::lock_guard lock(log.mutex);
  EXPECT_TRUE(log.acknowledged.insert(rater.id).second);
  ++log.answers;
  rater.pending.clear();
}

TEST(RatingKill, NothingAcknowledgedIsLostOrDoubled) {
  t::TemporaryFolder folder;
  std::string text = t::kSmallStudy;
  text.replace(text.find("ratings_per_clip = 3"), 20, "ratings_per_clip = 50");
  t::make_study(folder.path(), 400, text);
  for (const char* name : {"rate.js", "rate.css", "research.js", "research.css"}) {
    t::write_text(folder.path() / "web" / name, "");
  }
  std::vector<std::vector<ClientRater>> raters(kThreads);
  {
    const SurveyDefinition definition = read_survey_definition(folder.path()).value();
    SqliteDatabase ratings = open_ratings(folder.path(), definition).value();
    (void)renew_secret(ratings).value();
    const ClipList clips = ClipList::read(folder.path()).value();
    RatingDesk desk = RatingDesk::open(ratings, definition, clips).value();
    SqlTransaction transaction = SqlTransaction::begin(ratings).value();
    ASSERT_TRUE(desk.begin(now_ms()).ok());
    const std::string invitation =
        add_invitation(ratings, definition, "north", kThreads * kRatersOfThread, 1).value();
    for (auto& of_thread : raters) {
      for (int i = 0; i < kRatersOfThread; ++i) {
        const JoinedRater joined = desk.join(invitation, now_ms()).value();
        ASSERT_TRUE(desk.consent(joined.id, now_ms()).ok());
        of_thread.push_back({joined.token, "", "", -1, 0});
      }
    }
    ASSERT_TRUE(transaction.commit().ok());
  }
  const int kills = std::getenv("MIEN_SOAK") != nullptr ? 10 : 3;
  Child server = start(folder.path(), 0);
  ASSERT_GT(server.port, 0);
  const int port = server.port;
  Log log;
  std::vector<std::thread> threads;
  for (auto& of_thread : raters) {
    threads.emplace_back([&log, &of_thread, port] {
      t::HttpClient client(port);
      while (!log.stop) {
        for (ClientRater& rater : of_thread) rate(client, rater, log);
      }
    });
  }
  for (int killed = 0; killed < kills; ++killed) {
    const int before = log.answers;
    while (log.answers < before + 150) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    end(server);
    server = start(folder.path(), port);
    ASSERT_EQ(server.port, port);
  }
  const int before = log.answers;
  while (log.answers < before + 150) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  log.stop = true;
  for (std::thread& thread : threads) thread.join();
  end(server);

  SqliteDatabase ratings = read_only_ratings(folder.path()).value();
  std::set<std::string> stored;
  ASSERT_TRUE(ratings
                  .each("SELECT id FROM answers", {},
                        [&](const SqlRow& row) -> Status {
                          stored.emplace(row.text(0));
                          return Ok{};
                        })
                  .ok());
  std::size_t waiting = 0;  // may be there or not: nobody was told
  for (const auto& of_thread : raters) {
    for (const ClientRater& rater : of_thread) {
      if (!rater.pending.empty()) {
        stored.erase(rater.id);
        ++waiting;
      }
    }
  }
  EXPECT_EQ(stored, log.acknowledged) << waiting << " were on their way";
  EXPECT_GE(stored.size(), 600U);
  EXPECT_EQ(*ratings.integer("SELECT count(*) FROM answers").value(),
            *ratings.integer("SELECT count(*) FROM assignments WHERE answer IS NOT NULL").value());
  EXPECT_EQ(*ratings
                 .integer("SELECT count(*) FROM (SELECT 1 FROM assignments GROUP BY rater, clip "
                          "HAVING count(*) > 1)")
                 .value(),
            0);
  EXPECT_EQ(
      *ratings
           .integer("SELECT count(*) FROM (SELECT 1 FROM assignments WHERE answer IS NOT NULL "
                    "GROUP BY clip HAVING count(*) > 50)")
           .value(),
      0);
}

}  // namespace
}  // namespace mien
