// Request: what a client asks for, as it came and as it goes on to a target: the head with its
// bytes, where it came from, its ids, and how much of its body has come.
//
// A value of one exchange, on its worker's thread; taken anew for each request, so that its memory
// is kept. Does not route, answer or send.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "config/config.h"
#include "net/http/message.h"
#include "net/http/refusal.h"
#include "proxy/headers/compress.h"
#include "proxy/headers/rewrite.h"
#include "proxy/headers/upgrade.h"
#include "proxy/request/client_info.h"

namespace teal::proxy {

struct Request {
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  /// The next one. Its head is taken over (the vectors are swapped), its bytes are copied.
  [[gnu::always_inline]] void take(const ClientInfo& client, net::RequestHead& from, Mono now) {
    began = now;
    info = client;
    head.take(from);
    bytes.clear();
    bytes += std::string_view(head.fields.bytes(), head.size);
    head.fields.rebase(bytes.data());
    original_target = head.target;
    body_limit = kNoLimit;
    upgrade.clear();
    accepted_coding.reset();
    is_whole = head.framing.kind == net::Framing::Kind::none;
    bytes_received = 0;
  }

  bool has_body() const {
    return head.framing.kind != net::Framing::Kind::none &&
           head.framing != net::Framing{net::Framing::Kind::length, 0};
  }
  /// Sending it a second time does no more than the first: RFC 9110, section 9.2.2, or its client
  /// says so.
  bool is_repeatable() const {
    return net::is_idempotent(head.method) ||
           head.fields.find(net::HeaderId::idempotency_key) != nullptr;
  }
  /// Its body is known to be no longer than that.
  bool has_body_within(std::size_t most) const {
    return head.framing.kind == net::Framing::Kind::none ||
           (head.framing.kind == net::Framing::Kind::length && head.framing.length <= most);
  }

  // ---- its target. What the client sent stays where it is.
  /// The target from now on.
  void put_target(std::string_view target);
  /// A path that could be understood in two ways becomes one that cannot; or the rules refuse it.
  net::Refusal normalise_path(const config::PathRules& rules);
  /// What a route sees of a path that has been normalised.
  std::string_view routed_path(const config::PathRules& rules);
  /// What the route's match covered of the path, as it is forwarded.
  std::string_view covered_path(const config::PathRules& rules) const;
  void rewrite_path(const config::NewPath& by, const config::PathRules& rules);
  /// The path by which it was routed, as the client sent it and before any rewrite.
  std::string_view path_as_it_came(const config::PathRules& rules);

  /// Whoever it is that asks, as far as trusted proxies say. `listener`: by which it came.
  std::string_view client_address(const config::Listener& listener) const;

  Mono began;  ///< When its head was complete.
  ClientInfo info;
  net::RequestHead head;
  ByteBuffer bytes;            ///< What `head` refers to.
  net::Slice original_target;  ///< As the client sent it.
  std::uint32_t matched = 0;   ///< Of the path, by the route.
  RequestIds ids;
  UpgradeRequest upgrade;
  std::optional<Coding> accepted_coding;  ///< By the client, where the route compresses.
  std::uint64_t body_limit = kNoLimit;
  std::uint64_t bytes_received = 0;  ///< Of its body.
  bool is_whole = false;             ///< Nothing more of it comes.
  std::string host_buffer;
  std::string path_buffer;
};

}  // namespace teal::proxy
