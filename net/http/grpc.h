// What of gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md) a proxy has to know: which requests are
// calls, how long they may take, and how a status of its own is written.
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/buffer_writer.h"
#include "base/time.h"
#include "net/http/message.h"

namespace teal::net {

/// A request that came by HTTP/2, by POST, with "application/grpc" and what may follow that.
inline bool is_grpc_type(std::string_view content_type) {
  constexpr std::string_view kType = "application/grpc";
  return content_type.size() >= kType.size() &&
         iequals(content_type.substr(0, kType.size()), kType) &&
         (content_type.size() == kType.size() || content_type[kType.size()] == '+' ||
          content_type[kType.size()] == ';');
}
inline bool is_grpc(const RequestHead& head) {
  if (head.method != Method::post || head.minor_version != kHttp2) return false;
  const Field* const type = head.fields.find("content-type");
  return type != nullptr && is_grpc_type(head.fields.value(*type));
}

/// grpc-timeout: one to eight digits and a unit (H M S m u n), rounded up to milliseconds. Nothing:
/// it is something else.
std::optional<Millis> parse_grpc_timeout(std::string_view value);

/// A grpc-message: what is not printable ASCII, and the percent sign, percent-encoded. Writes at
/// most three times the text.
BufferWriter put_grpc_message(BufferWriter writer, std::string_view text);

}  // namespace teal::net
