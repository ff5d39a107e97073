// Functions of this program that SQL may call. For the .cc files of this room only.
//
//   mien_title_hash(VARCHAR) -> UBIGINT   of title_key; null for titles of fewer than 10 letters or
//                                         digits, which unrelated videos share
#pragma once

#include "base/result.h"
#include "store/duckdb_handles.h"

namespace mien {

Status register_text_functions(const DuckConnection& connection);

}  // namespace mien
