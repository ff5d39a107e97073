// Numbers out of bytes, in the machine's order (files are little-endian, and so is every machine
// built for).
#pragma once

#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mien {

// The whole numbers that the bytes hold, one after the other; what is left over at the end is not
// read. No bytes are no numbers: memcpy must not be given the null pointer of an empty vector, even
// for none.
template <typename T>
std::vector<T> numbers_of_bytes(std::string_view bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> numbers(bytes.size() / sizeof(T));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(T));
  return numbers;
}

}  // namespace mien
