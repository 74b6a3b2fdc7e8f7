// The strict edge: every class of request that two readers could understand differently is refused
// with the right status, closes the connection, is counted by its rule, and reaches no target
// (reference: RFC 9112 with every "may repair" read as "refuse").
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

struct Case {
  std::string rule;
  int status;
  std::string bytes;
};

std::string head(const std::string& lines) {
  return "POST / HTTP/1.1\r\nhost: shop.example.com\r\n" + lines + "\r\n";
}

std::string chunked(const std::string& body) {
  return head("transfer-encoding: chunked\r\n") + body;
}

std::string many_fields(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += "x-" + std::to_string(i) + ": y\r\n";
  return lines;
}

std::vector<Case> start_line_cases() {
  const std::string host = "host: shop.example.com\r\n\r\n";
  return {
      {"start_line_malformed", 400, "GET /\r\n\r\n"},
      {"start_line_malformed", 400, "GET / HTTP/1.1 \r\n" + host},
      {"start_line_malformed", 400, "GET / http/1.1\r\n" + host},
      {"method_malformed", 400, "G@T / HTTP/1.1\r\n" + host},
      {"target_malformed", 400, "GET  / HTTP/1.1\r\n" + host},
      {"target_malformed", 400, "GET index HTTP/1.1\r\n" + host},
      {"target_malformed", 400, "GET /a#b HTTP/1.1\r\n" + host},
      {"target_malformed", 400, "GET * HTTP/1.1\r\n" + host},
      {"version_unsupported", 505, "GET / HTTP/1.2\r\n" + host},
      {"version_unsupported", 505, "GET / HTTP/2.0\r\n" + host},
      {"request_line_too_long", 414, "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host},
      {"method_unsupported", 501, "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n"},
      {"method_unsupported", 501, "TRACE / HTTP/1.1\r\n" + host},
  };
}

std::vector<Case> field_cases() {
  const std::string get = "GET / HTTP/1.1\r\n";
  return {
      {"head_too_large", 431, head("x-big: " + std::string(40'000, 'b') + "\r\n")},
      {"too_many_fields", 431, head(many_fields(101))},
      {"bare_cr", 400, head("x-a: b\rc\r\n")},
      {"bare_lf", 400, "GET / HTTP/1.1\nhost: shop.example.com\r\n\r\n"},
      {"bare_lf", 400, head("x-a: b\nx-b: c\r\n")},
      {"control_character", 400, head(std::string("x-a: b\0c\r\n", 10))},
      {"field_name_malformed", 400, head("x(a): b\r\n")},
      {"field_name_malformed", 400, head(": b\r\n")},
      {"space_before_colon", 400, head("x-a : b\r\n")},
      {"leading_space", 400, get + " host: shop.example.com\r\n\r\n"},
      {"folded_line", 400, head("x-a: b\r\n c\r\n")},
      {"host_missing", 400, get + "\r\n"},
      {"host_repeated", 400, head("host: other.example.com\r\n")},
      {"host_repeated", 400, head("host: shop.example.com\r\n")},
      {"host_malformed", 400, get + "host: a b\r\n\r\n"},
      {"host_malformed", 400, get + "host: \r\n\r\n"},
      {"host_malformed", 400, get + "host: a:99999\r\n\r\n"},
      {"host_malformed", 400, "GET http://one/ HTTP/1.1\r\nhost: two\r\n\r\n"},
  };
}

std::vector<Case> framing_cases() {
  std::vector<Case> cases{
      {"content_length_repeated", 400, head("content-length: 1\r\ncontent-length: 2\r\n")},
      {"content_length_repeated", 400, head("content-length: 1\r\ncontent-length: 1\r\n")},
      {"content_length_repeated", 400, head("content-length: 1, 1\r\n")},
      {"length_and_transfer_encoding", 400,
       head("content-length: 4\r\ntransfer-encoding: chunked\r\n") + "0\r\n\r\n"},
      {"transfer_encoding_unknown", 501, head("transfer-encoding: gzip, chunked\r\n")},
      {"transfer_encoding_in_http10", 400,
       "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"},
  };
  for (const char* bad : {"+5", "-1", "0x5", "5 5", "", "99999999999999999999", "5;"})
    cases.push_back(
        {"content_length_malformed", 400, head("content-length: " + std::string(bad) + "\r\n")});
  for (const char* bad : {"gzip", "chunked, chunked", ",chunked", "", "chunked, identity"})
    cases.push_back({"transfer_encoding_not_chunked", 400,
                     head("transfer-encoding: " + std::string(bad) + "\r\n")});
  return cases;
}

std::vector<Case> chunk_cases() {
  const std::string big_trailer = "x-big: " + std::string(20'000, 't') + "\r\n";
  return {
      {"chunk_size_malformed", 400, chunked("xyz\r\n")},
      {"chunk_size_malformed", 400, chunked("5 \r\nhello\r\n0\r\n\r\n")},
      {"chunk_size_malformed", 400, chunked("-5\r\nhello\r\n0\r\n\r\n")},
      {"chunk_size_malformed", 400, chunked("0x5\r\nhello\r\n0\r\n\r\n")},
      {"chunk_size_malformed", 400, chunked("fffffffffffffffff\r\n")},
      {"chunk_line_too_long", 400,
       chunked("5;" + std::string(5000, 'e') + "\r\nhello\r\n0\r\n\r\n")},
      {"chunk_data_malformed", 400, chunked("5\r\nhelloworld\r\n0\r\n\r\n")},
      {"bare_lf", 400, chunked("5\nhello\r\n0\r\n\r\n")},
      {"chunk_data_malformed", 400, chunked("5\r\nhello\n0\r\n\r\n")},
      {"trailers_too_large", 431, chunked("0\r\n" + big_trailer + "\r\n")},
      {"trailer_forbidden", 400, chunked("0\r\ncontent-length: 5\r\n\r\n")},
      {"trailer_forbidden", 400, chunked("0\r\nhost: evil\r\n\r\n")},
      {"folded_line", 400, chunked("0\r\nx-a: b\r\n c\r\n\r\n")},
  };
}

class FramingTest : public ::testing::Test {
 protected:
  /// Each alone on its connection, and each behind a good request in one packet.
  void refuse_all(const std::vector<Case>& cases) {
    Teal teal(shop({target_.address()}));
    std::map<std::string, double> expected;
    for (const Case& each : cases) {
      SCOPED_TRACE(each.rule + ": " + each.bytes.substr(0, 120));
      HttpClient alone(teal.listener());
      const Response refused = alone.exchange(each.bytes);
      EXPECT_EQ(refused.status, each.status) << describe(refused);
      EXPECT_EQ(refused.headers.get("connection"), "close");
      EXPECT_EQ(alone.await_end(), Arrival::closed);
      EXPECT_EQ(target_.requests(), good_);

      HttpClient pipelined(teal.listener());
      pipelined.send(request("GET", "/first") + each.bytes);
      const Response first = pipelined.read();
      EXPECT_EQ(first.body, "blue-1 /first\n") << describe(first);
      const Response second = pipelined.read();
      EXPECT_EQ(second.status, each.status) << describe(second);
      EXPECT_EQ(pipelined.await_end(), Arrival::closed);
      EXPECT_EQ(target_.requests(), ++good_);
      expected[each.rule] += 2;
    }
    for (const auto& [rule, count] : expected)
      EXPECT_EQ(teal.admin().metric("teal_requests_refused_total", "\"" + rule + "\""), count)
          << rule;
  }

  Target target_;
  std::size_t good_ = 0;
};

TEST_F(FramingTest, RefusesBrokenStartLines) {
  refuse_all(start_line_cases());
}

TEST_F(FramingTest, RefusesBrokenFieldsAndHosts) {
  refuse_all(field_cases());
}

TEST_F(FramingTest, RefusesAmbiguousFraming) {
  refuse_all(framing_cases());
}

TEST_F(FramingTest, RefusesBrokenChunksAndTrailers) {
  refuse_all(chunk_cases());
}

TEST_F(FramingTest, TakesWhatIsUnusualButClear) {
  Teal teal(shop({target_.address()}));
  const std::vector<std::string> fine{
      "\r\n" + request("GET", "/"),
      "GET / HTTP/1.1\r\nHOST:shop.example.com\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nhost: shop.example.com\r\n\r\n",
      "GET /%7Euser;v=1/?q=a|b HTTP/1.1\r\nhost: shop.example.com:8080\r\n\r\n",
      request("GET", "/", "x-utf8: \xc3\xa4\r\nx-tab:\tvalue\t\r\n"),
      request("GET", "/", many_fields(99)),
      chunked("0005;a=b;c\r\nhello\r\n0\r\n\r\n"),
      chunked("A\r\n0123456789\r\n0\r\n\r\n"),
  };
  for (const std::string& bytes : fine) {
    HttpClient client(teal.listener());
    const Response response = client.exchange(bytes);
    EXPECT_EQ(response.status, 200) << bytes.substr(0, 80) << "\n" << describe(response);
  }
  EXPECT_EQ(target_.requests(), fine.size());
}

}  // namespace
}  // namespace teal::e2e
