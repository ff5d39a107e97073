// docs/data-dictionary.md, made from the declared schemas and a study's channels.
#pragma once

#include <string>

#include "table/schema.h"

namespace mien {

// Markdown: one section a table, one line a column, the channel columns in a section of their own.
// `tracks` is the tracks table with the columns that follow the declared ones.
std::string data_dictionary(ChannelColumns channels, const TableSchema& tracks);

}  // namespace mien
