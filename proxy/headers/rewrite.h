// Header rules: what a request head looks like to the target and a response head to the client.
// Hop-by-hop fields go (with those that Connection names, except fields that must not be removable
// that way), Via, X-Forwarded-*, Forwarded and X-Request-Id are continued or started. A trace goes
// on as it came or not at all: Teal records none, so it has no span to name and begins no trace.
// For HTTP/1 a head is appended to the caller's bytes as text: kept field lines are copied as runs,
// the start line is always written anew, never relayed. For HTTP/2 a section of fields is made,
// most of which are views of the head that came. The rules are the same
// (proxy/headers/head_sink.h).
//
// Pure. No allocation beyond the growth of what it writes to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/grpc_status.h"
#include "base/rng.h"
#include "base/time.h"
#include "config/config.h"
#include "net/http/message.h"
#include "net/http2/field_section.h"
#include "proxy/headers/via.h"

namespace teal::proxy {

/// What is true of the connection that a request came by.
struct Peer {
  std::string_view address;  ///< The client's IP as text; empty for a Unix socket.
  bool trusted = false;      ///< In the listener's trusted_proxies.
  bool secure = false;       ///< It came over TLS.
  /// The verified certificate of the client as the identity header's value; empty: none.
  std::string_view identity = {};
};

/// The id of a trace, as text.
using TraceId = std::array<char, 32>;

/// Ids of one request, as text, in fixed buffers.
struct RequestIds {
  char request_id[36];  ///< Continued from a trusted peer if it is 1..36 safe characters.
  std::uint8_t request_id_size = 0;
  /// Of the trace that the request belongs to. None: it came with none, or with one that nobody can
  /// read, and neither traceparent nor tracestate goes on.
  std::optional<TraceId> trace;

  std::string_view id() const { return {request_id, request_id_size}; }
  /// Empty: none.
  std::string_view trace_id() const {
    return trace ? std::string_view(trace->data(), trace->size()) : std::string_view();
  }
};

/// Decides the ids of a request, whatever `out` held before: X-Request-Id of a trusted peer kept,
/// else a new UUIDv4; the trace that the one traceparent names, if that is valid (W3C Trace
/// Context, level 2).
void make_request_ids(const net::RequestHead& head, const Peer& peer, Rng& rng, RequestIds& out);

/// What a request says of changing the connection's protocol (proxy/headers/upgrade.h).
struct UpgradeStyle {
  std::string_view protocol = {};  ///< Asked of the target; empty: nothing.
  /// The key of the handshake in place of the client's, who has none; empty: as the client says.
  std::string_view websocket_key = {};
};

/// How a request's head is to look to the target.
struct RequestStyle {
  const Peer& peer;
  const config::HostHeader& host;
  /// Its address as text, for host handling `target` and for a client that named no host
  /// (HTTP/1.0).
  std::string_view target;
  const RequestIds& ids;
  const Hop& hop;
  UpgradeStyle upgrade = {};
  bool asks_for_continue = false;  ///< Expect: 100-continue is said, whatever the client said.
};

/// The whole request head for a target, ending in the empty line. Body framing as it came: Content-
/// Length kept, chunked stays chunked.
void append_request_head(ByteBuffer& out, const net::RequestHead& head, const RequestStyle& style);
/// The request head for a target that speaks HTTP/2: what is returned and the fields in `out` show
/// bytes of `head`, of `style` and of `out`.
net::Http2RequestStart make_request_section(net::Http2FieldSection& out,
                                            const net::RequestHead& head,
                                            const RequestStyle& style);

/// What a response of Teal's own has besides a line of text.
struct LocalReplyContent {
  std::string_view content_type;
  std::string_view lines;  ///< Further header lines, with CRLF.
  bool is_kept = false;    ///< May be kept in caches: no `cache-control: no-store`.
  bool is_line = false;    ///< The body is a line: its newline is added.
};

/// How a response leaves.
struct ResponseStyle {
  bool client_is_http10 = false;
  bool close = false;              ///< Say `connection: close`.
  net::Framing framing;            ///< As sent to the client, may differ from what came.
  std::string_view set_cookie;     ///< A whole Set-Cookie value to add, or empty.
  std::string_view shield;         ///< The value of x-teal-shield, or empty.
  std::string_view request_id;     ///< Sent back as x-request-id unless the target did.
  std::string_view hsts = {};      ///< Strict-Transport-Security, unless the target sent one.
  std::string_view location = {};  ///< Of a response of Teal's own.
  const LocalReplyContent* own = nullptr;  ///< Of such a one: not the usual line of text.
  /// One of Teal's own to a call of gRPC: the body is its message.
  std::optional<GrpcStatus> grpc_status = {};
  std::string_view upgrade = {};  ///< What the connection speaks from now on (101).
  std::string_view without = {};  ///< A field that is for Teal, by its name in lower case.
  /// IMF-fixdate of now (format_http_date, made once a second), used where there is no Date yet;
  /// empty: none is added.
  std::string_view date;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
std::string format_http_date(WallTime time);

/// The whole response head for a client, ending in the empty line. With Framing::Kind::none the
/// target's Content-Length is kept where it only describes (HEAD, 304). An interim head (1xx) gets
/// no framing, Date, cookie or `connection`.
void append_response_head(ByteBuffer& out, const net::ResponseHead& head,
                          const ResponseStyle& style);
/// The response head for a client that speaks HTTP/2, without the status: there is no `connection`,
/// and no framing but a length.
void make_response_section(net::Http2FieldSection& out, const net::ResponseHead& head,
                           const ResponseStyle& style);

/// A trailer section without the fields that may not stand there, then the final CRLF; begins after
/// the last chunk's "0\r\n".
void append_trailers(ByteBuffer& out, const net::Fields& trailers);
/// A trailer section for HTTP/2, without the fields that may not stand there.
void make_trailer_section(net::Http2FieldSection& out, const net::Fields& trailers);
/// The end of a chunked body.
void append_last_chunk(ByteBuffer& out, const net::Fields& trailers);

/// A whole response made by Teal: `body` is one line of text/plain, its newline is added here; or
/// as `style.own` says, and nothing is added. Returns how long its body is.
std::size_t append_local_reply(ByteBuffer& out, std::uint16_t status, std::string_view body,
                               const ResponseStyle& style, bool head_request);
/// The body of a response of Teal's own: two pieces, either of which may be empty.
struct LocalReplyBody {
  std::string_view text, end;
  std::size_t size() const { return text.size() + end.size(); }
};
/// A response made by Teal, for HTTP/2: its fields go into `out`, its body is returned.
LocalReplyBody make_local_reply_section(net::Http2FieldSection& out, std::uint16_t status,
                                        std::string_view body, const ResponseStyle& style,
                                        bool head_request);

/// The value of the cookie `name` in the Cookie fields, of several the one behind `skipped` others;
/// or empty.
std::string_view find_cookie(const net::Fields& fields, std::string_view name,
                             std::size_t skipped = 0);

}  // namespace teal::proxy
