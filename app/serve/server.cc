#include "app/serve/server.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "app/serve/access_log_watch.h"
#include "app/serve/certificate_reloader.h"
#include "app/serve/idle_queue.h"
#include "app/serve/overload_watch.h"
#include "app/serve/password_reloader.h"
#include "app/serve/probed_services.h"
#include "app/serve/scrape_parts.h"
#include "app/serve/scrape_watch.h"
#include "app/serve/start_gate.h"
#include "app/system/control_priority.h"
#include "app/system/descriptors.h"
#include "app/system/own_sockets.h"
#include "app/system/process_figures.h"
#include "app/system/randomness.h"
#include "app/system/watchdog.h"
#include "base/clock.h"
#include "control/admin/server.h"
#include "control/api/api.h"
#include "control/controller/controller.h"
#include "control/deploy/ports.h"
#include "control/metrics/exporter.h"
#include "control/store/sqlite_store.h"
#include "proxy/headers/error_pages.h"
#include "proxy/worker/pool.h"

namespace teal::app {
namespace {

constexpr Millis kTick{100};
constexpr std::array<Micros, 3> kLooks{Micros{500}, Micros{5'000}, Micros{30'000}};

}  // namespace

struct Server::State final : control::Ports {
  State(std::shared_ptr<const config::Config> c, Log& l, Systemd s)
      : config(std::move(c)),
        log(l),
        systemd(std::move(s)),
        watchdog(systemd.watchdog()),
        signals(io, SIGTERM, SIGINT, SIGQUIT),
        side_signals(io, SIGUSR1, SIGHUP),
        ticker(io),
        looker(io),
        grace(io),
        pool(io, {.config = config,
                  .clock = &clock,
                  .log = &log,
                  .seed = draw_seed(),
                  .draws = draw_sip_key(),
                  .hop_id = static_cast<std::uint32_t>(draw_seed()),
                  .login_key = draw_mac_key(),
                  .on_bad_outcome = [this](const BadOutcome& bad) { on_bad_outcome(bad); },
                  .on_exposed =
                      [this] {
                        if (controller) controller->on_exposed();
                      },
                  .on_tallies =
                      [this](const std::vector<TargetTally>& tallies) {
                        if (controller) controller->on_tallies(tallies);
                      },
                  .on_judged_event =
                      [this](ServiceId service, const JudgedEvent& event) {
                        if (controller) controller->on_judged_event(service, event);
                      },
                  .on_judged = [this](Mono at) { check_breach(0, at); }}),
        access_log(config->access_log.path, log),
        scrapes(log),
        overload(config->overload, pool, log),
        tls(config, clock, log),
        passwords(*config, clock, log),
        monitor(io, clock, draw_seed(),
                [this](TargetId target, Health health, const std::string& reason) {
                  controller->on_health(target, health, reason);
                }),
        probed(config, monitor),
        gate(io, [this](const Publication& first,
                        StartGate::Applied applied) { open_up(first, std::move(applied)); }),
        priority(log) {}

