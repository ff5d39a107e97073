#include "model/import/e5_file.h"

#include <array>
#include <cmath>
#include <cstring>
#include <tuple>

#include "base/bytes.h"
#include "base/half_float.h"

namespace mien {

namespace {

constexpr std::size_t kBlockBytes = 18;

Error corrupt(const std::string& what) {
  return {ErrorCode::kCorrupt, "the file of weights " + what};
}

}  // namespace

// Takes the file from front to back; what lies beyond its end reads as zero and is remembered.
class E5Reader {
 public:
  explicit E5Reader(std::string_view bytes) : whole_(bytes), rest_(bytes) {}

  Result<E5File> read() {
    if (take(4) != "E5S1") return corrupt("does not begin with E5S1");
    number<std::uint32_t>();  // the version
    MIEN_TRY_VOID(read_sizes());
    MIEN_TRY_VOID(read_pieces());
    MIEN_TRY_VOID(read_characters());
    MIEN_TRY_VOID(read_tensors());
    return std::move(file_);
  }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) {
      is_short_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  template <typename T>
  T number() {
    T value{};
    const std::string_view bytes = take(sizeof(T));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  Status read_sizes() {
    // Limits far above the model's own.
    constexpr std::array<std::int32_t, 7> kMost = {4096, 64, 64, 16384, 1 << 20, 8192, 16};
    std::array<std::int64_t, 7> sizes{};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      sizes.at(i) = number<std::int32_t>();
      if (sizes.at(i) < 1 || sizes.at(i) > kMost.at(i)) return corrupt("has an impossible size");
    }
    std::int64_t types = 0;
    std::tie(file_.width, file_.layers, file_.heads, file_.inner_width, file_.rows, file_.positions,
             types) = std::tuple_cat(sizes);
    file_.epsilon = number<float>();
    const auto block = number<std::int32_t>();
    if (block != kE5Block || file_.width % kE5Block != 0 || file_.inner_width % kE5Block != 0 ||
        file_.width % file_.heads != 0 || !(file_.epsilon > 0) || file_.epsilon > 1)
      return corrupt("has sizes that do not fit each other");
    return Ok{};
  }

  Status read_pieces() {
    const std::int64_t count = number<std::int32_t>();
    for (std::int64_t* id : {&file_.begin_id, &file_.end_id, &file_.pad_id, &file_.unknown_id}) {
      *id = number<std::int32_t>();
      if (*id < 0 || *id >= count) return corrupt("has a mark that is no piece");
    }
    if (count < 1 || count > file_.rows) return corrupt("has an impossible number of pieces");
    const auto text_bytes = number<std::uint64_t>();
    const std::string_view offsets = take(4 * (static_cast<std::uint64_t>(count) + 1));
    const std::string_view scores = take(4 * static_cast<std::uint64_t>(count));
    const std::string_view text = take(text_bytes);
    if (is_short_) return corrupt("ends among its pieces");
    const auto offset = [&](std::int64_t i) {
      std::uint32_t value = 0;
      std::memcpy(&value, offsets.data() + 4 * i, 4);
      return value;
    };
    for (std::int64_t i = 0; i < count; ++i) {
      if (offset(i) > offset(i + 1) || offset(i + 1) > text.size())
        return corrupt("has a piece outside its text");
      float score = 0;
      std::memcpy(&score, scores.data() + 4 * i, 4);
      if (!(std::abs(score) < 1e6F)) return corrupt("has a score that is no number");
      file_.pieces.emplace_back(text.substr(offset(i), offset(i + 1) - offset(i)), score);
    }
    return Ok{};
  }

  Status read_characters() {
    constexpr std::uint32_t kLastCharacter = 0x10FFFF;
    const auto count = number<std::int32_t>();
    E5Reader list(take(number<std::uint32_t>()));
    if (count < 0) return corrupt("has an impossible number of characters");
    for (std::int32_t i = 0; i < count && !list.is_short_; ++i) {
      const auto from = list.number<std::uint32_t>();
      std::u32string to(list.number<std::uint8_t>(), U'\0');
      for (char32_t& code : to) code = list.number<std::uint32_t>();
      for (const char32_t code : to + static_cast<char32_t>(from)) {
        if (code > kLastCharacter || (code >= 0xD800 && code < 0xE000))
          return corrupt("has a character that is none");
      }
      file_.characters.emplace_back(static_cast<char32_t>(from), std::move(to));
    }
    if (list.is_short_ || is_short_) return corrupt("ends among its characters");
    return Ok{};
  }

  Status read_tensors() {
    const auto count = number<std::int32_t>();
    for (std::int32_t i = 0; i < count && !is_short_; ++i) {
      const std::string name(take(number<std::uint16_t>()));
      const auto kind = number<std::uint8_t>();
      number<std::uint32_t>();  // elements: the bytes say it
      const auto place = number<std::uint64_t>();
      const auto bytes = number<std::uint64_t>();
      if (kind > 1 || place > whole_.size() || bytes > whole_.size() - place)
        return corrupt("has no room for the tensor '" + name + "'");
      file_.tensors_[name] = {kind == 1, whole_.substr(static_cast<std::size_t>(place),
                                                       static_cast<std::size_t>(bytes))};
    }
    if (is_short_) return corrupt("ends among its tensors");
    return Ok{};
  }

  std::string_view whole_, rest_;
  bool is_short_ = false;
  E5File file_;
};

Result<E5File> E5File::read(std::string_view bytes) {
  return E5Reader(bytes).read();
}

Result<std::string_view> E5File::find(const std::string& name, bool is_quantised,
                                      std::int64_t bytes) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end() || at->second.is_quantised != is_quantised ||
      static_cast<std::int64_t>(at->second.bytes.size()) != bytes) {
    return Error{ErrorCode::kMismatch, "the weights have no tensor '" + name + "' of " +
                                           std::to_string(bytes) + " bytes"};
  }
  return at->second.bytes;
}

