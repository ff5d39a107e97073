// Identities that must not be mixed up: an id of one kind does not convert to another.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace mien {

template <typename Tag, typename Value>
class Id {
 public:
  Id() = default;
  explicit Id(Value value) : value_(std::move(value)) {}
  const Value& value() const { return value_; }
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  Value value_{};
};

using VideoId = Id<struct VideoIdTag, std::string>;   // as the corpus gives it
using TrackId = Id<struct TrackIdTag, std::int32_t>;  // 0, 1, 2... within one video
using RegionId = Id<struct RegionIdTag, std::string>;

}  // namespace mien

template <typename Tag, typename Value>
struct std::hash<mien::Id<Tag, Value>> {
  std::size_t operator()(const mien::Id<Tag, Value>& id) const {
    return std::hash<Value>{}(id.value());
  }
};
