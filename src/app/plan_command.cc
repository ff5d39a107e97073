#include <unistd.h>

#include <cstdio>
#include <memory>

#include "app/command.h"
#include "app/print.h"
#include "pipeline/cluster/capacity.h"
#include "pipeline/cluster/capacity_calibration.h"
#include "pipeline/worker/process.h"
#include "store/durable_file.h"

namespace mien {

namespace {

struct PlanFlags {
  CapacityRequest request;
  CalibrationRequest calibrate;
  std::filesystem::path file = "mien-calibration.json";
  bool contexts = false;
  bool frames = false;
  bool json = false;
};

Status make_calibration(PlanFlags& flags, const Resources& resources) {
  CalibrationRequest& request = flags.calibrate;
  MIEN_TRY(program, own_program());
  request.program = program;
  if (flags.contexts) request.annotate_options.emplace_back("--contexts");
  if (flags.frames) request.annotate_options.emplace_back("--frames");
  if (request.titles.empty()) request.titles = resources.data / "contexts" / "titles.csv";
  request.folder =
      std::filesystem::temp_directory_path() / ("mien-plan-" + std::to_string(::getpid()));
  request.say = [](const std::string& text) {
    std::fputs(("mien plan: " + text + "\n").c_str(), stderr);
  };
  MIEN_TRY(calibration, calibrate_capacity(request));
  const std::string text = to_json(calibration).dump(1) + "\n";
  MIEN_TRY_VOID(write_file_durably(flags.file, text));
  request.say("wrote " + flags.file.string());
  return flags.json ? print_text(text) : Status(Ok{});
}

Status print_estimate(const PlanFlags& flags) {
  const Result<std::string> text = read_whole_file(flags.file);
  if (!text.ok()) {
    return Error{ErrorCode::kNotFound,
                 flags.file.string() +
                     ": no calibration; remedy: 'mien plan --calibrate VIDEOS' measures a few of "
                     "the corpus's videos first"};
  }
  auto calibration = parse_calibration(*text);
  if (!calibration.ok()) {
    return std::move(calibration).error().with_context(flags.file.string());
  }
  MIEN_TRY(estimate, estimate_capacity(*calibration, flags.request));
  return print_text(flags.json ? to_json(estimate).dump(2) + "\n"
                               : to_text(estimate, flags.request));
}

}  // namespace

void add_plan(CommandLine& line) {
  const auto flags = std::make_shared<PlanFlags>();
  CapacityRequest& request = flags->request;
  CLI::App* verb = line.app.add_subcommand(
      "plan", "What a corpus will cost, from a sample: time, memory, storage");
  CLI::Option* calibrate =
      verb->add_option("--calibrate", flags->calibrate.videos,
                       "Measure these videos on this machine, and write --calibration");
  verb->add_option("--calibration", flags->file, "The file of what was measured")
      ->capture_default_str();
  verb->add_flag("--contexts", flags->contexts, "With --calibrate: name contexts in pictures too");
  verb->add_flag("--frames", flags->frames, "With --calibrate: keep the table of frames too");
  verb->add_option("--titles", flags->calibrate.titles,
                   "With --calibrate: a CSV file of titles and descriptions (default: Mien's own)");
  verb->add_option("--text-model", flags->calibrate.text_model,
                   "With --calibrate: the encoder of contexts from words (default: as 'mien "
                   "contexts text'; none: leave these out)");
  verb->add_option("--context-count", flags->calibrate.contexts,
                   "With --calibrate: contexts of the associations; 0: leave these out")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  verb->add_option("--videos", request.videos, "Videos of the corpus, such as 6e6");
  verb->add_option("--seconds", request.seconds, "Mean duration of a video")->capture_default_str();
  verb->add_option("--height", request.height,
                   "Height of the pictures (default: as in the calibration)");
  verb->add_option("--nodes", request.nodes, "Machines")->capture_default_str();
  verb->add_option("--cores", request.cores, "Cores of each")->capture_default_str();
  verb->add_option(
      "--shards", request.shards,
      "Shards (default: of one machine as annotate cuts them; of more one a core, and one "
      "for 6,000 videos at least)");
  verb->add_flag("--json", flags->json, "As JSON");
  add_example(verb, "mien plan --calibrate clips/ --videos 6e6 --seconds 30");
  verb->callback([&line, flags, calibrate] {
    line.action = [&line, flags, calibrate] {
      return calibrate->count() > 0 ? make_calibration(*flags, line.resources)
                                    : print_estimate(*flags);
    };
  });
}

}  // namespace mien
