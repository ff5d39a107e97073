// Secrets: unguessable tokens, kept as digests only.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mien {

// Fills `bytes` from the system's generator, getrandom(2); waits until it is ready.
void fill_with_randomness(std::span<unsigned char> bytes);

// `bytes` bytes of the system's generator, as lower-case hexadecimal.
std::string random_token(std::size_t bytes);

// Whether `token` is the one of this digest (SHA-256, hexadecimal), in a time that does not depend
// on where they differ.
bool token_matches(std::string_view token, std::string_view digest);

}  // namespace mien
