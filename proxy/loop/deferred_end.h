// DeferredEnd: the end of a message that came while its receiver took no more, with a copy of the
// trailers.
//
// Plain value of its owner.
#pragma once

#include <utility>

#include "base/byte_buffer.h"
#include "net/http/message.h"

namespace teal::proxy {

class DeferredEnd {
 public:
  explicit operator bool() const { return is_owed_; }
  void clear() { is_owed_ = false; }

  void keep(const net::Fields& trailers) {
    is_owed_ = true;
    trailers_.clear();
    bytes_.clear();
    for (const net::Field& field : trailers) {
      net::Field copy = field;
      copy.name_at = static_cast<std::uint32_t>(bytes_.size());
      bytes_ += trailers.line(field);
      copy.value_at = copy.name_at + (field.value_at - field.name_at);
      copy.line_end = static_cast<std::uint32_t>(bytes_.size());
      trailers_.push_back(copy);
    }
    trailers_.rebase(bytes_.data());
  }
  /// No longer owed; good until the next keep().
  const net::Fields& take() {
    is_owed_ = false;
    return trailers_;
  }

 private:
  bool is_owed_ = false;
  net::Fields trailers_;
  ByteBuffer bytes_;  ///< What they refer to.
};

}  // namespace teal::proxy
