// The JSON library with its two kinds of document compiled once, in json.cc: compiling them anew in
// every file that handles JSON takes a fifth of such a file's time.
#pragma once

#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;
extern template class nlohmann::basic_json<nlohmann::ordered_map>;
