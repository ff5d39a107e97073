#include "store/text_export.h"

#include <array>
#include <charconv>

#include "base/check.h"
#include "base/utf8.h"

namespace mien {

namespace {

void append_csv_text(std::string_view text, std::string& out) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_json_character(char c, std::string& out) {
  constexpr std::string_view kHexadecimal = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        out += "\\u00";
        out += kHexadecimal[static_cast<unsigned char>(c) >> 4];
        out += kHexadecimal[static_cast<unsigned char>(c) & 15];
      } else {
        out += c;
      }
  }
}

void append_json_text(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const std::size_t bad = first_invalid_utf8(text);
    for (const char c : text.substr(0, bad)) append_json_character(c, out);
    if (bad == std::string_view::npos) break;
    out += "\xEF\xBF\xBD";
    text.remove_prefix(bad + 1);
  }
  out += '"';
}

// A cell that is not text, the same in both formats; null is up to the caller.
void append_plain(const Column& column, std::size_t row, std::string& out) {
  switch (column.type()) {
    case ColumnType::kInt64:
      out += std::to_string(column.integers()[row]);
      break;
    case ColumnType::kBool:
      out += column.integers()[row] != 0 ? "true" : "false";
      break;
    case ColumnType::kDouble:
      out += shortest_number(column.doubles()[row]);
      break;
    case ColumnType::kString:
      break;
  }
}

}  // namespace

std::string shortest_number(double value) {
  std::array<char, 32> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  MIEN_CHECK(code == std::errc(), "the shortest form of a double has at most 24 characters");
  return {buffer.data(), end};
}

std::string csv_header(const TableSchema& schema) {
  std::string out;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_text(schema.columns[i].name, out);
  }
  return out + '\n';
}

void append_csv(const Table& batch, std::string& out) {
  const std::size_t columns = batch.schema().columns.size();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      if (i > 0) out += ',';
      const Column& column = batch.column(i);
      if (column.is_null(row)) continue;
      if (column.type() == ColumnType::kString) {
        append_csv_text(column.strings()[row], out);
      } else {
        append_plain(column, row, out);
      }
    }
    out += '\n';
  }
}

void append_json_lines(const Table& batch, std::string& out) {
  const auto& specs = batch.schema().columns;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    out += '{';
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (i > 0) out += ',';
      append_json_text(specs[i].name, out);
      out += ':';
      const Column& column = batch.column(i);
      if (column.is_null(row)) {
        out += "null";
      } else if (column.type() == ColumnType::kString) {
        append_json_text(column.strings()[row], out);
      } else {
        append_plain(column, row, out);
      }
    }
    out += "}\n";
  }
}

}  // namespace mien
