#include "base/secret.h"

#include <sys/random.h>

#include <cerrno>
#include <vector>

#include "base/check.h"
#include "base/sha256.h"

namespace mien {

void fill_with_randomness(std::span<unsigned char> bytes) {
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t more = getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (more < 0 && errno == EINTR) continue;
    MIEN_CHECK(more > 0, "the system gives no random bytes");
    have += static_cast<std::size_t>(more);
  }
}

std::string random_token(std::size_t bytes) {
  std::vector<unsigned char> drawn(bytes);
  fill_with_randomness(drawn);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string token;
  token.reserve(2 * bytes);
  for (const unsigned char byte : drawn) {
    token += kDigits[byte >> 4];
    token += kDigits[byte & 15];
  }
  return token;
}

bool token_matches(std::string_view token, std::string_view digest) {
  const std::string own = sha256_of_bytes(token);
  if (own.size() != digest.size()) return false;
  unsigned differences = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    differences |= static_cast<unsigned char>(own[i]) ^ static_cast<unsigned char>(digest[i]);
  }
  return differences == 0;
}

}  // namespace mien
