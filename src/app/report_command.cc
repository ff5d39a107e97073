#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/command.h"
#include "pipeline/report_job.h"

namespace mien {

void add_report(CommandLine& line) {
  struct Options {
    std::filesystem::path study;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb =
      line.app.add_subcommand("report", "Make pages to look at: one a video, and an index");
  verb->add_option("study,--study", options->study, "The study folder")->required();
  verb->callback([&line, options] {
    line.action = [&line, options]() -> Status {
      const Resources& resources = line.resources;
      MIEN_TRY(report, write_study_report({options->study, resources.web, resources.manifests,
                                           resources.models, resources.data / "prototype16.json"}));
      for (const std::string& problem : report.problems) {
        std::fputs(fmt::format("mien: left out: {}\n", problem).c_str(), stderr);
      }
      for (const VideoLine& video : report.first_videos) {
        std::fputs(fmt::format("{}: {}\n", video.video_id, video.text).c_str(), stdout);
      }
      std::fputs(fmt::format("open {}\n", report.index_page.string()).c_str(), stdout);
      return Ok{};
    };
  });
}

}  // namespace mien
