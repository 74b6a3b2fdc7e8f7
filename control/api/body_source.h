// BodySource: a body that is too long to be held, read a piece at a time from where it is.
//
// Control thread, which it never keeps waiting: whoever makes one reads elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace teal::control {

class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual std::uint64_t size() const = 0;  ///< Bytes, all together.
  /// `done` on the control thread, later and never from within: the next bytes, at most so many;
  /// none: they cannot be had, and the body ends there. One at a time.
  virtual void read(std::size_t most, std::function<void(std::string)> done) = 0;
};

}  // namespace teal::control
