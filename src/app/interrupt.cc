#include "app/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace mien {

namespace {

std::atomic<bool> stop_was_asked{false};

}  // namespace

extern "C" {
static void note_interrupt(int) {
  if (stop_was_asked.exchange(true)) _exit(130);
}
}

const std::atomic<bool>& stop_on_interrupt() {
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
  return stop_was_asked;
}

}  // namespace mien
