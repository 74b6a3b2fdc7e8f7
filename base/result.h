// Result<T>: the outcome of anything the outside world can make fail. An Error says whose fault it
// was and whether trying again is safe, because that is what a proxy decides by.
//
// Plain values, any thread. Not for our own bugs: those are TEAL_ASSERT (base/assert.h).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

namespace teal {

/// Who caused an error.
enum class Source : std::uint8_t { downstream, upstream, internal, config };

std::string_view to_string(Source source);

class Error {
 public:
  Error() = default;
  Error(Source source, std::string message, bool retry_safe = false)
      : source_(source), retry_safe_(retry_safe), message_(std::move(message)) {}

  Source source() const { return source_; }
  /// True when nothing has been done yet that a second try would do twice.
  bool retry_safe() const { return retry_safe_; }
  /// One sentence for a person, without a trailing period.
  const std::string& message() const { return message_; }

  bool operator==(const Error&) const = default;

 private:
  Source source_ = Source::internal;
  bool retry_safe_ = false;
  std::string message_;
};

std::ostream& operator<<(std::ostream& out, const Error& error);

template <class T>
using Result = boost::system::result<T, Error>;

/// Called by Result::value() on an error: reading the value of a failure is our own bug.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

}  // namespace teal
