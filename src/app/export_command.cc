#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/export/export.h"
#include "pipeline/export/export_videos.h"

namespace mien {

namespace {

const std::string kVideoOptions = "One file a video: openface, eaf, vtt";

struct ExportFlags {
  ExportRequest table;
  ExportVideosRequest videos;
  std::string format = "csv";
  std::filesystem::path out;
  bool json = false;
};

bool is_one_a_video(const std::string& format) {
  return format == "openface" || format == "eaf" || format == "vtt";
}

void print_notes(const ExportSummary& summary) {
  if (summary.is_simulated) {
    std::fputs("mien: note: this table is of a simulated study, of nobody's faces\n", stderr);
  }
  for (const std::string& problem : summary.problems) {
    std::fputs(fmt::format("mien: left out: {}\n", problem).c_str(), stderr);
  }
  if (summary.videos_missing > 0) {
    std::fputs(fmt::format("mien: note: {} videos of the study are not annotated yet, or have "
                           "changed since\n",
                           summary.videos_missing)
                   .c_str(),
               stderr);
  }
}

Status export_one_table(ExportFlags& flags) {
  ExportRequest& request = flags.table;
  request.format = flags.format == "csv"     ? ExportFormat::kCsv
                   : flags.format == "jsonl" ? ExportFormat::kJsonLines
                                             : ExportFormat::kParquet;
  request.parquet_file = flags.out;
  if (request.table.empty()) {
    return Error{ErrorCode::kUsage, "--format " + flags.format + " needs --table NAME"};
  }
  if ((request.format == ExportFormat::kParquet) == flags.out.empty()) {
    return Error{ErrorCode::kUsage,
                 "--format parquet needs --out FILE; csv "
                 "and jsonl go to standard output"};
  }
  if (flags.json) {
    return Error{ErrorCode::kUsage, "--json goes with one file a video; --format jsonl gives rows"};
  }
  if (request.table == "expressions") {
    std::fputs(
        "mien: note: per-video expression tables are personal data "
        "where people can be "
        "recognised;\n      a label is what raters would call a face, "
        "never what a person "
        "feels.\n",
        stderr);
  }
  MIEN_TRY(summary, export_table(request, print_text));
  MIEN_TRY_VOID(flush_printed());
  print_notes(summary);
  return Ok{};
}

std::string to_text(const ExportVideosSummary& summary, const std::filesystem::path& out) {
  std::string text = fmt::format("{} files in {}\n", summary.files, out.string());
  for (const std::string& whose : summary.whose_labels) text += "whose labels: " + whose + "\n";
  return text +
         "A label is what raters would call a face, never what a person "
         "feels.\n";
}

Status export_each_video(ExportFlags& flags) {
  ExportVideosRequest& request = flags.videos;
  request.study = flags.table.study;
  request.folder = flags.out;
  request.format = flags.format == "eaf"   ? VideoFormat::kElan
                   : flags.format == "vtt" ? VideoFormat::kWebVtt
                                           : VideoFormat::kOpenFace;
  request.frames = flags.table.table == "frames";
  const bool is_openface = request.format == VideoFormat::kOpenFace;
  const bool is_table = flags.table.table.empty() || flags.table.table == "windows" ||
                        (request.frames && is_openface);
  if (!is_table) {
    return Error{ErrorCode::kUsage, "--format " + flags.format + " is made of the table windows" +
                                        (is_openface ? ", or of frames with --table frames" : "")};
  }
  if (flags.out.empty()) {
    return Error{ErrorCode::kUsage,
                 "--format " + flags.format + " writes one file a video and needs --out FOLDER"};
  }
  MIEN_TRY(summary, export_videos(request));
  if (flags.json) {
    const nlohmann::json json = {{"files", summary.files},
                                 {"rows", summary.table.rows},
                                 {"videos_without_rows", summary.videos_without_windows},
                                 {"labels", summary.labels},
                                 {"whose_labels", summary.whose_labels},
                                 {"problems", summary.table.problems}};
    MIEN_TRY_VOID(
        print_text(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
  } else {
    MIEN_TRY_VOID(print_text(to_text(summary, flags.out)));
  }
  MIEN_TRY_VOID(flush_printed());
  print_notes(summary.table);
  if (summary.videos_without_windows > 0) {
    std::fputs(fmt::format("mien: note: {} of the videos that were named have "
                           "no face to tell of\n",
                           summary.videos_without_windows)
                   .c_str(),
               stderr);
  }
  return Ok{};
}

}  // namespace

void add_export(CommandLine& line) {
  const auto flags = std::make_shared<ExportFlags>();
  CLI::App* verb = line.app.add_subcommand(
      "export", "Write a study's tables, for people and for other programs");
  verb->add_option("study,--study", flags->table.study, "The study folder")->required();
  verb->add_option("--table", flags->table.table,
                   "Any table of the study: corpus, rejects, media, tracks, windows, "
                   "expressions, "
                   "frames, contexts, context_status, maps, excluded, pairs, cells, ...");
  verb->add_option("--format", flags->format,
                   "csv, jsonl, parquet; openface (CSV), eaf (ELAN), vtt (WebVTT)")
      ->check(CLI::IsMember({"csv", "jsonl", "parquet", "openface", "eaf", "vtt"}))
      ->capture_default_str();
  verb->add_option("--out", flags->out,
                   "Parquet's file, or the folder of one file a video; other "
                   "text goes to standard "
                   "output");
  verb->add_option("--video", flags->videos.videos, "Only these videos, by id")
      ->group(kVideoOptions);
  verb->add_option("--channels", flags->videos.channels,
                   "Only these channels (default: those in [0, 1]; openface: all)")
      ->delimiter(',')
      ->group(kVideoOptions);
  verb->add_option("--threshold", flags->videos.threshold, "eaf, vtt: leave out lower scores")
      ->capture_default_str()
      ->group(kVideoOptions);
  verb->add_flag("--json", flags->json, "The summary as JSON")->group(kVideoOptions);
  add_example(verb, "mien export study --table windows > windows.csv");
  add_example(verb, "mien export study --format eaf --out elan --channels basic7");
  verb->callback([&line, flags] {
    line.action = [flags]() -> Status {
      return is_one_a_video(flags->format) ? export_each_video(*flags) : export_one_table(*flags);
    };
  });
}

}  // namespace mien
