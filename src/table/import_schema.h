// Where scores come from that another tool measured.
#pragma once

#include "table/schema.h"

namespace mien {

TableSchema imports_schema();

}  // namespace mien
