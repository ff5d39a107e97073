// A small rating study in a temporary folder, for tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "support/paths.h"

namespace mien::testing {

inline constexpr const char* kSmallStudy = R"toml(
languages = ["en", "ar"]
[texts.en]
title = "Faces"
instructions = "Choose a word."
consent = "Taking part is free."
[texts.ar]
title = "وجوه"
instructions = "اختر كلمة."
consent = "المشاركة حرة."
[plan]
ratings_per_clip = 3
session_clips = 100
lease_s = 60
minimum_viewing_s = 0
[[groups]]
name = "north"
[[groups]]
name = "south"
language = "ar"
[[labels]]
id = "joy"
words.en = "joy"
words.ar = "فرح"
[[labels]]
id = "awe"
words.en = "awe"
words.ar = "رهبة"
[[labels]]
id = "calm"
words.en = "calm"
words.ar = "هدوء"
)toml";

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A study of `clips` clips c0, c1..., whose files hold their own names.
inline void make_study(const std::filesystem::path& study, int clips,
                       const std::string& definition = kSmallStudy) {
  write_text(study / "rating" / "rating.toml", definition);
  std::string list;
  for (int i = 0; i < clips; ++i) {
    const std::string id = "c" + std::to_string(i);
    list +=
        (i == 0 ? "" : ",") + ("{\"id\":\"" + id + "\",\"webm\":\"" + id + ".webm\",\"mp4\":\"" +
                               id + ".mp4\",\"duration_s\":1.5,\"video_id\":\"v\"}");
    write_text(study / "rating" / "clips" / (id + ".webm"), "webm of " + id);
    write_text(study / "rating" / "clips" / (id + ".mp4"), "mp4 of " + id);
  }
  write_text(study / "rating" / "clips.json", "{\"version\":1,\"clips\":[" + list + "]}");
}

// `text` with the first `from` replaced.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

}  // namespace mien::testing
