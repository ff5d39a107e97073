#include "app/annotate_flags.h"

#include <algorithm>
#include <utility>

#include "pipeline/annotate/annotate_setup.h"

namespace mien {

namespace {

// "basic7,action,label,blendshape,au".
Status choose_channels(const std::vector<std::string>& names, ChannelOptions& channels) {
  channels.basic7 = channels.action = channels.label = false;
  channels.blendshape = channels.action_units = false;
  for (const std::string& name : names) {
    if (name == "basic7") {
      channels.basic7 = true;
    } else if (name == "action") {
      channels.action = true;
    } else if (name == "label") {
      channels.label = true;
    } else if (name == "blendshape") {
      channels.blendshape = true;
    } else if (name == "au") {
      channels.action_units = true;
    } else {
      return Error{ErrorCode::kUsage,
                   "--channels: '" + name +
                       "' is not one of the channels; remedy: name some of basic7, action, label, "
                       "blendshape, au; further models are "
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

void add_general_flags(CLI::App* verb, AnnotateFlags& flags) {
  AnnotateRequest& request = flags.request;
  const std::string group = "Frames and videos";
  verb->add_option("--rate", request.options.rate_hz, "Frames analysed a second")
      ->check(CLI::Range(0.01, 240.0))
      ->capture_default_str();
  verb->add_option("--channels", flags.channels,
                   "Expression channels, separated by commas: basic7, action, label, and "
                   "blendshape and au, whose networks 'mien models add' makes")
      ->delimiter(',')
      ->capture_default_str();
  verb->add_option(
          "--expression-model", request.extra_manifests,
          "A model that 'mien train expression' made (its folder; label_* columns are then "
          "its labels), or the manifest of a further expression model, its ONNX beside it")
      ->check(CLI::ExistingPath);
  verb->add_flag("--frames", request.options.frames_table,
                 "Also write the frames table: boxes and scores of every face on every analysed "
                 "frame; no pictures");
  verb->add_option("--video-mean", flags.video_mean, "How tracks make a video's mean")
      ->check(CLI::IsMember({"all_faces", "largest_face", "one_vote_per_track"}))
      ->capture_default_str()
      ->group(group);
  verb->add_flag("--image-sequence", request.options.image_sequence,
                 "A named folder of pictures is one video")
      ->group(group);
  verb->add_option("--max-side", request.options.reader.max_side_px,
                   "Scale frames down to this longest side (px) before analysis; 0: never")
      ->check(CLI::Range(0, 16384))
      ->capture_default_str()
      ->group(group);
}

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
  verb->add_option("--detect-every", flags.detect_every,
                   "Full detection on every n-th grid frame (default: 4, and 2/3 s where --rate is "
                   "above 6)")
      ->check(CLI::Range(1, 1000))
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
  verb->add_option("--faces", flags.faces,
                   "What the context networks see, separated by commas: masked (heads filled), "
                   "visible, patches (as much filled elsewhere), both (masked and visible)")
      ->delimiter(',')
      ->needs(contexts)
      ->capture_default_str()
      ->group(group);
  verb->add_option(
          "--context-model", flags.context_models,
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

bool AnnotateFlags::any_measuring_given() const {
  return std::ranges::any_of(measuring,
                             [](const CLI::Option* option) { return option->count() > 0; });
}

void add_measuring_flags(CLI::App* verb, AnnotateFlags& flags) {
  const std::vector<CLI::Option*> before = verb->get_options();
  add_general_flags(verb, flags);
  add_face_flags(verb, flags);
  add_context_flags(verb, flags);
  for (CLI::Option* option : verb->get_options()) {
    if (std::ranges::find(before, option) == before.end()) flags.measuring.push_back(option);
  }
}

Status take_flags(AnnotateFlags& flags, const Resources& resources) {
  AnnotateRequest& wanted = flags.request;
  MIEN_TRY_VOID(choose_channels(flags.channels, wanted.options.channels));
  wanted.options.face.small_faces = !flags.no_small_faces;
  wanted.options.face.detect_every =
      flags.detect_every.value_or(usual_detect_every(wanted.options.rate_hz));
  wanted.options.windows.video_mean = flags.video_mean == "largest_face" ? VideoMean::kLargestFace
                                      : flags.video_mean == "one_vote_per_track"
                                          ? VideoMean::kOneVotePerTrack
                                          : VideoMean::kAllFaces;
  wanted.options.contexts.data = resources.data / "contexts";
  if (flags.contexts) {
    MIEN_TRY_VOID(choose_face_arms(flags.faces, wanted.options.contexts));
    wanted.extra_manifests.insert(wanted.extra_manifests.end(), flags.context_models.begin(),
                                  flags.context_models.end());
  }
  for (std::filesystem::path& model : wanted.extra_manifests) {
    std::error_code ignored;
    if (std::filesystem::is_directory(model, ignored)) model /= "manifest.json";
  }
  wanted.options.channels.prototype_file = resources.data / "prototype16.json";
  wanted.manifest_folder = resources.manifests;
  wanted.model_folder = resources.models;
  return Ok{};
}

Status take_options_of_plan(AnnotateFlags& flags) {
  AnnotateRequest planned = flags.request;
  MIEN_TRY_VOID(take_options_of_study(planned));
  if (!flags.any_measuring_given()) flags.request = std::move(planned);
  return Ok{};
}

}  // namespace mien
