#include "support/hostile_media.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/random.h"

namespace mien::testing {

namespace {

// Bits as deflate packs them: the lowest first; Huffman codes turned round.
class BitWriter {
 public:
  void bits(std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bit((value >> i & 1) != 0);
  }
  void code(std::uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) bit((value >> i & 1) != 0);
  }
  std::string finish() {
    while (used_ != 0) bit(false);
    return std::move(bytes_);
  }

 private:
  void bit(bool set) {
    if (set) current_ |= 1U << used_;
    if (++used_ < 8) return;
    bytes_ += static_cast<char>(current_);
    current_ = 0;
    used_ = 0;
  }

  std::string bytes_;
  std::uint32_t current_ = 0;
  int used_ = 0;
};

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string png_chunk(const std::string& type, const std::string& data) {
  return big_endian(static_cast<std::uint32_t>(data.size())) + type + data +
         big_endian(crc32(type + data));
}

// Of 8 bits a channel: grey, or red, green, blue and transparency.
std::string png_start(std::uint32_t width_px, std::uint32_t height_px, int channels = 1) {
  const std::string kind{'\x08', channels == 1 ? '\0' : '\x06', '\0', '\0', '\0'};
  return "\x89PNG\r\n\x1A\n" +
         png_chunk("IHDR", big_endian(width_px) + big_endian(height_px) + kind);
}

std::string box(const std::string& type, const std::string& data) {
  return big_endian(static_cast<std::uint32_t>(data.size() + 8)) + type + data;
}

}  // namespace

std::string gif_with_canvas(int width_px, int height_px) {
  const auto little = [](int value) {
    return std::string{static_cast<char>(value & 0xFF), static_cast<char>(value >> 8 & 0xFF)};
  };
  using namespace std::string_literals;
  std::string gif = "GIF89a" + little(width_px) + little(height_px) + "\x80\0\0"s;
  gif += "\0\0\0\xFF\xFF\xFF"s;  // two colours
  gif += ","s + little(0) + little(0) + little(1) + little(1) + "\0"s;
  gif += "\x02\x02\x44\x01\0"s;  // LZW: clear, 0, end
  return gif + ";";
}

std::string zlib_of_zeros(std::uint64_t bytes) {
  MIEN_CHECK(bytes >= 1, "at least one");
  BitWriter writer;
  writer.bits(1, 1);     // the last block
  writer.bits(1, 2);     // fixed codes
  writer.code(0x30, 8);  // a literal 0
  std::uint64_t left = bytes - 1;
  for (; left >= 258; left -= 258) {
    writer.code(0xC5, 8);  // length 258
    writer.code(0, 5);     // distance 1
  }
  for (; left > 0; --left) writer.code(0x30, 8);
  writer.code(0, 7);  // end of block
  const auto sum = static_cast<std::uint32_t>(bytes % 65521);
  return "\x78\xDA" + writer.finish() + big_endian(sum << 16 | 1);
}

std::string png_header_only(std::uint32_t width_px, std::uint32_t height_px) {
  return png_start(width_px, height_px) +
         png_chunk("IDAT", zlib_of_zeros(std::uint64_t{width_px} + 1)) + png_chunk("IEND", "");
}

std::string blank_png(std::uint32_t width_px, std::uint32_t height_px) {
  return png_start(width_px, height_px, 4) +
         png_chunk("IDAT", zlib_of_zeros((4 * std::uint64_t{width_px} + 1) * height_px)) +
         png_chunk("IEND", "");
}

std::string png_with_text_bomb(std::uint64_t bytes) {
  using namespace std::string_literals;
  return png_start(1, 1) + png_chunk("zTXt", "Comment\0\0"s + zlib_of_zeros(bytes)) +
         png_chunk("IDAT", zlib_of_zeros(2)) + png_chunk("IEND", "");
}

std::string mov_with_index_bomb(std::uint32_t bytes) {
  const std::string compressed =
      box("dcom", "zlib") + box("cmvd", big_endian(bytes) + zlib_of_zeros(bytes));
  return box("ftyp", "qt  " + big_endian(0) + "qt  ") + box("moov", box("cmov", compressed)) +
         box("mdat", std::string(64, '\0'));
}

std::string with_jpeg_size(std::string jpeg, int width_px, int height_px) {
  for (std::size_t at = 2; at + 9 < jpeg.size() && jpeg[at] == '\xFF';) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(jpeg[at + 2]) << 8 |
                                                 static_cast<unsigned char>(jpeg[at + 3]));
    if (jpeg[at + 1] == '\xC0' || jpeg[at + 1] == '\xC2') {
      const std::array<int, 2> sides = {height_px, width_px};
      for (std::size_t i = 0; i < 2; ++i) {
        jpeg[at + 5 + 2 * i] = static_cast<char>(sides[i] >> 8 & 0xFF);
        jpeg[at + 6 + 2 * i] = static_cast<char>(sides[i] & 0xFF);
      }
      return jpeg;
    }
    at += 2 + length;
  }
  MIEN_CHECK(false, "a JPEG with a frame header");
  return jpeg;
}

std::string with_samples(std::string mp4, std::uint32_t samples, std::uint32_t per_chunk,
                         std::uint32_t sample_bytes) {
  mp4.replace(mp4.find("stsz") + 8, 8, big_endian(sample_bytes) + big_endian(samples));
  mp4.replace(mp4.find("stts") + 12, 4, big_endian(samples));
  mp4.replace(mp4.find("stsc") + 16, 4, big_endian(per_chunk));
  return mp4;
}

std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xFF);
  return text;
}

std::uint32_t number_at(const std::string& bytes, std::size_t place) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes.at(place + i));
  return value;
}

std::string flipped(std::string bytes, std::size_t from, std::size_t count, double share,
                    std::uint64_t seed) {
  Random random(seed);
  const std::size_t end = std::min(bytes.size(), from + count);
  for (std::size_t i = from; i < end; ++i) {
    if (random.uniform() < share) bytes[i] = static_cast<char>(random.below(256));
  }
  return bytes;
}

}  // namespace mien::testing
