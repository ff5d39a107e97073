#include "store/text_functions.h"

#include <cstdint>
#include <string_view>

#include "store/text_key.h"

namespace mien {

namespace {

constexpr std::size_t kShortestTitle = 10;  // letters and digits, as bytes of name_key

// FNV-1a (Fowler, Noll, Vo) with SplitMix64's last step: the same on every machine.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

std::size_t letters_in(std::string_view key) {
  std::size_t count = 0;
  for (const char c : key) {
    const bool plain = static_cast<unsigned char>(c) < 0x80;
    count += !plain || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? 1 : 0;
  }
  return count;
}

void title_hash(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  const idx_t rows = duckdb_data_chunk_get_size(input);
  duckdb_vector titles = duckdb_data_chunk_get_vector(input, 0);
  auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(titles));
  auto* hashes = static_cast<std::uint64_t*>(duckdb_vector_get_data(output));
  duckdb_vector_ensure_validity_writable(output);
  std::uint64_t* valid_out = duckdb_vector_get_validity(output);
  std::uint64_t* valid_in = duckdb_vector_get_validity(titles);
  for (idx_t i = 0; i < rows; ++i) {
    const bool there = valid_in == nullptr || duckdb_validity_row_is_valid(valid_in, i);
    bool long_enough = false;
    if (there) {
      const std::string key =
          title_key({duckdb_string_t_data(&texts[i]), duckdb_string_t_length(texts[i])});
      long_enough = letters_in(key) >= kShortestTitle;
      hashes[i] = hash_of(key);
    }
    duckdb_validity_set_row_validity(valid_out, i, there && long_enough);
  }
}

using DuckScalarFunction = DuckHandle<duckdb_scalar_function, duckdb_destroy_scalar_function>;

}  // namespace

Status register_text_functions(const DuckConnection& connection) {
  DuckScalarFunction function;
  *function.out() = duckdb_create_scalar_function();
  DuckType text;
  DuckType number;
  *text.out() = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  *number.out() = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
  duckdb_scalar_function_set_name(function.get(), "mien_title_hash");
  duckdb_scalar_function_add_parameter(function.get(), text.get());
  duckdb_scalar_function_set_return_type(function.get(), number.get());
  duckdb_scalar_function_set_special_handling(function.get());
  duckdb_scalar_function_set_function(function.get(), title_hash);
  if (duckdb_register_scalar_function(connection.get(), function.get()) != DuckDBSuccess) {
    return Error{ErrorCode::kInternal, "DuckDB refused a function"};
  }
  return Ok{};
}

}  // namespace mien
