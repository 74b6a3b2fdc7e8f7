// Http2Channel: what a client's and a target's connection have in common where they speak HTTP/2: a
// session (net/http2/session.h) whose frames are collected over a turn and leave in one system
// call, and the requests to come back for the rest.
//
// Worker thread. Connection is the channel below: Downstream or TargetConnection. Does not know
// what the streams carry, and reads nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "net/http2/session.h"

namespace teal::proxy {

class WorkerLoop;

template <class Connection>
class Http2Channel : public Connection, public net::Http2Output {
 public:
  // ---- for its streams
  WorkerLoop& loop() { return this->loop_; }
  net::Http2Session& session() { return *session_; }
  /// To make a head or trailers in; good until the next ones.
  net::Http2FieldSection& section() { return section_; }
  void resume_soon() { this->loop_.resume_soon(*this); }
  /// Output waits.
  void resume_after_turn() {
    if (!std::exchange(is_late_, true)) this->loop_.resume_after_turn(*this);
  }

  // ---- Http2Output
  void append(std::string_view bytes) override {
    this->output() += bytes;
    made_ += bytes.size();
  }
  void view(std::string_view bytes) override {
    this->write_view(bytes);
    made_ += bytes.size();
  }
  bool is_full() override {
    if (made_ >= kMaxMade) give_to_socket();
    return this->is_blocked();
  }

 protected:
  using Connection::Connection;

  void read_next_turn() {
    if (!std::exchange(is_waiting_, true)) this->loop_.resume_next_turn(*this);
  }
  /// Makes frames of what waits, as far as the socket takes them.
  void write_frames() {
    session_->write(*this);
    give_to_socket();
  }

  std::unique_ptr<net::Http2Session> session_;
  bool is_late_ = false;     ///< Has asked for the end of the turn.
  bool is_waiting_ = false;  ///< For the next turn, to read on.

 private:
  /// So much output is made before the socket is asked whether it takes it.
  static constexpr std::size_t kMaxMade = std::size_t{64} * 1024;

  void give_to_socket() {
    this->loop_.writes().flush();
    made_ = 0;
  }

  net::Http2FieldSection section_;
  std::size_t made_ = 0;  ///< Output since it was last given to the socket.
};

}  // namespace teal::proxy
