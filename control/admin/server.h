// AdminServer: the sockets of the control API, HTTP/1.1 by Beast on the control thread's
// io_context, on a TCP or a Unix socket. Everything is bounded: connections, headers, bodies, the
// time that each of them may take (control/admin/limits.h). Who makes room for whom when all places
// are taken is AdminPlaces' decision.
//
// Control thread only. Knows no resources and no commands: that is AdminApi.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/result.h"
#include "control/admin/limits.h"
#include "control/api/api.h"
#include "net/tls/server.h"

namespace boost::asio {
class io_context;
}

namespace teal::control {

class AdminServer {
 public:
  /// What a new connection is to be spoken to with; null, or no function: plain.
  using Tls = std::function<std::shared_ptr<const net::TlsServer>()>;

  /// Binds and serves. An Error says why the address cannot be had. Port 0 asks the system for one.
  /// Requires: `io` and `api` outlive the server.
  static Result<std::unique_ptr<AdminServer>> start(boost::asio::io_context& io, AdminApi& api,
                                                    Log& log, const Address& address,
                                                    const AdminLimits& limits = {}, Tls tls = {});
  /// Closes whatever is still open.
  ~AdminServer();

  /// Where it listens really.
  const Address& address() const;
  std::size_t connections() const;
  /// How full its places are, who lost one, who ran out of time.
  std::vector<MetricSample> metrics() const;

  /// No new connections; running requests are answered, streams end. `done` when all are closed,
  /// possibly before the call returns.
  void stop(std::function<void()> done);

 private:
  struct State;
  explicit AdminServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace teal::control
