// What people said of clips, in long form.
#pragma once

#include "table/schema.h"

namespace mien {

TableSchema ratings_schema();

}  // namespace mien
