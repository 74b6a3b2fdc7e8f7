// Http2Ask: one request over HTTP/2, sans-IO, for a probe: bytes in, bytes out, and at the end what
// was answered. Keeps as much of the body as a probe wants to see.
//
// Owned by its probe, used by its thread. Knows no sockets and no deadlines.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/http2/session.h"

namespace teal::health {

/// What a probe asks.
struct ProbeRequest {
  std::string method, host, path;
  std::string lines;  ///< Further fields, each "name: value" with CRLF.
  std::string body;
};

class Http2Probe final : public net::Http2ClientStream, public net::Http2Output {
 public:
  /// Of the answer's body `most` bytes are kept, and then it is over.
  Http2Probe(ProbeRequest request, bool secure, std::size_t most);
  ~Http2Probe() override;

  /// What is to be sent now.
  std::string take_output();
  void feed(std::string_view bytes);

  /// Answered, or there will be none.
  bool is_over() const { return is_whole_ || !failure_.empty(); }
  /// Why there is no whole answer; empty: there is one.
  const std::string& failure() const { return failure_; }
  unsigned status() const { return status_; }
  const std::string& body() const { return body_; }
  /// grpc-status as it came, in the head or the trailers.
  const std::string& grpc_status() const { return grpc_status_; }

  // ---- Http2ClientStream
  void on_response(net::ResponseHead& head) override;
  void on_body(std::string_view bytes) override;
  void on_end(const net::Fields& trailers) override;
  void on_refused(net::Refusal rule) override;

  // ---- Http2Output
  void append(std::string_view bytes) override { output_ += bytes; }
  void view(std::string_view bytes) override { output_ += bytes; }
  bool is_full() override { return false; }

 private:
  void note_grpc_status(const net::Fields& fields);

  void ask();

  std::unique_ptr<net::Http2Session> session_;
  const std::size_t most_;
  const ProbeRequest request_;
  bool is_asked_ = false;
  std::string output_;
  unsigned status_ = 0;
  bool is_whole_ = false;
  std::string body_;
  std::string grpc_status_;
  std::string failure_;
};

}  // namespace teal::health
