#include <cstdio>
#include <filesystem>

#include "app/command.h"
#include "pipeline/export.h"

namespace mien {

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
    line.action = [request, format] {
      request->format = *format == "csv" ? ExportFormat::kCsv : ExportFormat::kJsonLines;
      if (request->table == "expressions") {
        std::fputs(
            "mien: note: per-video expression tables are personal data where people can be "
            "recognised;\n      a label is what raters would call a face, never what a person "
            "feels.\n",
            stderr);
      }
      return export_table(*request, [](const std::string& text) -> Status {
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
          return Error{ErrorCode::kIo, "standard output cannot be written to; is the disk full?"};
        }
        return Ok{};
      });
    };
  });
}

}  // namespace mien
