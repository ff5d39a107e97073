#include "pipeline/associate/sums_bytes.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace mien {

namespace {

static_assert(std::endian::native == std::endian::little);

template <typename T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <typename T>
void put_all(std::string& out, const std::vector<T>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

bool is_ascending(const auto& values, std::uint64_t end) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= end || (i > 0 && values[i] <= values[i - 1])) return false;
  }
  return true;
}

bool is_sketch(const UploaderSketch& sketch) {
  return sketch.size() <= kUploadersKept && is_ascending(sketch, ~std::uint64_t{0});
}

}  // namespace

void put_presence(std::string& out, const PresenceSums& presence) {
  put(out, presence.videos);
  put(out, presence.weight);
  put(out, static_cast<std::uint32_t>(presence.uploaders.size()));
  put(out, static_cast<std::uint32_t>(presence.lacking.size()));
  put_all(out, presence.sums);
  put_all(out, presence.squares);
  put_all(out, presence.uploaders);
  put_all(out, presence.lacking);
}

void put_block(std::string& out, const AssociationBlock& block) {
  put(out, block.group);
  put(out, block.country);
  put(out, block.slot);
  put(out, static_cast<std::uint32_t>(block.contexts.size()));
  put(out, block.videos);
  put(out, block.weight);
  put(out, static_cast<std::uint64_t>(block.uploaders.size()));
  put_all(out, block.sums);
  put_all(out, block.products);
  put_all(out, block.contexts);
  put_all(out, block.rows);
  put_all(out, block.uploaders);
}

SumsShape shape_of(const AssociationLayout& layout, const std::vector<std::uint32_t>& slots) {
  return {layout.expressions.size(), layout.columns(), layout.contexts.size(),
          layout.countries.size(), slots};
}

SumsReader::SumsReader(std::string_view bytes)
    : window_(bytes), end_(bytes.size()), left_(bytes.size()) {}

SumsReader::SumsReader(const PlacedBytes& file, std::uint64_t from, std::uint64_t end,
                       QuickChecksum* checksum)
    : file_(&file), checksum_(checksum), end_(end), left_(end - from) {}

const char* SumsReader::take(std::uint64_t count) {
  if (!ok_ || count > left_ || (count > window_.size() && !fill(count))) {
    ok_ = false;
    return nullptr;
  }
  const char* at = window_.data();
  window_.remove_prefix(count);
  left_ -= count;
  return at;
}

bool SumsReader::fill(std::uint64_t count) {
  const std::uint64_t next = end_ - left_ + window_.size();
  const std::uint64_t wanted = std::min(left_, std::max<std::uint64_t>(count, kSumsPieceBytes));
  std::string piece(wanted, '\0');
  std::copy(window_.begin(), window_.end(), piece.begin());
  const std::span<char> fresh = std::span(piece).subspan(window_.size());
  status_ = file_->read(next, fresh);
  if (!status_.ok()) return false;
  if (checksum_ != nullptr) checksum_->add({fresh.data(), fresh.size()});
  piece_ = std::move(piece);
  window_ = piece_;
  return true;
}

bool get_presence(SumsReader& reader, const SumsShape& shape, PresenceSums& presence) {
  presence.videos = reader.get<std::int64_t>();
  presence.weight = reader.get<double>();
  const auto uploaders = reader.get<std::uint32_t>();
  const auto lacking = reader.get<std::uint32_t>();
  presence.sums = reader.get_all<double>(shape.expressions);
  presence.squares = reader.get_all<double>(shape.expressions);
  presence.uploaders = reader.get_all<std::uint64_t>(uploaders);
  presence.lacking = reader.get_all<std::uint64_t>(lacking);
  return reader.ok() && is_sketch(presence.uploaders) && is_sketch(presence.lacking);
}

bool get_block(SumsReader& reader, const SumsShape& shape, AssociationBlock& block) {
  block.group = reader.get<std::uint32_t>();
  block.country = reader.get<std::uint32_t>();
  block.slot = reader.get<std::uint32_t>();
  const auto contexts = reader.get<std::uint32_t>();
  block.videos = reader.get<std::int64_t>();
  block.weight = reader.get<double>();
  const auto uploaders = reader.get<std::uint64_t>();
  block.sums = reader.get_all<double>(shape.columns);
  block.products = reader.get_all<double>(shape.columns * (shape.columns + 1) / 2);
  block.contexts = reader.get_all<std::uint32_t>(contexts);
  block.rows = reader.get_all<double>(std::uint64_t{contexts} * (shape.columns + 2));
  block.uploaders = reader.get_all<std::uint64_t>(uploaders);
  return reader.ok() && block.group < shape.slots.size() && block.country < shape.countries &&
         block.slot < shape.slots[block.group] && is_ascending(block.contexts, shape.contexts) &&
         is_sketch(block.uploaders);
}

bool is_after(const AssociationBlock& block, const AssociationBlock& before) {
  return std::tie(block.group, block.country, block.slot) >
         std::tie(before.group, before.country, before.slot);
}

}  // namespace mien
