// ClientInfo: what is known of where a request came from: the connection or stream that brought it.
//
// A plain value.
#pragma once

#include "base/service_state.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

struct ClientInfo {
  ListenerId listener = 0;
  Peer peer;
  bool is_http10 = false;
  bool has_body_begun = false;  ///< Bytes of its body came with the head.
  bool keep_alive = true;       ///< The client and our limits allow another request.
  /// The most to read of a response before the client has taken what came.
  std::size_t max_read = std::size_t{256} * 1024;
};

}  // namespace teal::proxy
