// Requests to targets (proxy/headers/rewrite.h).
#include <algorithm>

#include "base/ascii.h"
#include "net/http/token.h"
#include "net/http/websocket.h"
#include "net/http1/writer.h"
#include "net/tls/identity.h"
#include "proxy/headers/hop_by_hop.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

/// What is added here at most, but for values of the client's, the target's and the peer's.
constexpr std::size_t kAddedBytes = 640;

/// A valid authority has nothing in it that would have to be escaped (net/http/authority.h).
BufferWriter put_token_or_quoted(BufferWriter pen, std::string_view authority,
                                 net::AuthorityForm form) {
  if (form == net::AuthorityForm::name ||
      (form == net::AuthorityForm::other && net::is_token(authority)))
    return pen += authority;
  pen += '"';
  pen += authority;
  return pen += '"';
}

/// One element of RFC 7239. An IPv6 address stands in brackets, and those need quotes.
BufferWriter put_forwarded_element(BufferWriter pen, const Peer& peer, std::string_view authority,
                                   net::AuthorityForm form) {
  pen += "for=";
  if (peer.address.empty()) {
    pen += "unknown";
  } else if (peer.address.find(':') != std::string_view::npos) {
    pen += "\"[";
    pen += peer.address;
    pen += "]\"";
  } else {
    pen += peer.address;
  }
  if (!authority.empty()) {
    pen += ";host=";
    pen = put_token_or_quoted(pen, authority, form);
  }
  return peer.secure ? pen += ";proto=https" : pen += ";proto=http";
}

/// The port that the client asked for. The colons of an IPv6 address stand inside brackets.
std::string_view port_of(std::string_view authority, bool secure) {
  const auto host_end = authority.starts_with('[') ? authority.find(']') : std::size_t{0};
  const auto colon = authority.find(':', host_end);
  if (colon != std::string_view::npos && colon + 1 < authority.size())
    return authority.substr(colon + 1);
  return secure ? "443" : "80";
}

/// What a trusted peer said, to be continued; the pen behind it.
BufferWriter put_continued(BufferWriter pen, const net::RequestHead& head, const Peer& peer,
                           HeaderId id) {
  return peer.trusted && head.fields.has(id) ? put_joined(pen, head.fields, id) : pen;
}

BufferWriter put_x_forwarded(BufferWriter pen, const net::RequestHead& head, const Peer& peer) {
  const std::string_view authority = head.text(head.authority);
  const auto missing = [&](HeaderId id) { return !peer.trusted || !head.fields.has(id); };

  const bool continued = peer.trusted && head.fields.has(HeaderId::x_forwarded_for);
  if (continued || !peer.address.empty()) {
    pen += "x-forwarded-for: ";
    const char* const begin = pen.at();
    pen = put_continued(pen, head, peer, HeaderId::x_forwarded_for);
    if (pen.at() != begin && !peer.address.empty()) pen += ", ";
    pen += peer.address;
    pen += "\r\n";
  }
  if (missing(HeaderId::x_forwarded_proto)) {
    if (peer.secure)
      pen += "x-forwarded-proto: https\r\n";
    else
      pen += "x-forwarded-proto: http\r\n";
  }
  if (missing(HeaderId::x_forwarded_host) && !authority.empty())
    pen = net::put_field(pen, "x-forwarded-host", authority);
  if (missing(HeaderId::x_forwarded_port))
    pen = net::put_field(pen, "x-forwarded-port", port_of(authority, peer.secure));
  // A trusted peer that sent none keeps it so: its own address is not the client's.
  if (!peer.trusted && !peer.address.empty()) pen = net::put_field(pen, "x-real-ip", peer.address);

  pen += "forwarded: ";
  const char* const begin = pen.at();
  pen = put_continued(pen, head, peer, HeaderId::forwarded);
  if (pen.at() != begin) pen += ", ";
  pen = put_forwarded_element(pen, peer, authority, head.authority_form);
  return pen += "\r\n";
}

