// HTTP/2 requests cut at every byte: what a session says of them must not depend on how they came.
#include "tests/support/http2_driver.h"

namespace teal::net::testing {
namespace {

using h2::frame;
using h2::headers;
using h2::Lines;

struct Vector {
  std::string name;
  std::string bytes;     ///< After preface and SETTINGS.
  std::string expected;  ///< What is said of them; "" is only that it is the same for all cuts.
};

Lines with(Lines fields, const Lines& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

/// RFC 8441.
Lines connect(const Lines& more, const std::string& protocol = "websocket") {
  return with({{":method", "CONNECT"},
               {":protocol", protocol},
               {":scheme", "http"},
               {":path", "/c"},
               {":authority", "a"}},
              more);
}

const std::string kGet = "#1 head GET / authority=a.example 1.20 keep none\n";
std::string malformed(const std::string& rule) {
  return "malformed: " + rule + "\n";
}

std::vector<Vector> messages() {
  const std::string block =
      h2::hpack(h2::get("/x", {{"accept", "*/*"}, {"x-long", std::string(300, 'x')}}));
  return {
      {"get", headers(1, h2::get()), kGet},
      {"fields", headers(1, h2::get("/a?b=c", {{"accept", "*/*"}, {"x", ""}, {"te", "trailers"}})),
       "#1 head GET /a?b=c authority=a.example 1.20 keep none\n"
       "  accept=[*/*] canonical\n  x=[] canonical\n  te=[trailers] canonical\n"},
      {"cookie crumbs",
       headers(1, h2::get("/", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}})),
       kGet + "  x=[y] canonical\n  cookie=[a=1; b=2] canonical\n"},
      {"host instead of authority",
       headers(1,
               {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "b.example"}}),
       "#1 head GET / authority=b.example 1.20 keep none\n  host=[b.example] canonical\n"},
      {"body",
       headers(1, h2::post(), false) + frame(h2::kData, 0, 1, "hel") +
           frame(h2::kData, h2::kEndStream, 1, "lo"),
       "#1 head POST / authority=a.example 1.20 keep chunked\nend\nbody [hello]\n"},
      {"body with length",
       headers(1, h2::post("/", {{"content-length", "5"}}), false) +
           frame(h2::kData, h2::kEndStream, 1, "hello"),
       "#1 head POST / authority=a.example 1.20 keep length 5\n"
       "  content-length=[5] canonical\nend\nbody [hello]\n"},
      {"padded body",
       headers(1, h2::post(), false) +
           frame(h2::kData, h2::kEndStream | 8, 1, std::string("\3hello\0\0\0", 9)),
       "#1 head POST / authority=a.example 1.20 keep chunked\nend\nbody [hello]\n"},
      {"trailers",
       headers(1, h2::post(), false) + frame(h2::kData, 0, 1, "hi") +
           headers(1, {{"x-check", "sum"}}),
       "#1 head POST / authority=a.example 1.20 keep chunked\nend\n  x-check=[sum] canonical\n"
       "body [hi]\n"},
      {"continuation",
       frame(h2::kHeaders, h2::kEndStream, 1, block.substr(0, 40)) +
           frame(h2::kContinuation, 0, 1, block.substr(40, 100)) +
           frame(h2::kContinuation, h2::kEndHeaders, 1, block.substr(140)),
       "#1 head GET /x authority=a.example 1.20 keep none\n  accept=[*/*] canonical\n  x-long=[" +
           std::string(300, 'x') + "] canonical\n"},
      {"two at once",
       headers(1, h2::post(), false) + headers(3, h2::get("/3")) +
           frame(h2::kData, h2::kEndStream, 1, "late"),
       "#1 head POST / authority=a.example 1.20 keep chunked\nend\nbody [late]\n"
       "#2 head GET /3 authority=a.example 1.20 keep none\n"},
      {"expect", headers(1, h2::post("/", {{"expect", "100-continue"}}), false),
       "#1 head POST / authority=a.example 1.20 keep continue chunked\n"
       "  expect=[100-continue] canonical\n"},
      {"options of all",
       headers(1,
               {{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}, {":authority", "a"}}),
       "#1 head OPTIONS * authority=a 1.20 keep none\n"},
      {"priority and unknown frames are passed over",
       frame(h2::kPriority, 0, 1, h2::number(0, 4) + "\x10") + frame(0xfa, 0, 0, "what") +
           frame(16, 0, 0, h2::number(1, 4) + "u=1") + headers(1, h2::get()),
       kGet},
  };
}

