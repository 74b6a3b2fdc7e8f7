// Server::State: the parts of a running Teal and how they reach each other. For the files of Server
// only: app/serve/server.cc begins and ends it, app/serve/server_reload.cc goes over to another
// configuration.
//
// Control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "app/files/watched_files.h"
#include "app/reload/reloader.h"
#include "app/serve/access_log_watch.h"
#include "app/serve/discovery.h"
#include "app/serve/idle_queue.h"
#include "app/serve/overload_watch.h"
#include "app/serve/probed_services.h"
#include "app/serve/scrape_watch.h"
#include "app/serve/server.h"
#include "app/serve/start_gate.h"
#include "app/system/control_priority.h"
#include "app/system/descriptors.h"
#include "app/system/errand_thread.h"
#include "app/system/own_sockets.h"
#include "app/system/randomness.h"
#include "app/system/watchdog.h"
#include "base/clock.h"
#include "control/admin/server.h"
#include "control/api/api.h"
#include "control/controller/controller.h"
#include "control/deploy/ports.h"
#include "proxy/worker/pool.h"

namespace teal::app {

/// What a commit has replaced, until every worker has let go of it.
struct Replaced {
  std::shared_ptr<const config::Config> config;
  WatchedFiles files;
  std::unique_ptr<proxy::AccessLogWriter> log;
};

struct Timers {
  explicit Timers(boost::asio::io_context& io) : tick(io), deadline(io), look(io), grace(io) {}

  boost::asio::steady_timer tick;
  boost::asio::steady_timer deadline;  ///< Of a deployment.
  boost::asio::steady_timer look;      ///< At a breach that waits for older requests.
  boost::asio::steady_timer grace;     ///< Of the shutdown.
};

struct Server::State final : control::Ports, ReloadHost {
  State(std::shared_ptr<const config::Config> c, Log& l, Systemd s, ConfigSource source);

  // ---- control::Ports
  void publish(Publication publication, std::function<void(Mono)> applied) override {
    if (gate.is_open()) {
      hand_out(publication, std::move(applied));
      probed.take(publication, *files.tls->table());
    } else {
      probed.take(publication, *files.tls->table());
      gate.offer(std::move(publication), std::move(applied));
    }
  }
  /// The first publication: once every worker runs on it, everybody is served.
  void open_up(const Publication& first, StartGate::Applied applied) {
    hand_out(first, [this, applied = std::move(applied)](Mono at) {
      applied(at);
      is_serving = true;
      if (is_shutting_down) return;
      systemd.ready("serving");
      reloader.on_serving();
    });
  }
  void hand_out(const Publication& publication, std::function<void(Mono)> applied) {
    pool.publish(publication, std::move(applied));
    priority.raise();
  }
  TrafficCounters read_traffic(const TrafficKey& key) override { return pool.read_traffic(key); }
  std::uint64_t read_requests(const TrafficKey& key) override { return pool.read_requests(key); }
  std::uint64_t read_activity(ServiceId service) override { return pool.read_activity(service); }
  StageReading read_stage(const TrafficKey& key, Stage stage) override {
    return pool.read_stage(key, stage);
  }
  Tallies read_tallies(const TrafficKey& key, std::uint64_t deployment) override {
    return pool.read_tallies(key, deployment);
  }
  GroupInFlight read_in_flight(const std::string& service, Colour colour) override {
    return pool.read_in_flight(service, colour);
  }
  Mono watermark() override { return pool.watermark(); }
  void notify_at_watermark(Mono began) override { pool.notify_at_watermark(began); }
  void call_at(Mono at, std::function<void()> call) override;
  void set_sticky_secrets(const StickySecrets& secrets) override {
    pool.set_sticky_secrets(secrets);
  }
  void draw_random(std::span<std::uint8_t> out) override { teal::app::draw_random(out); }

  std::optional<OwnSocket> own_socket(const Address& target) override {
    return own_sockets.at(target, clock.mono());
  }

  // ---- ReloadHost (app/serve/server_reload.cc)
  std::string why_not_now() const override;
  proxy::PoolMeans means() const override { return pool.means(); }
  proxy::ErrorPages error_pages() const override { return files.pages; }
  bool is_starting() const override { return !is_serving && !is_shutting_down; }
  std::optional<control::ApiError> refuse(const config::Config& next) override;
  Result<void> make_ready(const PreparedConfig& prepared) override;
  void commit(PreparedConfig& prepared,
              std::function<void(std::shared_ptr<void> replaced)> applied) override;
  void announce(Level level, const std::string& type, const std::string& text) override {
    controller->announce(level, type, text);
  }
  Result<void> make_ready(const WatchedFiles& of_files, const config::Config& of_config);
  void note_sockets_of(const config::Config& wanted);
  void tell_of_sockets(const std::vector<proxy::OpenListener>& before) const;

  Result<void> load_files();
  void look_at_files();
  void look_at_load() {
    const std::uint64_t descriptors = read_descriptor_limit();
    overload.tick(clock.mono(), descriptors, probed.limit(descriptors));
  }
  /// The store is the controller's.
  control::ApiDependencies dependencies(control::Store& store);
  Result<void> start();
  void tick();
  void look_after_life();
  void check_breach(std::size_t nth, Mono completed);
  void await_signal();
  void await_side_signal();
  void begin_shutdown();
  void finish_shutdown();
  void on_bad_outcome(const BadOutcome& bad) {
    if (controller) controller->on_bad_outcome(bad);
  }
  std::vector<control::ScrapePart> scrape();
  void run_slice();

  std::shared_ptr<const config::Config> config;
  Log& log;
  const Systemd systemd;
  Watchdog watchdog;
  SystemClock clock;
  WallTime started = clock.wall();
  boost::asio::io_context io{1};
  boost::asio::signal_set signals;       ///< That end Teal.
  boost::asio::signal_set side_signals;  ///< That do not.
  Timers timers;
  proxy::WorkerPool pool;
  AccessLogWatch access_log;
  ScrapeWatch scrapes;
  OverloadWatch overload;
  WatchedFiles files;
  health::Monitor monitor;
  ProbedServices probed;
  OwnSockets own_sockets;
  StartGate gate;
  ControlPriority priority;
  Discovery discovery;
  Reloader reloader;
  std::unique_ptr<control::Controller> controller;
  std::unique_ptr<control::AdminApi> api;
  std::unique_ptr<control::AdminServer> admin;
  IdleQueue slices;  ///< Of scrapes and pages of services.
  bool is_serving = false;
  bool is_shutting_down = false;
};

}  // namespace teal::app
