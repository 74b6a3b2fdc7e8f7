// ByteBuffer: bytes being written, for the hot path. Like std::string's append, but the check for
// room and the copy are inline, so that a literal costs two or three moves and a known-size piece
// no call. Whoever writes many small pieces asks for the room once and writes by a writer
// (reserve_writer()).
//
// A value; one thread at a time. Grows by doubling and never shrinks; who keeps one bounds what is
// written to it. Not a string: no terminating zero, no searching.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/buffer_writer.h"

namespace teal {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& from) noexcept
      : bytes_(std::move(from.bytes_)),
        size_(std::exchange(from.size_, 0)),
        capacity_(std::exchange(from.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& from) noexcept {
    bytes_ = std::move(from.bytes_);
    size_ = std::exchange(from.size_, 0);
    capacity_ = std::exchange(from.capacity_, 0);
    return *this;
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  const char* data() const { return bytes_.get(); }
  char* data() { return bytes_.get(); }
  std::string_view view() const { return {bytes_.get(), size_}; }
  explicit operator std::string_view() const { return view(); }

  /// Forgets the bytes, keeps the room.
  void clear() { size_ = 0; }
  /// Requires: size <= size().
  void truncate(std::size_t size) { size_ = size; }

  /// Where at least `size` bytes may be written; advance() then makes them count.
  char* room(std::size_t size) {
    if (capacity_ - size_ < size) [[unlikely]]
      grow(size);
    return bytes_.get() + size_;
  }
  void advance(std::size_t written) { size_ += written; }
  /// For whoever writes many pieces: `most` bytes by a writer, which count once it is closed.
  BufferWriter reserve_writer(std::size_t most) { return BufferWriter{room(most)}; }
  void commit(BufferWriter writer) {
    const auto size = static_cast<std::size_t>(writer.at() - bytes_.get());
    TEAL_ASSERT(size <= capacity_);
    size_ = size;
  }

  ByteBuffer& operator+=(std::string_view piece) {
    // Nothing may come from nowhere: memcpy must not be given a null pointer.
    if (!piece.empty()) std::memcpy(room(piece.size()), piece.data(), piece.size());
    size_ += piece.size();
    return *this;
  }
  template <std::size_t kTerminated>
  ByteBuffer& operator+=(const char (&literal)[kTerminated]) {
    std::memcpy(room(kTerminated - 1), literal, kTerminated - 1);
    size_ += kTerminated - 1;
    return *this;
  }
  ByteBuffer& operator+=(char c) {
    *room(1) = c;
    ++size_;
    return *this;
  }
  /// In decimal.
  template <std::integral T>
  requires(!std::same_as<T, char> && !std::same_as<T, bool>)
  ByteBuffer& operator+=(T number) {
    commit(reserve_writer(BufferWriter::kMaxNumberLength) += number);
    return *this;
  }

 private:
  void grow(std::size_t more);

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Empties a string and gives its memory back, which `text = {}` does not.
inline void free_memory(std::string& text) {
  std::string{}.swap(text);
}

}  // namespace teal
