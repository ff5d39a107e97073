// `mien rate prepare` and `mien rate template`.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <variant>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/print.h"
#include "app/rate_study_commands.h"
#include "app/stage_lines.h"
#include "pipeline/rate/prepare_clips.h"
#include "store/durable_file.h"
#include "survey/definition.h"

namespace mien {

namespace {

namespace fs = std::filesystem;

// Flags of the declared options. What is given on the command line goes before rating.toml.
struct Flags {
  CLI::App* verb;
  ClipOptions& given;
  std::vector<std::pair<CLI::Option*, std::string>> flags;  // and the option's key

  template <typename Value>
  CLI::Option* add(const char* key, Value& value, const char* help) {
    std::string flag = std::string("--") + key;
    std::ranges::replace(flag, '_', '-');
    CLI::Option* option = verb->add_option(flag, value, help);
    option->group("Clips, as [clips] of rating.toml")->capture_default_str();
    flags.emplace_back(option, key);
    return option;
  }
  void whole(const char* key, std::int64_t& value, std::int64_t least, std::int64_t most,
             const char* help) {
    add(key, value, help)->check(CLI::Range(least, most));
  }
  void number(const char* key, double& value, double least, double most, const char* help) {
    add(key, value, help)->check(CLI::Range(least, most));
  }
  void text(const char* key, std::string& value, const char* help) { add(key, value, help); }
  void choice(const char* key, std::string& value, const std::vector<std::string>& allowed,
              const char* help) {
    add(key, value, help)->check(CLI::IsMember(allowed));
  }
  void choices(const char* key, std::vector<std::string>& value,
               const std::vector<std::string>& allowed, const char* help) {
    add(key, value, help)->delimiter(',')->check(CLI::IsMember(allowed));
  }

