// Prober: one probe of one target: a TCP (or Unix) connection, with a TLS handshake where the
// service has it, and on it a GET over HTTP/1.1 or HTTP/2, or a call of gRPC's health service.
// Always on a fresh connection, because a kept one would hide a firewall or a full accept queue;
// one timeout covers everything from connecting to the last byte.
//
// Lives on one io_context's thread. Does not decide when to probe or what a result means for the
// target (health/probe/monitor.h, health/probe/rise_fall.h).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "config/config.h"
#include "net/tls/client.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace teal::health {

struct ProbeResult {
  bool passed = false;
  /// "status 200", "connected", "SERVING"; "connection refused", "status 503, expected 200-299",
  /// "timed out after 1s".
  std::string reason;
};

/// How a target is spoken to before it is asked.
struct ProbePreamble {
  std::shared_ptr<const net::TlsClient> tls = {};  ///< Null: plain.
  std::optional<config::ProxyVersion> proxy_protocol = {};
};

class Prober {
 public:
  /// A body is read to its end to see that the answer completes, but no further than this: who got
  /// so far has answered, and the status decides.
  static constexpr std::size_t kBodyLimit = std::size_t{64} * 1024;

  using Done = std::function<void(const ProbeResult&)>;

  /// Begins. `done` is called once, from the io_context and never from inside the constructor; it
  /// may destroy the Prober.
  Prober(boost::asio::io_context& io, const Address& address, const config::HealthCheck& check,
         Done done, const ProbePreamble& preamble = {});
  /// Cancels: `done` is not called any more.
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

 private:
  struct Run;
  std::shared_ptr<Run> run_;
};

}  // namespace teal::health
