// Payloads by which requests have been smuggled through proxies: the shapes of http-garden's
// corpus, of J. Kettle's "HTTP Desync Attacks" (2019, 2025) and of the CVEs that reference these.
// Each hides a second request; a strict reader refuses all of them, so the rule is of no interest
// here, only that nothing of /smuggled ever comes out as a request of its own.
#pragma once

#include <vector>

#include "tests/support/http1_vectors.h"

namespace teal::net::testing {

/// What an attacker wants to be read as a request.
inline const std::string kHidden = "GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";

inline std::vector<RequestVector> smuggling_by_framing_fields() {
  const std::string end = "0\r\n\r\n" + kHidden;
  const auto post = [&end](std::string_view lines) { return post_with(lines, end); };
  return {
      {"CL.TE", post("Content-Length: 50\r\nTransfer-Encoding: chunked\r\n")},
      {"TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")},
      {"TE.CL with a length of zero", post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")},
      {"0.CL: a length nobody believes", post("Content-Length: 0, 50\r\n")},
      {"0.CL: a length hidden behind a fold", post("Content-Length:\r\n 50\r\n")},
      {"0.CL: a length behind a space", post("Content-Length : 50\r\n")},
      {"0.CL: a length behind the first space",
       "GET / HTTP/1.1\r\n Content-Length: 50\r\n"
       "Host: a.example\r\n\r\n" +
           kHidden},
      {"CL.CL", post("Content-Length: 5\r\nContent-Length: 50\r\n")},
      {"CL with a plus", post("Content-Length: +5\r\n")},
      {"CL with a NUL", post(raw("Content-Length: 5\0\r\n"))},
      {"CL with a vertical tab", post("Content-Length: \x0b"
                                      "5\r\n")},
      {"CL in hexadecimal", post("Content-Length: 0x5\r\n")},
      {"CL with junk behind it", post("Content-Length: 5abc\r\n")},
      {"TE.TE with a twin", post("Transfer-Encoding: chunked\r\nTransfer-encoding: cow\r\n")},
      {"TE.TE, the twin first", post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n")},
      {"TE twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"TE: xchunked", post("Transfer-Encoding: xchunked\r\n")},
      {"TE: chunked, identity", post("Transfer-Encoding: chunked, identity\r\n")},
      {"TE: identity, chunked", post("Transfer-Encoding: identity, chunked\r\n")},
      {"TE: \"chunked\"", post("Transfer-Encoding: \"chunked\"\r\n")},
      {"TE with a vertical tab", post("Transfer-Encoding: \x0b"
                                      "chunked\r\n")},
      {"TE with a form feed", post("Transfer-Encoding: chunked\x0c\r\n")},
      {"TE with a NUL", post(raw("Transfer-Encoding: chunked\0\r\n"))},
      {"TE with a no-break space", post("Transfer-Encoding: \xa0"
                                        "chunked\r\n")},
      {"TE with NEL", post("Transfer-Encoding: chunked\x85\r\n")},
      {"TE with a bare CR before it", post("Transfer-Encoding: \rchunked\r\n")},
      {"TE with a bare CR behind it", post("Transfer-Encoding: chunked\r\r\n")},
      {"TE folded", post("Transfer-Encoding:\r\n chunked\r\n")},
      {"TE folded with a length", post("Content-Length: 5\r\nTransfer-Encoding:\r\n\tchunked\r\n")},
      {"TE behind a bare LF", post("X: a\nTransfer-Encoding: chunked\r\n")},
      {"TE behind a bare CR", post("X: a\rTransfer-Encoding: chunked\r\n")},
      {"TE behind a space", post("Transfer-Encoding : chunked\r\n")},
      {"TE behind a tab", post("Transfer-Encoding\t: chunked\r\n")},
      {"TE behind a NUL", post(raw("Transfer-Encoding\0: chunked\r\n"))},
      {"TE behind the first space",
       "POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\n"
       "Host: a.example\r\n\r\n" +
           end},
      {"TE with an empty element", post("Transfer-Encoding: ,chunked\r\n")},
      {"TE empty", post("Transfer-Encoding:\r\n")},
      {"TE with a parameter", post("Transfer-Encoding: chunked;foo=bar\r\n")},
      {"TE with its letters escaped", post("Transfer-Encoding: ch%75nked\r\n")},
      {"TE in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + end},
      {"TE and CL in HTTP/1.0",
       "POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + end},
  };
}

inline std::vector<RequestVector> smuggling_by_chunks() {
  return {
      {"a bare LF ends the size", chunked("5\nhello\r\n0\r\n\r\n" + kHidden)},
      {"a bare CR ends the size", chunked("5\rhello\r\n0\r\n\r\n" + kHidden)},
      {"a bare LF in an extension (TERM.EXT)", chunked("2;\nxx\r\n2f\r\n0\r\n\r\n" + kHidden)},
      {"a bare CR in an extension", chunked("2;\rxx\r\n2f\r\n0\r\n\r\n" + kHidden)},
      {"CR CR LF behind the size", chunked("5\r\r\nhello\r\n0\r\n\r\n" + kHidden)},
      {"two junk bytes behind the data (SPILL)", chunked("5\r\nhelloXX0\r\n\r\n" + kHidden)},
      {"a bare LF behind the data", chunked("5\r\nhello\n0\r\n\r\n" + kHidden)},
      {"no line end behind the data", chunked("5\r\nhello0\r\n\r\n" + kHidden)},
      {"a size that wraps round", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n" + kHidden)},
      {"a size of 32 bits and a digit", chunked("f00000000000000000005\r\nhello\r\n" + kHidden)},
      {"a size with a prefix", chunked("0x5\r\nhello\r\n0\r\n\r\n" + kHidden)},
      {"a negative size", chunked("-5\r\nhello\r\n0\r\n\r\n" + kHidden)},
      {"a size with white space", chunked("5 \r\nhello\r\n0\r\n\r\n" + kHidden)},
      {"an empty size", chunked("\r\n\r\n" + kHidden)},
      {"an empty last size", chunked("5\r\nhello\r\n\r\n\r\n" + kHidden)},
      {"a NUL behind the size", chunked(raw("5\0\r\nhello\r\n0\r\n\r\n") + kHidden)},
      {"a bare LF ends the body", chunked("0\r\n\n" + kHidden)},
      {"a bare LF ends the last size", chunked("0\n\r\n" + kHidden)},
      {"a length among the trailers", chunked("0\r\nContent-Length: 50\r\n\r\n" + kHidden)},
      {"a coding among the trailers", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n" + kHidden)},
      {"the request among the trailers", chunked("0\r\n" + kHidden)},
  };
}

inline std::vector<RequestVector> smuggling_by_lines() {
  return {
      {"a request line in the target", "GET / HTTP/1.1\nGET /smuggled HTTP/1.1\r\n\r\n"},
      {"a head in a bare LF world", "GET / HTTP/1.1\nHost: a.example\n\n" + kHidden},
      {"a head in a bare CR world", "GET / HTTP/1.1\rHost: a.example\r\r" + kHidden},
      {"a head ended by a bare LF", "GET / HTTP/1.1\r\nHost: a.example\r\n\n" + kHidden},
      {"a head ended by LF CR", "GET / HTTP/1.1\r\nHost: a.example\n\r\n" + kHidden},
      {"a request in a fold", get_with("X: a\r\n GET /smuggled HTTP/1.1\r\n")},
      {"HTTP/0.9 and a request", "GET /\r\n" + kHidden},
      {"a CONNECT and its payload",
       "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n" + kHidden},
      {"two hosts", get_with("Host: b.example\r\n")},
      {"a host in the target and another beside it",
       "GET http://b.example/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"},
      {"a host with user information", "GET / HTTP/1.1\r\nHost: a.example@b.example\r\n\r\n"},
      {"a name with a colon in its host", "GET / HTTP/1.1\r\nHost: a.example:80@b\r\n\r\n"},
  };
}

inline std::vector<RequestVector> smuggling_requests() {
  std::vector<RequestVector> all;
  for (const auto& part :
       {smuggling_by_framing_fields(), smuggling_by_chunks(), smuggling_by_lines()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace teal::net::testing
