#include "pipeline/export/caption_track.h"

#include <fmt/format.h>

#include <algorithm>

namespace mien {

namespace {

// Hours may have more than two digits.
std::string cue_time(std::int64_t time_us) {
  const std::int64_t ms = (time_us + 500) / 1000;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     ms % 1000);
}

// Text of a cue or a note: no markup, no arrow that would look like a cue's times.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string caption_track(const ExportedVideo& video) {
  std::string text = "WEBVTT\n\nNOTE Expression scores of the video " + escaped(video.video_id) +
                     ", by Mien.\n\nNOTE\nA label is what raters would call a face, never what a "
                     "person feels.\n";
  for (const std::string& whose : video.whose_labels) text += escaped(whose) + "\n";
  text += fmt::format("Scores below {} are not shown.\n", video.threshold);
  for (const ExportedWindow& window : video.windows) {
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < window.scores.size(); ++i) {
      if (window.scores[i] >= video.threshold) shown.push_back(i);
    }
    if (shown.empty()) continue;
    std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
      return window.scores[a] > window.scores[b];
    });
    std::string said;
    for (const std::size_t i : shown) {
      said += fmt::format("{}{} {:.2f}", said.empty() ? "" : ", ",
                          escaped(label_name(video.labels[i])), window.scores[i]);
    }
    // A cue has a length, however short its window is.
    const std::int64_t end_us = std::max(window.end_us, window.start_us + 1000);
    text += fmt::format("\n{} --> {}\n<v Face {}>{}\n", cue_time(window.start_us), cue_time(end_us),
                        window.track, said);
  }
  return text;
}

}  // namespace mien
