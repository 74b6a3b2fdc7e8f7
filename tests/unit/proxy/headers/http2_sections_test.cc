// The header rules write to HTTP/1 and to HTTP/2 (proxy/headers/head_sink.h): whatever head comes,
// both say the same, but for what speaks of a connection.
#include <gtest/gtest.h>

#include <array>

#include "net/http/websocket.h"
#include "proxy/headers/rewrite.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {
namespace {

using net::Framing;
using Lines = std::vector<std::string>;

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string text_of(const net::Http2FieldSection& section) {
  std::string text;
  for (const auto& [name, value] : section) text.append(name).append(": ").append(value) += "\n";
  return text;
}

/// The lines behind the first `skipped` ones, as HTTP/2 has them, without the fields of `without`.
std::string text_of_lines(std::string_view head, int skipped, std::string_view without = "\n") {
  for (; skipped > 0; --skipped) head.remove_prefix(head.find("\r\n") + 2);
  net::Http2FieldSection section, kept;
  if (!head.starts_with("\r\n")) section.add_lines(head.substr(0, head.find("\r\n\r\n") + 2));
  for (const auto& [name, value] : section)
    if (!net::iequals(name, without)) kept.add(name, value);
  return text_of(kept);
}

const std::vector<Lines>& many_fields() {
  static const std::vector<Lines> kMany{
      {},
      {"a: b"},
      {"A: B", "c:d", "e:  f  ", "empty:"},
      {"connection: close, x-mine", "x-mine: 1", "x-others: 2", "keep-alive: 5"},
      {"connection: keep-alive, te", "te: trailers;q=0.5, trailers", "trailer: x"},
      {"te: gzip, trailers"},
      {"via: 1.0 a", "via: 1.1 b"},
      {"date: yesterday", "x-request-id: mine", "strict-transport-security: max-age=1"},
      {"content-length: 5"},
      {"transfer-encoding: chunked"},
      {"content-length: 0"},
      {"x-forwarded-for: 1.2.3.4", "x-forwarded-for: 5.6.7.8", "forwarded: for=1.2.3.4",
       "x-forwarded-proto: https", "x-forwarded-host: far", "x-real-ip: 1.2.3.4"},
      {"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: a=b"},
      {"expect: 100-continue", "proxy: x", "proxy-authorization: y", "teal-client-cert: forged"},
      {"upgrade: websocket", "connection: upgrade",
       "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version: 13"},
      {"set-cookie: a=b", "set-cookie: c=d", "x-secret: 1"},
  };
  return kMany;
}

std::vector<Peer> peers() {
  return {{"192.0.2.1"}, {"2001:db8::1", false, true},           {"192.0.2.1", true, false}, {},
          {{}, true},    {"192.0.2.1", false, true, "hash=1234"}};
}

class Requests {
 public:
  Requests(const Lines& fields, const Peer& peer, UpgradeStyle upgrade, bool asks_for_continue)
      : owned_(test::request_head("PUT /a?b=c HTTP/1.1", with_host(fields))),
        style_{peer, host_, "10.0.0.1:80", ids_, hop_, upgrade, asks_for_continue} {
    Rng rng{1};
    make_request_ids(owned_.head, peer, rng, ids_);
  }

  std::string over_http1() const {
    ByteBuffer out;
    append_request_head(out, owned_.head, style_);
    const bool has_key = !style_.upgrade.protocol.empty();
    return text_of_lines(out.view(), 2, has_key ? net::kWebsocketKey : "\n");
  }
  std::string over_http2() const {
    net::Http2FieldSection section;
    const net::Http2RequestStart start = make_request_section(section, owned_.head, style_);
    EXPECT_EQ(start.method, "PUT");
    EXPECT_EQ(start.path, "/a?b=c");
    EXPECT_EQ(start.authority, "shop.example:8080");
    EXPECT_EQ(start.protocol, style_.upgrade.protocol);
    return text_of(section);
  }

 private:
  static Lines with_host(Lines fields) {
    fields.insert(fields.begin(), "host: shop.example:8080");
    return fields;
  }

