#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/print.h"
#include "app/stage_lines.h"
#include "pipeline/import/import_scores.h"

namespace mien {

namespace {

const std::string kTableOptions = "Columns of --from table";

nlohmann::json to_json(const ImportSummary& summary) {
  nlohmann::json failures = nlohmann::json::array();
  for (const ImportFailure& failure : summary.failures) {
    failures.push_back(
        {{"video_id", failure.video_id}, {"reason", failure.reason}, {"message", failure.message}});
  }
  return {{"videos", summary.videos},
          {"already_done", summary.already_done},
          {"ok", summary.ok},
          {"failed", summary.failed},
          {"forgotten", summary.forgotten},
          {"new_to_corpus", summary.new_to_corpus},
          {"frames_analysed", summary.frames_analysed},
          {"faces", summary.tracks},
          {"face_seconds", summary.face_seconds},
          {"rows_missing", summary.missing_rows},
          {"channels", summary.channels},
          {"failures", failures},
          {"problems", summary.problems}};
}

std::string to_text(const ImportSummary& summary, const std::filesystem::path& study) {
  std::string text =
      fmt::format("{} videos: {} read now, {} failed", summary.videos, summary.ok, summary.failed);
  if (summary.already_done > 0) text += fmt::format(", {} were done already", summary.already_done);
  if (summary.forgotten > 0) {
    text += fmt::format(", {} forgotten by this study and passed over", summary.forgotten);
  }
  text += fmt::format(
      "\n{} faces, {:.1f} scored face-seconds in {} frames; {} rows without a score\n",
      summary.tracks, summary.face_seconds, summary.frames_analysed, summary.missing_rows);
  if (summary.new_to_corpus > 0) {
    text +=
        fmt::format("{} videos are new to the corpus: 'mien ingest' tells their country and more\n",
                    summary.new_to_corpus);
  }
  for (const ImportFailure& failure : summary.failures) {
    text +=
        fmt::format("  failed {} ({}): {}\n", failure.video_id, failure.reason, failure.message);
  }
  for (const std::string& problem : summary.problems) {
    text += fmt::format("  done again: {}\n", problem);
  }
  return text + fmt::format(
                    "Scores are what the other tool says of a face, not what a person "
                    "feels.\nTables: {}\n",
                    (study / "annotations").string());
}

}  // namespace

void add_import(CommandLine& line) {
  struct Options {
    ImportRequest request;
    std::string from;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  ImportRequest& request = options->request;
  ScoreOptions& scores = request.scores;
  CLI::App* verb =
      line.app.add_subcommand("import", "Take the scores of another tool into a study");
  verb->add_option("input", request.inputs,
                   "Files of scores, one a video, or folders of them (.csv, .tsv, .parquet); the "
                   "file's name without ending is the video's id");
  verb->add_option("--out,--study", request.study, "The study folder, made where it is missing")
      ->required();
  verb->add_option("--from", options->from, "The tool: openface, pyfeat, or any table")
      ->check(CLI::IsMember({"openface", "pyfeat", "table"}))
      ->required();
  verb->add_option("--list", request.list, "Instead of files: a table of video_id and file");
  verb->add_option("--channel", scores.channel,
                   "Prefix of the scores' columns (default: openface, pyfeat)");
  verb->add_option("--min-confidence", scores.min_confidence,
                   "Rows below this confidence are missing")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_option("--fps", scores.frames_per_s,
                   "The videos' frames a second, where files count frames (Py-Feat)")
      ->check(CLI::Range(0.001, 100000.0));
  verb->add_option("--rate", request.rate_hz,
                   "Frames a second that count; as 'mien annotate' samples a video")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  verb->add_flag("--frames", request.frames_table, "Also write every face on every frame");
  verb->add_option("--shard-videos", request.shard_videos, "Videos per shard of a new study")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verb->add_flag("--redo", request.redo, "Replace the study's annotations");
  verb->add_flag("--retry-failed", request.retry_failed, "Read files again that failed before");
  verb->add_flag("--json", options->json, "Summary as JSON on standard output");
  verb->add_option("--time", scores.time, "Time in seconds")->group(kTableOptions);
  verb->add_option("--frame", scores.frame, "Number of the frame, from 0; needs --fps")
      ->group(kTableOptions);
  verb->add_option("--values", scores.values, "Scores: patterns of names, such as 'AU*'")
      ->group(kTableOptions);
  verb->add_option("--face", scores.face, "What tells faces apart")->group(kTableOptions);
  verb->add_option("--confidence", scores.confidence, "How sure the face is, in [0, 1]")
      ->group(kTableOptions);
  add_example(verb, "mien import openface/ --from openface --out study");
  verb->callback([&line, options] {
    line.action = [options]() -> Status {
      ImportRequest& wanted = options->request;
      wanted.scores.tool = options->from == "openface" ? ScoreTool::kOpenFace
                           : options->from == "pyfeat" ? ScoreTool::kPyFeat
                                                       : ScoreTool::kTable;
      wanted.progress = stage_lines();
      MIEN_TRY(summary, import_scores(wanted, stop_on_interrupt()));
      return print_text(
          options->json
              ? to_json(summary).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                    "\n"
              : to_text(summary, wanted.study));
    };
  });
}

}  // namespace mien
