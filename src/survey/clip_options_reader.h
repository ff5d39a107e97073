// `[clips]` of rating.toml. For the .cc files of this room only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "survey/clip_options.h"
#include "survey/definition_reader.h"

namespace mien {

struct ClipOptionsReader {
  StrictTable& table;

  void whole(const char* key, std::int64_t& value, std::int64_t least, std::int64_t most,
             const char* /*help*/) {
    table.whole(key, value, least, most);
  }
  void number(const char* key, double& value, double least, double most, const char* /*help*/) {
    table.number(key, value, least, most);
  }
  void text(const char* key, std::string& value, const char* /*help*/) {
    table.text(key, value, 4000);
  }
  void choice(const char* key, std::string& value, const std::vector<std::string>& allowed,
              const char* /*help*/) {
    table.text(key, value);
    check(key, value, allowed);
  }
  void choices(const char* key, std::vector<std::string>& values,
               const std::vector<std::string>& allowed, const char* /*help*/) {
    table.texts(key, values, allowed.size());
    for (const std::string& value : values) check(key, value, allowed);
  }

 private:
  void check(const char* key, const std::string& value, const std::vector<std::string>& allowed) {
    if (std::ranges::find(allowed, value) != allowed.end()) return;
    table.fail(fmt::format("{} = '{}' is not known", key, value),
               fmt::format("{}", fmt::join(allowed, ", ")));
  }
};

}  // namespace mien
