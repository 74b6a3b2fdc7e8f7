// BufferWriter: writes where room was asked for before (ByteBuffer::room). No check for room at
// each piece, and no call for a short one: a head is forty small pieces, and those two are most of
// what it costs.
//
// A value of one pointer, handed on by value and returned moved, so that it stays in a register:
// its pieces are inlined whatever the compiler thinks of their size, which the hardening of memcpy
// adds to. Whoever takes one up has worked out the most that can be written; ByteBuffer::commit()
// holds it to that.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace teal {

class BufferWriter {
 public:
  explicit BufferWriter(char* at) : at_(at) {}

  char* at() const { return at_; }

  /// A literal: two or three moves.
  template <std::size_t kTerminated>
  [[gnu::always_inline]] BufferWriter& operator+=(const char (&literal)[kTerminated]) {
    std::memcpy(at_, literal, kTerminated - 1);
    at_ += kTerminated - 1;
    return *this;
  }
  [[gnu::always_inline]] BufferWriter& operator+=(std::string_view piece) {
    const std::size_t size = piece.size();
    if (size > 16) {
      std::memcpy(at_, piece.data(), size);
    } else if (size >= 8) {
      copy_ends<std::uint64_t>(piece.data(), size);
    } else if (size >= 4) {
      copy_ends<std::uint32_t>(piece.data(), size);
    } else if (size > 0) {
      at_[0] = piece[0];
      at_[size / 2] = piece[size / 2];
      at_[size - 1] = piece[size - 1];
    }
    at_ += size;
    return *this;
  }
  BufferWriter& operator+=(char c) {
    *at_++ = c;
    return *this;
  }
  /// In decimal: up to kMaxNumberLength bytes.
  template <std::integral T>
  requires(!std::same_as<T, char> && !std::same_as<T, bool>)
  BufferWriter& operator+=(T number) {
    at_ = std::to_chars(at_, at_ + kMaxNumberLength, number).ptr;
    return *this;
  }

  static constexpr std::size_t kMaxNumberLength = 20;

 private:
  /// The first and the last word of the piece, which may overlap.
  template <class Word>
  [[gnu::always_inline]] void copy_ends(const char* from, std::size_t size) {
    Word first = 0;
    Word last = 0;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(at_, &first, sizeof first);
    std::memcpy(at_ + size - sizeof last, &last, sizeof last);
  }

  char* at_;
};

}  // namespace teal