  // ---- control::Ports
  void publish(Publication publication, std::function<void(Mono)> applied) override {
    if (gate.is_open()) {
      hand_out(publication, std::move(applied));
      probed.take(publication, *tls.table());
    } else {
      probed.take(publication, *tls.table());
      gate.offer(std::move(publication), std::move(applied));
    }
  }
  /// The first publication: once every worker runs on it, everybody is served.
  void open_up(const Publication& first, StartGate::Applied applied) {
    hand_out(first, [this, applied = std::move(applied)](Mono at) {
      applied(at);
      is_serving = true;
      if (!is_shutting_down) systemd.ready("serving");
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
  void set_sticky_secrets(const StickySecrets& secrets) override {
    pool.set_sticky_secrets(secrets);
  }
  void draw_random(std::span<std::uint8_t> out) override { teal::app::draw_random(out); }

  std::optional<OwnSocket> own_socket(const Address& target) override {
    return own_sockets.at(target, clock.mono());
  }

  Result<void> load_tls();
  void look_at_tls();
  void look_at_load() {
    const std::uint64_t descriptors = read_descriptor_limit();
    overload.tick(clock.mono(), descriptors, probed.limit(descriptors));
  }
  control::ApiDependencies dependencies();
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
  boost::asio::steady_timer ticker;
  boost::asio::steady_timer looker;
  boost::asio::steady_timer grace;
  proxy::WorkerPool pool;
  AccessLogWatch access_log;
  ScrapeWatch scrapes;
  OverloadWatch overload;
  CertificateReloader tls;
  PasswordReloader passwords;
  health::Monitor monitor;
  ProbedServices probed;
  OwnSockets own_sockets;
  StartGate gate;
  ControlPriority priority;
  std::unique_ptr<control::Controller> controller;
  std::unique_ptr<control::AdminApi> api;
  std::unique_ptr<control::AdminServer> admin;
  IdleQueue slices;  ///< Of scrapes and pages of services.
  bool is_serving = false;
  bool is_shutting_down = false;
};

Result<void> Server::State::load_tls() {
  const net::FileFaults faults = tls.load();
  for (const net::FileFault& each : faults)
    if (each.fatal) return Error{Source::config, each.file.key + ": " + each.message};
  pool.set_tls(tls.table());
  return {};
}

void Server::State::look_at_tls() {
  if (!tls.tick()) return;
  pool.set_tls(tls.table());
  probed.renew(*tls.table());
}

/// What the control API tells of the process.
control::ApiDependencies Server::State::dependencies() {
  control::ApiDependencies of;
  of.scrape = [this] { return scrape(); };
  of.scrape_last = [this] { return detail_parts(pool, *config); };
  of.later = [this](IdleQueue::Slice slice) { slices.push(std::move(slice), clock.mono()); };
  of.on_scraped = [this](const control::ScrapeReport& scrape) {
    scrapes.check(scrape, pool.targets_left_out(), clock.mono());
  };
  of.metric_samples = config->limits.metric_samples;
  of.not_ready = [this] {
    std::vector<std::string> reasons;
    if (is_shutting_down) reasons.emplace_back("shutting down");
    if (!gate.is_open()) reasons.emplace_back("first health checks are running");
    return reasons;
  };
  of.warnings = [this] {
    std::vector<std::string> warnings;
    for (const auto& warning : {access_log.warning(), scrapes.warning()})
      if (warning) warnings.push_back(*warning);
    return warnings;
  };
  return of;
}

Result<void> Server::State::start() {
  raise_descriptor_limit();
  if (!config->limits.idle_upstream)
    pool.limit_idle_upstream(idle_upstream_limit(read_descriptor_limit()));
  look_at_load();
  std::signal(SIGPIPE, SIG_IGN);
  // A store or log at the file size limit is a failed write (EFBIG), not our end.
  std::signal(SIGXFSZ, SIG_IGN);
  if (const Result<void> loaded = load_tls(); !loaded) return loaded.error();
  if (const Result<void> loaded = passwords.start(); !loaded) return loaded.error();
  if (const Result<void> taken = pool.set_passwords(passwords.table()); !taken)
    return taken.error();
  net::FileFaults faults;
  pool.set_error_pages(proxy::ErrorPages::load(*config, faults));
  if (!faults.empty())
    return Error{Source::config, faults.front().file.key + ": " + faults.front().message};
  auto store = control::open_sqlite_store(config->state_path, {.log = &log});
  if (!store) return store.error();
  if (const Result<void> opened = pool.open(); !opened) return opened.error();
  if (const Result<void> made = monitor.start(); !made) return made.error();
  controller = std::make_unique<control::Controller>(config, clock, log, *this, std::move(*store));
  api = std::make_unique<control::AdminApi>(*controller, clock, config->admin, dependencies());
  auto bound = control::AdminServer::start(io, *api, log, config->admin.address, {},
                                           [this] { return tls.admin(); });
  if (!bound) return bound.error();
  admin = std::move(*bound);
  own_sockets.add({"the admin address", admin->address(), true});
  for (std::size_t i = 0; i < config->listeners.size(); ++i)
    own_sockets.add({"listener '" + config->listeners[i].name + "'", pool.addresses()[i], false});
  if (const Result<void> ready = controller->start(); !ready) return ready.error();
  log.info("listening", {{"listener", "admin"}, {"address", to_string(admin->address())}});
  for (std::size_t i = 0; i < config->listeners.size(); ++i)
    log.info("listening", {{"listener", config->listeners[i].name},
                           {"address", to_string(pool.addresses()[i])}});
  await_signal();
  await_side_signal();
  tick();
  return {};
}

void Server::State::tick() {
  ticker.expires_after(kTick);
  ticker.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    look_at_load();
    if (const auto health = pool.access_log_health()) access_log.check(*health, clock.mono());
    controller->tick();
    look_at_tls();
    if (passwords.tick()) static_cast<void>(pool.set_passwords(passwords.table()));
    look_after_life();
    tick();
  });
}

/// Before everybody is served there are no workers to ask, and systemd does not wait for life.
void Server::State::look_after_life() {
  if (!is_serving) return;
  const Watchdog::Turn turn = watchdog.tick(clock.mono());
  if (turn.ask) pool.ask_all([this](Mono at) { watchdog.answered(at); });
  if (turn.must_report) systemd.alive();
}

/// Events may wait for older requests to settle. Workers say when they have; should one have missed
/// that it was asked, because it happened at the very same time: look again soon, later, and then
/// with the ticks.
void Server::State::check_breach(std::size_t nth, Mono completed) {
  if (!controller) return;
  if (!controller->check_breach(completed) || nth >= kLooks.size()) {
    looker.cancel();
    return;
  }
  looker.expires_after(kLooks[nth]);
  looker.async_wait([this, nth](const boost::system::error_code& ec) {
    if (!ec) check_breach(nth + 1, clock.mono());
  });
}

void Server::State::await_signal() {
  signals.async_wait([this](const boost::system::error_code& ec, int) {
    if (ec) return;
    if (is_shutting_down) {
      log.warning("second signal: ending at once");
      finish_shutdown();
      return;
    }
    begin_shutdown();
    await_signal();
  });
}

void Server::State::await_side_signal() {
  side_signals.async_wait([this](const boost::system::error_code& ec, int signal) {
    if (ec) return;
    if (signal == SIGUSR1) {
      pool.reopen_access_log();
      log.info("access log reopened");
    } else {
      log.warning("the configuration file is read at the start only: restart to apply a change");
    }
    await_side_signal();
  });
}

void Server::State::begin_shutdown() {
  is_shutting_down = true;
  systemd.stopping("draining for " + format_duration(config->shutdown_grace) + " at most");
  log.info("draining", {{"grace", format_duration(config->shutdown_grace)}});
  pool.drain([this] { finish_shutdown(); });
  grace.expires_after(config->shutdown_grace);
  grace.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    log.warning("grace is over: running requests are cut");
    finish_shutdown();
  });
}

