// Target: a small HTTP server that does what the test says, byte by byte where that matters:
// answers as a healthy application by default, or plays a script for each request or each
// connection. It remembers what it was asked.
//
// One thread accepts, one more runs for each connection; scripts run on those. Probes of /healthz
// are answered apart and not counted as requests, except by a script for whole connections.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/e2e_http.h"
#include "tests/support/e2e_wire.h"

namespace teal::e2e {

/// Something that has happened, once and for all. Waiting ends with a deadline or a stop.
class Trigger {
 public:
  void fire();
  bool wait(std::stop_token stop = {}, Deadline deadline = Deadline{});

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool fired_ = false;
};

struct SeenRequest : Message {
  std::string method, path;
  std::size_t connection = 0;  ///< From 1, in the order of their coming.
  std::size_t nth = 0;         ///< On that connection, from 1.
};

/// What a script has in hand.
class TargetConnection {
 public:
  TargetConnection(Wire& wire, std::size_t number, std::stop_token stop)
      : wire_(&wire), reader_(wire), number_(number), stop_(std::move(stop)) {}

  /// The next whole request; one that is cut short is none.
  std::optional<SeenRequest> next();
  /// Its head only; read_body() takes the rest.
  std::optional<SeenRequest> next_head();
  bool read_body(SeenRequest& request);

  bool send(std::string_view bytes) { return wire_->send(bytes); }
  /// What comes next, as it is, appended to `into`.
  Arrival read(std::string& into);
  /// Reads until `into` ends with these bytes.
  bool await(std::string& into, std::string_view end);
  void finish_sending() { wire_->finish_sending(); }
  void close();
  void reset();
  bool wait(Trigger& trigger) { return trigger.wait(stop_); }
  /// Neither reads nor writes until the test is over.
  void stall();
  /// Until Teal ends the connection; what comes before that is thrown away.
  Arrival await_end();
  /// Passes time; false if the target is stopped meanwhile.
  bool linger(Millis time);
  std::size_t number() const { return number_; }

 private:
  Wire* wire_;
  HttpReader reader_;
  std::size_t number_;
  std::size_t requests_ = 0;
  bool open_ = true;
  std::stop_token stop_;
};

/// "HTTP/1.1 200 OK" with Content-Length and `headers` (whole lines).
std::string response(int status, std::string_view body, std::string_view headers = {});

class Target {
 public:
  using OnRequest = std::function<void(TargetConnection&, const SeenRequest&)>;
  using OnConnection = std::function<void(TargetConnection&)>;

  static constexpr std::size_t kRemembered = 2000;

  explicit Target(std::string name = "blue-1",
                  const Address& address = {Address::Kind::ip4, "127.0.0.1", 0});
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const std::string& name() const { return name_; }
  std::string address() const { return to_string(door_.address()); }

  // ---- behaviour, at any time; applies to the next request or connection
  void on_request(OnRequest script);
  void on_connection(OnConnection script);
  void set_status(int status) { status_ = status; }
  void set_healthy(bool healthy) { healthy_ = healthy; }
  void set_latency(Millis latency) { latency_ = latency; }
  /// No new connections; the open ones end.
  void stop();

  // ---- memory
  std::vector<SeenRequest> seen() const;
  /// The newest one.
  SeenRequest last() const;
  std::size_t requests() const { return requests_; }
  std::size_t probes() const { return probes_; }
  std::size_t connections() const { return connections_; }
  std::size_t open_connections() const { return open_; }
  bool await_requests(std::size_t count) const;

 private:
  struct Line {
    Wire wire;
    std::jthread thread;
    std::atomic<bool> done = false;
  };

  void accept_all(const std::stop_token& stop);
  void serve(Line& line, std::size_t number, const std::stop_token& stop);
  void answer(TargetConnection& connection, const SeenRequest& request);
  void remember(const SeenRequest& request);

  const std::string name_;
  Door door_;
  std::atomic<int> status_{200};
  std::atomic<bool> healthy_{true};
  std::atomic<Millis> latency_{Millis{0}};
  std::atomic<std::size_t> requests_{0}, probes_{0}, connections_{0}, open_{0};
  mutable std::mutex mutex_;
  OnRequest on_request_;
  OnConnection on_connection_;
  std::vector<SeenRequest> seen_;
  std::list<Line> lines_;
  std::jthread accepting_;
};

}  // namespace teal::e2e