Result<std::vector<float>> E5File::floats(const std::string& name, std::int64_t elements) const {
  MIEN_TRY(bytes, find(name, false, 4 * elements));
  return numbers_of_bytes<float>(bytes);
}

Result<E5File::Quantised> E5File::quantised(const std::string& name, std::int64_t row_count,
                                            std::int64_t columns) const {
  const std::int64_t blocks = row_count * columns / kE5Block;
  MIEN_TRY(bytes, find(name, true, blocks * static_cast<std::int64_t>(kBlockBytes)));
  Quantised matrix;
  matrix.values.resize(static_cast<std::size_t>(row_count * columns));
  for (std::size_t block = 0; block < static_cast<std::size_t>(blocks); ++block) {
    const char* at = bytes.data() + block * kBlockBytes;
    std::uint16_t scale = 0;
    std::memcpy(&scale, at, 2);
    matrix.scales.push_back(half_to_float(scale));
    if (!std::isfinite(matrix.scales.back()))
      return corrupt("has a scale in '" + name + "' that is no number");
    std::int8_t* const values = matrix.values.data() + block * kE5Block;
    for (int j = 0; j < 16; ++j) {
      const auto pair = static_cast<unsigned char>(at[2 + j]);
      values[j] = static_cast<std::int8_t>((pair & 15) - 8);
      values[j + 16] = static_cast<std::int8_t>((pair >> 4) - 8);
    }
  }
  return matrix;
}

Result<std::vector<float>> E5File::turned(const std::string& name, std::int64_t row_count,
                                          std::int64_t columns) const {
  MIEN_TRY(matrix, quantised(name, row_count, columns));
  std::vector<float> values(matrix.values.size());
  for (std::int64_t row = 0; row < row_count; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const auto from = static_cast<std::size_t>(row * columns + column);
      values[static_cast<std::size_t>(column * row_count + row)] =
          static_cast<float>(matrix.values[from]) * matrix.scales[from / kE5Block];
    }
  }
  return values;
}

}  // namespace mien
