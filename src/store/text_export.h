// Tables as CSV (quoting of RFC 4180, lines ended by LF as R and pandas write them) and JSON lines.
// Numbers are the shortest that read back exactly; null is an empty CSV field (an empty string is
// "") and JSON's null; truth values are true and false. Bytes of a text that are not UTF-8 become
// U+FFFD in JSON and stay as they are in CSV.
#pragma once

#include <string>

#include "table/table.h"

namespace mien {

std::string csv_header(const TableSchema& schema);  // with its line end
void append_csv(const Table& batch, std::string& out);
void append_json_lines(const Table& batch, std::string& out);

std::string shortest_number(double value);  // value is finite

}  // namespace mien
