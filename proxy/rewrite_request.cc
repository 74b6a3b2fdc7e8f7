// Requests to targets (proxy/rewrite.h).
#include <algorithm>

#include "net/http1_writer.h"
#include "net/tls_identity.h"
#include "net/token.h"
#include "proxy/hop_by_hop.h"
#include "proxy/rewrite.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

constexpr std::size_t kLongestTracestate = 512;
/// What the fields added here take at most, but for continued ones: one growth is usually enough.
constexpr std::size_t kAddedBytes = 640;

/// What happens to a field of a request.
enum class Fate : std::uint8_t { keep, drop, keep_if_trusted };

constexpr Fate fate(HeaderId id) {
  if (ends_here(id)) return Fate::drop;
  switch (id) {
    case HeaderId::host:
    case HeaderId::expect:
    case HeaderId::forwarded:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_request_id:
    case HeaderId::traceparent:
    case HeaderId::tracestate: return Fate::drop;
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_port:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_real_ip: return Fate::keep_if_trusted;
    default: return Fate::keep;
  }
}

/// A valid authority has nothing in it that would have to be escaped (net/authority.h).
void append_token_or_quoted(Text& out, std::string_view authority) {
  if (net::is_token(authority)) {
    out += authority;
    return;
  }
  out += '"';
  out += authority;
  out += '"';
}

/// One element of RFC 7239. An IPv6 address stands in brackets, and those need quotes.
void append_forwarded_element(Text& out, const Peer& peer, std::string_view authority) {
  out += "for=";
  if (peer.address.empty()) {
    out += "unknown";
  } else if (peer.address.find(':') != std::string_view::npos) {
    out += "\"[";
    out += peer.address;
    out += "]\"";
  } else {
    out += peer.address;
  }
  if (!authority.empty()) {
    out += ";host=";
    append_token_or_quoted(out, authority);
  }
  out += peer.secure ? ";proto=https" : ";proto=http";
}

/// The port that the client asked for. The colons of an IPv6 address stand inside brackets.
std::string_view port_of(std::string_view authority, bool secure) {
  const auto host_end = authority.starts_with('[') ? authority.find(']') : std::size_t{0};
  const auto colon = authority.find(':', host_end);
  if (colon != std::string_view::npos && colon + 1 < authority.size())
    return authority.substr(colon + 1);
  return secure ? "443" : "80";
}

void append_x_forwarded(Text& out, const net::RequestHead& head, const Peer& peer) {
  const std::string_view authority = head.text(head.authority);
  const auto missing = [&](HeaderId id) { return !peer.trusted || !head.fields.has(id); };

  const bool continued = peer.trusted && head.fields.has(HeaderId::x_forwarded_for);
  if (continued || !peer.address.empty()) {
    out += "x-forwarded-for: ";
    if (continued && append_joined(out, head.fields, HeaderId::x_forwarded_for) &&
        !peer.address.empty())
      out += ", ";
    out += peer.address;
    out += net::kCrlf;
  }
  if (missing(HeaderId::x_forwarded_proto))
    out += peer.secure ? "x-forwarded-proto: https\r\n" : "x-forwarded-proto: http\r\n";
  if (missing(HeaderId::x_forwarded_host) && !authority.empty())
    net::append_field(out, "x-forwarded-host", authority);
  if (missing(HeaderId::x_forwarded_port))
    net::append_field(out, "x-forwarded-port", port_of(authority, peer.secure));
  // A trusted peer that sent none keeps it so: its own address is not the client's.
  if (!peer.trusted && !peer.address.empty()) net::append_field(out, "x-real-ip", peer.address);

  out += "forwarded: ";
  if (peer.trusted && head.fields.has(HeaderId::forwarded) &&
      append_joined(out, head.fields, HeaderId::forwarded))
    out += ", ";
  append_forwarded_element(out, peer, authority);
  out += net::kCrlf;
}

void append_trace(Text& out, const net::RequestHead& head, const RequestIds& ids) {
  net::append_field(out, "x-request-id", ids.id());
  net::append_field(out, "traceparent", ids.trace());
  if (!ids.trace_continued || !head.fields.has(HeaderId::tracestate)) return;
  const std::size_t line = out.size();
  out += "tracestate: ";
  const std::size_t value = out.size();
  const bool any = append_joined(out, head.fields, HeaderId::tracestate);
  if (any && out.size() - value <= kLongestTracestate)
    out += net::kCrlf;
  else
    out.cut(line);
}

/// RFC 9110, section 10.1.4: trailers are understood from end to end, so the word may go on; TE has
/// to be named in Connection then.
void append_te(Text& out, const net::RequestHead& head, const HeadSurvey& survey) {
  if (!survey.names_te() || !head.fields.has(HeaderId::te)) return;
  for (const net::Field& field : head.fields) {
    if (field.id != HeaderId::te) continue;
    std::string_view codings = head.fields.value(field);
    while (!codings.empty())
      if (net::iequals(next_element(codings), "trailers")) {
        out += "te: trailers\r\nconnection: te\r\n";
        return;
      }
  }
}

std::string_view host_for(const net::RequestHead& head, const config::HostHeader& host,
                          std::string_view target) {
  const std::string_view own = target.starts_with("unix:") ? "localhost" : target;
  switch (host.kind) {
    case config::HostHeader::Kind::target: return own;
    case config::HostHeader::Kind::literal: return host.literal;
    case config::HostHeader::Kind::preserve: break;
  }
  const std::string_view asked = head.text(head.authority);
  return asked.empty() ? own : asked;
}

}  // namespace

void append_request_head(Text& out, const net::RequestHead& head, const Peer& peer,
                         const config::HostHeader& host, std::string_view target,
                         const RequestIds& ids) {
  out.room(head.size + kAddedBytes);
  out += head.text(head.method_text);
  out += ' ';
  out += head.text(head.target);
  out += " HTTP/1.1\r\n";
  net::append_field(out, "host", host_for(head, host, target));

  const HeadSurvey survey{head.fields};
  LineCopier lines{out, head.fields};
  for (const net::Field& field : head.fields) {
    const Fate what = fate(field.id);
    if (what == Fate::drop || (what == Fate::keep_if_trusted && !peer.trusted)) continue;
    if (field.id == HeaderId::other) {
      const std::string_view name = head.fields.name(field);
      if (survey.names(name) || is_identity_header(name)) continue;
    }
    lines.keep(field);
  }
  lines.finish();

  append_x_forwarded(out, head, peer);
  if (!peer.identity.empty()) net::append_field(out, net::kIdentityHeader, peer.identity);
  append_via(out, head.fields, head.minor_version);
  append_trace(out, head, ids);
  append_te(out, head, survey);
  const bool says_no_content =
      head.framing.kind == net::Framing::Kind::none && head.fields.has(HeaderId::content_length);
  append_framing(out, says_no_content ? net::Framing{net::Framing::Kind::length, 0} : head.framing);
  out += net::kCrlf;
}

std::string_view find_cookie(const net::Fields& fields, std::string_view name) {
  for (const net::Field& field : fields) {
    if (field.id != HeaderId::cookie) continue;
    std::string_view rest = fields.value(field);
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && trim(pair.substr(0, equals)) == name)
        return trim(pair.substr(equals + 1));
    }
  }
  return {};
}

}  // namespace teal::proxy
