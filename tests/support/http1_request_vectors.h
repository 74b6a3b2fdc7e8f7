// Requests with what a strict reader must make of them: one row per rule of RFC 9110 and 9112.
#pragma once

#include <vector>

#include "tests/support/http1_vectors.h"

namespace teal::net::testing {

inline std::vector<RequestVector> accepted_requests() {
  return {
      {"a small GET", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"what wrk sends",
       "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: wrk\r\n"
       "Accept: */*\r\nConnection: keep-alive\r\n\r\n"},
      {"one empty line before the request line", "\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n"},
      {"HTTP/1.0 kept alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"},
      {"a method of its own", "M-SEARCH!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"absolute form that agrees with Host",
       "GET http://a.example:80/x?y HTTP/1.1\r\nHost: A.Example:80\r\n\r\n"},
      {"absolute form without a path", "GET HTTPS://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"absolute form in HTTP/1.0 without Host", "GET http://a.example/ HTTP/1.0\r\n\r\n"},
      {"characters that browsers leave unescaped in a query",
       "GET /?q=\"<>\\^`{|}'[]@! HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"an IPv6 host with a port", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"},
      {"an IPv4-mapped IPv6 host", "GET / HTTP/1.1\r\nHost: [::ffff:10.0.0.1]\r\n\r\n"},
      {"a host with underscore, sub-delims and percent-encoding",
       "GET / HTTP/1.1\r\nHost: a_b.x!$&'()*+,;=~%41.example:\r\n\r\n"},
      {"tabs and obs-text in a value", get_with("X: a\tb \x80\xff c\r\n")},
      {"white space around a value", get_with("X: \t a b \t \r\n")},
      {"no white space around a value, and an empty one", get_with("X:a\r\nY:\r\nZ: \r\n")},
      {"the same field twice", get_with("X: a\r\nx: b\r\n")},
      {"an expectation", post_with("Expect: 100-continue\r\nContent-Length: 2\r\n", "ab")},
      {"an upgrade is passed over", get_with("Upgrade: h2c\r\nConnection: upgrade\r\n")},
      {"an empty body of known length", post_with("Content-Length: 0\r\n")},
      {"a body of known length", post_with("Content-Length: 10\r\n", "0123456789")},
      {"a length with leading zeros", post_with("Content-Length: 0002\r\n", "ab")},
      {"a body full of line ends and control bytes",
       post_with("Content-Length: 8\r\n", raw("\r\n\r\n\0\n\rx"))},
      {"an empty chunked body", chunked("0\r\n\r\n")},
      {"two chunks", chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")},
      {"sizes in upper case with leading zeros", chunked("000A\r\n0123456789\r\n00\r\n\r\n")},
      {"coding in upper case", post_with("transfer-encoding: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n")},
      {"chunk extensions, which are dropped",
       chunked("1;a\r\nx\r\n2;a=b;c=\"d;e\" ; f\tg\r\nyz\r\n0;last\r\n\r\n")},
      {"trailers", chunked("1\r\na\r\n0\r\nServer-Timing: x\r\nX-Checksum:  1 \r\n\r\n")},
      {"three pipelined requests", get_with("") + chunked("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n") +
                                       post_with("Content-Length: 3\r\n", "def") + "\r\n" +
                                       get_with("Connection: close\r\n")},
  };
}

inline std::vector<RequestVector> refused_start_lines() {
  using enum Refusal;
  const auto line = [](std::string text) { return text + "\r\nHost: a.example\r\n\r\n"; };
  return {
      {"two empty lines", "\r\n\r\n" + get_with(""), start_line_malformed},
      {"HTTP/0.9", line("GET /"), start_line_malformed},
      {"a word", line("GET"), start_line_malformed},
      {"no target", line("GET HTTP/1.1"), start_line_malformed},
      {"an empty target", line("GET  HTTP/1.1"), target_malformed},
      {"version in lower case", line("GET / http/1.1"), start_line_malformed},
      {"version of another protocol", line("GET / HTTQ/1.1"), start_line_malformed},
      {"minor version of two digits", line("GET / HTTP/1.10"), start_line_malformed},
      {"version with a comma", line("GET / HTTP/1,1"), start_line_malformed},
      {"version without minor", line("GET / HTTP/1"), start_line_malformed},
      {"version with a sign", line("GET / HTTP/+1.1"), start_line_malformed},
      {"space behind the version", line("GET / HTTP/1.1 "), start_line_malformed},
      {"a tab before the version", line("GET /\tHTTP/1.1"), start_line_malformed},
      {"HTTP/1.2", line("GET / HTTP/1.2"), version_unsupported},
      {"HTTP/0.9 by name", line("GET / HTTP/0.9"), version_unsupported},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version_unsupported},
      {"HTTP/3", line("GET / HTTP/3.1"), version_unsupported},
      {"space before the method", line(" GET / HTTP/1.1"), method_malformed},
      {"a method that is no token", line("G@T / HTTP/1.1"), method_malformed},
      {"a method with a tab", line("GET\t / HTTP/1.1"), method_malformed},
      {"a method with a high byte", line("G\xc9T / HTTP/1.1"), method_malformed},
      {"two spaces", line("GET  / HTTP/1.1"), target_malformed},
      {"two spaces before the version", line("GET /  HTTP/1.1"), target_malformed},
      {"a space in the target", line("GET /a b HTTP/1.1"), target_malformed},
      {"a tab in the target", line("GET /a\tb HTTP/1.1"), target_malformed},
      {"a fragment", line("GET /a#b HTTP/1.1"), target_malformed},
      {"a high byte in the target", line("GET /\xe9 HTTP/1.1"), target_malformed},
      {"DEL in the target", line("GET /\x7f HTTP/1.1"), control_character},
      {"an asterisk for a GET", line("GET * HTTP/1.1"), target_malformed},
      {"two asterisks", line("OPTIONS ** HTTP/1.1"), target_malformed},
      {"a relative path", line("GET a/b HTTP/1.1"), target_malformed},
      {"only a query", line("GET ?a HTTP/1.1"), target_malformed},
      {"authority form", line("GET a.example:80 HTTP/1.1"), target_malformed},
      {"another scheme", line("GET ftp://a.example/ HTTP/1.1"), target_malformed},
      {"a scheme without authority", line("GET http:/a HTTP/1.1"), target_malformed},
      {"absolute form with a query but no path", line("GET http://a.example?b HTTP/1.1"),
       target_malformed},
      {"absolute form of the whole server", line("OPTIONS http://a.example HTTP/1.1"),
       target_malformed},
      {"absolute form without a host", line("GET http:///a HTTP/1.1"), host_malformed},
      {"absolute form with user information", line("GET http://u:p@a.example/ HTTP/1.1"),
       host_malformed},
      {"absolute form with a backslash in the host", line("GET http://a.example\\@b/ HTTP/1.1"),
       host_malformed},
      {"absolute form that differs from Host", line("GET http://b.example/ HTTP/1.1"),
       host_malformed},
      {"absolute form with a port that Host lacks", line("GET http://a.example:80/ HTTP/1.1"),
       host_malformed},
      {"CONNECT", line("CONNECT a.example:443 HTTP/1.1"), method_unsupported},
      {"TRACE", line("TRACE / HTTP/1.1"), method_unsupported},
      {"CONNECT with a path", line("CONNECT / HTTP/1.1"), method_unsupported},
  };
}

inline std::vector<RequestVector> refused_fields() {
  using enum Refusal;
  const std::string start = "GET / HTTP/1.1\r\n";
  return {
      {"a bare LF behind the request line", "GET / HTTP/1.1\nHost: a.example\r\n\r\n", bare_lf},
      {"a bare LF before the request line", "\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n", bare_lf},
      {"a bare LF behind a field", get_with("X: a\nY: b\r\n"), bare_lf},
      {"a bare LF as the empty line", start + "Host: a.example\r\n\n", bare_lf},
      {"a bare CR in the target", "GET /\r HTTP/1.1\r\nHost: a.example\r\n\r\n", bare_cr},
      {"a bare CR in a value", get_with("X: a\rb\r\n"), bare_cr},
      {"a bare CR in a name", get_with("X\rY: b\r\n"), bare_cr},
      {"two CRs before a LF", get_with("X: a\r\r\n"), bare_cr},
      {"a NUL in a value", get_with(raw("X: a\0b\r\n")), control_character},
      {"a NUL in a name", get_with(raw("X\0: b\r\n")), control_character},
      {"an escape in a value", get_with("X: \x1b[0m\r\n"), control_character},
      {"DEL in a value", get_with("X: \x7f\r\n"), control_character},
      {"vertical tab in a value", get_with("X: \x0b\r\n"), control_character},
      {"the beginning of a TLS connection", raw("\x16\x03\x01\x02\0\x01\0\x01\xfc"),
       control_character},
      {"a line without colon", get_with("X\r\n"), field_name_malformed},
      {"an empty name", get_with(": a\r\n"), field_name_malformed},
      {"a space in a name", get_with("X Y: a\r\n"), field_name_malformed},
      {"a high byte in a name", get_with("X\xc3\xa9: a\r\n"), field_name_malformed},
      {"a slash in a name", get_with("a/b: c\r\n"), field_name_malformed},
      {"quotes around a name", get_with("\"X\": c\r\n"), field_name_malformed},
      {"a space before the colon", get_with("X : a\r\n"), space_before_colon},
      {"a tab before the colon", get_with("X\t: a\r\n"), space_before_colon},
      {"a space before the first field", start + " Host: a.example\r\n\r\n", leading_space},
      {"a tab before the first field", start + "\tHost: a.example\r\n\r\n", leading_space},
      {"only a space before the empty line", start + " \r\n\r\n", leading_space},
      {"a folded value", get_with("X: a\r\n b\r\n"), folded_line},
      {"a value folded by a tab", get_with("X: a\r\n\tb\r\n"), folded_line},
      {"a fold of nothing", get_with("X: a\r\n \r\n"), folded_line},
      {"no Host", start + "X: a\r\n\r\n", host_missing},
      {"no Host although the target names one", "GET http://a.example/ HTTP/1.1\r\n\r\n",
       host_missing},
      {"two Hosts", get_with("Host: b.example\r\n"), host_repeated},
      {"the same Host twice", get_with("host: a.example\r\n"), host_repeated},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", host_repeated},
      {"an empty Host", start + "Host:\r\n\r\n", host_malformed},
      {"only a port", start + "Host: :80\r\n\r\n", host_malformed},
      {"a list of hosts", start + "Host: a.example, b.example\r\n\r\n", host_malformed},
      {"user information in Host", start + "Host: u@a.example\r\n\r\n", host_malformed},
      {"a URI in Host", start + "Host: http://a.example\r\n\r\n", host_malformed},
      {"a path in Host", start + "Host: a.example/b\r\n\r\n", host_malformed},
      {"a query in Host", start + "Host: a.example?b\r\n\r\n", host_malformed},
      {"a fragment in Host", start + "Host: a.example#b\r\n\r\n", host_malformed},
      {"a high byte in Host", start + "Host: \xe9.example\r\n\r\n", host_malformed},
      {"a port with letters", start + "Host: a.example:80a\r\n\r\n", host_malformed},
      {"a port with a sign", start + "Host: a.example:+80\r\n\r\n", host_malformed},
      {"a port out of range", start + "Host: a.example:65536\r\n\r\n", host_malformed},
      {"two ports", start + "Host: a.example:80:80\r\n\r\n", host_malformed},
      {"an IPv6 address without brackets", start + "Host: ::1\r\n\r\n", host_malformed},
      {"an open bracket", start + "Host: [::1\r\n\r\n", host_malformed},
      {"letters behind the bracket", start + "Host: [::1]a\r\n\r\n", host_malformed},
      {"no IPv6 address in brackets", start + "Host: [a.example]\r\n\r\n", host_malformed},
      {"an IPv6 address with too many groups", start + "Host: [1:2:3:4:5:6:7:8:9]\r\n\r\n",
       host_malformed},
      {"a zone identifier", start + "Host: [fe80::1%25eth0]\r\n\r\n", host_malformed},
      {"cut percent-encoding", start + "Host: a%4\r\n\r\n", host_malformed},
      {"wrong percent-encoding", start + "Host: a%zz\r\n\r\n", host_malformed},
  };
}

inline std::vector<RequestVector> refused_expectations() {
  std::vector<RequestVector> vectors;
  const auto refuse = [&](std::string what, const std::string& lines) {
    vectors.push_back({std::move(what), get_with(lines), Refusal::expectation_unknown});
  };
  refuse("another expectation", "Expect: 200-ok\r\n");
  refuse("an expectation that goes on", "Expect: 100-continued\r\n");
  refuse("an expectation behind a word", "Expect: y 100-continue\r\n");
  refuse("an expectation with a parameter", "Expect: 100-continue;a\r\n");
  refuse("a list of expectations", "Expect: 100-continue, 100-continue\r\n");
  refuse("an empty expectation", "Expect:\r\n");
  refuse("an expectation twice", "Expect: 100-continue\r\nX: y\r\nexpect: 100-continue\r\n");
  refuse("another expectation before the one", "Expect: x\r\nExpect: 100-continue\r\n");
  vectors.push_back({"another expectation of HTTP/1.0", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n",
                     Refusal::expectation_unknown});
  return vectors;
}

inline std::vector<RequestVector> refused_lengths() {
  using enum Refusal;
  const auto length = [](std::string_view value) {
    return post_with("Content-Length: " + std::string(value) + "\r\n", "hello");
  };
  return {
      {"an empty length", length(""), content_length_malformed},
      {"a positive sign", length("+5"), content_length_malformed},
      {"a negative length", length("-5"), content_length_malformed},
      {"an underscore", length("1_0"), content_length_malformed},
      {"a hexadecimal length", length("0x5"), content_length_malformed},
      {"a fraction", length("5.0"), content_length_malformed},
      {"an exponent", length("5e0"), content_length_malformed},
      {"two numbers", length("5 5"), content_length_malformed},
      {"a quoted length", length("\"5\""), content_length_malformed},
      {"digits of another script", length("\xd9\xa5"), content_length_malformed},
      {"one over 63 bits", length("9223372036854775808"), content_length_malformed},
      {"64 bits", length("18446744073709551616"), content_length_malformed},
      {"a length that wraps round to 5", length("18446744073709551621"), content_length_malformed},
      {"a list of equal lengths", length("5, 5"), content_length_repeated},
      {"a list of different lengths", length("5,6"), content_length_repeated},
      {"a list with an empty element", length("5,"), content_length_repeated},
      {"two equal lengths", post_with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
       content_length_repeated},
      {"two different lengths", post_with("Content-Length: 5\r\ncontent-length: 6\r\n", "hello"),
       content_length_repeated},
  };
}

inline std::vector<RequestVector> refused_transfer_encodings() {
  using enum Refusal;
  const auto coded = [](std::string_view value) {
    return post_with("Transfer-Encoding: " + std::string(value) + "\r\n", "0\r\n\r\n");
  };
  return {
      {"length before transfer coding",
       post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       length_and_transfer_encoding},
      {"transfer coding before length",
       post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
       length_and_transfer_encoding},
      {"length and an unknown coding",
       post_with("Content-Length: 5\r\nTransfer-Encoding: x\r\n", "hello"),
       length_and_transfer_encoding},
      {"transfer coding in HTTP/1.0",
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       transfer_encoding_in_http10},
      {"an empty coding", coded(""), transfer_encoding_not_chunked},
      {"an empty element before chunked", coded(",chunked"), transfer_encoding_not_chunked},
      {"an empty element behind chunked", coded("chunked,"), transfer_encoding_not_chunked},
      {"another coding alone", coded("gzip"), transfer_encoding_not_chunked},
      {"identity", coded("identity"), transfer_encoding_not_chunked},
      {"chunked not last", coded("chunked, gzip"), transfer_encoding_not_chunked},
      {"chunked twice", coded("chunked, chunked"), transfer_encoding_not_chunked},
      {"chunked twice in two lines",
       post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       transfer_encoding_not_chunked},
      {"chunked with a parameter", coded("chunked;q=1"), transfer_encoding_not_chunked},
      {"chunked in quotes", coded("\"chunked\""), transfer_encoding_not_chunked},
      {"another coding below chunked", coded("gzip, chunked"), transfer_encoding_unknown},
      {"another coding in a line of its own",
       post_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       transfer_encoding_unknown},
  };
}

inline std::vector<RequestVector> refused_chunks() {
  using enum Refusal;
  return {
      {"no size", chunked("\r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"only an extension", chunked(";a\r\n\r\n"), chunk_size_malformed},
      {"a size that is no number", chunked("g\r\n"), chunk_size_malformed},
      {"a size with a prefix", chunked("0x5\r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"a size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"a negative size", chunked("-1\r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"a size with an underscore", chunked("1_0\r\nhello\r\n"), chunk_size_malformed},
      {"a space before the size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"a space behind the size", chunked("5 \r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"a space before an extension", chunked("5 ;a\r\nhello\r\n0\r\n\r\n"), chunk_size_malformed},
      {"a size of 17 digits", chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"),
       chunk_size_malformed},
      {"a size of 64 bits", chunked("ffffffffffffffff\r\n"), chunk_size_malformed},
      {"a size one over 63 bits", chunked("8000000000000000\r\n"), chunk_size_malformed},
      {"a bare LF behind the size", chunked("5\nhello\r\n0\r\n\r\n"), bare_lf},
      {"a bare CR behind the size", chunked("5\rhello\r\n0\r\n\r\n"), bare_cr},
      {"a bare LF in an extension", chunked("5;a\nhello\r\n0\r\n\r\n"), bare_lf},
      {"a bare CR in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), bare_cr},
      {"a NUL in an extension", chunked(raw("5;a\0\r\nhello\r\n0\r\n\r\n")), control_character},
      {"a NUL behind the size", chunked(raw("5\0\r\nhello\r\n0\r\n\r\n")), control_character},
      {"no line end behind the data", chunked("5\r\nhello0\r\n\r\n"), chunk_data_malformed},
      {"two bytes too many", chunked("5\r\nhelloXX0\r\n\r\n"), chunk_data_malformed},
      {"a bare LF behind the data", chunked("5\r\nhello\n0\r\n\r\n"), chunk_data_malformed},
      {"a bare CR behind the data", chunked("5\r\nhello\r0\r\n\r\n"), chunk_data_malformed},
      {"a bare LF as the end of the body", chunked("0\r\n\n"), bare_lf},
      {"a bare LF behind a trailer", chunked("0\r\nX: a\n\r\n"), bare_lf},
      {"a folded trailer", chunked("0\r\nX: a\r\n b\r\n\r\n"), folded_line},
      {"a space before the first trailer", chunked("0\r\n X: a\r\n\r\n"), leading_space},
      {"a trailer without colon", chunked("0\r\nX\r\n\r\n"), field_name_malformed},
      {"a space before a trailer's colon", chunked("0\r\nX : a\r\n\r\n"), space_before_colon},
      {"another request where the trailers are", chunked("0\r\n") + get_with(""),
       field_name_malformed},
  };
}

inline std::vector<RequestVector> refused_trailers() {
  std::vector<RequestVector> vectors;
  for (const std::string_view name : {"Transfer-Encoding",
                                      "content-length",
                                      "Host",
                                      "Connection",
                                      "Keep-Alive",
                                      "TE",
                                      "Trailer",
                                      "Upgrade",
                                      "Expect",
                                      "Authorization",
                                      "Proxy-Authorization",
                                      "WWW-Authenticate",
                                      "Cookie",
                                      "Set-Cookie",
                                      "Content-Encoding",
                                      "Content-Type",
                                      "Content-Range",
                                      "Cache-Control",
                                      "Range",
                                      "If-None-Match",
                                      "Date",
                                      "Location",
                                      "Forwarded",
                                      "X-Forwarded-For",
                                      "Via"})
    vectors.push_back({name, chunked("0\r\nX: a\r\n" + std::string(name) + ": 1\r\n\r\n"),
                       Refusal::trailer_forbidden});
  return vectors;
}

inline std::vector<RequestVector> refused_requests() {
  std::vector<RequestVector> all;
  for (const auto& part :
       {refused_start_lines(), refused_fields(), refused_expectations(), refused_lengths(),
        refused_transfer_encodings(), refused_chunks(), refused_trailers()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace teal::net::testing
