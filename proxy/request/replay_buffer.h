// ReplayBuffer: the body bytes of one request that have been sent so far, kept for as long as the
// request may have to be sent again.
//
// A value of one exchange. Does not know when it is wanted (recovery.h), nor who sends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"

namespace teal::proxy {

class ReplayBuffer {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{64} * 1024;

  /// Of the next request.
  void begin() {
    bytes_.clear();
    is_complete_ = true;
  }

  /// Everything that was sent is here, and can be sent again. What once was not kept never comes
  /// back.
  bool is_complete() const { return is_complete_; }
  std::string_view bytes() const { return bytes_; }

  /// Bytes go out. Where they are not wanted, or are more than kMaxBytes with those before, nothing
  /// is kept any more.
  void append(std::string_view sent, bool wanted) {
    if (!is_complete_) return;
    is_complete_ = wanted && bytes_.size() + sent.size() <= kMaxBytes;
    if (is_complete_)
      bytes_ += sent;
    else
      free_memory(bytes_);
  }
  /// Something else goes out that cannot be sent again.
  void spoil() { is_complete_ = false; }
  /// The request is not sent again: the memory is given back, and nothing is kept any more.
  void drop() {
    is_complete_ = false;
    if (!bytes_.empty()) free_memory(bytes_);
  }

 private:
  std::string bytes_;
  bool is_complete_ = true;
};

}  // namespace teal::proxy
