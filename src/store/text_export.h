// Tables as CSV (RFC 4180) and JSON lines. Numbers are the shortest that read back exactly; null is
// an empty CSV field (an empty string is "") and JSON's null.
#pragma once

#include <string>

#include "table/table.h"

namespace mien {

std::string csv_header(const TableSchema& schema);
void append_csv(const Table& batch, std::string& out);
void append_json_lines(const Table& batch, std::string& out);

}  // namespace mien
