#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.h"
#include "pipeline/annotate.h"

namespace mien {

namespace {

std::atomic<bool> stop_asked{false};

extern "C" void on_interrupt(int) {
  if (stop_asked.exchange(true)) _exit(130);  // asked twice: go at once
}

nlohmann::json to_json(const AnnotateSummary& summary) {
  nlohmann::json failures = nlohmann::json::array();
  for (const VideoFailure& failure : summary.failures) {
    failures.push_back({{"video_id", failure.video_id},
                        {"status", failure.status},
                        {"reason", failure.reason},
                        {"message", failure.message}});
  }
  nlohmann::json stages = nlohmann::json::array();
  for (const StageTime& stage : summary.stages) {
    stages.push_back({{"stage", stage.stage}, {"calls", stage.calls}, {"seconds", stage.seconds}});
  }
  return {{"videos", summary.videos},
          {"already_done", summary.already_done},
          {"ok", summary.ok},
          {"partial", summary.partial},
          {"failed", summary.failed},
          {"not_done", summary.not_done},
          {"frames_analysed", summary.frames_analysed},
          {"faces", summary.faces},
          {"face_seconds", summary.face_seconds},
          {"seconds", summary.seconds},
          {"failures", failures},
          {"failures_listed", summary.failures.size()},
          {"problems", summary.problems},
          {"near_duplicates",
           {{"clusters", summary.duplicates.clusters},
            {"videos", summary.duplicates.videos},
            {"videos_with_same_pictures", summary.duplicates.by_pictures},
            {"clusters_across_regions", summary.duplicates.across_regions},
            {"clusters_across_uploaders", summary.duplicates.across_uploaders}}},
          {"stages", stages}};
}

std::string to_text(const AnnotateSummary& summary, const std::filesystem::path& study) {
  std::string text = fmt::format("{} videos: {} ok, {} partial, {} failed", summary.videos,
                                 summary.ok, summary.partial, summary.failed);
  if (summary.already_done > 0)
    text += fmt::format(" ({} were done already)", summary.already_done);
  if (summary.not_done > 0) text += fmt::format(", {} not done", summary.not_done);
  text +=
      fmt::format("\n{} face tracks, {:.1f} scored face-seconds in {} frames, {:.1f} s\n",
                  summary.faces, summary.face_seconds, summary.frames_analysed, summary.seconds);
  if (summary.duplicates.clusters > 0) {
    text += fmt::format(
        "near-duplicates in the study: {} clusters of {} videos, {} of them with the pictures of "
        "another; {} clusters across regions, {} across uploaders\n",
        summary.duplicates.clusters, summary.duplicates.videos, summary.duplicates.by_pictures,
        summary.duplicates.across_regions, summary.duplicates.across_uploaders);
  }
  for (const VideoFailure& failure : summary.failures) {
    text += fmt::format("  {} {} ({}): {}\n", failure.status, failure.video_id, failure.reason,
                        failure.message);
  }
  for (const std::string& problem : summary.problems) {
    text += fmt::format("  done again: {}\n", problem);
  }
  if (!summary.stages.empty()) {
    text += "time per stage, summed over threads:\n";
    for (const StageTime& stage : summary.stages) {
      text +=
          fmt::format("  {:<12} {:>8.2f} s {:>8} calls {:>8.2f} ms each\n", stage.stage,
                      stage.seconds, stage.calls,
                      stage.calls > 0 ? 1e3 * stage.seconds / static_cast<double>(stage.calls) : 0);
    }
  }
  text += fmt::format(
      "Labels are what raters would call a face, never what a person feels.\nTables: {}\n",
      (study / "annotations").string());
  return text;
}

// "basic7,action,label", and ids of further expression models.
Status choose_channels(const std::vector<std::string>& names, ChannelOptions& channels) {
  channels.basic7 = channels.action = channels.label = false;
  for (const std::string& name : names) {
    if (name == "basic7") {
      channels.basic7 = true;
    } else if (name == "action") {
      channels.action = true;
    } else if (name == "label") {
      channels.label = true;
    } else {
      return Error{ErrorCode::kUsage,
                   "--channels: '" + name +
                       "' is not one of basic7, action, label; further models are "
                       "added with --expression-model"};
    }
  }
  return Ok{};
}

// "masked,patches"; both is masked and visible.
Status choose_face_arms(const std::vector<std::string>& names, VisualOptions& contexts) {
  for (const std::string& name : names) {
    if (name == "masked" || name == "both") contexts.masked = true;
    if (name == "visible" || name == "both") contexts.visible = true;
    if (name == "patches") contexts.patches = true;
    if (name != "masked" && name != "visible" && name != "patches" && name != "both") {
      return Error{ErrorCode::kUsage,
                   "--faces: '" + name + "' is not one of masked, visible, patches, both"};
    }
  }
  return Ok{};
}

struct AnnotateFlags {
  AnnotateRequest request;
  std::vector<std::string> channels{"basic7", "action", "label"};
  std::string video_mean = "all_faces";
  bool no_small_faces = false;
  bool contexts = false;
  std::vector<std::string> faces{"masked"};
  std::vector<std::filesystem::path> context_models;
  bool json = false;
  bool quiet = false;
};

void add_face_flags(CLI::App* verb, AnnotateFlags& flags) {
  FaceOptions& face = flags.request.options.face;
  const std::string group = "Faces";
  const auto unit = CLI::Range(0.0, 1.0);
  verb->add_option("--min-score", face.min_score_prob, "Least face score")
      ->check(unit)
      ->capture_default_str()
      ->group(group);
  verb->add_option("--border", face.border,
                   "Border around the picture before detection, share of its side")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--detect-every", face.detect_every, "Full detection on every n-th grid frame")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->group(group);
  verb->add_flag("--no-small-faces", flags.no_small_faces,
                 "Leave out the tiles that find small faces")
      ->group(group);
  verb->add_option("--min-size", face.min_size_px, "Smaller faces (px) are listed, not scored")
      ->check(CLI::Range(0.0, 1e5))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--min-sharpness", face.min_sharpness,
                   "More blurred faces are listed, not scored")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--max-yaw", face.max_yaw_deg,
                   "Faces turned further (degrees) are listed, not scored")
      ->check(CLI::Range(0.0, 180.0))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--max-pitch", face.max_pitch_deg,
                   "Faces nodded further (degrees) are listed, not scored")
      ->check(CLI::Range(0.0, 180.0))
      ->capture_default_str()
      ->group(group);
  verb->add_option("--min-presence", face.min_presence_prob, "Least confidence of the landmarks")
      ->check(unit)
      ->capture_default_str()
      ->group(group);
  verb->add_option("--min-inside", face.min_inside, "Least share of the face inside the picture")
      ->check(unit)
      ->capture_default_str()
      ->group(group);
}

