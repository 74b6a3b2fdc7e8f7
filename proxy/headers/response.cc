// Responses to clients, the target's and Teal's own (proxy/headers/rewrite.h).
#include <algorithm>
#include <array>

#include "net/http/grpc.h"
#include "net/http1/writer.h"
#include "proxy/headers/head_sink.h"
#include "proxy/headers/hop_by_hop.h"
#include "proxy/headers/rewrite.h"
#include "proxy/headers/trailers.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

/// What is added here at most, but for the style's values.
constexpr std::size_t kAddedBytes = 384;

/// RFC 9110, section 8.6: neither may have a Content-Length.
constexpr bool has_no_length(std::uint16_t status) {
  return status < 200 || status == 204;
}

/// HTTP/2 has frames for all of that.
LineSink put_connection(LineSink sink, const ResponseStyle& style) {
  if (!style.upgrade.empty()) {
    sink.put<"connection", "upgrade">();
    sink.put("upgrade", style.upgrade);
    return sink;
  }
  if (style.close || style.framing.kind == net::Framing::Kind::until_close)
    sink.put<"connection", "close">();
  else if (style.client_is_http10)
    sink.put<"connection", "keep-alive">();
  return sink;
}

template <class Sink>
Sink put_date(Sink sink, const ResponseStyle& style) {
  if (!style.date.empty()) sink.put("date", style.date);
  return sink;
}

/// RFC 6797, section 8.1: a client heeds the first Strict-Transport-Security only.
template <class Sink>
Sink put_additions(Sink sink, const ResponseStyle& style, bool has_request_id, bool has_hsts) {
  if (!style.request_id.empty() && !has_request_id) sink.put("x-request-id", style.request_id);
  if (!style.shield.empty()) sink.put("x-teal-shield", style.shield);
  if (!style.hsts.empty() && !has_hsts) sink.put("strict-transport-security", style.hsts);
  if (!style.set_cookie.empty()) sink.put("set-cookie", style.set_cookie);
  return sink;
}

/// What a style's values take at most.
std::size_t size_of_values(const ResponseStyle& style) {
  return style.request_id.size() + style.shield.size() + style.hsts.size() +
         style.set_cookie.size() + style.location.size() + style.date.size() + style.upgrade.size();
}

/// A message without a body may still say how long the body would be (HEAD, 304).
template <class Sink>
Sink put_described_length(Sink sink, const net::ResponseHead& head) {
  if (const net::Field* length = head.fields.find(HeaderId::content_length); length != nullptr)
    sink.put("content-length", head.fields.value(*length));
  return sink;
}

template <class Sink>
Sink put_grpc_status(Sink sink, GrpcStatus status, std::string_view message) {
  sink.template put<"content-type", "application/grpc">();
  sink.close(sink.open("grpc-status") += static_cast<unsigned>(status));
  sink.close(net::put_grpc_message(sink.open("grpc-message"), message));
  return sink;
}

/// All that follows the status, `sink` behind it.
template <class Sink>
[[gnu::always_inline]] inline Sink put_response_fields(Sink sink, const net::ResponseHead& head,
                                                       const ResponseStyle& style) {
  const ConnectionNames connection{head.fields, head.connection_names};
  typename Sink::Copier kept{sink, head.fields};
  for (const net::Field& field : head.fields) {
    if (is_hop_by_hop(field.id)) continue;
    if (field.id == HeaderId::other) {
      const std::string_view name = head.fields.name(field);
      if (connection.names(name)) continue;
      if (!style.without.empty() && net::iequals(name, style.without)) continue;
    }
    kept.keep(field);
  }
  sink = kept.finish();
  if (head.minor_version == 1 && !head.fields.has(HeaderId::via)) [[likely]]
    sink.template put<"via", "1.1 teal">();
  else
    sink = put_via(sink, head.fields, head.minor_version, "teal");
  if (head.is_interim()) return sink;
  if (!head.fields.has(HeaderId::date)) sink = put_date(sink, style);
  const bool has_hsts =
      !style.hsts.empty() && head.fields.find("strict-transport-security") != nullptr;
  sink = put_additions(sink, style, head.fields.has(HeaderId::x_request_id), has_hsts);
  if (style.framing.kind != net::Framing::Kind::none)
    sink = put_framing(sink, style.framing);
  else if (!has_no_length(head.status))
    sink = put_described_length(sink, head);
  if constexpr (!Sink::kIsHttp2) sink = put_connection(sink, style);
  return sink;
}

std::size_t room_for(const net::ResponseHead& head, const ResponseStyle& style) {
  return head.size + head.fields.size() + size_of_values(style) + kAddedBytes;
}

/// A whole response of Teal's own, as it is to be written.
struct LocalReplyParts {
  bool has_content;
  const LocalReplyContent& content;
  std::string_view body;
  /// A newline or nothing, behind the body.
  std::string_view end;

  std::size_t body_size() const { return body.size() + end.size(); }
};

