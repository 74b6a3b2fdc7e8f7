// Responses with what a strict reader must make of them.
#pragma once

#include <vector>

#include "tests/support/http1_vectors.h"

namespace teal::net::testing {

inline std::vector<ResponseVector> accepted_responses() {
  using enum Refusal;
  const std::string early =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  return {
      {"a small answer", ok_with("Content-Length: 2\r\n", "ab")},
      {"a reason with obs-text and tabs", "HTTP/1.1 404 n\xe9\tant\r\nContent-Length: 0\r\n\r\n"},
      {"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"},
      {"no reason and no space", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"},
      {"a status nobody registered", "HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n"},
      {"HTTP/1.0 until close", "HTTP/1.0 200 OK\r\n\r\nabc"},
      {"HTTP/1.1 until close", ok_with("", "abc\r\n0\r\n")},
      {"an empty body until close", ok_with("")},
      {"HTTP/1.0 kept alive",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na"},
      {"chunks with extensions and trailers",
       ok_with("Transfer-Encoding: chunked\r\n", "5;x=y\r\nhello\r\n0\r\nGrpc-Status: 0\r\n\r\n")},
      {"204", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"204 with a length of zero", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"},
      {"304 with the length of what was not sent",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n"},
      {"HEAD with a length", ok_with("Content-Length: 5000\r\n"), none, Method::head},
      {"HEAD with chunked", ok_with("Transfer-Encoding: chunked\r\n"), none, Method::head},
      {"HEAD without framing", ok_with(""), none, Method::head},
      {"interim responses first", early + ok_with("Content-Length: 2\r\n", "ab")},
      {"an interim response with a length of zero",
       "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n" + ok_with("Content-Length: 0\r\n")},
  };
}

inline std::vector<ResponseVector> refused_responses() {
  using enum Refusal;
  const auto line = [](std::string text) { return text + "\r\nContent-Length: 0\r\n\r\n"; };
  const auto coded = [](std::string_view value) {
    return ok_with("Transfer-Encoding: " + std::string(value) + "\r\n", "0\r\n\r\n");
  };
  return {
      {"an empty line first", "\r\n" + ok_with(""), start_line_malformed},
      {"HTTP/0.9", "<html>\r\n", start_line_malformed},
      {"another protocol", line("ICY 200 OK"), start_line_malformed},
      {"version in lower case", line("http/1.1 200 OK"), start_line_malformed},
      {"only a version", line("HTTP/1.1"), start_line_malformed},
      {"a tab behind the version", line("HTTP/1.1\t200 OK"), start_line_malformed},
      {"HTTP/2", line("HTTP/2.0 200 OK"), version_unsupported},
      {"HTTP/1.2", line("HTTP/1.2 200 OK"), version_unsupported},
      {"no status", line("HTTP/1.1 "), status_malformed},
      {"two spaces before the status", line("HTTP/1.1  200 OK"), status_malformed},
      {"a status of two digits", line("HTTP/1.1 20 OK"), status_malformed},
      {"a status of four digits", line("HTTP/1.1 2000 OK"), status_malformed},
      {"a status with a letter", line("HTTP/1.1 2x0 OK"), status_malformed},
      {"a status below 100", line("HTTP/1.1 099 OK"), status_malformed},
      {"a status over 599", line("HTTP/1.1 600 OK"), status_malformed},
      {"a negative status", line("HTTP/1.1 -20 OK"), status_malformed},
      {"a tab behind the status", line("HTTP/1.1 200\tOK"), status_malformed},
      {"a bare LF behind the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", bare_lf},
      {"a bare CR in the reason", line("HTTP/1.1 200 O\rK"), bare_cr},
      {"a NUL in the reason", raw("HTTP/1.1 200 O\0K\r\n\r\n"), control_character},
      {"a NUL in a value", ok_with(raw("X: a\0b\r\n")), control_character},
      {"a bare LF in a field", ok_with("X: a\nY: b\r\n"), bare_lf},
      {"a folded field", ok_with("X: a\r\n b\r\n"), folded_line},
      {"a space before the first field", ok_with(" X: a\r\n"), leading_space},
      {"a space before the colon", ok_with("Content-Length : 0\r\n"), space_before_colon},
      {"a name that is no token", ok_with("X(: a\r\n"), field_name_malformed},
      {"a length with a sign", ok_with("Content-Length: +2\r\n", "ab"), content_length_malformed},
      {"an empty length", ok_with("Content-Length:\r\n"), content_length_malformed},
      {"two equal lengths", ok_with("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"),
       content_length_repeated},
      {"a list of lengths", ok_with("Content-Length: 2, 2\r\n", "ab"), content_length_repeated},
      {"length and transfer coding",
       ok_with("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       length_and_transfer_encoding},
      {"length and transfer coding for HEAD",
       ok_with("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), length_and_transfer_encoding,
       Method::head},
      {"transfer coding in HTTP/1.0",
       "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       transfer_encoding_in_http10},
      {"another coding alone", coded("gzip"), transfer_encoding_not_chunked},
      {"chunked not last", coded("chunked, identity"), transfer_encoding_not_chunked},
      {"chunked twice", coded("chunked, chunked"), transfer_encoding_not_chunked},
      {"another coding below chunked", coded("gzip, chunked"), transfer_encoding_unknown},
      {"a chunk size with junk", ok_with("Transfer-Encoding: chunked\r\n", "5x\r\nhello\r\n"),
       chunk_size_malformed},
      {"chunk data too long", ok_with("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"),
       chunk_data_malformed},
      {"framing among the trailers",
       ok_with("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 1\r\n\r\n"),
       trailer_forbidden},
      {"a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
       upgrade_unrequested},
      {"an interim response with a length",
       "HTTP/1.1 103 Early Hints\r\nContent-Length: 20\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
       interim_with_body},
      {"an interim response in chunks",
       "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", interim_with_body},
  };
}

}  // namespace teal::net::testing