std::vector<Vector> refused() {
  const auto changed = [](std::size_t field, const std::string& value) {
    Lines fields = h2::get();
    fields[field].second = value;
    return headers(1, fields);
  };
  const auto added = [](const std::string& name, const std::string& value) {
    return headers(1, h2::get("/", {{name, value}}));
  };
  Lines no_path = h2::get();
  no_path.erase(no_path.begin() + 2);
  Lines late_path = with(no_path, {{"accept", "*/*"}, {":path", "/"}});
  return {
      {"no path", headers(1, no_path), malformed("pseudo_field_malformed")},
      {"pseudo-field behind others", headers(1, late_path), malformed("pseudo_field_malformed")},
      {"unknown pseudo-field", headers(1, with({{":a", "b"}}, h2::get())),
       malformed("pseudo_field_malformed")},
      {"response's pseudo-field", headers(1, with({{":status", "200"}}, h2::get())),
       malformed("pseudo_field_malformed")},
      {"path twice", headers(1, with({{":path", "/"}}, h2::get())),
       malformed("pseudo_field_malformed")},
      {"odd scheme", changed(1, "gopher"), malformed("pseudo_field_malformed")},
      {"empty path", changed(2, ""), malformed("target_malformed")},
      {"path without slash", changed(2, "x"), malformed("target_malformed")},
      {"absolute path", changed(2, "http://b.example/"), malformed("target_malformed")},
      {"space in path", changed(2, "/a b"), malformed("target_malformed")},
      {"line end in path", changed(2, "/ HTTP/1.1\r\nx: y"), malformed("target_malformed")},
      {"fragment in path", changed(2, "/a#b"), malformed("target_malformed")},
      {"line end in method", changed(0, "GET / HTTP/1.1\r\nX"), malformed("method_malformed")},
      {"user in authority", changed(3, "me@a.example"), malformed("host_malformed")},
      {"empty authority", changed(3, ""), malformed("host_malformed")},
      {"line end in authority", changed(3, "a\r\nx: y"), malformed("host_malformed")},
      {"no host at all", headers(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}),
       malformed("host_missing")},
      {"other host", added("host", "b.example"), malformed("host_malformed")},
      {"two hosts", headers(1, h2::get("/", {{"host", "a.example"}, {"host", "a.example"}})),
       malformed("host_repeated")},
  };
}

std::vector<Vector> refused_expectations() {
  const auto with_fields = [](const Lines& more) { return headers(1, h2::get("/", more)); };
  const std::string answered = "answer with expectation_unknown\n";
  return {
      {"another expectation", with_fields({{"expect", "200-ok"}}), kGet + answered},
      {"a list of expectations", with_fields({{"expect", "100-continue, 100-continue"}}),
       kGet + answered},
      {"an expectation twice",
       with_fields({{"expect", "100-continue"}, {"expect", "100-continue"}}),
       "#1 head GET / authority=a.example 1.20 keep continue none\n"
       "  expect=[100-continue] canonical\n" +
           answered},
  };
}

