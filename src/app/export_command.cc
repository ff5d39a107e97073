#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/command.h"
#include "pipeline/export.h"

namespace mien {

namespace {

Error stdout_error() {
  return {ErrorCode::kIo, "standard output cannot be written to; is the disk full?"};
}

}  // namespace

void add_export(CommandLine& line) {
  const auto request = std::make_shared<ExportRequest>();
  const auto format = std::make_shared<std::string>("csv");
  CLI::App* verb = line.app.add_subcommand("export", "Write a study's table as CSV or JSON lines");
  verb->add_option("study,--study", request->study, "The study folder")->required();
  verb->add_option("--table", request->table,
                   "corpus, media, tracks, windows, expressions or frames")
      ->required();
  verb->add_option("--format", *format, "csv or jsonl")
      ->check(CLI::IsMember({"csv", "jsonl"}))
      ->capture_default_str();
  verb->callback([&line, request, format] {
    line.action = [request, format]() -> Status {
      request->format = *format == "csv" ? ExportFormat::kCsv : ExportFormat::kJsonLines;
      if (request->table == "expressions") {
        std::fputs(
            "mien: note: per-video expression tables are personal data where people can be "
            "recognised;\n      a label is what raters would call a face, never what a person "
            "feels.\n",
            stderr);
      }
      const auto write = [](const std::string& text) -> Status {
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return stdout_error();
        return Ok{};
      };
      MIEN_TRY(summary, export_table(*request, write));
      if (std::fflush(stdout) != 0) return stdout_error();
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
