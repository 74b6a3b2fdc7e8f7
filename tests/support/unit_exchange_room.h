// ExchangeRoom: a worker's loop, a client and targets for unit tests of exchanges: no sockets, the
// clock by hand. Every attempt at a target is written down with the side that it went out by, which
// does nothing by itself: the test says what the target does.
//
// It takes the place of proxy/upstream/acquire.cc in the binary of the unit tests.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "net/http/message.h"
#include "net/http/request_target.h"
#include "proxy/exchange/exchange.h"
#include "tests/support/loop_room.h"
#include "tests/support/unit_exchange_sides.h"
#include "tests/support/unit_heads.h"

namespace teal::proxy {

class ExchangeRoom : public LoopRoom {
 public:
  /// How the next attempt finds its target.
  enum class Reach : std::uint8_t { connected, kept, connecting, full, refused, lacking };

  struct Attempt {
    TargetId target = 0;
    UpstreamOptions wanted;
    std::unique_ptr<FakeTarget> side;  ///< Null: it was refused at once.
  };

  explicit ExchangeRoom(std::uint32_t workers = 1);
  ~ExchangeRoom();

  /// The next attempts, one after the other; those after them are connected.
  void reach(std::vector<Reach> next) { reach_.insert(reach_.end(), next.begin(), next.end()); }
  Acquired acquire(const boost::local_shared_ptr<TargetRuntime>& target,
                   const UpstreamOptions& wanted);

  std::vector<Attempt> attempts;

 private:
  std::deque<Reach> reach_;
};

/// A request of a client of its own.
class ExchangeClient {
 public:
  explicit ExchangeClient(ExchangeRoom& room)
      : exchange_(std::make_unique<Exchange>(room.loop())) {}
  /// One that is still in flight is cut.
  ~ExchangeClient() {
    if (has_begun_) exchange_->on_shutdown();
  }
  ExchangeClient(const ExchangeClient&) = delete;
  ExchangeClient& operator=(const ExchangeClient&) = delete;

  void begin(std::string_view start_line = "GET / HTTP/1.1",
             const std::vector<std::string>& fields = {"Host: shop"}) {
    auto owned = test::request_head(start_line, fields);
    owned.head.method = net::method_of(start_line.substr(0, start_line.find(' ')));
    if (start_line.ends_with("HTTP/2")) owned.head.minor_version = net::kHttp2;
    owned.head.expects_continue = owned.head.fields.has(net::HeaderId::expect);
    begin(owned.head);
  }
  /// As HTTP/2 asks for another protocol (RFC 8441).
  void begin_extended_connect(const std::string& protocol) {
    auto owned = test::request_head("GET /chat HTTP/2", {"Host: shop", "Protocol: " + protocol});
    const net::Field& field = *owned.head.fields.find("protocol");
    owned.head.minor_version = net::kHttp2;
    owned.head.protocol = {field.value_at, field.value_size};
    begin(owned.head);
  }
  /// The target answers with a head.
  void answer(std::string_view start_line, const std::vector<std::string>& fields = {}) {
    auto owned = test::response_head(start_line, fields);
    if (owned.head.fields.has(net::HeaderId::transfer_encoding))
      owned.head.framing.kind = net::Framing::Kind::chunked;
    exchange_->on_response_head(owned.head);
  }
  /// And with nothing more.
  void end_answer(bool clean = true) { exchange_->on_response_end({}, clean); }
  void end_answer_with(const std::vector<std::string>& trailers) {
    const auto owned = test::response_head("HTTP/1.1 200 OK", trailers);
    exchange_->on_response_end(owned.head.fields, true);
  }
  void end_request_with(const std::vector<std::string>& trailers) {
    const auto owned = test::response_head("HTTP/1.1 200 OK", trailers);
    exchange_->on_request_end(owned.head.fields);
  }
  void answer_whole(std::string_view start_line) {
    answer(start_line);
    end_answer();
  }
  /// What the client has been told since it was last asked.
  std::vector<std::string> told() { return side.calls.take(); }
  bool is_done() const { return side.is_done; }
  Exchange* operator->() { return exchange_.get(); }

  FakeClient side;
  ClientInfo info;

 private:
  void begin(net::RequestHead& head) {
    has_begun_ = true;
    side.is_done = false;
    exchange_->begin(side, info, head);
  }

  std::unique_ptr<Exchange> exchange_;
  bool has_begun_ = false;
};

/// One service, with two targets in its live group.
class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() { service_ = &room_.add_service("shop", 2); }

  /// With the service as the test has made it.
  void publish() { room_.publish(); }
  ExchangeClient& client() {
    if (!client_) client_.emplace(room_);
    return *client_;
  }
  /// Of the nth attempt.
  FakeTarget& side(std::size_t nth = 0) { return *room_.attempts.at(nth).side; }
  std::size_t attempts() const { return room_.attempts.size(); }
  std::uint64_t counted(Stat what) { return room_.loop().counters()[what].read(); }
  std::uint64_t counted(ServiceStat what) {
    return room_.loop().counters().service(0)[what].read();
  }
  std::vector<BadOutcome> outcomes() {
    room_.wait(net::TimerWheel::kTick);
    auto taken = room_.loop().reports().take();
    return taken.reports ? taken.reports->outcomes : std::vector<BadOutcome>{};
  }

  ExchangeRoom room_;
  config::Service* service_;
  std::optional<ExchangeClient> client_;
};

}  // namespace teal::proxy
