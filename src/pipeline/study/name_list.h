// Names in the order of their first mention, each with its place.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mien {

class NameList {
 public:
  // The name's place, which is the end of the list where it is new.
  std::size_t add(const std::string& name) {
    const auto [found, is_new] = index_.emplace(name, list_.size());
    if (is_new) list_.push_back(name);
    return found->second;
  }
  std::size_t size() const { return list_.size(); }
  const std::vector<std::string>& list() const { return list_; }
  // The list itself; the names are forgotten.
  std::vector<std::string> take() {
    index_.clear();
    return std::exchange(list_, {});
  }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::string> list_;
};

}  // namespace mien
