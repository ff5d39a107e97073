// Ctrl-C and a polite kill, for verbs that can stop between two steps.
#pragma once

#include <atomic>

namespace mien {

// Becomes true once somebody asks to stop; the second time the program goes at once.
const std::atomic<bool>& stop_on_interrupt();

}  // namespace mien
