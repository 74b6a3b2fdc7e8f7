// The ids of field names, by length and letters, for net/http/message.cc and the scanner: private
// to net/.
#pragma once

#include <cstddef>

#include "net/http/literal.h"
#include "net/http/message.h"

namespace teal::net {

inline HeaderId long_known_header(const char* name, std::size_t size) {
  switch (size) {
    case 15:
      if (matches<"x-forwarded-for">(name)) return HeaderId::x_forwarded_for;
      if (matches<"idempotency-key">(name)) return HeaderId::idempotency_key;
      break;
    case 16:
      if (matches<"x-forwarded-host">(name)) return HeaderId::x_forwarded_host;
      if (matches<"x-forwarded-port">(name)) return HeaderId::x_forwarded_port;
      if (matches<"proxy-connection">(name)) return HeaderId::proxy_connection;
      break;
    case 17:
      if (matches<"transfer-encoding">(name)) return HeaderId::transfer_encoding;
      if (matches<"x-forwarded-proto">(name)) return HeaderId::x_forwarded_proto;
      break;
    case 18:
      if (matches<"proxy-authenticate">(name)) return HeaderId::proxy_authenticate;
      break;
    case 19:
      if (matches<"proxy-authorization">(name)) return HeaderId::proxy_authorization;
      break;
    default: break;
  }
  return HeaderId::other;
}

/// Inline, since the scanner asks for each line.
[[gnu::always_inline]] inline HeaderId known_header(const char* name, std::size_t size) {
  switch (size) {
    case 2:
      if (matches<"te">(name)) return HeaderId::te;
      break;
    case 3:
      if (matches<"via">(name)) return HeaderId::via;
      break;
    case 4:
      if (matches<"host">(name)) return HeaderId::host;
      if (matches<"date">(name)) return HeaderId::date;
      break;
    case 5:
      if (matches<"proxy">(name)) return HeaderId::proxy;
      break;
    case 6:
      if (matches<"cookie">(name)) return HeaderId::cookie;
      if (matches<"server">(name)) return HeaderId::server;
      if (matches<"expect">(name)) return HeaderId::expect;
      break;
    case 7:
      if (matches<"referer">(name)) return HeaderId::referer;
      if (matches<"upgrade">(name)) return HeaderId::upgrade;
      if (matches<"trailer">(name)) return HeaderId::trailer;
      break;
    case 9:
      if (matches<"x-real-ip">(name)) return HeaderId::x_real_ip;
      if (matches<"forwarded">(name)) return HeaderId::forwarded;
      break;
    case 10:
      if (matches<"connection">(name)) return HeaderId::connection;
      if (matches<"user-agent">(name)) return HeaderId::user_agent;
      if (matches<"set-cookie">(name)) return HeaderId::set_cookie;
      if (matches<"keep-alive">(name)) return HeaderId::keep_alive;
      if (matches<"tracestate">(name)) return HeaderId::tracestate;
      break;
    case 11:
      if (matches<"traceparent">(name)) return HeaderId::traceparent;
      break;
    case 12:
      if (matches<"max-forwards">(name)) return HeaderId::max_forwards;
      if (matches<"x-request-id">(name)) return HeaderId::x_request_id;
      break;
    case 14:
      if (matches<"content-length">(name)) return HeaderId::content_length;
      break;
    default: return long_known_header(name, size);
  }
  return HeaderId::other;
}

}  // namespace teal::net
