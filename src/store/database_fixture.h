// A folder of files for a test of the database, and tables of every kind of column.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random.h"
#include "store/database.h"
#include "store/durable_file.h"

namespace mien::testing {

class DatabaseTest : public ::testing::Test {
 public:
  static Database open(int threads = 1) {
    DatabaseOptions options;
    options.threads = threads;
    return std::move(Database::open(options)).value();
  }

 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("mien_database_" + std::to_string(::getpid()) + "_" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::string bytes_of(const std::filesystem::path& path) {
    return read_whole_file(path).value();
  }

  std::vector<std::string> names_in_folder() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::filesystem::path folder_;
};

inline TableSchema four_kinds() {
  return {"four",
          "row",
          "",
          {{"text", ColumnType::kString, ""},
           {"whole", ColumnType::kInt64, ""},
           {"real", ColumnType::kDouble, ""},
           {"truth", ColumnType::kBool, ""}}};
}

inline Table random_table(std::size_t rows, std::uint64_t seed) {
  Random random(seed);
  Table table(four_kinds());
  RowBuilder row(table.schema());
  for (std::size_t i = 0; i < rows; ++i) {
    const auto missing = [&] { return random.below(5) == 0; };
    row.set("text", missing() ? Cell{} : Cell{"video-" + std::to_string(random.below(50))});
    row.set("whole", missing() ? Cell{} : Cell{static_cast<std::int64_t>(random.next_u64())});
    row.set("real", missing() ? Cell{} : cell_from(std::bit_cast<double>(random.next_u64())));
    row.set("truth", missing() ? Cell{} : Cell{random.below(2) == 1});
    table.append(row.finish());
  }
  return table;
}

}  // namespace mien::testing
