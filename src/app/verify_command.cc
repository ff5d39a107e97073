#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/verify/verify_study.h"
#include "stats/suppression.h"

namespace mien {

void add_verify(CommandLine& line) {
  struct Options {
    VerifyRequest request;
    std::int64_t minimum = kLeastCount;
    bool as_json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb = line.app.add_subcommand(
      "verify", "Hold a study folder against its checksums, plan and manifests, without writing");
  verb->add_option("study,--study", options->request.study, "The study folder")->required();
  verb->add_flag("--repair", options->request.repair,
                 "Bring back what a crash left aside, and remove what does not hold, so that the "
                 "verbs make it again");
  verb->add_option("--min-count", options->minimum,
                   "Least videos and uploaders behind a number of videos; fewer are not told")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->capture_default_str();
  verb->add_flag("--json", options->as_json, "The findings as JSON");
  add_example(verb, "mien verify study");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      MIEN_TRY(report, verify_study(options->request));
      MIEN_TRY_VOID(
          print_text(options->as_json
                         ? to_json(report, options->minimum)
                                   .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                               "\n"
                         : to_text(report, options->minimum)));
      MIEN_TRY_VOID(flush_printed());
      if (report.is_sound()) return Ok{};
      const VerifyFinding& first = report.damage.front();
      return Error{ErrorCode::kCorrupt,
                   fmt::format("{}: not sound, {} findings; the first: {}: {}; remedy: {}",
                               options->request.study.string(), report.damage_count,
                               first.file.string(), first.what, first.remedy)};
    };
  });
}

}  // namespace mien
