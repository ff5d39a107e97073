#include "expression/feature_rows.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/half_float.h"

namespace mien {

namespace {

Error file_error(const char* what) {
  return Error{ErrorCode::kIo, std::string("the temporary file of face features: ") + what + ": " +
                                   std::strerror(errno) +
                                   "; remedy: make room in the folder for temporary files"};
}

}  // namespace

FeatureRows::FeatureRows(std::size_t row_size, std::size_t memory_rows)
    : row_size_(row_size), memory_rows_(memory_rows) {
  MIEN_CHECK(row_size > 0, "rows of numbers");
}

Result<std::size_t> FeatureRows::add(std::span<const float> row) {
  MIEN_CHECK(row.size() == row_size_, "a row of this size");
  if (rows_ < memory_rows_) {
    for (const float value : row) memory_.push_back(float_to_half(value));
    return rows_++;
  }
  if (file_ == nullptr) {
    file_.reset(std::tmpfile());
    if (file_ == nullptr) return file_error("it cannot be made");
  }
  std::vector<std::uint16_t> halves;
  halves.reserve(row_size_);
  for (const float value : row) halves.push_back(float_to_half(value));
  const std::size_t bytes = row_size_ * sizeof(std::uint16_t);
  const auto at = static_cast<off_t>((rows_ - memory_rows_) * bytes);
  if (pwrite(fileno(file_.get()), halves.data(), bytes, at) != static_cast<ssize_t>(bytes)) {
    return file_error("it cannot grow");
  }
  return rows_++;
}

Status FeatureRows::read(std::size_t place, std::vector<float>& out) const {
  MIEN_CHECK(place < rows_, "a row that was added");
  const auto append = [&](const std::uint16_t* halves) {
    for (std::size_t i = 0; i < row_size_; ++i) out.push_back(half_to_float(halves[i]));
  };
  if (place < memory_rows_) {
    append(memory_.data() + place * row_size_);
    return Ok{};
  }
  std::vector<std::uint16_t> halves(row_size_);
  const std::size_t bytes = row_size_ * sizeof(std::uint16_t);
  const auto at = static_cast<off_t>((place - memory_rows_) * bytes);
  if (pread(fileno(file_.get()), halves.data(), bytes, at) != static_cast<ssize_t>(bytes)) {
    return file_error("it cannot be read");
  }
  append(halves.data());
  return Ok{};
}

void FeatureRows::clear() {
  rows_ = 0;
  memory_.clear();
  file_.reset();
}

}  // namespace mien