void Server::State::finish_shutdown() {
  pool.stop();
  monitor.stop();
  controller->close();
  io.stop();
}

std::vector<control::ScrapePart> Server::State::scrape() {
  std::vector<control::ScrapePart> parts = traffic_parts(pool);
  parts.insert(parts.begin(), [this](control::MetricFamilies& families) {
    add_process(families, read_process_figures(started));
    for (const auto& samples : {pool.read_stats(), overload.samples(), tls.samples(),
                                passwords.samples(), probed.samples(), admin->metrics()})
      for (const MetricSample& sample : samples) families.sample(sample);
    return false;
  });
  return parts;
}

void Server::State::run_slice() {
  const IdleQueue::Slice slice = slices.take(clock.mono());
  const ControlPriority::Ordinary no_haste(priority);
  slice();
}

Server::Server(std::shared_ptr<const config::Config> config, Log& log, Systemd systemd)
    : state_(std::make_unique<State>(std::move(config), log, std::move(systemd))) {}

Server::~Server() = default;

Result<void> Server::start() {
  return state_->start();
}

int Server::run() {
  state_->log.info("teal is up", {{"workers", std::to_string(state_->pool.workers())}});
  State& state = *state_;
  // The judge comes first whatever else control has before it, and slices come last.
  while (!state.io.stopped()) {
    if (state.slices.is_empty()) {
      if (state.io.run_one() == 0) break;
    } else if (state.slices.is_due(state.clock.mono()) || state.io.poll_one() == 0) {
      state.run_slice();
    }
    state.pool.take_reports();
  }
  state.pool.stop();
  state_->log.info("teal has ended");
  return 0;
}

}  // namespace teal::app
