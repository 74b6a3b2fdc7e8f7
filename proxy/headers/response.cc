// Responses to clients, the target's and Teal's own (proxy/headers/rewrite.h).
#include <algorithm>
#include <array>

#include "net/http/grpc.h"
#include "net/http1/writer.h"
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

BufferWriter put_connection(BufferWriter pen, const ResponseStyle& style) {
  if (!style.upgrade.empty()) {
    pen += "connection: upgrade\r\n";
    return net::put_field(pen, "upgrade", style.upgrade);
  }
  if (style.close || style.framing.kind == net::Framing::Kind::until_close)
    pen += "connection: close\r\n";
  else if (style.client_is_http10)
    pen += "connection: keep-alive\r\n";
  return pen;
}

BufferWriter put_date(BufferWriter pen, const ResponseStyle& style) {
  return style.date.empty() ? pen : net::put_field(pen, "date", style.date);
}

/// RFC 6797, section 8.1: a client heeds the first Strict-Transport-Security only.
BufferWriter put_additions(BufferWriter pen, const ResponseStyle& style, bool has_request_id,
                           bool has_hsts) {
  if (!style.request_id.empty() && !has_request_id)
    pen = net::put_field(pen, "x-request-id", style.request_id);
  if (!style.shield.empty()) pen = net::put_field(pen, "x-teal-shield", style.shield);
  if (!style.hsts.empty() && !has_hsts)
    pen = net::put_field(pen, "strict-transport-security", style.hsts);
  if (!style.set_cookie.empty()) pen = net::put_field(pen, "set-cookie", style.set_cookie);
  return pen;
}

/// What a style's values take at most.
std::size_t size_of_values(const ResponseStyle& style) {
  return style.request_id.size() + style.shield.size() + style.hsts.size() +
         style.set_cookie.size() + style.location.size() + style.date.size() + style.upgrade.size();
}

/// A message without a body may still say how long the body would be (HEAD, 304).
BufferWriter put_described_length(BufferWriter pen, const net::ResponseHead& head) {
  const net::Field* length = head.fields.find(HeaderId::content_length);
  if (length == nullptr) return pen;
  return net::put_field(pen, "content-length", head.fields.value(*length));
}

BufferWriter put_grpc_status(BufferWriter pen, GrpcStatus status, std::string_view message) {
  pen += "content-type: application/grpc\r\ngrpc-status: ";
  pen += static_cast<unsigned>(status);
  pen += "\r\ngrpc-message: ";
  return net::put_grpc_message(pen, message) += "\r\n";
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
  BufferWriter pen = out.open(head.size + head.fields.size() + size_of_values(style) + kAddedBytes);
  pen = net::put_status_line(pen, head.status, head.text(head.reason));

  const HeadSurvey survey{head.fields, head.connection_names};
  LineCopier lines{pen, head.fields};
  for (const net::Field& field : head.fields) {
    if (ends_here(field.id)) continue;
    if (field.id == HeaderId::other) {
      const std::string_view name = head.fields.name(field);
      if (survey.names(name)) continue;
      if (!style.without.empty() && net::iequals(name, style.without)) continue;
    }
    lines.keep(field);
  }
  pen = lines.finish();
  if (head.minor_version == 1 && !head.fields.has(HeaderId::via)) [[likely]]
    pen += "via: 1.1 teal\r\n";
  else
    pen = put_via(pen, head.fields, head.minor_version, "teal");
  if (!head.is_interim()) {
    if (!head.fields.has(HeaderId::date)) pen = put_date(pen, style);
    const bool has_hsts =
        !style.hsts.empty() && head.fields.find("strict-transport-security") != nullptr;
    pen = put_additions(pen, style, head.fields.has(HeaderId::x_request_id), has_hsts);
    if (style.framing.kind != net::Framing::Kind::none)
      pen = put_framing(pen, style.framing);
    else if (!has_no_length(head.status))
      pen = put_described_length(pen, head);
    pen = put_connection(pen, style);
  }
  out.close(pen += "\r\n");
}

void append_trailers(ByteBuffer& out, const net::Fields& trailers) {
  std::size_t most = 2;
  for (const net::Field& field : trailers) most += trailers.line(field).size() + 1;
  LineCopier lines{out.open(most), trailers};
  for (const net::Field& field : trailers)
    if (!is_forbidden_trailer(field, trailers.name(field))) lines.keep(field);
  out.close(lines.finish() += "\r\n");
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
  const bool is_grpc = style.grpc_status.has_value();
  const bool has_content = !has_no_length(status) && status != 304 && !is_grpc;
  constexpr LocalReplyContent kLine{"text/plain; charset=utf-8", {}, false, true};
  const LocalReplyContent& own = style.own != nullptr ? *style.own : kLine;
  const std::string_view end = own.is_line ? "\n" : "";
  BufferWriter pen = out.open(3 * body.size() + own.content_type.size() + own.lines.size() +
                              size_of_values(style) + kAddedBytes);
  pen = net::put_status_line(pen, status, {});
  if (has_content) {
    if (!own.content_type.empty()) pen = net::put_field(pen, "content-type", own.content_type);
    pen = net::put_content_length(pen, body.size() + end.size());
  }
  if (is_grpc) pen = put_grpc_status(pen, *style.grpc_status, body);
  if (!style.location.empty()) pen = net::put_field(pen, "location", style.location);
  pen = put_date(pen, style);
  pen += "server: teal\r\n";
  if (!own.is_kept) pen += "cache-control: no-store\r\n";
  pen += own.lines;
  pen = put_additions(pen, style, false, false);
  pen = put_connection(pen, style);
  pen += "\r\n";
  const bool has_body = has_content && !head_request;
  if (has_body) {
    pen += body;
    pen += end;
  }
  out.close(pen);
  return has_body ? body.size() + end.size() : 0;
}

}  // namespace teal::proxy
