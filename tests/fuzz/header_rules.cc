// A head that is forwarded is one message with the framing that it came with, and carries nothing
// that was meant for one connection: whatever a client writes, the target reads what Teal read.
#include <optional>

#include "base/rng.h"
#include "net/http/field_names.h"
#include "net/http1/parser.h"
#include "proxy/headers/hop_by_hop.h"
#include "proxy/headers/odd_names.h"
#include "proxy/headers/rewrite.h"
#include "tests/fuzz/fuzz.h"

using namespace teal;
using net::HeaderId;

namespace {

constexpr net::Http1Limits kRoom{.start_line_bytes = 64 * 1024,
                                 .head_bytes = 256 * 1024,
                                 .fields = 200,
                                 .chunk_line_bytes = 4 * 1024,
                                 .trailer_bytes = 16 * 1024};

std::size_t count(const net::Fields& fields, HeaderId id) {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [id](const auto& field) { return field.id == id; }));
}

void expect_end_to_end(const net::Fields& fields, std::string_view seen) {
  for (const HeaderId id : {HeaderId::keep_alive, HeaderId::proxy_connection, HeaderId::upgrade})
    fuzz::expect(count(fields, id) == 0, "nothing of one connection is forwarded", seen);
  // "trailers" is said anew to the target, where the client takes them.
  const net::Field* said = fields.find(HeaderId::connection);
  const net::Field* te = fields.find(HeaderId::te);
  fuzz::expect(said == nullptr || fields.value(*said) == "te", "Connection is Teal's own", seen);
  fuzz::expect((said != nullptr) == (te != nullptr), "TE is named by it", seen);
  fuzz::expect(te == nullptr || fields.value(*te) == "trailers", "TE says no more", seen);
}

constexpr proxy::Hop kHop{0x1a2b3c4d};

bool is_same(const net::Framing& a, const net::Framing& b) {
  return a.kind == b.kind && a.length == b.length;
}

/// It goes on as it came, with all its state, or not at all.
void expect_trace(const net::Fields& came, const net::Fields& forwarded, bool is_traced,
                  std::string_view seen) {
  const std::size_t parents = count(forwarded, HeaderId::traceparent);
  const std::size_t states = count(forwarded, HeaderId::tracestate);
  fuzz::expect(parents == (is_traced ? 1U : 0U), "one trace, or none", seen);
  fuzz::expect(states == (is_traced ? count(came, HeaderId::tracestate) : 0U),
               "its state goes with it", seen);
  fuzz::expect(
      !is_traced || forwarded.get(HeaderId::traceparent) == came.get(HeaderId::traceparent),
      "a trace is what it was", seen);
}

void forward_request(const fuzz::Chosen& input) {
  net::RequestParser parser({});
  if (parser.next(input.rest).event != net::ParseEvent::head) return;
  net::RequestHead& head = parser.head();
  const proxy::Peer peer{.address = input.bit(0) ? "192.0.2.7" : "2001:db8::7",
                         .trusted = input.bit(1),
                         .secure = input.bit(2),
                         .identity = input.bit(3) ? "Subject=\"CN=a\"" : ""};
  Rng rng(input.choice);
  proxy::RequestIds ids;
  proxy::make_request_ids(head, peer, rng, ids);
  config::HostHeader host;
  if (input.bit(4)) host.kind = config::HostHeader::Kind::target;
  proxy::take_out_odd_names(head.fields, config::Underscores::pass);
  ByteBuffer out;
  proxy::append_request_head(out, head, {peer, host, "198.51.100.1:80", ids, kHop});

  net::RequestParser reader(kRoom);
  const net::ParseStep step = reader.next(out.view());
  fuzz::expect(step.event == net::ParseEvent::head, "a forwarded head is one", out.view());
  fuzz::expect(step.consumed == out.view().size(), "and nothing but one", out.view());
  const net::RequestHead& forwarded = reader.head();
  fuzz::expect(forwarded.text(forwarded.method_text) == head.text(head.method_text) &&
                   forwarded.text(forwarded.target) == head.text(head.target),
               "method and target are what they were", out.view());
  fuzz::expect(is_same(forwarded.framing, head.framing), "the framing is what it was", out.view());
  fuzz::expect(count(forwarded.fields, HeaderId::host) == 1, "there is one Host", out.view());
  fuzz::expect(count(forwarded.fields, HeaderId::content_length) <= 1, "one length at most",
               out.view());
  fuzz::expect(count(forwarded.fields, HeaderId::transfer_encoding) <= 1, "one coding at most",
               out.view());
  fuzz::expect(count(forwarded.fields, HeaderId::expect) == 0, "Teal answers Expect", out.view());
  expect_end_to_end(forwarded.fields, out.view());
  expect_trace(head.fields, forwarded.fields, ids.trace.has_value(), out.view());
  for (const net::Field& field : forwarded.fields) {
    const std::string_view name = forwarded.fields.name(field);
    fuzz::expect(!net::is_odd_name(name) || !proxy::reads_like_own(name),
                 "no name reads like one of Teal's own", out.view());
  }
  const auto once = [&](HeaderId id) { return count(forwarded.fields, id) == 1; };
  fuzz::expect(once(HeaderId::via) && kHop.passes(forwarded.fields) == kHop.passes(head.fields) + 1,
               "Teal signs once", out.view());
}

void forward_response(const fuzz::Chosen& input) {
  net::ResponseParser parser({});
  parser.expect(net::Method::get);
  if (parser.next(input.rest).event != net::ParseEvent::head) return;
  const net::ResponseHead& head = parser.head();
  if (head.is_interim()) return;
  proxy::ResponseStyle style;
  style.framing = head.framing;
  if (style.framing.kind == net::Framing::Kind::until_close)
    style.framing.kind = net::Framing::Kind::chunked;
  style.request_id = "id";
  style.hsts = input.bit(0) ? "max-age=1" : "";
  style.set_cookie = input.bit(1) ? "teal=1" : "";
  style.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  ByteBuffer out;
  proxy::append_response_head(out, head, style);

  net::ResponseParser reader(kRoom);
  reader.expect(net::Method::get);
  const net::ParseStep step = reader.next(out.view());
  fuzz::expect(step.event == net::ParseEvent::head, "a forwarded head is one", out.view());
  fuzz::expect(step.consumed == out.view().size(), "and nothing but one", out.view());
  fuzz::expect(reader.head().status == head.status, "the status is what it was", out.view());
  fuzz::expect(is_same(reader.head().framing, style.framing), "the framing is as wanted",
               out.view());
  expect_end_to_end(reader.head().fields, out.view());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Chosen input(data, size);
  if (input.bit(7))
    forward_response(input);
  else
    forward_request(input);
  return 0;
}
