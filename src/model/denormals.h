// Flushes denormal numbers to zero while it lives, on the calling thread only.
//
// Denormals make convolutions many times slower. ONNX Runtime's own switch
// (session.set_denormal_as_zero) changes the thread that opens the first session, for good, and no
// other; then results would depend on which thread computes. Networks therefore run inside this.
#pragma once

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace mien {

class FlushDenormals {
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

#if defined(__x86_64__)
  FlushDenormals() : before_(_mm_getcsr()) {
    _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero);
  }
  ~FlushDenormals() {
    _mm_setcsr(before_);
  }

 private:
  static constexpr unsigned kFlushToZero = 0x8000;  // MXCSR bits, Intel SDM volume 1, 10.2.3
  static constexpr unsigned kDenormalsAreZero = 0x0040;
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | kFlushToZero));
  }
  ~FlushDenormals() {
    asm volatile("msr fpcr, %0" : : "r"(before_));
  }

 private:
  static constexpr unsigned long kFlushToZero = 1UL << 24;  // FPCR.FZ, Arm ARM, D19.2
  unsigned long before_ = 0;
#else
  FlushDenormals() {}
  ~FlushDenormals() {}
#endif
};

}  // namespace mien
