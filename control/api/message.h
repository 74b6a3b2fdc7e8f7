// A call of the control API and its answer as plain values: what is left of HTTP once the server
// (control/admin/server.h) has read a request, and before it writes a response.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"

namespace teal::control {

class BodySource;
class EventStream;

struct ApiRequest {
  std::string method;  ///< As sent: "GET".
  std::string target;  ///< As sent: "/v1/services?limit=2".
  // The headers that the API reads; absent ones are empty optionals.
  std::optional<std::string> host, origin, accept, content_type, if_match, idempotency_key,
      last_event_id, if_none_match, fetch_site, fetch_mode, fetch_dest;
  std::string body;
  /// The listener's address as it is bound.
  Address reached;
  bool secure = false;    ///< It came over TLS.
  std::string client;     ///< Equal for all requests of one client (admin_client).
  bool verified = false;  ///< The client has shown a certificate that we trust.
};

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Set where the body is a long one that several get: its pieces, in place of `body`. The pointer
  /// holds what they are of, too.
  std::shared_ptr<const std::vector<std::string_view>> pieces = {};
  /// Set where the body is too long to be held: what it gives, in place of `body`.
  std::shared_ptr<BodySource> source = {};
  /// Set for server-sent events: what the stream gives follows the body for as long as it lives.
  std::shared_ptr<EventStream> stream;
};

}  // namespace teal::control