LocalReplyParts parts_of(std::uint16_t status, std::string_view body, const ResponseStyle& style) {
  static constexpr LocalReplyContent kLine{"text/plain; charset=utf-8", {}, false, true};
  const LocalReplyContent& own = style.own != nullptr ? *style.own : kLine;
  return {!has_no_length(status) && status != 304 && !style.grpc_status, own, body,
          own.is_line ? "\n" : ""};
}

template <class Sink>
Sink put_local_reply_fields(Sink sink, const LocalReplyParts& parts, const ResponseStyle& style) {
  const LocalReplyContent& own = parts.content;
  if (parts.has_content) {
    if (!own.content_type.empty()) sink.put("content-type", own.content_type);
    sink = put_content_length(sink, parts.body_size());
  }
  if (style.grpc_status) sink = put_grpc_status(sink, *style.grpc_status, parts.body);
  if (!style.location.empty()) sink.put("location", style.location);
  sink = put_date(sink, style);
  sink.template put<"server", "teal">();
  if (!own.is_kept) sink.template put<"cache-control", "no-store">();
  sink.put_lines(own.lines);
  sink = put_additions(sink, style, false, false);
  if constexpr (!Sink::kIsHttp2) sink = put_connection(sink, style);
  return sink;
}

/// Of the fields. A call of gRPC has its text among them, each byte of which may take three.
std::size_t room_for(const LocalReplyParts& parts, const ResponseStyle& style) {
  const std::size_t message = style.grpc_status ? 3 * parts.body.size() : 0;
  return message + parts.content.content_type.size() + parts.content.lines.size() +
         size_of_values(style) + kAddedBytes;
}

}  // namespace

std::string format_http_date(WallTime time) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  const auto two = [](std::string& out, auto number) {
    out += static_cast<char>('0' + number / 10 % 10);
    out += static_cast<char>('0' + number % 10);
  };

  std::string out;
  out.reserve(29);
  out += kDays[std::chrono::weekday{day}.c_encoding()];
  out += ", ";
  two(out, static_cast<unsigned>(date.day()));
  out += ' ';
  out += kMonths[static_cast<unsigned>(date.month()) - 1];
  out += ' ';
  two(out, static_cast<int>(date.year()) / 100);
  two(out, static_cast<int>(date.year()) % 100);
  out += ' ';
  two(out, clock.hours().count());
  out += ':';
  two(out, clock.minutes().count());
  out += ':';
  two(out, clock.seconds().count());
  out += " GMT";
  return out;
}

void append_response_head(ByteBuffer& out, const net::ResponseHead& head,
                          const ResponseStyle& style) {
  const BufferWriter writer = net::put_status_line(out.reserve_writer(room_for(head, style)),
                                                   head.status, head.text(head.reason));
  out.commit(put_response_fields(LineSink(writer), head, style).writer() += "\r\n");
}

void make_response_section(net::Http2FieldSection& out, const net::ResponseHead& head,
                           const ResponseStyle& style) {
  out.clear();
  put_response_fields(FieldSink(out, room_for(head, style)), head, style);
}

void append_trailers(ByteBuffer& out, const net::Fields& trailers) {
  std::size_t most = 2;
  for (const net::Field& field : trailers) most += trailers.line(field).size() + 1;
  LineSink::Copier kept{LineSink(out.reserve_writer(most)), trailers};
  for (const net::Field& field : trailers)
    if (!is_forbidden_trailer(field, trailers.name(field))) kept.keep(field);
  out.commit(kept.finish().writer() += "\r\n");
}

void make_trailer_section(net::Http2FieldSection& out, const net::Fields& trailers) {
  out.clear();
  for (const net::Field& field : trailers)
    if (!is_forbidden_trailer(field, trailers.name(field)))
      out.add(trailers.name(field), trailers.value(field));
}

void append_last_chunk(ByteBuffer& out, const net::Fields& trailers) {
  if (trailers.empty()) {
    out += net::kLastChunk;
    return;
  }
  out += net::kLastChunkHead;
  append_trailers(out, trailers);
}

std::size_t append_local_reply(ByteBuffer& out, std::uint16_t status, std::string_view body,
                               const ResponseStyle& style, bool head_request) {
  const LocalReplyParts parts = parts_of(status, body, style);
  const bool has_body = parts.has_content && !head_request;
  const std::size_t most = room_for(parts, style) + (has_body ? parts.body_size() : 0);
  LineSink sink{net::put_status_line(out.reserve_writer(most), status, {})};
  BufferWriter writer = put_local_reply_fields(sink, parts, style).writer() += "\r\n";
  if (has_body) {
    writer += body;
    writer += parts.end;
  }
  out.commit(writer);
  return has_body ? parts.body_size() : 0;
}

LocalReplyBody make_local_reply_section(net::Http2FieldSection& out, std::uint16_t status,
                                        std::string_view body, const ResponseStyle& style,
                                        bool head_request) {
  const LocalReplyParts parts = parts_of(status, body, style);
  out.clear();
  put_local_reply_fields(FieldSink(out, room_for(parts, style)), parts, style);
  if (!parts.has_content || head_request) return {};
  return {parts.body, parts.end};
}

}  // namespace teal::proxy
