#include "model/import/torch_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace mien {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string number(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
  return out;
}
std::string text(const std::string& value) {
  return "X" + number(value.size(), 4) + value;
}
std::string name(const std::string& module, const std::string& what) {
  return "c" + module + "\n" + what + "\n";
}
std::string small(int value) {
  return "K" + number(static_cast<std::uint64_t>(value), 1);
}
std::string pickle(const std::string& operations) {
  return "\x80\x02" + operations + ".";
}

std::string storage(const std::string& kind, const std::string& key, int size) {
  return "(" + text("storage") + name("torch", kind) + text(key) + text("cpu") + small(size) +
         "NtQ";
}
// A tensor of two extents.
std::string tensor(const std::string& from, int offset, int rows, int columns, int stride) {
  return name("torch._utils", "_rebuild_tensor_v2") + "(" + from + small(offset) + small(rows) +
         small(columns) + "\x86" + small(stride) + small(1) + "\x86" + "\x89" +
         name("collections", "OrderedDict") + ")R" + "tR";
}
std::string file_of(const std::string& dict, const std::string& keys, const std::string& numbers) {
  return pickle("\x8a\x0a" + std::string("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10)) +
         pickle("M" + number(1001, 2)) + pickle("}q\x01(" + text("little_endian") + "\x88" + "u") +
         pickle(name("collections", "OrderedDict") + ")Rq\x02(" + dict + "u") +
         pickle("](" + keys + "e") + numbers;
}
std::string floats(std::vector<float> values) {
  std::string bytes(values.size() * 4, '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return number(values.size(), 8) + bytes;
}
std::string refusal(const std::string& bytes) {
  const auto read = read_torch_weights(bytes);
  return read.ok() ? "" : read.error().message;
}
std::string good() {
  return file_of(text("a.weight") + tensor(storage("FloatStorage", "7", 6), 0, 2, 3, 3) +
                     text("b") + tensor(storage("FloatStorage", "9", 4), 2, 1, 2, 2),
                 text("7") + text("9"), floats({1, 2, 3, 4, 5, 6}) + floats({0, 0, 8, 9}));
}

TEST(TorchWeights, ReadsTensorsOutOfTheirStorages) {
  const auto weights = read_torch_weights(good());
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  ASSERT_EQ(weights->size(), 2U);
  EXPECT_THAT(weights->at("a.weight").shape, ElementsAre(2, 3));
  EXPECT_THAT(weights->at("a.weight").floats, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(weights->at("b").floats, ElementsAre(8, 9));
}

TEST(TorchWeights, ReadsTurnedTensorsRowMajor) {
  // Columns of three rows, each row one element apart: the transpose of a 2 x 3 storage.
  const std::string turned = name("torch._utils", "_rebuild_tensor_v2") + "(" +
                             storage("FloatStorage", "7", 6) + small(0) + small(3) + small(2) +
                             "\x86" + small(1) + small(3) + "\x86" + "\x89" +
                             name("collections", "OrderedDict") + ")R" + "tR";
  const auto weights =
      read_torch_weights(file_of(text("a") + turned, text("7"), floats({1, 2, 3, 4, 5, 6})));
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  EXPECT_THAT(weights->at("a").floats, ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(TorchWeights, NamesNothingThatCouldRun) {
  const std::string call = name("os", "system") + "(" + text("true") + "tR";
  EXPECT_THAT(refusal(file_of(text("a") + call, text("7"), "")), HasSubstr("'os.system'"));
  EXPECT_THAT(refusal(pickle("i" + std::string("os\nsystem\n"))), HasSubstr("operation 105"));
}

TEST(TorchWeights, RefusesWhatDoesNotHold) {
  const auto with = [](const std::string& made, const std::string& numbers) {
    return file_of(text("a") + made, text("7"), numbers);
  };
  const std::string six = floats({1, 2, 3, 4, 5, 6});
  EXPECT_THAT(refusal(with(tensor(storage("FloatStorage", "7", 6), 1, 2, 3, 3), six)),
              HasSubstr("leaves its storage"));
  EXPECT_THAT(refusal(with(tensor(storage("FloatStorage", "7", 6), 0, 2, 3, 4), six)),
              HasSubstr("leaves its storage"));
  EXPECT_THAT(refusal(with(tensor(storage("FloatStorage", "7", 6), 0, 2, 3, 3), floats({1}))),
              HasSubstr("too few numbers"));
  EXPECT_THAT(refusal(with(tensor(storage("FloatStorage", "8", 6), 0, 2, 3, 3), six)),
              HasSubstr("belongs to no tensor"));
  EXPECT_THAT(refusal(good() + "x"), HasSubstr("left over"));
}

TEST(TorchWeights, AnyCutIsAnError) {
  const std::string whole = good();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(read_torch_weights(std::string_view(whole).substr(0, length)).ok()) << length;
  }
}

TEST(TorchWeights, AnyChangedByteIsReadOrRefused) {
  const std::string whole = good();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int by : {1, 37, 128, 255}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(static_cast<std::uint8_t>(changed[at]) + by);
      static_cast<void>(read_torch_weights(changed).ok());  // must come back
    }
  }
}

}  // namespace
}  // namespace mien