  bool has(const char* key) const {
    return std::ranges::any_of(
        flags, [&](const auto& flag) { return flag.second == key && flag.first->count() > 0; });
  }
};

ClipOptions merged(ClipOptions base, Flags& flags) {
  std::map<std::string, std::variant<std::int64_t, double, std::string, std::vector<std::string>>>
      given;
  each_clip_value(flags.given, [&](const char* key, const auto& value) {
    if (flags.has(key)) given[key] = value;
  });
  each_clip_value(base, [&](const char* key, auto& value) {
    const auto own = given.find(key);
    if (own != given.end()) value = std::get<std::decay_t<decltype(value)>>(own->second);
  });
  return base;
}

struct Prepare {
  std::string study;
  ClipOptions given;
  std::optional<Flags> flags;
  bool redo = false;
  bool as_json = false;
  int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
};

nlohmann::ordered_json to_json(const PrepareSummary& summary) {
  nlohmann::ordered_json skipped = nlohmann::ordered_json::array();
  for (const SkippedVideo& video : summary.skipped) {
    skipped.push_back(
        {{"video_id", video.video_id}, {"reason", video.reason}, {"message", video.message}});
  }
  return {{"candidates", summary.candidates.windows},
          {"candidate_strata", summary.candidates.strata},
          {"flagged_videos", summary.candidates.flagged},
          {"excluded_videos", summary.candidates.excluded},
          {"has_contexts", summary.candidates.has_contexts},
          {"clips", summary.clips},
          {"pairs", summary.pairs},
          {"videos", summary.videos},
          {"people", summary.people},
          {"sources", summary.sources},
          {"strata", summary.strata},
          {"with_warning", summary.warned},
          {"cut", summary.cut},
          {"kept", summary.kept},
          {"refused", summary.refused},
          {"skipped", skipped},
          {"not_done", summary.not_done},
          {"seconds", summary.seconds}};
}

std::string to_text(const PrepareSummary& summary, const ClipOptions& options,
                    const fs::path& study, bool has_definition) {
  std::string text = fmt::format(
      "{} clips{} of {} people in {} videos ({} sources, {} of {} strata), {} cut now, {} there "
      "already, {:.1f} s\n",
      summary.clips,
      options.view == "both" ? fmt::format(" in {} pairs", summary.pairs) : std::string(),
      summary.people, summary.videos, summary.sources, summary.strata, summary.candidates.strata,
      summary.cut, summary.kept, summary.seconds);
  if (summary.pairs < options.count) {
    text +=
        fmt::format("{} were asked for: {} windows of the study are fit, no more could be had\n",
                    options.count, summary.candidates.windows);
  }
  if (!summary.candidates.has_contexts) {
    text +=
        "The videos' contexts are not named: only rating_warning, rating_exclude and --exclude "
        "tell sensitive clips (mien annotate --contexts, mien contexts text)\n";
  }
  text +=
      fmt::format("{} videos are flagged as sensitive: {}\n", summary.candidates.flagged,
                  options.flagged == "keep" ? fmt::format("{} clips have a warning", summary.warned)
                                            : std::string("left out"));
  for (const auto& [reason, count] : summary.refused) {
    text += fmt::format("  replaced: {} {}\n", count, reason);
  }
  for (const SkippedVideo& video : summary.skipped) {
    text += fmt::format("  skipped {} ({}): {}\n", video.video_id, video.reason, video.message);
  }
  text += "Nothing here tells a person's age: look through the clips before raters do.\n";
  const fs::path toml = rating_folder(study) / "rating.toml";
  text += fmt::format("Clips: {}\n", (rating_folder(study) / "clips.json").string());
  text += has_definition
              ? fmt::format("Next: mien rate serve --study {}\n", study.string())
              : fmt::format(
                    "Next: mien rate template >{}, make it your own, then mien rate serve "
                    "--study {}\n",
                    toml.string(), study.string());
  return text;
}

Status run_prepare(Prepare& prepare, const Resources& resources) {
  PrepareRequest request;
  request.study = prepare.study;
  const fs::path toml = rating_folder(request.study) / "rating.toml";
  std::error_code ignored;
  const bool has_definition = fs::exists(toml, ignored);
  if (has_definition) {
    MIEN_TRY(definition, read_survey_definition(request.study));
    request.options = std::move(definition.clips);
    // A file named in rating.toml lies beside it.
    if (!request.options.exclude.empty()) {
      request.options.exclude = (rating_folder(request.study) / request.options.exclude).string();
    }
  }
  request.options = merged(std::move(request.options), *prepare.flags);
  request.redo = prepare.redo;
  request.threads = prepare.threads;
  request.manifest_folder = resources.manifests;
  request.model_folder = resources.models;
  request.sensitive = resources.data / "rating" / "sensitive_contexts.csv";
  request.progress = stage_lines();
  MIEN_TRY(summary, prepare_clips(request, stop_on_interrupt()));
  if (summary.not_done > 0 || stop_on_interrupt()) {
    return Error{ErrorCode::kCancelled,
                 fmt::format("stopped with {} videos to do; the same command goes on from here",
                             summary.not_done)};
  }
  if (!prepare.as_json) {
    return print_text(to_text(summary, request.options, request.study, has_definition));
  }
  return print_text(to_json(summary).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                    "\n");
}

}  // namespace

void add_rate_prepare(CommandLine& line, CLI::App* rate) {
  const auto prepare = std::make_shared<Prepare>();
  CLI::App* verb = rate->add_subcommand("prepare",
                                        "Choose and cut clips of an annotated study for raters, "
                                        "into STUDY/rating: pictures of people");
  verb->add_option("--study,study", prepare->study, "The study's folder")->required();
  prepare->flags.emplace(Flags{verb, prepare->given, {}});
  each_clip_option(prepare->given, *prepare->flags);
  verb->add_flag("--redo", prepare->redo, "Replace clips of other options");
  verb->add_option("--threads", prepare->threads, "Threads in all; results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_flag("--json", prepare->as_json, "Summary as JSON on standard output");
  add_example(verb, "mien rate prepare study --count 200");
  verb->callback([&line, prepare] {
    line.action = [&line, prepare] { return run_prepare(*prepare, line.resources); };
  });

  verb = rate->add_subcommand("template", "Print a rating.toml to begin with");
  add_example(verb, "mien rate template > study/rating.toml");
  verb->callback([&line] {
    line.action = [&line]() -> Status {
      MIEN_TRY(text, read_whole_file(line.resources.data / "rating" / "template.toml"));
      return print_text(text);
    };
  });
}

}  // namespace mien
