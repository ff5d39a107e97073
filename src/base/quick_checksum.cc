#include "base/quick_checksum.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace mien {

struct QuickChecksum::State {
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(),
                                                                          &EVP_CIPHER_CTX_free};
};

QuickChecksum::QuickChecksum() : state_(std::make_unique<State>()) {
  constexpr std::array<unsigned char, 16> kZeros{};
  EVP_CIPHER_CTX* context = state_->context.get();
  MIEN_CHECK(context != nullptr, "OpenSSL could not allocate a checksum");
  MIEN_CHECK(
      EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, kZeros.data(), kZeros.data()) == 1,
      "AES-GCM is missing");
}

QuickChecksum::~QuickChecksum() = default;

void QuickChecksum::add(std::string_view bytes) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const std::string_view some = bytes.substr(0, std::min(bytes.size(), kMost));
    int ignored = 0;
    // Without a place for output, bytes are authenticated alone.
    MIEN_CHECK(EVP_EncryptUpdate(state_->context.get(), nullptr, &ignored,
                                 reinterpret_cast<const unsigned char*>(some.data()),
                                 static_cast<int>(some.size())) == 1,
               "GMAC update failed");
    bytes.remove_prefix(some.size());
  }
}

std::string QuickChecksum::finish() {
  std::array<unsigned char, 16> tag{};
  int ignored = 0;
  MIEN_CHECK(EVP_EncryptFinal_ex(state_->context.get(), tag.data(), &ignored) == 1, "GMAC failed");
  MIEN_CHECK(EVP_CIPHER_CTX_ctrl(state_->context.get(), EVP_CTRL_GCM_GET_TAG,
                                 static_cast<int>(tag.size()), tag.data()) == 1,
             "GMAC gave no tag");
  return {reinterpret_cast<const char*>(tag.data()), tag.size()};
}

}  // namespace mien
