// Requests to targets (proxy/headers/rewrite.h).
#include <algorithm>

#include "base/ascii.h"
#include "net/http/token.h"
#include "net/http/websocket.h"
#include "net/tls/identity.h"
#include "proxy/headers/head_sink.h"
#include "proxy/headers/hop_by_hop.h"
#include "proxy/headers/rewrite.h"

namespace teal::proxy {

namespace {

using net::HeaderId;

/// What is added here at most, but for values of the client's, the target's and the peer's.
constexpr std::size_t kAddedBytes = 640;

/// A valid authority has nothing in it that would have to be escaped (net/http/authority.h).
BufferWriter put_token_or_quoted(BufferWriter writer, std::string_view authority,
                                 net::AuthorityForm form) {
  if (form == net::AuthorityForm::name ||
      (form == net::AuthorityForm::other && net::is_token(authority)))
    return writer += authority;
  writer += '"';
  writer += authority;
  return writer += '"';
}

/// One element of RFC 7239. An IPv6 address stands in brackets, and those need quotes.
BufferWriter put_forwarded_element(BufferWriter writer, const Peer& peer,
                                   std::string_view authority, net::AuthorityForm form) {
  writer += "for=";
  if (peer.address.empty()) {
    writer += "unknown";
  } else if (peer.address.find(':') != std::string_view::npos) {
    writer += "\"[";
    writer += peer.address;
    writer += "]\"";
  } else {
    writer += peer.address;
  }
  if (!authority.empty()) {
    writer += ";host=";
    writer = put_token_or_quoted(writer, authority, form);
  }
  return peer.secure ? writer += ";proto=https" : writer += ";proto=http";
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
BufferWriter put_continued(BufferWriter writer, const net::RequestHead& head, const Peer& peer,
                           HeaderId id) {
  return peer.trusted && head.fields.has(id) ? put_joined(writer, head.fields, id) : writer;
}

template <class Sink>
Sink put_x_forwarded(Sink sink, const net::RequestHead& head, const Peer& peer) {
  const std::string_view authority = head.text(head.authority);
  const auto missing = [&](HeaderId id) { return !peer.trusted || !head.fields.has(id); };

  const bool continued = peer.trusted && head.fields.has(HeaderId::x_forwarded_for);
  if (continued || !peer.address.empty()) {
    BufferWriter writer = sink.open("x-forwarded-for");
    const char* const begin = writer.at();
    writer = put_continued(writer, head, peer, HeaderId::x_forwarded_for);
    if (writer.at() != begin && !peer.address.empty()) writer += ", ";
    sink.close(writer += peer.address);
  }
  if (missing(HeaderId::x_forwarded_proto)) {
    if (peer.secure)
      sink.template put<"x-forwarded-proto", "https">();
    else
      sink.template put<"x-forwarded-proto", "http">();
  }
  if (missing(HeaderId::x_forwarded_host) && !authority.empty())
    sink.put("x-forwarded-host", authority);
  if (missing(HeaderId::x_forwarded_port))
    sink.put("x-forwarded-port", port_of(authority, peer.secure));
  // A trusted peer that sent none keeps it so: its own address is not the client's.
  if (!peer.trusted && !peer.address.empty()) sink.put("x-real-ip", peer.address);

  BufferWriter writer = sink.open("forwarded");
  const char* const begin = writer.at();
  writer = put_continued(writer, head, peer, HeaderId::forwarded);
  if (writer.at() != begin) writer += ", ";
  sink.close(put_forwarded_element(writer, peer, authority, head.authority_form));
  return sink;
}

/// RFC 9110, section 10.1.4: trailers are understood from end to end, so the word may go on; TE has
/// to be named in Connection then, which HTTP/2 has not.
template <class Sink>
Sink put_te(Sink sink, const net::RequestHead& head) {
  for (const net::Field& field : head.fields) {
    if (field.id != HeaderId::te) continue;
    const bool is_meant = any_element(head.fields.value(field), [](std::string_view coding) {
      return net::iequals(coding, "trailers");
    });
    if (!is_meant) continue;
    sink.template put<"te", "trailers">();
    if constexpr (!Sink::kIsHttp2) sink.template put<"connection", "te">();
    break;
  }
  return sink;
}

/// In HTTP/2 a pseudo-field asks for the protocol, and there is no key.
template <class Sink>
Sink put_upgrade(Sink sink, const net::RequestHead& head, const UpgradeStyle& upgrade) {
  if constexpr (!Sink::kIsHttp2) {
    sink.template put<"connection", "upgrade">();
    sink.put("upgrade", upgrade.protocol);
  }
  if (upgrade.websocket_key.empty()) return sink;
  if (head.fields.find(net::kWebsocketVersion) == nullptr)
    sink.template put<"sec-websocket-version", "13">();
  if constexpr (!Sink::kIsHttp2) sink.put(net::kWebsocketKey, upgrade.websocket_key);
  return sink;
}

/// RFC 8441, section 5: in HTTP/2 the stream is proof enough that the answer is one to this
/// request, and there is no key. In HTTP/1 one of Teal's own may stand in place of the client's.
template <class Sink>
bool is_key_replaced(const UpgradeStyle& upgrade, std::string_view name) {
  const std::string_view reason = Sink::kIsHttp2 ? upgrade.protocol : upgrade.websocket_key;
  return !reason.empty() && net::iequals(name, net::kWebsocketKey);
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

namespace {

/// All that follows the start of a request, `sink` behind it.
template <class Sink>
[[gnu::always_inline]] inline Sink put_request_fields(Sink sink, const net::RequestHead& head,
                                                      const RequestStyle& style) {
  const Peer& peer = style.peer;
  const UpgradeStyle& upgrade = style.upgrade;
  const ConnectionNames connection{head.fields, head.connection_names};
  typename Sink::Copier kept{sink, head.fields};
  for (const net::Field& field : head.fields) {
    const FieldAction what = request_field_action(field.id);
    if (what == FieldAction::drop || (what == FieldAction::keep_if_trusted && !peer.trusted) ||
        (what == FieldAction::keep_if_traced && !style.ids.trace))
      continue;
    if (field.id == HeaderId::other) {
      const std::string_view name = head.fields.name(field);
      if (connection.names(name) || is_identity_header(name)) continue;
      if (is_key_replaced<Sink>(upgrade, name)) continue;
    }
    kept.keep(field);
  }
  sink = kept.finish();

  sink = put_x_forwarded(sink, head, peer);
  if (!peer.identity.empty()) sink.put(net::kIdentityHeader, peer.identity);
  sink = style.hop.put(sink, head.fields, head.minor_version);
  sink.put("x-request-id", style.ids.id());
  // In HTTP/2 there is no Connection to name it, and nothing else that it may say.
  const bool is_te_meant = connection.names_te() || head.minor_version == net::kHttp2;
  if (!upgrade.protocol.empty())
    sink = put_upgrade(sink, head, upgrade);
  else if (is_te_meant && head.fields.has(HeaderId::te))
    sink = put_te(sink, head);
  if (style.asks_for_continue) [[unlikely]]
    sink.template put<"expect", "100-continue">();
  const bool says_no_content =
      head.framing.kind == net::Framing::Kind::none && head.fields.has(HeaderId::content_length);
  return put_framing(sink,
                     says_no_content ? net::Framing{net::Framing::Kind::length, 0} : head.framing);
}

/// What is written at most besides the host. Each line is either kept or its value goes into a
/// list, so the head counts once.
std::size_t room_for(const net::RequestHead& head, const RequestStyle& style) {
  const Peer& peer = style.peer;
  return head.size + head.fields.size() + 3 * std::size_t{head.authority.size} +
         3 * peer.address.size() + peer.identity.size() + style.upgrade.protocol.size() +
         style.upgrade.websocket_key.size() + kAddedBytes;
}

}  // namespace

void append_request_head(ByteBuffer& out, const net::RequestHead& head, const RequestStyle& style) {
  const std::string_view host_value = host_for(head, style.host, style.target);
  BufferWriter writer = out.reserve_writer(room_for(head, style) + host_value.size());
  writer += head.text(head.method_text);
  writer += ' ';
  writer += head.text(head.target);
  writer += " HTTP/1.1\r\n";
  LineSink sink{writer};
  sink.put("host", host_value);
  out.commit(put_request_fields(sink, head, style).writer() += "\r\n");
}

net::Http2RequestStart make_request_section(net::Http2FieldSection& out,
                                            const net::RequestHead& head,
                                            const RequestStyle& style) {
  out.clear();
  put_request_fields(FieldSink(out, room_for(head, style)), head, style);
  return {head.text(head.method_text), host_for(head, style.host, style.target),
          head.text(head.target), style.upgrade.protocol};
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
