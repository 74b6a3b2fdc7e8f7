#include "base/byte_buffer.h"

#include <algorithm>

namespace teal {

void ByteBuffer::grow(std::size_t more) {
  constexpr std::size_t kMinCapacity = 512;
  const std::size_t capacity = std::max({kMinCapacity, capacity_ * 2, size_ + more});
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

}  // namespace teal
