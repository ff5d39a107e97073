// Rows of features of one shot, kept until its tracks end and their windows are known: in memory up
// to a bound, beyond it in a file without a name, so that memory does not grow with a video.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace mien {

class FeatureRows {
 public:
  // `row_size` numbers a row, kept as half floats; `memory_rows` of them in memory.
  FeatureRows(std::size_t row_size, std::size_t memory_rows);

  std::size_t row_size() const { return row_size_; }

  // The row's place, from 0. Errors: kIo, where the file cannot grow; no file is made before
  // memory_rows are there.
  Result<std::size_t> add(std::span<const float> row);
  // Appends the row's numbers to `out`, as they were rounded.
  Status read(std::size_t place, std::vector<float>& out) const;
  void clear();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::size_t row_size_;
  std::size_t memory_rows_;
  std::size_t rows_ = 0;
  std::vector<std::uint16_t> memory_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace mien