std::vector<Vector> refused_fields() {
  const auto added = [](const std::string& name, const std::string& value) {
    return headers(1, h2::get("/", {{name, value}}));
  };
  return {
      {"upper case", added("Accept", "x"), malformed("field_name_not_lower")},
      {"empty name", added("", "x"), malformed("field_name_malformed")},
      {"colon in name", added("a:b", "x"), malformed("field_name_malformed")},
      {"space in name", added("a b", "x"), malformed("field_name_malformed")},
      {"line end in name", added("a\r\nb", "x"), malformed("field_name_malformed")},
      {"CR in value", added("a", "b\rc"), malformed("bare_cr")},
      {"LF in value", added("a", "b\nc"), malformed("bare_lf")},
      {"NUL in value", added("a", std::string("b\0c", 3)), malformed("control_character")},
      {"DEL in value", added("a", "b\x7f"), malformed("control_character")},
      {"padded value", added("a", " b"), malformed("field_value_padded")},
      {"padded value behind", added("a", "b\t"), malformed("field_value_padded")},
      {"connection", added("connection", "close"), malformed("connection_field")},
      {"keep-alive", added("keep-alive", "1"), malformed("connection_field")},
      {"proxy-connection", added("proxy-connection", "x"), malformed("connection_field")},
      {"transfer-encoding", added("transfer-encoding", "chunked"), malformed("connection_field")},
      {"upgrade", added("upgrade", "h2c"), malformed("connection_field")},
      {"te", added("te", "gzip"), malformed("te_not_trailers")},
      {"two te", added("te", "trailers, gzip"), malformed("te_not_trailers")},
      {"length that is none", added("content-length", "+5"), malformed("content_length_malformed")},
      {"length without body", added("content-length", "5"), malformed("content_length_mismatch")},
      {"two lengths", headers(1, h2::get("/", {{"content-length", "0"}, {"content-length", "0"}})),
       malformed("content_length_repeated")},
      {"body too long",
       headers(1, h2::post("/", {{"content-length", "2"}}), false) +
           frame(h2::kData, h2::kEndStream, 1, "abc"),
       ""},
      {"body too short",
       headers(1, h2::post("/", {{"content-length", "4"}}), false) +
           frame(h2::kData, h2::kEndStream, 1, "abc"),
       "#1 head POST / authority=a.example 1.20 keep length 4\n  content-length=[4] canonical\n"
       "refused: content_length_mismatch\n"},
      {"pseudo-field in trailers", headers(1, h2::post(), false) + headers(1, {{":path", "/"}}),
       "#1 head POST / authority=a.example 1.20 keep chunked\nrefused: pseudo_field_malformed\n"},
      {"framing in trailers", headers(1, h2::post(), false) + headers(1, {{"content-length", "0"}}),
       "#1 head POST / authority=a.example 1.20 keep chunked\nrefused: trailer_forbidden\n"},
      {"trailers that do not end", headers(1, h2::post(), false) + headers(1, {{"a", "b"}}, false),
       "#1 head POST / authority=a.example 1.20 keep chunked\nrefused: http2_protocol_error\n"},
      {"trace",
       headers(1, {{":method", "TRACE"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}}),
       "#1 head TRACE / authority=a 1.20 keep none\nanswer with method_unsupported\n"},
      {"an identifier below the last", headers(5, h2::get()) + headers(3, h2::get()),
       "#1 head GET / authority=a.example 1.20 keep none\nfault: http2_protocol_error\n"},
      {"a stream that is closed",
       headers(1, h2::post(), false) + h2::reset(1) + headers(1, h2::get()),
       "#1 head POST / authority=a.example 1.20 keep chunked\nfault: http2_protocol_error\n"},
      {"priority of no stream", frame(h2::kPriority, 0, 0, std::string(5, '\0')),
       "fault: http2_protocol_error\n"},
      {"settings that open a window beyond its end",
       headers(1, h2::post(), false) + h2::window_update(1, 1) + h2::settings({{4, 0x7fffffff}}),
       "#1 head POST / authority=a.example 1.20 keep chunked\nfault: http2_protocol_error\n"},
      {"even stream", headers(2, h2::get()), "fault: http2_protocol_error\n"},
      {"data on an idle stream", frame(h2::kData, 0, 1, "x"), "fault: http2_protocol_error\n"},
      {"window beyond its end", h2::window_update(0, 0x7fffffff), "fault: http2_protocol_error\n"},
      {"frame between continuations",
       frame(h2::kHeaders, 0, 1, h2::hpack(h2::get())) + h2::window_update(0, 1),
       "fault: http2_protocol_error\n"},
      {"broken HPACK", frame(h2::kHeaders, h2::kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"),
       "fault: http2_protocol_error\n"},
  };
}

std::vector<Vector> connects() {
  return {
      {"connect", headers(1, {{":method", "CONNECT"}, {":authority", "a:1"}}),
       "#1 head CONNECT  authority=a:1 1.20 keep none\nanswer with method_unsupported\n"},
      {"connect for a protocol",
       headers(1, connect({}), false) + frame(h2::kData, h2::kEndStream, 1, "x"),
       "#1 head GET /c authority=a 1.20 keep none\nend\nbody [x]\n"},
      {"connect for a protocol without a stream", headers(1, connect({})),
       malformed("protocol_without_stream")},
      {"connect for a protocol with a length",
       headers(1, connect({{"content-length", "1"}}), false), malformed("content_length_mismatch")},
      {"a protocol that is no token", headers(1, connect({}, "a b"), false),
       malformed("pseudo_field_malformed")},
      {"a protocol without connect", headers(1, h2::get("/", {{":protocol", "websocket"}})),
       malformed("pseudo_field_malformed")},
  };
}

std::string run_cut(const std::string& bytes, std::size_t cut) {
  Http2ServerDriver driver;
  driver.feed(std::string_view(bytes).substr(0, cut));
  driver.feed(std::string_view(bytes).substr(cut));
  return driver.text();
}

void check(const std::vector<Vector>& vectors) {
  for (const Vector& each : vectors) {
    SCOPED_TRACE(each.name);
    const std::string bytes = h2::kPreface + h2::settings() + each.bytes;
    const std::string whole = run_cut(bytes, bytes.size());
    if (!each.expected.empty()) {
      EXPECT_EQ(whole, each.expected);
    }
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      ASSERT_EQ(run_cut(bytes, cut), whole) << "cut at " << cut;
    Http2ServerDriver driver;
    for (const char byte : bytes) driver.feed({&byte, 1});
    ASSERT_EQ(driver.text(), whole) << "byte by byte";
  }
}

TEST(Http2Split, RequestsAreTheSameHoweverTheyAreCut) {
  check(messages());
}

TEST(Http2Split, BrokenRulesAreTheSameHoweverTheyAreCut) {
  check(refused());
  check(refused_fields());
  check(refused_expectations());
  check(connects());
}

}  // namespace
}  // namespace teal::net::testing