void add_context_flags(CLI::App* verb, AnnotateFlags& flags) {
  const std::string group = "Contexts from pictures";
  CLI::Option* contexts =
      verb->add_flag("--contexts", flags.contexts, "Also name what situation the pictures show");
  contexts->group(group);
  verb->add_option("--faces", flags.faces,
                   "What the context networks see, separated by commas: masked (heads filled), "
                   "visible, patches (as much filled elsewhere), both (masked and visible)")
      ->delimiter(',')
      ->needs(contexts)
      ->capture_default_str()
      ->group(group);
  verb->add_option(
          "--context-model", flags.request.extra_manifests,
          "Manifest of a further model that names contexts, its files beside it: a picture "
          "classifier, an image-text model (CLIP, SigLIP), a probe of 'mien train "
          "context-visual', an embedding that a probe reads")
      ->check(CLI::ExistingFile)
      ->needs(contexts)
      ->group(group);
  verb->add_option("--context-vocabulary", flags.request.options.contexts.vocabulary,
                   "CSV file of contexts of one's own, which the models given with "
                   "--context-model name (default: that which comes with Mien)")
      ->check(CLI::ExistingFile)
      ->needs(contexts)
      ->group(group);
  verb->add_option("--context-threshold", flags.request.options.contexts.threshold_prob,
                   "Least score of a context that counts as present, of models without thresholds "
                   "of their own")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(contexts)
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void add_annotate(CommandLine& line) {
  const auto flags = std::make_shared<AnnotateFlags>();
  AnnotateRequest& request = flags->request;
  CLI::App* verb = line.app.add_subcommand(
      "annotate", "Find, follow and score every face of videos; write tables into a study");
  verb->add_option("input", request.inputs,
                   "Videos, stills, folders of them, or one corpus list (.csv, .tsv, .parquet)")
      ->required();
  verb->add_option("--out,--study", request.study, "The study folder, made where it is missing")
      ->required();
  verb->add_option("--rate", request.options.rate_hz, "Frames analysed a second")
      ->check(CLI::Range(0.01, 240.0))
      ->capture_default_str();
  verb->add_option("--channels", flags->channels, "Expression channels, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option(
          "--expression-model", request.extra_manifests,
          "A model that 'mien train expression' made (its folder; label_* columns are then "
          "its labels), or the manifest of a further expression model, its ONNX beside it")
      ->check(CLI::ExistingPath);
  verb->add_flag("--frames", request.options.frames_table,
                 "Also write the frames table: every face on every frame");
  verb->add_flag("--overlay", request.overlay,
                 "Also write an MP4 with boxes, track ids and leading labels; with --contexts one "
                 "more of the frames with heads filled");
  verb->add_option("--video-mean", flags->video_mean, "How tracks make a video's mean")
      ->check(CLI::IsMember({"all_faces", "largest_face", "one_vote_per_track"}))
      ->capture_default_str();
  verb->add_flag("--image-sequence", request.options.image_sequence,
                 "A named folder of pictures is one video");
  verb->add_option("--max-side", request.options.reader.max_side_px,
                   "Scale frames down to this longest side (px) before analysis; 0: never")
      ->check(CLI::Range(0, 16384))
      ->capture_default_str();
  verb->add_option("--threads", request.threads, "Threads in all; results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb->add_option("--shard-videos", request.shard_videos, "Videos per shard of a new study")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verb->add_flag("--redo", request.redo, "Replace a study made with other options or models");
  verb->add_flag("--json", flags->json, "Summary as JSON on standard output");
  verb->add_flag("--quiet", flags->quiet, "No progress");
  add_face_flags(verb, *flags);
  add_context_flags(verb, *flags);
  request.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  verb->callback([&line, flags] {
    line.action = [&line, flags]() -> Status {
      AnnotateRequest& wanted = flags->request;
      MIEN_TRY_VOID(choose_channels(flags->channels, wanted.options.channels));
      wanted.options.face.small_faces = !flags->no_small_faces;
      wanted.options.windows.video_mean =
          flags->video_mean == "largest_face"         ? VideoMean::kLargestFace
          : flags->video_mean == "one_vote_per_track" ? VideoMean::kOneVotePerTrack
                                                      : VideoMean::kAllFaces;
      wanted.options.contexts.data = line.resources.data / "contexts";
      if (flags->contexts) {
        MIEN_TRY_VOID(choose_face_arms(flags->faces, wanted.options.contexts));
        wanted.extra_manifests.insert(wanted.extra_manifests.end(), flags->context_models.begin(),
                                      flags->context_models.end());
      }
      for (std::filesystem::path& model : wanted.extra_manifests) {
        std::error_code ignored;
        if (std::filesystem::is_directory(model, ignored)) model /= "manifest.json";
      }
      wanted.options.channels.prototype_file = line.resources.data / "prototype16.json";
      wanted.manifest_folder = line.resources.manifests;
      wanted.model_folder = line.resources.models;
      wanted.progress_style = flags->quiet     ? Progress::Style::kNone
                              : isatty(2) != 0 ? Progress::Style::kTerminal
                                               : Progress::Style::kLog;
      wanted.write_progress = [](const std::string& bytes) {
        std::fputs(bytes.c_str(), stderr);
        std::fflush(stderr);
      };
      std::signal(SIGINT, on_interrupt);
      std::signal(SIGTERM, on_interrupt);
      MIEN_TRY(summary, annotate(wanted, stop_asked));
      const std::string text =
          flags->json
              ? to_json(summary).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                    "\n"
              : to_text(summary, wanted.study);
      std::fputs(text.c_str(), stdout);
      if (summary.not_done > 0) {
        return Error{ErrorCode::kCancelled,
                     fmt::format("stopped with {} videos to do; the same command goes on from here",
                                 summary.not_done)};
      }
      return Ok{};
    };
  });
}

}  // namespace mien
