#include <filesystem>
#include <optional>

#include "app/command.h"
#include "app/serving.h"
#include "serve/study_site.h"

namespace mien {

namespace {

struct ServeStudyRequest {
  std::string study, origin;
  bool ratings = false;
  HttpServerOptions listen;
};

Status run_serve_study(const ServeStudyRequest& request, const Resources& resources) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(request.study, ignored)) {
    return Error{ErrorCode::kNotFound, request.study +
                                           ": no such study folder; remedy: name a "
                                           "folder that 'mien run' or 'mien annotate' "
                                           "made"};
  }
  std::optional<RatingService> ratings;
  if (request.ratings) {
    MIEN_TRY(opened, open_rating_service(request.study, request.origin, resources, "mien serve"));
    ratings = std::move(opened);
  }
  StudySite site(request.study, {request.listen.address, request.origin},
                 ratings ? ratings->api.get() : nullptr);
  return serve_until_stopped(site, request.listen, [&](int port) {
    std::string text = ratings ? told(*ratings->api, request.listen, port)
                               : "For reading alone; --ratings takes ratings too.\n";
    if (!site.has_report())
      text += "There is no report yet; remedy: mien report " + request.study + "\n";
    return text + "Ctrl-C ends it.\n";
  });
}

}  // namespace

void add_serve(CommandLine& line) {
  CLI::App* verb =
      line.app.add_subcommand("serve", "Show a study's pages at an address of this machine");
  const auto request = std::make_shared<ServeStudyRequest>();
  verb->add_option("STUDY", request->study, "The study's folder")->required();
  verb->add_flag("--ratings", request->ratings,
                 "Take ratings too: the pages of raters and of the researcher");
  verb->add_option("--address", request->listen.address,
                   "Where to listen; keep it at this machine and put a proxy with TLS before it")
      ->capture_default_str();
  verb->add_option("--port", request->listen.port, "0: one that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  verb->add_option("--origin", request->origin,
                   "How browsers call the server (https://mien.example.org); other hosts are "
                   "refused");
  add_example(verb, "mien serve study");
  verb->callback([&line, request] {
    line.action = [&line, request] { return run_serve_study(*request, line.resources); };
  });
}

}  // namespace mien
