// Responses to clients, the target's and Teal's own (proxy/rewrite.h).
#include <algorithm>
#include <array>

#include "net/http1_writer.h"
#include "proxy/hop_by_hop.h"
#include "proxy/rewrite.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

constexpr std::size_t kAddedBytes = 384;

/// RFC 9110, section 8.6: neither may have a Content-Length.
constexpr bool has_no_length(std::uint16_t status) {
  return status < 200 || status == 204;
}

void append_connection(Text& out, const ResponseStyle& style) {
  if (style.close || style.framing.kind == net::Framing::Kind::until_close)
    out += "connection: close\r\n";
  else if (style.client_is_http10)
    out += "connection: keep-alive\r\n";
}

void append_date(Text& out, const ResponseStyle& style) {
  if (!style.date.empty()) net::append_field(out, "date", style.date);
}

void append_additions(Text& out, const ResponseStyle& style, bool has_request_id) {
  if (!style.request_id.empty() && !has_request_id)
    net::append_field(out, "x-request-id", style.request_id);
  if (!style.shield.empty()) net::append_field(out, "x-teal-shield", style.shield);
  if (!style.hsts.empty()) net::append_field(out, "strict-transport-security", style.hsts);
  if (!style.set_cookie.empty()) net::append_field(out, "set-cookie", style.set_cookie);
}

/// A message without a body may still say how long the body would be (HEAD, 304).
void append_described_length(Text& out, const net::ResponseHead& head) {
  for (const net::Field& field : head.fields)
    if (field.id == HeaderId::content_length) {
      net::append_field(out, "content-length", head.fields.value(field));
      return;
    }
}

/// RFC 9110, section 6.5.1: framing, routing, request modifiers, authentication and content format
/// may not stand in a trailer section, nor may what this proxy vouches for.
bool is_forbidden_trailer(const net::Field& field, std::string_view name) {
  switch (field.id) {
    case HeaderId::other: break;
    case HeaderId::date:
    case HeaderId::idempotency_key:
    case HeaderId::referer:
    case HeaderId::server:
    case HeaderId::user_agent: return false;
    default: return true;
  }
  constexpr auto kForbidden = std::to_array<std::string_view>({
      "age",
      "authorization",
      "cache-control",
      "content-encoding",
      "content-range",
      "content-type",
      "expires",
      "location",
      "max-forwards",
      "pragma",
      "range",
      "retry-after",
      "www-authenticate",
      "vary",
  });
  return is_identity_header(name) || (name.size() > 3 && net::iequals(name.substr(0, 3), "if-")) ||
         std::ranges::any_of(kForbidden, [&](auto known) { return net::iequals(name, known); });
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

void append_response_head(Text& out, const net::ResponseHead& head, const ResponseStyle& style) {
  out.room(head.size + kAddedBytes);
  net::append_status_line(out, head.status, head.text(head.reason));

  const HeadSurvey survey{head.fields};
  LineCopier lines{out, head.fields};
  for (const net::Field& field : head.fields) {
    if (ends_here(field.id)) continue;
    if (field.id == HeaderId::other && survey.names(head.fields.name(field))) continue;
    lines.keep(field);
  }
  lines.finish();

  append_via(out, head.fields, head.minor_version);
  if (!head.is_interim()) {
    if (!head.fields.has(HeaderId::date)) append_date(out, style);
    ResponseStyle added = style;
    // RFC 6797, section 8.1: a client heeds the first one only.
    if (!style.hsts.empty() && head.fields.find("strict-transport-security") != nullptr)
      added.hsts = {};
    append_additions(out, added, head.fields.has(HeaderId::x_request_id));
    if (style.framing.kind != net::Framing::Kind::none)
      append_framing(out, style.framing);
    else if (!has_no_length(head.status))
      append_described_length(out, head);
    append_connection(out, style);
  }
  out += net::kCrlf;
}

std::string https_location(std::string_view authority, std::uint16_t port,
                           std::string_view target) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  std::string location = "https://";
  location += authority.substr(0, has_port ? colon : authority.size());
  if (port != 443) location += ':' + std::to_string(port);
  location += target.starts_with('/') ? target : "/";
  return location;
}

void append_trailers(Text& out, const net::Fields& trailers) {
  LineCopier lines{out, trailers};
  for (const net::Field& field : trailers)
    if (!is_forbidden_trailer(field, trailers.name(field))) lines.keep(field);
  lines.finish();
  out += net::kCrlf;
}

void append_own_response(Text& out, std::uint16_t status, std::string_view body,
                         const ResponseStyle& style, bool head_request) {
  const bool has_content = !has_no_length(status) && status != 304;
  net::append_status_line(out, status, {});
  if (has_content) {
    out += "content-type: text/plain; charset=utf-8\r\n";
    net::append_content_length(out, body.size() + 1);
  }
  if (!style.location.empty()) net::append_field(out, "location", style.location);
  append_date(out, style);
  out += "server: teal\r\ncache-control: no-store\r\n";
  append_additions(out, style, false);
  append_connection(out, style);
  out += net::kCrlf;
  if (has_content && !head_request) {
    out += body;
    out += '\n';
  }
}

}  // namespace teal::proxy
