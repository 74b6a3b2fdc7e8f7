// Writer and Reader: numbers, texts and lists as bytes, and back. What is read comes from a peer
// and may be anything: a Reader never reads past its end, makes no list longer than the bytes left
// could fill, and takes each value in one form only, so that what it read is written as the same
// bytes again. The first fault ends it; what it gives afterwards is zeros and nothing.
//
// Pure. Knows no messages: those are control/follow/messages.h.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace teal::control::follow {

class Writer {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void flag(bool value) { byte(value ? 1 : 0); }
  /// Seven bits a byte, the lowest first; the top bit says that there are more (LEB128).
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
    byte(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  /// Its bits, the lowest byte first.
  void real(double value) {
    for (std::uint64_t bits = std::bit_cast<std::uint64_t>(value), i = 0; i < 8; ++i, bits >>= 8U)
      byte(static_cast<std::uint8_t>(bits));
  }
  template <class Bytes>
  void raw(const Bytes& bytes) {
    for (const std::uint8_t each : bytes) byte(each);
  }
  /// Requires: not before the clock's beginning.
  void time(Mono value) {
    number(static_cast<std::uint64_t>(value.time_since_epoch() / std::chrono::nanoseconds{1}));
  }
  void duration(Micros value) { number(static_cast<std::uint64_t>(value.count())); }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::uint8_t byte() {
    if (left_.empty()) return fail("it ends too early"), std::uint8_t{0};
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  bool flag() { return choice(1) == 1; }
  /// 0 to `last`.
  std::uint8_t choice(std::uint8_t last) {
    const std::uint8_t value = byte();
    return value <= last ? value : (fail("a choice is none of those there are"), std::uint8_t{0});
  }
  std::uint64_t number(std::uint64_t most = UINT64_MAX) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte();
      if (!ok()) return 0;
      const std::uint64_t bits = next & 0x7fU;
      if (shift == 63 && bits > 1) return fail("a number is too large"), 0;
      value |= bits << shift;
      if ((next & 0x80U) != 0) continue;
      if (next == 0 && shift > 0) return fail("a number is longer than it need be"), 0;
      return value <= most ? value : (fail("a number is too large"), 0);
    }
    return fail("a number is too long"), 0;
  }
  template <class Number>
  Number number_as(std::uint64_t most) {
    return static_cast<Number>(number(most));
  }
  std::string text(std::size_t most) {
    const std::uint64_t size = number();
    if (size > most) return fail("a text is too long"), std::string();
    if (size > left_.size()) return fail("it ends too early"), std::string();
    std::string value(left_.substr(0, static_cast<std::size_t>(size)));
    left_.remove_prefix(static_cast<std::size_t>(size));
    return value;
  }
  /// How many follow, of which each takes `least` bytes or more.
  std::size_t count(std::size_t most, std::size_t least) {
    const std::uint64_t value = number();
    if (value > most) return fail("a list is too long"), 0;
    if (value > left_.size() / least) return fail("it ends too early"), 0;
    return static_cast<std::size_t>(value);
  }
  /// A share: 0 to 1.
  double share() {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < 8; ++i) bits |= std::uint64_t{byte()} << (8 * i);
    const double value = std::bit_cast<double>(bits);
    // Not true of what is no number; and zero has one form only.
    const bool fits = value >= 0 && value <= 1 && !std::signbit(value);
    return fits ? value : (fail("a share is not from 0 to 1"), 0.0);
  }
  template <class Bytes>
  void raw(Bytes& bytes) {
    for (std::uint8_t& each : bytes) each = byte();
  }
  Mono time() { return Mono{std::chrono::nanoseconds{number_as<std::int64_t>(INT64_MAX)}}; }
  /// As nanoseconds it fits, with a part of a microsecond besides.
  Micros duration() { return Micros{number_as<std::int64_t>(INT64_MAX / 1000 - 1)}; }

  void fail(const char* why) {
    if (ok()) fault_ = why;
    left_ = {};
  }
  /// Nothing may be left.
  void end() {
    if (!left_.empty()) fail("more follows than belongs to it");
  }
  bool ok() const { return fault_ == nullptr; }
  /// For a person; null: none.
  const char* fault() const { return fault_; }

 private:
  std::string_view left_;
  const char* fault_ = nullptr;
};

}  // namespace teal::control::follow
