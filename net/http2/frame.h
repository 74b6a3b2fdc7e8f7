// What HTTP/2 calls its frames and its errors (RFC 9113, sections 6 and 7): those that are used
// here.
#pragma once

#include <cstdint>

namespace teal::net {

enum class Http2FrameType : std::uint8_t {
  data = 0x0,
  headers = 0x1,
  priority = 0x2,
  rst_stream = 0x3,
  settings = 0x4,
  ping = 0x6,
  window_update = 0x8,
};

/// A flag of DATA and HEADERS.
inline constexpr std::uint8_t kHttp2EndStream = 0x1;

enum class Http2Error : std::uint32_t {
  none = 0x0,
  protocol = 0x1,
  internal = 0x2,
  flow_control = 0x3,
  stream_closed = 0x5,
  refused_stream = 0x7,
  cancel = 0x8,
  enhance_your_calm = 0xb,
};

}  // namespace teal::net
