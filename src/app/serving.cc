#include "app/serving.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "app/interrupt.h"
#include "app/print.h"
#include "pipeline/rate/reliability_json.h"
#include "survey/rating_database.h"

namespace mien {

namespace {

constexpr int kLiveReplicates = 100;  // of the researcher's page; the verb's own default is higher

}  // namespace

Result<RatingService> open_rating_service(const std::string& study, const std::string& origin,
                                          const Resources& resources, const std::string& verb) {
  const auto definition = read_survey_definition(study);  // what is missing is told first
  if (!definition.ok()) return Error(definition.error());
  MIEN_TRY(lock, FileLock::acquire(rating_folder(study) / "server.lock"));
  RatingApiOptions options;
  options.web = resources.web;
  options.origin = origin;
  options.clock = now_ms;
  options.log = [verb](const std::string& message) {
    std::fputs((verb + ": " + message + "\n").c_str(), stderr);
  };
  options.reliability = [](const Ratings& ratings) {
    ReliabilityOptions how;
    how.replicates = kLiveReplicates;
    return to_json(reliability_of(ratings, how));
  };
  MIEN_TRY(api, RatingApi::open(study, options));
  return RatingService{std::move(lock), std::move(api)};
}

std::string told(const RatingApi& api, const HttpServerOptions& listen, int port) {
  std::string text;
  if (api.definition().simulated) text += "This study is marked as simulated: no people rate.\n";
  return text + fmt::format(
                    "{} clips, {} labels, {} groups; researcher's page: "
                    "http://{}:{}/research\n",
                    api.clips().clips().size(), api.definition().labels.size(),
                    api.definition().groups.size(), listen.address, port);
}

Status serve_until_stopped(HttpHandler& handler, const HttpServerOptions& listen,
                           const std::function<std::string(int port)>& tell) {
  const auto& stop = stop_on_interrupt();
  MIEN_TRY(server, HttpServer::start(handler, listen));
  std::fputs(tell(server.port()).c_str(), stderr);
  MIEN_TRY_VOID(print_text(fmt::format("http://{}:{}\n", listen.address, server.port())));
  std::fflush(stdout);
  while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return Ok{};
}

}  // namespace mien
