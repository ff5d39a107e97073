// Distinct texts, numbered as they come, for several threads that meet tens of millions of them.
#pragma once

#include <cstdint>
#include <deque>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace mien {

class TextCodes {
 public:
  // One thread's reading of a batch. Texts seen before cost a hash and a comparison. A thread has
  // one Session at a time: a new text waits until no other is open.
  class Session {
   public:
    explicit Session(TextCodes& codes) : codes_(codes), lock_(codes.mutex_) {}
    std::uint32_t code(std::string_view text);

   private:
    TextCodes& codes_;
    std::shared_lock<std::shared_mutex> lock_;
    std::uint32_t last_ = 0;
  };

  // Once nothing is read any more. Which text has which number is left to chance where several
  // threads read; SortedCodes makes an order of it.
  const std::deque<std::string>& texts() const { return texts_; }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  std::size_t slot_of(std::string_view text) const;
  std::uint32_t insert(std::string_view text);

  std::shared_mutex mutex_;
  std::deque<std::string> texts_;
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(256, kEmpty);  // a power of two
};

// The texts in order, and for each code its place among them.
struct SortedCodes {
  explicit SortedCodes(const TextCodes& codes);
  std::vector<std::string> texts;
  std::vector<std::uint32_t> places;
};

}  // namespace mien
