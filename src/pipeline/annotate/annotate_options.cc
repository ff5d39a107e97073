#include "pipeline/annotate/annotate_options.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace mien {

namespace {

// One list of fields serves both directions, so that they cannot drift apart. `visit` is called
// with the JSON path's two parts and the field.
template <typename Options, typename Visit>
void for_each_field(Options& o, Visit&& visit) {
  visit("media", "rate_hz", o.rate_hz);
  visit("media", "image_sequence", o.image_sequence);
  visit("media", "max_side_px", o.reader.max_side_px);
  visit("media", "max_pixels", o.reader.max_pixels);
  visit("media", "image_folder_rate_hz", o.reader.image_folder_rate_hz);
  visit("media", "decoder_threads", o.reader.decoder_threads);
  visit("face", "min_score_prob", o.face.min_score_prob);
  visit("face", "border", o.face.border);
  visit("face", "detect_every", o.face.detect_every);
  visit("face", "small_faces", o.face.small_faces);
  visit("face", "descriptors", o.face.descriptors);
  visit("face", "descriptor_every", o.face.descriptor_every);
  visit("face", "min_size_px", o.face.min_size_px);
  visit("face", "min_sharpness", o.face.min_sharpness);
  visit("face", "max_yaw_deg", o.face.max_yaw_deg);
  visit("face", "max_pitch_deg", o.face.max_pitch_deg);
  visit("face", "min_presence_prob", o.face.min_presence_prob);
  visit("face", "min_inside", o.face.min_inside);
  visit("channels", "basic7", o.channels.basic7);
  visit("channels", "action", o.channels.action);
  visit("channels", "label", o.channels.label);
  visit("channels", "expression_models", o.channels.expression_models);
  visit("tables", "frames", o.frames_table);
  visit("contexts", "masked", o.contexts.masked);
  visit("contexts", "visible", o.contexts.visible);
  visit("contexts", "patches", o.contexts.patches);
  visit("contexts", "threshold_prob", o.contexts.threshold_prob);
  visit("windows", "max_window_s", o.windows.max_window_s);
  visit("windows", "min_window_s", o.windows.min_window_s);
}

constexpr const char* kVideoMeans[] = {"all_faces", "largest_face", "one_vote_per_track"};

}  // namespace

int usual_detect_every(double rate_hz) {
  return std::max(FaceOptions{}.detect_every, static_cast<int>(std::lround(rate_hz * 2 / 3)));
}

bool second_mesh_should_follow(const AnnotateOptions& options) {
  constexpr double kLeastRate_hz = 20;
  const ChannelOptions& channels = options.channels;
  const bool reads_first_mesh = channels.basic7 || channels.action || channels.label ||
                                !channels.expression_models.empty() || channels.head ||
                                channels.features;
  return channels.needs_blendshapes() && !reads_first_mesh && options.rate_hz >= kLeastRate_hz;
}

nlohmann::json to_json(const AnnotateOptions& options) {
  nlohmann::json json;
  for_each_field(options, [&json](const char* group, const char* name, const auto& field) {
    json[group][name] = field;
  });
  // Left out where they are off: such files are what they were before there was the option.
  if (options.channels.blendshape) json["channels"]["blendshape"] = true;
  if (options.channels.action_units) json["channels"]["au"] = true;
  if (options.face.unconfirmed_in_stills) json["face"]["unconfirmed_in_stills"] = true;
  if (options.face.second_mesh_follows) json["face"]["second_mesh_follows"] = true;
  if (options.channels.head) json["channels"]["head"] = to_json(*options.channels.head);
  json["windows"]["video_mean"] = kVideoMeans[static_cast<int>(options.windows.video_mean)];
  json["chunk_grid_points"] = kChunkGridPoints;
  json["context_grid_points"] = kContextGridPoints;
  return json;
}

Result<AnnotateOptions> annotate_options_from_json(const nlohmann::json& json) {
  AnnotateOptions options;
  try {
    for_each_field(options, [&json](const char* group, const char* name, auto& field) {
      json.at(group).at(name).get_to(field);
    });
    options.face.unconfirmed_in_stills = json.at("face").value("unconfirmed_in_stills", false);
    options.face.second_mesh_follows = json.at("face").value("second_mesh_follows", false);
    const nlohmann::json& channels = json.at("channels");
    options.channels.blendshape = channels.value("blendshape", false);
    options.channels.action_units = channels.value("au", false);
    if (channels.contains("head")) {
      MIEN_TRY(head, head_facts_from_json(channels.at("head")));
      options.channels.head = std::move(head);
    }
    const auto mean = json.at("windows").at("video_mean").get<std::string>();
    bool known = false;
    for (int i = 0; i < 3; ++i) {
      if (mean == kVideoMeans[i]) {
        options.windows.video_mean = static_cast<VideoMean>(i);
        known = true;
      }
    }
    if (!known) return Error{ErrorCode::kCorrupt, "options: windows.video_mean is '" + mean + "'"};
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::kCorrupt, std::string("options: ") + error.what()};
  }
  return options;
}

}  // namespace mien
