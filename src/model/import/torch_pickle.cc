#include "model/import/torch_pickle.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>

namespace mien {

namespace {

using namespace pickle;

constexpr std::size_t kMaxStack = 100000;

// One pickle: a machine with a stack and a memo.
class Unpickler {
 public:
  Unpickler(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::size_t at() const { return at_; }

  Result<Value> run() {
    for (;;) {
      if (at_ >= bytes_.size()) return corrupt_pickle("they end early");
      const auto operation = static_cast<std::uint8_t>(bytes_[at_++]);
      if (operation == '.') {
        MIEN_TRY(value, pop());
        return value;
      }
      MIEN_TRY_VOID(step(operation));
      if (stack_.size() > kMaxStack) return corrupt_pickle("their stack is too high");
    }
  }

 private:
  Status step(std::uint8_t operation) {
    switch (operation) {
      case 0x80:  // PROTO
        return number(1).ok() ? Status(Ok{}) : corrupt_pickle("they end early");
      case '(':
        return push({Mark{}});
      case 'N':
        return push({std::monostate{}});
      case 0x88:
        return push({true});
      case 0x89:
        return push({false});
      case 'K':
        return push_number(1);
      case 'M':
        return push_number(2);
      case 'J':
        return push_number(4);
      case 0x8a:
        return push_long();
      case 'X':
        return push_text();
      case 'c':
        return push_name();
      case ')':
      case ']':
        return push({List{}});
      case '}':
        return push({Dict{}});
      case 't':
        return tuple_to_mark();
      case 0x85:
        return tuple_of(1);
      case 0x86:
        return tuple_of(2);
      case 0x87:
        return tuple_of(3);
      case 'q':
      case 'r':
        return put(operation == 'q' ? 1 : 4);
      case 'h':
      case 'j':
        return get(operation == 'h' ? 1 : 4);
      case 'Q':
        return storage();
      case 'R':
        return call();
      case 's':
        return set_item();
      case 'u':
        return set_items();
      case 'e':
        return append_items();
      case 'b':  // the dict's own attributes: versions of modules
        return pop().ok() ? Status(Ok{}) : corrupt_pickle("their stack is empty");
      default:
        return Error{ErrorCode::kUnsupported, "the pickled weights: operation " +
                                                  std::to_string(operation) + " at byte " +
                                                  std::to_string(at_ - 1) + " is not known"};
    }
  }

  Status push(Value value) {
    stack_.push_back(std::move(value));
    return Ok{};
  }
  Result<Value> pop() {
    if (stack_.empty()) return corrupt_pickle("their stack is empty");
    Value value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }
  Result<std::int64_t> number(std::size_t count) {
    if (bytes_.size() - at_ < count) return corrupt_pickle("they end early");
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) {
      value = value << 8U | static_cast<std::uint8_t>(bytes_[at_ + i]);
    }
    at_ += count;
    return static_cast<std::int64_t>(value);
  }
  Status push_number(std::size_t count) {
    MIEN_TRY(value, number(count));
    return push({count == 4 ? std::int64_t{static_cast<std::int32_t>(value)} : value});
  }
  Status push_long() {
    MIEN_TRY(count, number(1));
    if (count > 16) return corrupt_pickle("a whole number is too long");
    MIEN_TRY(low, number(static_cast<std::size_t>(std::min<std::int64_t>(count, 8))));
    if (count > 8) MIEN_TRY_VOID(skip(static_cast<std::size_t>(count - 8)));
    return push({low});
  }
  Status skip(std::size_t count) {
    if (bytes_.size() - at_ < count) return corrupt_pickle("they end early");
    at_ += count;
    return Ok{};
  }
  Status push_text() {
    MIEN_TRY(count, number(4));
    if (bytes_.size() - at_ < static_cast<std::size_t>(count))
      return corrupt_pickle("they end early");
    std::string text(bytes_.substr(at_, static_cast<std::size_t>(count)));
    at_ += text.size();
    return push({std::move(text)});
  }
  Result<std::string> line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos || end - at_ > 200)
      return corrupt_pickle("a name has no end");
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }
  Status push_name() {
    MIEN_TRY(module, line());
    MIEN_TRY(name, line());
    const std::string whole = module + " " + name;
    if (whole != "collections OrderedDict" && whole != "torch._utils _rebuild_tensor_v2" &&
        whole != "torch FloatStorage" && whole != "torch LongStorage") {
      return Error{ErrorCode::kUnsupported, "the pickled weights name '" + module + "." + name +
                                                "', which no weights need; they are not opened"};
    }
    return push({Name{whole}});
  }
  Result<List> to_mark() {
    std::size_t mark = stack_.size();
    while (mark > 0 && as<Mark>(stack_[mark - 1]) == nullptr) --mark;
    if (mark == 0) return corrupt_pickle("a list has no beginning");
    List list(std::make_move_iterator(stack_.begin() + static_cast<std::ptrdiff_t>(mark)),
              std::make_move_iterator(stack_.end()));
    stack_.resize(mark - 1);
    return list;
  }
  Status tuple_to_mark() {
    MIEN_TRY(list, to_mark());
    return push({std::move(list)});
  }
  Status tuple_of(std::size_t count) {
    if (stack_.size() < count) return corrupt_pickle("their stack is empty");
    List list(std::make_move_iterator(stack_.end() - static_cast<std::ptrdiff_t>(count)),
              std::make_move_iterator(stack_.end()));
    stack_.resize(stack_.size() - count);
    return push({std::move(list)});
  }
  // What is named again later: names, texts, numbers and shapes. Remembering no list of lists keeps
  // a hostile pickle from doubling one again and again.
  static bool is_small(const Value& value) {
    if (const List* list = as<List>(value)) {
      return list->size() <= 8 && std::ranges::all_of(*list, [](const Value& item) {
               return as<std::int64_t>(item) != nullptr;
             });
    }
    return as<Dict>(value) == nullptr && as<TensorOf>(value) == nullptr;
  }
  Status put(std::size_t width) {
    MIEN_TRY(key, number(width));
    if (stack_.empty()) return corrupt_pickle("their stack is empty");
    if (is_small(stack_.back())) memo_[key] = stack_.back();
    if (memo_.size() > kMaxStack) return corrupt_pickle("their memory is too large");
    return Ok{};
  }
  Status get(std::size_t width) {
    MIEN_TRY(key, number(width));
    const auto found = memo_.find(key);
    if (found == memo_.end()) return corrupt_pickle("something is used before it is there");
    return push(found->second);
  }
  Status storage() {
    MIEN_TRY(top, pop());
    const List* id = as<List>(top);
    if (id == nullptr || (id->size() != 5 && id->size() != 6))
      return corrupt_pickle("a storage is misshapen");
    const auto* kind = as<Name>((*id)[1]);
    const auto* key = as<std::string>((*id)[2]);
    const auto* size = as<std::int64_t>((*id)[4]);
    if (kind == nullptr || key == nullptr || size == nullptr || *size < 0 ||
        static_cast<std::size_t>(*size) > kMaxTorchElements) {
      return corrupt_pickle("a storage is misshapen");
    }
    return push({Storage{*key, kind->text == "torch LongStorage", *size}});
  }
  Status call() {
    MIEN_TRY(arguments, pop());
    MIEN_TRY(function, pop());
    const List* list = as<List>(arguments);
    const Name* name = as<Name>(function);
    if (list == nullptr || name == nullptr) return corrupt_pickle("a call is misshapen");
    if (name->text == "collections OrderedDict") return push({Dict{}});
    if (name->text != "torch._utils _rebuild_tensor_v2" || list->size() < 4) {
      return corrupt_pickle("a call is misshapen");
    }
    return tensor(*list);
  }
  Status tensor(const List& arguments) {
    const auto* from = as<Storage>(arguments[0]);
    const auto* offset = as<std::int64_t>(arguments[1]);
    const auto* shape = as<List>(arguments[2]);
    const auto* strides = as<List>(arguments[3]);
    if (from == nullptr || offset == nullptr || shape == nullptr || strides == nullptr ||
        shape->size() != strides->size() || shape->size() > 8) {
      return corrupt_pickle("a tensor is misshapen");
    }
    TensorOf made{*from, *offset, {}, {}};
    std::int64_t elements = 1;
    std::int64_t last = *offset;  // the furthest element that is read
    for (std::size_t i = 0; i < shape->size(); ++i) {
      const auto* extent = as<std::int64_t>((*shape)[i]);
      const auto* stride = as<std::int64_t>((*strides)[i]);
      if (extent == nullptr || stride == nullptr || *extent < 1 || *stride < 0 ||
          *stride > static_cast<std::int64_t>(kMaxTorchElements) ||
          *extent > static_cast<std::int64_t>(kMaxTorchElements) / elements) {
        return corrupt_pickle("a tensor is misshapen");
      }
      elements *= *extent;
      last += (*extent - 1) * *stride;
      made.shape.push_back(*extent);
      made.strides.push_back(*stride);
    }
    if (*offset < 0 || elements > from->size || last >= from->size)
      return corrupt_pickle("a tensor leaves its storage");
    return push({std::move(made)});
  }
  // Of dicts only the tensors count; other entries (the first pickles') are passed over.
  static void add(Dict& dict, const Value& key, Value value) {
    const auto* name = as<std::string>(key);
    auto* tensor = std::get_if<TensorOf>(&value.is);
    if (name != nullptr && tensor != nullptr) dict.emplace_back(*name, std::move(*tensor));
  }
  Status set_item() {
    MIEN_TRY(value, pop());
    MIEN_TRY(key, pop());
    if (stack_.empty() || as<Dict>(stack_.back()) == nullptr)
      return corrupt_pickle("an entry has no dict");
    add(std::get<Dict>(stack_.back().is), key, std::move(value));
    return Ok{};
  }
  Status set_items() {
    MIEN_TRY(items, to_mark());
    if (stack_.empty() || as<Dict>(stack_.back()) == nullptr || items.size() % 2 != 0) {
      return corrupt_pickle("entries have no dict");
    }
    for (std::size_t i = 0; i < items.size(); i += 2) {
      add(std::get<Dict>(stack_.back().is), items[i], std::move(items[i + 1]));
    }
    return Ok{};
  }
  Status append_items() {
    MIEN_TRY(items, to_mark());
    if (stack_.empty() || as<List>(stack_.back()) == nullptr)
      return corrupt_pickle("items have no list");
    List& list = std::get<List>(stack_.back().is);
    list.insert(list.end(), std::make_move_iterator(items.begin()),
                std::make_move_iterator(items.end()));
    return Ok{};
  }

  std::string_view bytes_;
  std::size_t at_;
  std::vector<Value> stack_;
  std::map<std::int64_t, Value> memo_;
};

}  // namespace

Error corrupt_pickle(const std::string& what) {
  return Error{ErrorCode::kCorrupt, "the pickled weights: " + what};
}

Result<Unpickled> unpickle(std::string_view bytes, std::size_t at) {
  Unpickler unpickler(bytes, at);
  MIEN_TRY(value, unpickler.run());
  return Unpickled{std::move(value), unpickler.at()};
}

}  // namespace mien
