#include "app/shard_list.h"

#include <charconv>

namespace mien {

namespace {

bool read_shard(const std::string& text, std::int64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end && number >= 0;
}

}  // namespace

Result<std::vector<std::int64_t>> shard_list(const std::vector<std::string>& texts) {
  constexpr std::int64_t kMost = 1'000'000;  // of a range
  std::vector<std::int64_t> shards;
  for (const std::string& text : texts) {
    const std::size_t dash = text.find('-');
    std::int64_t first = 0;
    std::int64_t last = 0;
    const bool read = read_shard(text.substr(0, dash), first) &&
                      read_shard(dash == std::string::npos ? text : text.substr(dash + 1), last);
    if (!read || first > last || last - first > kMost) {
      return Error{ErrorCode::kUsage, "--shard: '" + text + "' is no shard (7) or range (3-9)"};
    }
    for (std::int64_t shard = first; shard <= last; ++shard) shards.push_back(shard);
  }
  return shards;
}

}  // namespace mien
