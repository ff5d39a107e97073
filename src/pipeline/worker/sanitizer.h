// Whether this build carries a sanitizer, which maps more memory and calls the system in more ways
// than the program itself.
#pragma once

namespace mien {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kWithSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool kWithSanitizer = true;
#else
inline constexpr bool kWithSanitizer = false;
#endif
#else
inline constexpr bool kWithSanitizer = false;
#endif

}  // namespace mien
