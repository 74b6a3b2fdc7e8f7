// Http1Ask: the answer to one request over HTTP/1, sans-IO, for a probe: bytes in, and at the end
// what was answered. Read by the parser that reads answers to clients' requests, within the same
// limits, so that a target is well for the one if it is for the other.
//
// Owned by its probe, used by its thread. Knows no sockets and no deadlines; writes no request.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/http1/parser.h"

namespace teal::health {

class Http1Probe {
 public:
  /// To a GET. Of the answer's body `most` bytes are looked at, and then it is over.
  explicit Http1Probe(std::size_t most);

  void feed(std::string_view bytes);
  /// The target has ended the connection.
  void feed_end();

  /// Answered, or there will be none.
  bool is_over() const { return is_whole_ || !failure_.empty(); }
  /// Why there is no whole answer; empty: there is one.
  const std::string& failure() const { return failure_; }
  /// Of the head, if that was whole; else 0.
  unsigned status() const { return status_; }

 private:
  net::ResponseParser parser_{net::kHttp1ResponseLimits};
  const std::size_t most_;
  std::string rest_;  ///< What is not a whole head or chunk line yet.
  std::size_t body_ = 0;
  bool has_begun_ = false;
  bool is_whole_ = false;
  unsigned status_ = 0;
  std::string failure_;
};

}  // namespace teal::health
