#include "base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

namespace mien {

namespace {

class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    MIEN_CHECK(context_ != nullptr, "OpenSSL could not allocate a digest");
    MIEN_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "SHA-256 is missing");
  }

  void add(const char* data, std::size_t size) {
    MIEN_CHECK(EVP_DigestUpdate(context_.get(), data, size) == 1, "SHA-256 update failed");
  }

  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int size = 0;
    MIEN_CHECK(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) == 1, "SHA-256 failed");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      text += kDigits[bytes.at(i) >> 4];
      text += kDigits[bytes.at(i) & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

struct Sha256::State {
  Digest digest;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  state_->digest.add(bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  return state_->digest.hex();
}

std::string sha256_of_bytes(std::string_view bytes) {
  Digest digest;
  digest.add(bytes.data(), bytes.size());
  return digest.hex();
}

Result<std::string> sha256_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{ErrorCode::kNotFound,
                 path.string() +
                     ": cannot be opened for reading; remedy: check that the file is there and may "
                     "be read, then run the same command again"};
  }
  Digest digest;
  std::vector<char> buffer(1 << 16);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    digest.add(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad())
    return Error{ErrorCode::kIo, path.string() +
                                     ": reading failed half-way; remedy: check the disk, then "
                                     "run the same command again"};
  return digest.hex();
}

}  // namespace mien
