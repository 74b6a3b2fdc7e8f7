// LongText: a text of megabytes that is written once, at its end, and then read in pieces by
// several at a time. What was added stays where it is. Its blocks grow to a size that the allocator
// takes from the system and gives back to it: a text that comes and goes leaves no holes among what
// stays.
//
// Written by one thread; after that any thread reads it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace teal {

class LongText {
 public:
  static constexpr std::size_t kFirstBlock = std::size_t{16} * 1024;
  static constexpr std::size_t kLastBlock = std::size_t{1024} * 1024;

  /// A copy, good as long as the LongText is, also after it was moved.
  std::string_view add(std::string_view bytes) {
    if (bytes.size() > left_ || blocks_.empty()) add_block(bytes.size());
    char* const to = free_;
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    free_ += bytes.size();
    left_ -= bytes.size();
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + bytes.size()};
    return {to, bytes.size()};
  }

  /// All of it, in the order in which it was added.
  const std::vector<std::string_view>& pieces() const { return pieces_; }

 private:
  void add_block(std::size_t least) {
    next_block_ = std::min(next_block_ * 4, kLastBlock);
    left_ = std::max(next_block_, least);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
    free_ = blocks_.back().get();
    pieces_.emplace_back(free_, 0);
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::string_view> pieces_;  ///< What each block has.
  char* free_ = nullptr;                  ///< Of the last block.
  std::size_t left_ = 0;
  std::size_t next_block_ = kFirstBlock / 4;
};

}  // namespace teal
