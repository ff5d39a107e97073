// What the formats of other programs are made of: one video's windows, whatever they are written
// as.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mien {

struct ExportedWindow {
  std::int64_t track = 0;
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
  std::vector<double> scores;  // one a label; NaN: missing
};

struct ExportedVideo {
  std::string video_id;
  std::string uri;                  // the video's absolute path; empty: not known
  std::vector<std::string> labels;  // columns: "basic7_happy"
  std::vector<ExportedWindow> windows;
  double threshold = 0.5;                 // scores below are not written
  std::vector<std::string> whose_labels;  // a sentence for each group of labels
};

// "happy" of "basic7_happy".
std::string_view label_name(std::string_view column);

// Text without what XML 1.0 and lines of captions cannot hold: control characters become spaces,
// bytes that are no UTF-8 become U+FFFD.
std::string printable(std::string_view text);

}  // namespace mien
