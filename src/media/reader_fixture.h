// Reads videos whose frames carry numbers, for tests of the reader.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "support/media_fixtures.h"

#include "media/video_reader.h"

namespace mien::testing {

struct Read {
  std::vector<std::int64_t> pts_us;
  std::vector<int> numbers;
};

inline Read read_all(VideoReader& reader) {
  Read read;
  for (;;) {
    auto frame = reader.next();
    EXPECT_TRUE(frame.ok()) << frame.error().message;
    if (!frame.ok() || !frame->has_value()) return read;
    read.pts_us.push_back((*frame)->pts_us);
    read.numbers.push_back(frame_number((*frame)->image.view()));
  }
}

inline VideoReader open(const std::filesystem::path& path, const ReaderOptions& options = {}) {
  auto reader = VideoReader::open(path, options);
  EXPECT_TRUE(reader.ok()) << reader.error().message;
  if (!reader.ok()) std::abort();
  return std::move(reader).value();
}

inline std::vector<int> counted(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

inline std::vector<std::int64_t> times(int count, double rate_hz) {
  std::vector<std::int64_t> list;
  for (int i = 0; i < count; ++i) list.push_back(std::llround(i * 1e6 / rate_hz));
  return list;
}

}  // namespace mien::testing
