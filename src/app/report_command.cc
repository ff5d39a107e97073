#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/command.h"
#include "pipeline/report/report_job.h"
#include "pipeline/report/study_pages_job.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

struct ReportRequest {
  fs::path study;
  fs::path published;
  fs::path config;
  fs::path maps;
  int experiment = 0;
  fs::path out;
};

fs::path declared_in(const ReportRequest& request) {
  return request.config.empty() ? request.study / "study.toml" : request.config;
}

void print_page(const fs::path& page) {
  std::fputs(fmt::format("open {}\n", page.string()).c_str(), stdout);
}

Status report_maps(const ReportRequest& request, const Resources& resources) {
  if (request.out.empty()) {
    return Error{ErrorCode::kUsage, "--maps needs --out FOLDER for the pages"};
  }
  StudyPagesRequest pages;
  (has_maps(request.maps) ? pages.study : pages.published) = request.maps;
  if (request.experiment > 0) pages.experiments = {request.experiment};
  pages.data = resources.data;
  pages.web_assets = resources.web;
  MIEN_TRY(database, Database::open());
  MIEN_TRY(facts, study_pages_facts(database, pages));
  MIEN_TRY(page, write_study_folder(request.out, facts));
  print_page(page);
  return Ok{};
}

Status report_videos(const ReportRequest& request, const Resources& resources) {
  MIEN_TRY(report, write_study_report({request.study, resources.web, resources.manifests,
                                       resources.models, resources.data / "prototype16.json",
                                       declared_in(request), has_maps(request.study)}));
  for (const std::string& problem : report.problems) {
    std::fputs(fmt::format("mien: left out: {}\n", problem).c_str(), stderr);
  }
  for (const VideoLine& video : report.first_videos) {
    std::fputs(fmt::format("{}: {}\n", video.video_id, video.text).c_str(), stdout);
  }
  print_page(report.index_page);
  return Ok{};
}

// A study of videos, of maps, or of both.
Status report_study(const ReportRequest& request, const Resources& resources) {
  std::error_code ignored;
  const bool videos = fs::is_directory(request.study / "annotations", ignored);
  const bool maps = has_maps(request.study);
  if (videos || !maps) MIEN_TRY_VOID(report_videos(request, resources));
  if (!maps) return Ok{};
  StudyPagesRequest pages;
  pages.study = request.study;
  pages.published = request.published;
  pages.data = resources.data;
  pages.web_assets = resources.web;
  pages.declared_in = declared_in(request);
  if (videos) pages.videos_page = "../index.html";
  MIEN_TRY(database, Database::open());
  MIEN_TRY(facts, study_pages_facts(database, pages));
  const fs::path report = request.study / "report";
  MIEN_TRY(page, write_study_folder(videos ? report / "study" : report, facts));
  print_page(page);
  return Ok{};
}

}  // namespace

void add_report(CommandLine& line) {
  const auto request = std::make_shared<ReportRequest>();
  CLI::App* verb = line.app.add_subcommand(
      "report", "Make pages to look at: of the videos, and of maps and what they share");
  CLI::Option* study = verb->add_option("study,--study", request->study, "The study folder");
  verb->add_option("--published", request->published,
                   "A folder of published maps to show beside the study's own")
      ->needs(study);
  add_example(verb, "mien report study");
  verb->add_option("--config", request->config,
                   "The study.toml whose [study] declares purpose, legal basis and ethics approval "
                   "(default: the one in the study folder)")
      ->check(CLI::ExistingFile)
      ->needs(study);
  CLI::Option* maps =
      verb->add_option("--maps", request->maps,
                       "Maps alone, instead of a study: published ones (Exp1_REGION.csv ...), or a "
                       "private release (STUDY/private/release-0001)")
          ->excludes(study);
  verb->add_option("--experiment", request->experiment,
                   "Which experiment of the published maps (default: all)")
      ->needs(maps);
  verb->add_option("--out", request->out, "Folder for the pages of --maps")->needs(maps);
  verb->callback([&line, request] {
    line.action = [&line, request]() -> Status {
      if (!request->maps.empty()) return report_maps(*request, line.resources);
      if (request->study.empty()) {
        return Error{ErrorCode::kUsage,
                     "no maps are named; remedy: name a study's folder, or with --maps one of "
                     "published maps"};
      }
      return report_study(*request, line.resources);
    };
  });
}

}  // namespace mien