  test::OwnedHead<net::RequestHead> owned_;
  RequestIds ids_{};
  config::HostHeader host_;
  Hop hop_{0x1234abcd};
  RequestStyle style_;
};

TEST(Http2Sections, SayOfARequestWhatHttp1SaysOfItWithoutTheConnection) {
  const std::vector<UpgradeStyle> upgrades{
      {}, {"websocket"}, {"websocket", "bm90IHRoZSBjbGllbnRzIQ=="}, {"other"}};
  int requests = 0;
  for (const Lines& fields : many_fields())
    for (const Peer& peer : peers())
      for (const UpgradeStyle& upgrade : upgrades)
        for (const bool asks_for_continue : {false, true}) {
          const Requests request(fields, peer, upgrade, asks_for_continue);
          ASSERT_EQ(request.over_http2(), request.over_http1()) << "request " << requests;
          ++requests;
        }
  EXPECT_GT(requests, 700);
}

std::vector<ResponseStyle> response_styles() {
  std::vector<ResponseStyle> styles(5);
  for (ResponseStyle& style : styles) style.date = kDate;
  styles[1].framing = {Framing::Kind::length, 5};
  styles[1].close = true;
  styles[2].framing = {Framing::Kind::chunked, 0};
  styles[2].set_cookie = "teal=1; Path=/";
  styles[2].shield = "blue";
  styles[3].request_id = "id-1";
  styles[3].hsts = "max-age=31536000";
  styles[3].client_is_http10 = true;
  styles[4].without = "x-secret";
  styles[4].upgrade = "websocket";
  return styles;
}

TEST(Http2Sections, SayOfAResponseWhatHttp1SaysOfItWithoutTheConnection) {
  for (const char* start : {"HTTP/1.1 200 OK", "HTTP/1.0 404 No", "HTTP/1.1 204 None",
                            "HTTP/1.1 103 Early", "HTTP/1.1 304 Same"})
    for (const Lines& fields : many_fields()) {
      const auto owned = test::response_head(start, fields);
      for (const ResponseStyle& style : response_styles()) {
        ByteBuffer out;
        append_response_head(out, owned.head, style);
        net::Http2FieldSection section;
        make_response_section(section, owned.head, style);
        ASSERT_EQ(text_of(section), text_of_lines(out.view(), 1)) << start << ": " << out.view();
      }
    }
}

TEST(Http2Sections, SayOfATrailerSectionWhatHttp1SaysOfIt) {
  for (const Lines& fields : many_fields()) {
    const auto owned = test::response_head("HTTP/1.1 200 OK", fields);
    ByteBuffer out;
    append_trailers(out, owned.head.fields);
    net::Http2FieldSection section;
    make_trailer_section(section, owned.head.fields);
    EXPECT_EQ(text_of(section), text_of_lines("\r\n" + std::string(out.view()), 1));
  }
}

TEST(Http2Sections, SayOfALocalReplyWhatHttp1SaysOfIt) {
  const LocalReplyContent page{"text/html", "x-page: 1\r\nconnection: x\r\n", true, false};
  std::vector<ResponseStyle> styles = response_styles();
  styles[0].own = &page;
  styles[1].grpc_status = GrpcStatus::unavailable;
  styles[2].location = "https://elsewhere.example/";
  for (const ResponseStyle& style : styles)
    for (const std::uint16_t status : std::array<std::uint16_t, 4>{200, 204, 304, 503})
      for (const bool is_head : {false, true}) {
        ByteBuffer out;
        const std::size_t size =
            append_local_reply(out, status, "no room, come again", style, is_head);
        net::Http2FieldSection section;
        const LocalReplyBody body =
            make_local_reply_section(section, status, "no room, come again", style, is_head);
        EXPECT_EQ(text_of(section), text_of_lines(out.view(), 1)) << out.view();
        EXPECT_EQ(body.size(), size);
        EXPECT_EQ(std::string(body.text).append(body.end), out.view().substr(out.size() - size));
      }
}

}  // namespace
}  // namespace teal::proxy
