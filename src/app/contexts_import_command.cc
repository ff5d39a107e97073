#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/contexts_commands.h"
#include "app/print.h"
#include "pipeline/import/coded_contexts.h"

namespace mien {

namespace {

nlohmann::json to_json(const CodedContextsSummary& summary) {
  return {{"rows", summary.rows},
          {"videos", summary.videos},
          {"ok", summary.ok},
          {"not_annotated", summary.not_annotated},
          {"contexts", summary.contexts},
          {"context_rows", summary.context_rows},
          {"above_threshold", summary.above_threshold},
          {"rows_of_unknown_videos", summary.unknown_rows},
          {"bad_rows", summary.bad_rows},
          {"problems", summary.problems}};
}

std::string to_text(const CodedContextsSummary& summary, const std::string& source) {
  std::string text = fmt::format(
      "source {}: {} of {} videos, {} contexts; {} rows, {} of them present\n", source, summary.ok,
      summary.videos, summary.contexts, summary.context_rows, summary.above_threshold);
  if (summary.not_annotated > 0) {
    text += fmt::format("  {} videos have no row in the file\n", summary.not_annotated);
  }
  if (summary.unknown_rows > 0) {
    text += fmt::format("  {} rows are of videos that the corpus does not have; left out\n",
                        summary.unknown_rows);
  }
  if (summary.bad_rows > 0) {
    text +=
        fmt::format("  {} rows cannot be read; their videos count as failed\n", summary.bad_rows);
  }
  for (const std::string& problem : summary.problems) text += "  " + problem + "\n";
  return text;
}

// "context=label" into {context: label}.
Status take_columns(const std::vector<std::string>& given, CodedContextsRequest& request) {
  for (const std::string& pair : given) {
    const std::size_t equals = pair.find('=');
    const std::string name = pair.substr(0, equals);
    const bool is_known = name == "video_id" || name == "context" || name == "begin_s" ||
                          name == "end_s" || name == "score" || name == "weight";
    if (is_known && equals != std::string::npos && equals + 1 < pair.size()) {
      request.columns[name] = pair.substr(equals + 1);
      continue;
    }
    return Error{ErrorCode::kUsage,
                 fmt::format("--column '{}': say video_id, context, begin_s, end_s, score or "
                             "weight, = and the file's column",
                             pair)};
  }
  return Ok{};
}

}  // namespace

void add_contexts_import(CLI::App& contexts, CommandLine& line) {
  struct Options {
    CodedContextsRequest request;
    std::vector<std::string> columns;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CodedContextsRequest& request = options->request;
  CLI::App* verb = contexts.add_subcommand(
      "import", "Contexts that people or another program gave videos, as a source");
  verb->add_option("FILE", request.file,
                   "CSV, TSV or Parquet: video_id, context; begin_s, end_s, score, weight where "
                   "there are any")
      ->required();
  verb->add_option("--study", request.study, "The study folder; its corpus says which videos")
      ->required();
  verb->add_option("--source", request.source, "What the study calls the source")->required();
  verb->add_option("--column", options->columns, "Another column's name: context=label");
  verb->add_option("--threshold", request.threshold_prob,
                   "Contexts of at least this score are present")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_flag("--complete", request.complete,
                 "Every video was looked at: one without a row has no context");
  verb->add_flag("--redo", request.redo, "Replace the source where it is there");
  verb->add_flag("--json", options->json, "The summary as JSON");
  add_example(verb, "mien contexts import coded.csv --study study --source coders");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      MIEN_TRY_VOID(take_columns(options->columns, options->request));
      MIEN_TRY(summary, import_coded_contexts(options->request));
      return print_text(
          options->json
              ? to_json(summary).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                    "\n"
              : to_text(summary, options->request.source));
    };
  });
}

}  // namespace mien
