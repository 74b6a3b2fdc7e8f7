// Http2ClosedStreams: how the latest streams of a connection ended, so that what still comes for
// them can be told apart (RFC 9113, section 5.1): a client that has ended a stream, or has reset
// it, may send no more DATA for it; one whose stream was reset from here may not know yet.
//
// Plain values. Of streams that it does not know it says so, and nobody is punished for those.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace teal::net {

class Http2ClosedStreams {
 public:
  enum class End : std::uint8_t {
    unknown,   ///< Reset from here, never begun, or long ago.
    finished,  ///< Both sides have ended it.
    reset_by_peer,
  };

  void note(std::int32_t stream, End end) { ends_[next_++ % ends_.size()] = {stream, end}; }
  void forget(std::int32_t stream) {
    for (Entry& entry : ends_)
      if (entry.stream == stream) entry = {};
  }
  End of(std::int32_t stream) const {
    const auto found = std::find_if(ends_.begin(), ends_.end(), [stream](const Entry& entry) {
      return entry.stream == stream;
    });
    return found == ends_.end() ? End::unknown : found->end;
  }

 private:
  struct Entry {
    std::int32_t stream = 0;
    End end = End::unknown;
  };

  std::array<Entry, 64> ends_{};
  std::size_t next_ = 0;
};

}  // namespace teal::net
