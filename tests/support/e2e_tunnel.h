// Tunnels byte by byte: a client and a target of an upgrade that say exactly what the test says.
//
// One thread, and those of the target.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "net/http/websocket.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {

inline const std::string kAsk =
    "GET /chat HTTP/1.1\r\nHost: shop.example.com\r\nConnection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";
inline const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A client that speaks raw bytes and keeps what it heard.
class Caller {
 public:
  explicit Caller(const Address& address, int receive_buffer = 0)
      : wire_(Wire::connect(address, receive_buffer)) {}

  bool send(std::string_view bytes) { return wire_.send(bytes); }
  /// Waits until everything heard so far ends with this.
  bool hears(std::string_view end) {
    while (!heard_.ends_with(end))
      if (wire_.read(heard_) != Arrival::bytes) return false;
    return true;
  }
  /// Asks and waits for the answer's head.
  const std::string& upgrade(std::string_view more = {}) {
    send(kAsk);
    if (!more.empty()) send(more);
    hears("\r\n\r\n");
    return heard_;
  }
  Arrival end() { return wire_.read_to_end(heard_); }
  const std::string& heard() const { return heard_; }
  void forget() { heard_.clear(); }
  Wire& wire() { return wire_; }

 private:
  Wire wire_;
  std::string heard_;
};

inline bool logs(const Teal& teal, const std::string& part) {
  return eventually([&] { return has(read_file(teal.dir() / "access.log"), part); });
}

/// The 101 that answers the key of a request, with further lines.
inline std::string agreement_with(const SeenRequest& request, const std::string& lines = {}) {
  return "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
         lines + "sec-websocket-accept: " +
         net::websocket_accept(request.headers.get("sec-websocket-key")) + "\r\n\r\n";
}

/// Sends everything back, and "bye" behind the client's end.
inline void echo(TargetConnection& connection) {
  std::string bytes;
  while (connection.read(bytes) == Arrival::bytes) {
    if (!connection.send(bytes)) return;
    bytes.clear();
  }
  connection.send("bye");
}

class UpgradeTest : public testing::Test {
 protected:
  void start(const std::string& more_service = {}, const std::string& grace = {}) {
    ConfigText config = shop({target_.address()}, more_service);
    config.workers = 1;
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    std::string text = config.render("$DIR");
    constexpr std::string_view kGrace = "shutdown_grace: 5s";
    if (!grace.empty()) text.replace(text.find(kGrace), kGrace.size(), "shutdown_grace: " + grace);
    teal_ = std::make_unique<Teal>(text);
  }
  /// The target agrees, and then plays `script`.
  void agree(const Target::OnConnection& script = echo) {
    target_.on_connection([this, script](TargetConnection& connection) {
      if (const auto request = connection.next()) {
        remember(*request);
        connection.send(kSwitch);
        script(connection);
      }
    });
  }
  void remember(const SeenRequest& request) {
    const std::scoped_lock lock(mutex_);
    seen_ = request;
  }
  SeenRequest seen() {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  double metric(const std::string& name, const std::string& labels = {}) {
    return teal_->admin().metric(name, labels);
  }
  bool counts(const std::string& name, double value, const std::string& labels = {}) {
    return eventually([&] { return metric(name, labels) == value; });
  }
  bool logs(const std::string& part) { return e2e::logs(*teal_, part); }

  std::mutex mutex_;
  SeenRequest seen_;
  Target target_;  ///< Its threads remember in seen_.
  std::unique_ptr<Teal> teal_;
};

}  // namespace teal::e2e
