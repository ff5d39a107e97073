// Inside, a missing measurement is NaN; in a table it is null with a reason beside it.
#pragma once

#include <limits>

namespace mien {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr float kFloatNaN = std::numeric_limits<float>::quiet_NaN();

}  // namespace mien