/// RFC 9110, section 10.1.4: trailers are understood from end to end, so the word may go on; TE has
/// to be named in Connection then.
BufferWriter put_te(BufferWriter pen, const net::RequestHead& head) {
  for (const net::Field& field : head.fields) {
    if (field.id != HeaderId::te) continue;
    std::string_view codings = head.fields.value(field);
    while (!codings.empty())
      if (net::iequals(next_element(codings), "trailers"))
        return pen += "te: trailers\r\nconnection: te\r\n";
  }
  return pen;
}

BufferWriter put_upgrade(BufferWriter pen, const net::RequestHead& head,
                         const UpgradeStyle& upgrade) {
  pen += "connection: upgrade\r\n";
  pen = net::put_field(pen, "upgrade", upgrade.protocol);
  if (upgrade.websocket_key.empty()) return pen;
  if (head.fields.find(net::kWebsocketVersion) == nullptr) pen += "sec-websocket-version: 13\r\n";
  return net::put_field(pen, net::kWebsocketKey, upgrade.websocket_key);
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

void append_request_head(ByteBuffer& out, const net::RequestHead& head, const RequestStyle& style) {
  const Peer& peer = style.peer;
  const UpgradeStyle& upgrade = style.upgrade;
  const std::string_view host_value = host_for(head, style.host, style.target);
  // Each line is either kept or its value goes into a list, so the head counts once.
  BufferWriter pen = out.open(head.size + head.fields.size() + host_value.size() +
                              3 * std::size_t{head.authority.size} + 3 * peer.address.size() +
                              peer.identity.size() + upgrade.protocol.size() +
                              upgrade.websocket_key.size() + kAddedBytes);
  pen += head.text(head.method_text);
  pen += ' ';
  pen += head.text(head.target);
  pen += " HTTP/1.1\r\n";
  pen = net::put_field(pen, "host", host_value);

  const HeadSurvey survey{head.fields, head.connection_names};
  LineCopier lines{pen, head.fields};
  for (const net::Field& field : head.fields) {
    const Fate what = request_fate(field.id);
    if (what == Fate::drop || (what == Fate::keep_if_trusted && !peer.trusted) ||
        (what == Fate::keep_if_traced && !style.ids.trace))
      continue;
    if (field.id == HeaderId::other) {
      const std::string_view name = head.fields.name(field);
      if (survey.names(name) || is_identity_header(name)) continue;
      if (!upgrade.websocket_key.empty() && net::iequals(name, net::kWebsocketKey)) continue;
    }
    lines.keep(field);
  }
  pen = lines.finish();

  pen = put_x_forwarded(pen, head, peer);
  if (!peer.identity.empty()) pen = net::put_field(pen, net::kIdentityHeader, peer.identity);
  pen = style.hop.put(pen, head.fields, head.minor_version);
  pen = net::put_field(pen, "x-request-id", style.ids.id());
  // In HTTP/2 there is no Connection to name it, and nothing else that it may say.
  const bool is_te_meant = survey.names_te() || head.minor_version == net::kHttp2;
  if (!upgrade.protocol.empty())
    pen = put_upgrade(pen, head, upgrade);
  else if (is_te_meant && head.fields.has(HeaderId::te))
    pen = put_te(pen, head);
  if (style.asks_for_continue) [[unlikely]]
    pen += "expect: 100-continue\r\n";
  const bool says_no_content =
      head.framing.kind == net::Framing::Kind::none && head.fields.has(HeaderId::content_length);
  pen = put_framing(pen,
                    says_no_content ? net::Framing{net::Framing::Kind::length, 0} : head.framing);
  out.close(pen += "\r\n");
}

std::string_view find_cookie(const net::Fields& fields, std::string_view name,
                             std::size_t skipped) {
  for (const net::Field& field : fields) {
    if (field.id != HeaderId::cookie) continue;
    std::string_view rest = fields.value(field);
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
      const std::string_view value = trim(pair.substr(equals + 1));
      if (value.empty()) continue;
      if (skipped == 0) return value;
      --skipped;
    }
  }
  return {};
}

}  // namespace teal::proxy
