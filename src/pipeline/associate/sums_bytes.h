// The numbers of association sums as bytes: how a file of sums (association_file.h) and what is put
// aside while sums are added (stored_sums.h) hold them. Little-endian.
//
//   presence of a context   videos, weight, number of uploaders, of those who lack it; sums,
//   squares;
//                           both sketches
//   block                   group, country, slot, number of contexts; videos, weight, number of
//                           uploaders; sums, products, contexts, rows, uploaders
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/quick_checksum.h"
#include "base/result.h"
#include "stats/association_sums.h"
#include "store/database.h"
#include "store/scratch_file.h"

namespace mien {

// Bytes are handed over in pieces of about so many.
inline constexpr std::size_t kSumsPieceBytes = std::size_t{1} << 20;

void put_presence(std::string& out, const PresenceSums& presence);
void put_block(std::string& out, const AssociationBlock& block);

// How large numbers may be, and how many of them belong together.
struct SumsShape {
  std::size_t expressions = 0;
  std::size_t columns = 0;
  std::size_t contexts = 0;
  std::size_t countries = 0;
  std::vector<std::uint32_t> slots;  // a group
};
SumsShape shape_of(const AssociationLayout& layout, const std::vector<std::uint32_t>& slots);

// Reads numbers out of memory, or out of a file without holding more than a piece; after the end,
// or where the file cannot be read, everything is 0 and `ok` is false.
class SumsReader {
 public:
  explicit SumsReader(std::string_view bytes);
  // From the byte `from` to before `end`. Both must outlive this; `checksum`, where one is asked
  // for, is told all that was read.
  SumsReader(const PlacedBytes& file, std::uint64_t from, std::uint64_t end,
             QuickChecksum* checksum = nullptr);

  template <typename T>
  T get() {
    T value{};
    const char* at = take(sizeof(T));
    if (at != nullptr) std::memcpy(&value, at, sizeof(T));
    return value;
  }

  template <typename T>
  std::vector<T> get_all(std::uint64_t count) {
    if (count > left_ / sizeof(T)) ok_ = false;
    const char* at = take(count * sizeof(T));
    if (at == nullptr) return {};
    return numbers_of_bytes<T>({at, count * sizeof(T)});
  }

  bool ok() const { return ok_; }
  bool is_done() const { return ok_ && left_ == 0; }
  // Of the next number.
  std::uint64_t position() const { return end_ - left_; }
  // Whether the file could be read.
  const Status& status() const { return status_; }

 private:
  const char* take(std::uint64_t count);  // nullptr: not so many are left
  bool fill(std::uint64_t count);

  const PlacedBytes* file_ = nullptr;
  QuickChecksum* checksum_ = nullptr;
  std::string piece_;
  std::string_view window_;  // what of the rest lies in memory
  std::uint64_t end_;
  std::uint64_t left_;
  bool ok_ = true;
  Status status_ = Ok{};
};

// False: there is none, or its numbers cannot be.
bool get_presence(SumsReader& reader, const SumsShape& shape, PresenceSums& presence);
bool get_block(SumsReader& reader, const SumsShape& shape, AssociationBlock& block);

// Whether blocks stand in their order.
bool is_after(const AssociationBlock& block, const AssociationBlock& before);

}  // namespace mien
