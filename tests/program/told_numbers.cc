#include "program/told_numbers.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "program/program.h"

namespace mien::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeastDigits = 8;
constexpr std::size_t kLeastArray = 8;  // of base64

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Whole 32-bit words alone; empty where it is not base64.
std::string decoded(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return "";
    held = held << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xff);
  }
  return bytes.size() % 4 == 0 ? bytes : "";
}

}  // namespace

void ToldNumbers::add_text(const std::string& place, const std::string& text) {
  // A number is not part of a word: not of an id (v00012), not of a hash.
  const auto is_word = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at]) || (at > 0 && is_word(text[at - 1]))) {
      ++at;
      continue;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    const std::string_view digits(text.data() + at,
                                  static_cast<std::size_t>(end - (text.data() + at)));
    at += std::max<std::size_t>(digits.size(), 1);
    if (at < text.size() && is_word(text[at])) continue;
    if (error != std::errc()) continue;
    // Neither is a code of a country ("348").
    const auto begin = static_cast<std::size_t>(digits.data() - text.data());
    if (begin > 0 && text[begin - 1] == '"' && at < text.size() && text[at] == '"') continue;
    const bool is_whole = digits.find_first_of(".eE") == std::string_view::npos;
    constexpr std::size_t kContext = 40;  // characters before it, for whoever looks why
    const std::size_t from = begin > kContext ? begin - kContext : 0;
    const auto found_at = [&] { return place + ": ..." + text.substr(from, at - from); };
    if (is_whole && digits.size() < 16) {
      const auto count = static_cast<std::int64_t>(value);
      if (!counts_.contains(count)) counts_.emplace(count, found_at());
    } else if (digits.size() > kLeastDigits && !numbers_.contains(value)) {
      numbers_.emplace(value, found_at());
    }
  }
  for (std::size_t at = text.find('"'); at != std::string::npos;) {
    const std::size_t end = text.find('"', at + 1);
    if (end == std::string::npos) break;
    const std::string_view quoted = std::string_view(text).substr(at + 1, end - at - 1);
    if (quoted.size() >= kLeastArray && quoted.size() % 4 == 0) {
      const std::string bytes = decoded(quoted);
      for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        float real = 0;
        std::int32_t whole = 0;
        std::memcpy(&real, bytes.data() + i, 4);
        std::memcpy(&whole, bytes.data() + i, 4);
        if (std::isfinite(real) && real != 0) floats_.emplace(std::abs(real), place);
        counts_.emplace(whole, place);
      }
    }
    at = end;
  }
}

void ToldNumbers::add_parquet(Database& database, const fs::path& file) {
  const auto table = database.read_parquet(file);
  ASSERT_TRUE(table.ok()) << table.error().message;
  for (std::size_t c = 0; c < table->schema().columns.size(); ++c) {
    const std::string place = file.string() + ": " + table->schema().columns[c].name;
    for (std::size_t r = 0; r < table->rows(); ++r) {
      const Cell cell = table->column(c).at(r);
      if (const auto* whole = std::get_if<std::int64_t>(&cell)) counts_.emplace(*whole, place);
      const auto* real = std::get_if<double>(&cell);
      if (real == nullptr || !std::isfinite(*real)) continue;
      numbers_.emplace(std::abs(*real), place);
      if (*real == std::floor(*real) && std::abs(*real) < 1e15) {
        counts_.emplace(static_cast<std::int64_t>(*real), place);
      }
    }
  }
}

void ToldNumbers::add_folder(Database& database, const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& file = entry.path();
    const std::string extension = file.extension().string();
    const bool is_program = file.parent_path().filename() == "assets";
    if (!entry.is_regular_file() || is_program || extension == ".sums") continue;
    if (extension == ".parquet") {
      add_parquet(database, file);
    } else {
      add_text(file.string(), read_text(file));
    }
  }
}

std::string ToldNumbers::place_of(std::int64_t count) const {
  const auto found = counts_.find(count);
  return found == counts_.end() ? "" : found->second;
}

std::string ToldNumbers::place_of(double value) const {
  const std::string exact = place_near(numbers_, std::abs(value), 1e-9);
  return exact.empty() ? place_near(floats_, std::abs(value), 1e-7) : exact;
}

std::string ToldNumbers::place_near(const std::map<double, std::string>& numbers, double value,
                                    double share) const {
  const auto found = numbers.lower_bound(value * (1 - share));
  return found == numbers.end() || found->first > value * (1 + share) ? "" : found->second;
}

}  // namespace mien::testing
