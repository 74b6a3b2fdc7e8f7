// GrowingArray: elements by number, each made when its writer first asks for it. One thread writes,
// any thread reads; an element never moves or goes away. It takes memory for what was asked for,
// and little for numbers in between.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/assert.h"

namespace teal::proxy {

/// `kMax`: how many numbers there are, a multiple of kChunk.
template <class T, std::size_t kMax>
class GrowingArray {
 public:
  GrowingArray() = default;
  ~GrowingArray() {
    for (auto& chunk : chunks_) delete chunk.load(std::memory_order_acquire);
  }
  GrowingArray(const GrowingArray&) = delete;
  GrowingArray& operator=(const GrowingArray&) = delete;

  /// Writer only. Requires: index < kMax.
  template <class... Args>
  T& get(std::size_t index, Args&&... args) {
    TEAL_ASSERT(index < kMax);
    Chunk* chunk = chunks_[index / kChunk].load(std::memory_order_relaxed);
    if (chunk != nullptr) [[likely]]
      if (T* const made = (*chunk)[index % kChunk].load(std::memory_order_relaxed)) [[likely]]
        return *made;
    return make(index, std::forward<Args>(args)...);
  }
  /// Null where the writer has not asked for it yet.
  const T* find(std::size_t index) const {
    if (index >= kMax) return nullptr;
    const Chunk* const chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : (*chunk)[index % kChunk].load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t kChunk = 256;
  static_assert(kMax % kChunk == 0);

  struct Chunk : std::array<std::atomic<T*>, kChunk> {
    Chunk() {
      for (auto& each : *this) each.store(nullptr, std::memory_order_relaxed);
    }
    ~Chunk() {
      for (auto& each : *this) delete each.load(std::memory_order_acquire);
    }
  };

  template <class... Args>
  T& make(std::size_t index, Args&&... args) {
    std::atomic<Chunk*>& place = chunks_[index / kChunk];
    // Released, so that a reader who sees a pointer sees what is behind it.
    if (place.load(std::memory_order_relaxed) == nullptr)
      place.store(std::make_unique<Chunk>().release(), std::memory_order_release);
    auto made = std::make_unique<T>(std::forward<Args>(args)...);
    T& element = *made;
    (*place.load(std::memory_order_relaxed))[index % kChunk].store(made.release(),
                                                                   std::memory_order_release);
    return element;
  }

  std::array<std::atomic<Chunk*>, kMax / kChunk> chunks_{};
};

}  // namespace teal::proxy
