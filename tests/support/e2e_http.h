// HTTP/1 as the tests read it: whole messages with everything that was on the wire, complete or
// not. Independent of Teal's codec on purpose, and plain: line by line, no limits.
//
// One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/e2e_wire.h"

namespace teal::e2e {

/// Field lines in their order, names as they came.
struct Headers {
  std::vector<std::pair<std::string, std::string>> list;

  /// All values under that name (whatever its case), joined by ", "; empty if there is none.
  std::string get(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool has(std::string_view name) const { return count(name) > 0; }
};

enum class BodyKind { none, length, chunked, until_close };

struct Message {
  std::string start_line;
  Headers headers;
  std::string raw_head;  ///< With the empty line.
  BodyKind kind = BodyKind::none;
  std::string body;  ///< Without its framing.
  std::vector<std::size_t> chunks;
  Headers trailers;
  /// The end that the framing announced was reached; of until_close: an orderly close.
  bool complete = false;
};

struct Response : Message {
  int status = 0;  ///< 0: no response came.
  std::vector<Response> interim;
  /// How the connection ended, where that ended the reading.
  Arrival ended = Arrival::bytes;
};

/// "200 blue-1 ...": for failure messages.
std::string describe(const Response& response);

/// Reads messages from a Wire; what came behind one is kept for the next.
class HttpReader {
 public:
  explicit HttpReader(Wire& wire) : wire_(&wire) {}

  /// False at the end of the connection or of time; ended() says which.
  bool head(Message& message, Deadline deadline);
  /// The body by the framing of the head.
  bool request_body(Message& message, Deadline deadline);
  /// The next final response with the interim ones before it.
  Response response(bool to_head, Deadline deadline);

  Arrival ended() const { return ended_; }
  /// Bytes read and not used yet.
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  std::string take_rest() { return std::exchange(buffer_, {}).substr(std::exchange(at_, 0)); }

 private:
  bool more(Deadline deadline);
  std::optional<std::string> line(Deadline deadline);
  bool fields(Headers& headers, std::string* raw, Deadline deadline);
  bool bytes(std::size_t size, std::string& into, Deadline deadline);
  bool chunked(Message& message, Deadline deadline);
  bool body(Message& message, Deadline deadline);

  Wire* wire_;
  std::string buffer_;
  std::size_t at_ = 0;
  Arrival ended_ = Arrival::bytes;
};

/// A client with one kept connection.
class HttpClient {
 public:
  explicit HttpClient(const Address& address, int receive_buffer = 0)
      : wire_(Wire::connect(address, receive_buffer)), reader_(wire_) {}
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  bool send(std::string_view bytes) { return wire_.send(bytes); }
  Response read(bool to_head = false, Deadline deadline = Deadline{}) {
    return reader_.response(to_head, deadline);
  }
  /// `headers`: whole lines with CRLF.
  Response get(std::string_view path, std::string_view headers = {});
  Response post(std::string_view path, std::string_view body, std::string_view headers = {});
  /// Sends exact bytes of one request and reads its response.
  Response exchange(std::string_view bytes, bool to_head = false);

  /// Waits for the other side's end: `closed` or `reset`; `bytes` if something came instead.
  Arrival await_end(Deadline deadline = Deadline{});
  Wire& wire() { return wire_; }

 private:
  Wire wire_;
  HttpReader reader_;
};

/// "GET /path HTTP/1.1" with Host and `headers`.
std::string request(std::string_view method, std::string_view path, std::string_view headers = {});

}  // namespace teal::e2e
