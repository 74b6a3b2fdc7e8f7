// The access log. A worker formats a finished request's line into its own buffer (pure functions
// below) and hands whole buffers to one writer thread; a full hand-over queue drops lines and
// counts them, so a slow disk never blocks a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "base/time.h"
#include "config/config.h"

namespace teal::proxy {

/// How a request ended, as one word in the log: who ended it and in which phase.
enum class Termination : std::uint8_t {
  ok,
  refused,  ///< Broke a framing rule; `detail` names it.
  no_route,
  no_target,
  queue_full,
  queue_timeout,
  request_header_timeout,
  request_body_timeout,
  request_timeout,
  connect_failed,
  connect_timeout,
  upstream_reset,  ///< Before the response head.
  response_timeout,
  upstream_protocol,   ///< `detail` names the rule.
  upstream_truncated,  ///< In mid-response: the client got a truncated message.
  stream_timeout,
  client_gone,
  shutdown,
  tunnel_idle,         ///< An upgraded connection without a byte for too long.
  tunnel_drained,      ///< Its target has left.
  redirected,          ///< To HTTPS, or where the route leads.
  responded,           ///< By the route itself, which asks no target.
  body_too_large,      ///< 413
  rate_limited,        ///< 429
  compression_failed,  ///< A cut: there was no memory for more.
  overloaded,          ///< 503: proxy/policy/overload.h
  no_descriptor,       ///< 503: Teal itself had none for a connection to a target.
  misdirected,         ///< 421: a Host whose rules the handshake was not for.
  loop,                ///< 508: the request has come by here several times already.
  not_begun,           ///< 503: the target did nothing of it (RFC 9113, section 8.7).
  denied,              ///< 403: by its address.
  unauthorized,        ///< 401: without a good password.
  unchecked,           ///< 503: its password could not be looked at in time.
  auth_refused,        ///< Answered by the auth service.
  auth_failed,         ///< 502 to 504: the auth service gave no answer.
};
std::string_view to_string(Termination termination);

/// One line's worth. Views are valid for the call only.
struct AccessRecord {
  WallTime at;                                      ///< When the request's head was complete.
  std::string_view client;                          ///< Address of the peer.
  std::string_view method, target, host, protocol;  ///< protocol: "HTTP/1.1".
  std::string_view user_agent, referer;
  std::uint16_t status = 0;      ///< As sent to the client; 0 if nothing was sent.
  std::string_view grpc_status;  ///< By name; empty: it was no call of gRPC.
  std::uint64_t bytes_received = 0, bytes_sent = 0;  ///< Body bytes.
  std::string_view service, group, upstream, revision;
  /// Who was asked first where the live group answered in place of the release, and why.
  std::string_view shielded_group, shielded_upstream, shield_reason;
  std::uint16_t shielded_status = 0;      ///< What the release answered; 0 if nothing.
  std::string_view request_id, trace_id;  ///< trace_id: empty where the request came with none.
  Termination termination = Termination::ok;
  std::string_view origin;  ///< Who made the response: "target" or "teal".
  std::string_view detail;
  std::uint32_t attempts = 0;
  bool reused = false;  ///< Last attempt on a kept connection.
  /// Phase timers in microseconds; -1: never got there.
  std::int64_t queue = -1, connect = -1, first_byte = -1, total = -1;
};

/// One JSON object and a newline; bytes that are not UTF-8 or are control characters are escaped.
/// Timers are in milliseconds with three decimals; what is empty or was never reached is left out.
void append_json(ByteBuffer& out, const AccessRecord& record);
/// Apache's combined format and a newline; control characters, quotes, backslashes and bytes beyond
/// ASCII as \xHH.
void append_combined(ByteBuffer& out, const AccessRecord& record);

/// How the writing goes.
struct AccessLogHealth {
  int failing = 0;       ///< The errno of the last write; 0: it went well.
  int not_reopened = 0;  ///< The errno of the last reopening; 0: it went well, or there was none.
  std::uint64_t errors = 0;  ///< Buffers not written whole, and names not opened again.
  std::uint64_t lost = 0;    ///< Lines that were to be written and are not.
};

/// The writer: one thread, one file (or stdout), a bounded queue of buffers. Thread-safe.
class AccessLogWriter {
 public:
  static constexpr std::size_t kQueueBytes = 16 * 1024 * 1024;

  static Result<std::unique_ptr<AccessLogWriter>> open(const config::AccessLog& spec);
  ~AccessLogWriter();  ///< Writes what is queued.

  /// Takes the buffer's contents and leaves it empty, with capacity where possible. False: the
  /// queue is full and the buffer was dropped.
  bool submit(ByteBuffer& buffer);
  /// Close and open the file again by name (SIGUSR1, after a rotation). Returns at once.
  void reopen();
  AccessLogHealth health() const;

 private:
  struct State;
  explicit AccessLogWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace teal::proxy
