// SimTeal: a Teal without sockets and threads: control on a store in memory, the routes that are
// made of what it publishes, and one worker that runs on them; wired as app/serve/ and WorkerPool
// do it. It can go over to another configuration, and answers requests one at a time, whose whole
// fate is written down. Two of them can be compared.
//
// What is left to chance in the worker is drawn anew for each request, of the request's own seed:
// two workers that stand alike then do the same.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/files/watched_files.h"
#include "control/controller/controller.h"
#include "net/tls/mac.h"
#include "proxy/loop/login_desk.h"
#include "proxy/loop/worker_loop.h"
#include "proxy/routing/route_builder.h"
#include "tests/support/control_fakes.h"
#include "tests/support/loop_room.h"
#include "tests/support/sim_sides.h"

namespace teal::sim {

/// A configuration with its files, as a reload prepares it.
struct Prepared {
  std::shared_ptr<const config::Config> config;
  app::WatchedFiles files;
};

struct SimRequest {
  std::string bytes;       ///< Of its head.
  std::string client;      ///< Its address; empty: it came by a Unix socket.
  std::size_t body = 0;    ///< So much of a body comes.
  std::uint64_t seed = 0;  ///< Of what chance decides, and of how targets answer.
};

class SimTeal {
 public:
  /// Starts. `seed`: of what control draws.
  SimTeal(ManualClock& clock, std::shared_ptr<control::Disk> disk, Prepared prepared,
          std::uint64_t seed);
  ~SimTeal();
  SimTeal(const SimTeal&) = delete;
  SimTeal& operator=(const SimTeal&) = delete;

  control::Controller& control() { return *controller_; }
  const config::Config& config() const { return *config_; }
  /// `seed`: as of a start.
  void reload(Prepared next, std::uint64_t seed);
  /// Every worker applies what was published, and what waits for that happens.
  void pump();
  /// For the worker some seconds pass in which nothing happens.
  void rest();
  /// Null: there is no such service.
  const proxy::ServiceView* view(const std::string& service) const;

  /// What becomes of the request at the listener of that name.
  Trace ask(const std::string& listener, const SimRequest& request);
  /// Of the last request; empty: none.
  const std::string& cookie() const { return cookie_; }

  // ---- for what stands in the place of proxy/upstream/acquire.cc
  proxy::Acquired acquire(const proxy::TargetPointer& asked, proxy::Exchange& exchange,
                          const proxy::UpstreamOptions& wanted);

  // ---- for who compares
  const proxy::RouteBuilder& builder() const { return builder_; }
  const proxy::WorkerRoutes& routes() const { return loop_->routes(); }
  const std::string& name_of(ServiceId service) const;

 private:
  class WorkerPorts;
  class Logins;

  std::vector<const proxy::WorkerService*> services() const;
  void take_files();
  void take(const proxy::RouteUpdate& update);
  void draw_anew(std::uint64_t seed);
  void run(proxy::Exchange& exchange, const SimClient& client);
  bool is_trusted(const config::Listener& listener, const std::string& client) const;

  ManualClock& clock_;
  control::SilentLog log_;
  std::shared_ptr<const config::Config> config_;
  app::WatchedFiles files_;
  proxy::SlotTable slots_;
  proxy::LimitTable limits_{1};
  proxy::TargetCountsTable counts_{1};
  proxy::RouteBuilder builder_{{slots_, limits_, counts_}, 1};
  std::unique_ptr<Logins> logins_;
  proxy::PoolState pool_{net::Mac(std::array<std::uint8_t, 32>{1})};
  proxy::NotedControl told_;
  proxy::NotedPeers peers_;
  std::unique_ptr<WorkerPorts> ports_;
  std::unique_ptr<control::Controller> controller_;
  std::optional<proxy::WorkerLoop> loop_;
  std::uint64_t generation_ = 1;
  // Of the present request.
  Trace trace_;
  std::uint64_t seed_ = 0;
  std::deque<SimTarget> targets_;
  std::string cookie_;
};

}  // namespace teal::sim
