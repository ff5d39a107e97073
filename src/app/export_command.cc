#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/export.h"

namespace mien {

void add_export(CommandLine& line) {
  struct Options {
    ExportRequest request;
    std::string format = "csv";
    std::filesystem::path out;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* verb =
      line.app.add_subcommand("export", "Write a study's table as CSV, JSON lines or Parquet");
  verb->add_option("study,--study", options->request.study, "The study folder")->required();
  verb->add_option("--table", options->request.table,
                   "Any table of the study: corpus, rejects, media, tracks, windows, expressions, "
                   "frames, contexts, context_status, maps, excluded, pairs, cells, ...")
      ->required();
  verb->add_option("--format", options->format, "csv, jsonl or parquet")
      ->check(CLI::IsMember({"csv", "jsonl", "parquet"}))
      ->capture_default_str();
  verb->add_option("--out", options->out, "Parquet's file; text goes to standard output");
  add_example(verb, "mien export study --table windows > windows.csv");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      ExportRequest& request = options->request;
      request.format = options->format == "csv"     ? ExportFormat::kCsv
                       : options->format == "jsonl" ? ExportFormat::kJsonLines
                                                    : ExportFormat::kParquet;
      request.parquet_file = options->out;
      if ((request.format == ExportFormat::kParquet) == options->out.empty()) {
        return Error{ErrorCode::kUsage,
                     "--format parquet needs --out FILE; csv and jsonl go to standard output"};
      }
      if (request.table == "expressions") {
        std::fputs(
            "mien: note: per-video expression tables are personal data where people can be "
            "recognised;\n      a label is what raters would call a face, never what a person "
            "feels.\n",
            stderr);
      }
      MIEN_TRY(summary, export_table(request, print_text));
      MIEN_TRY_VOID(flush_printed());
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
      return Ok{};
    };
  });
}

}  // namespace mien
