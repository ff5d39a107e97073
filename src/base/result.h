// Result<T>: a value, or an Error that says what the world did wrong and what to do next.
//
// Libraries of Mien never print, exit or throw across a room; what can fail for a reason outside
// the program (a file, a model, a flag) returns Result. A caller's own bug is a MIEN_CHECK.
// Exceptions of third-party libraries stop at the one adapter file that names the library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace mien {

// The closed set of failure kinds. `usage` alone leads to exit status 2.
enum class ErrorCode {
  kUsage,        // the command or an option is wrong
  kNotFound,     // a file, table or id does not exist
  kIo,           // the system refused to read or write
  kCorrupt,      // bytes are not what their format says
  kUnsupported,  // well formed, but beyond what Mien reads
  kMismatch,     // two things that must agree do not (model and manifest, study and options)
  kBusy,         // somebody else holds it
  kCancelled,    // asked to stop
  kInternal,     // a third-party library failed in a way nobody foresaw
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // names file, place and remedy

  // "outer: message": how a message gains context on its way up.
  Error with_context(std::string_view outer) && {
    message = std::string(outer) + ": " + message;
    return std::move(*this);
  }
};

struct Ok {};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    MIEN_CHECK(ok(), error().message);
    return std::get<0>(state_);
  }
  const T& value() const& {
    MIEN_CHECK(ok(), error().message);
    return std::get<0>(state_);
  }
  T&& value() && {
    MIEN_CHECK(ok(), error().message);
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Ok>;

// MIEN_TRY(frame, reader.next());   -> `frame` is the value, or the function returns the error.
// MIEN_TRY_VOID(writer.close());
// NOLINTBEGIN(bugprone-macro-parentheses): a declared name cannot stand in parentheses
#define MIEN_CONCAT_INNER(a, b) a##b
#define MIEN_CONCAT(a, b) MIEN_CONCAT_INNER(a, b)
#define MIEN_TRY(name, expression)                                                            \
  auto MIEN_CONCAT(name, _result) = (expression);                                             \
  if (!MIEN_CONCAT(name, _result).ok()) return std::move(MIEN_CONCAT(name, _result)).error(); \
  auto name = std::move(MIEN_CONCAT(name, _result)).value()
#define MIEN_TRY_VOID(expression)                                         \
  do {                                                                    \
    auto mien_try_status = (expression);                                  \
    if (!mien_try_status.ok()) return std::move(mien_try_status).error(); \
  } while (false)
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace mien
