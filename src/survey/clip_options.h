// How the clips of a rating study are chosen and shown: `[clips]` of rating.toml and the flags of
// `mien rate prepare`, declared once in each_clip_option().
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace mien {

// What clips are drawn evenly over. A clip belongs to one stratum: a value of each of them.
inline constexpr std::string_view kClipStrata[] = {"region", "context", "channel", "face_size",
                                                   "pose"};

struct ClipOptions {
  std::int64_t count = 1000;
  std::string view = "face";  // face, scene, both
  std::vector<std::string> strata{std::begin(kClipStrata), std::end(kClipStrata)};
  std::int64_t per_person = 1;  // clips of one track of one video
  std::int64_t per_video = 3;
  std::int64_t per_source = 0;        // of one uploader; 0: any number
  double min_face_px = 48;            // square root of the box's area
  std::string flagged = "leave-out";  // or keep, with a warning before the clip
  std::string exclude;                // a file of video ids, a line each; empty: none
  std::int64_t face_px = 384;         // longest side of a clip of view face
  std::int64_t scene_px = 640;        // and of view scene
  std::int64_t seed = 1;

  bool shows_face() const { return view != "scene"; }
  bool shows_scene() const { return view != "face"; }
};

// Calls visitor.whole(key, value, least, most, help), .number(the same), .choice(key, value,
// allowed, help), .choices(key, values, allowed, help) and .text(key, value, help).
template <typename Visitor>
void each_clip_option(ClipOptions& o, Visitor&& visitor) {
  using Words = std::vector<std::string>;
  visitor.whole("count", o.count, 1, 10'000'000, "How many clips; with view both, pairs of clips");
  visitor.choice("view", o.view, Words{"face", "scene", "both"},
                 "What raters see: face (the followed head, all else grey), scene (the whole "
                 "picture, other heads filled), both (two clips of each)");
  visitor.choices("strata", o.strata, Words{std::begin(kClipStrata), std::end(kClipStrata)},
                  "What clips are drawn evenly over");
  visitor.whole("per_person", o.per_person, 1, 1000, "Most clips of one track of one video");
  visitor.whole("per_video", o.per_video, 1, 100'000, "Most clips of one video");
  visitor.whole("per_source", o.per_source, 0, 10'000'000,
                "Most clips of one uploader; 0: any number");
  visitor.number("min_face_px", o.min_face_px, 1, 10'000, "Least size of a face (px)");
  visitor.choice("flagged", o.flagged, Words{"leave-out", "keep"},
                 "Clips of videos with a sensitive context or a rating_warning in the corpus");
  visitor.text("exclude", o.exclude, "File of video ids that raters must not see, a line each");
  visitor.whole("face_px", o.face_px, 32, 1080,
                "Side of a face's clip (px); smaller stays smaller");
  visitor.whole("scene_px", o.scene_px, 64, 1920,
                "Longest side of a scene's clip (px); smaller stays smaller");
  visitor.whole("seed", o.seed, 0, 9'007'199'254'740'991, "Seed of the draw");
}

// Calls each(key, value) for every option.
template <typename Each>
void each_clip_value(ClipOptions& options, Each&& each) {
  struct Visitor {
    Each& each;
    void whole(const char* key, std::int64_t& value, std::int64_t, std::int64_t, const char*) {
      each(key, value);
    }
    void number(const char* key, double& value, double, double, const char*) { each(key, value); }
    void text(const char* key, std::string& value, const char*) { each(key, value); }
    void choice(const char* key, std::string& value, const std::vector<std::string>&, const char*) {
      each(key, value);
    }
    void choices(const char* key, std::vector<std::string>& value, const std::vector<std::string>&,
                 const char*) {
      each(key, value);
    }
  };
  each_clip_option(options, Visitor{each});
}

}  // namespace mien
