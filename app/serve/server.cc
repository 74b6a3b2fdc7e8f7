#include "app/serve/server.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "app/serve/scrape_parts.h"
#include "app/serve/server_state.h"
#include "app/serve/state_backup.h"
#include "app/system/process_figures.h"
#include "control/metrics/exporter.h"
#include "control/store/sqlite_store.h"
#include "net/tls/mac.h"

namespace teal::app {
namespace {

constexpr Millis kTick{100};
constexpr std::array<Micros, 3> kLooks{Micros{500}, Micros{5'000}, Micros{30'000}};

}  // namespace

Server::State::State(std::shared_ptr<const config::Config> c, Log& l, Systemd s,
                     ConfigSource source)
    : config(std::move(c)),
      log(l),
      systemd(std::move(s)),
      watchdog(systemd.watchdog()),
      signals(io, SIGTERM, SIGINT, SIGQUIT),
      side_signals(io, SIGUSR1, SIGHUP),
      timers(io),
      pool(io, {.config = config,
                .clock = &clock,
                .log = &log,
                .seed = draw_seed(),
                .draws = draw_sip_key(),
                .hop_id = static_cast<std::uint32_t>(draw_seed()),
                .login_key = net::Mac(draw_mac_key()),
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
      monitor(io, clock, draw_seed(),
              [this](TargetId target, Health health, const std::string& reason) {
                controller->on_health(target, health, reason);
              }),
      probed(config, monitor),
      gate(io, [this](const Publication& first,
                      StartGate::Applied applied) { open_up(first, std::move(applied)); }),
      priority(log),
      discovery(io, clock, draw_seed(), gate,
                [this](const control::Finding& finding) {
                  if (controller) controller->on_found(finding);
                }),
      reloader(io, *this, std::move(source), clock, log) {}

Result<void> Server::State::load_files() {
  net::FileFaults faults;
  files = WatchedFiles::load(config, clock, log, faults);
  for (const net::FileFault& each : faults)
    if (each.fatal) return Error{Source::config, each.file.key + ": " + each.message};
  if (const Result<void> ready = make_ready(files, *config); !ready) return ready.error();
  pool.set_files(files.for_pool());
  return {};
}

void Server::State::look_at_files() {
  const bool has_new_tls = files.tls->tick();
  const bool has_new_passwords = files.passwords->tick();
  if (has_new_tls || has_new_passwords) pool.set_files(files.for_pool());
  if (has_new_tls) probed.renew(*files.tls->table());
}

/// What the control API tells of the process.
control::ApiDependencies Server::State::dependencies(control::Store& store) {
  control::ApiDependencies of;
  of.scrape = [this] { return scrape(); };
  of.scrape_last = [this] { return detail_parts(pool, config); };
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
    for (const auto& warning : {access_log.warning(), scrapes.warning(), reloader.warning()})
      if (warning) warnings.push_back(*warning);
    return warnings;
  };
  of.configuration = &reloader;
  // It ends with the API, before the store does.
  of.take_snapshot = [this, backups = std::make_shared<StateBackup>(io, store, log)](
                         const control::TakenSnapshot& taken) {
    backups->take(controller->store_is_healthy(), taken);
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
  if (const Result<void> loaded = load_files(); !loaded) return loaded.error();
  auto store = control::open_sqlite_store(config->state_path, {.log = &log});
  if (!store) return store.error();
  if (const Result<void> opened = pool.open(); !opened) return opened.error();
  if (const Result<void> made = monitor.start(); !made) return made.error();
  if (const Result<void> made = reloader.start_thread(); !made) return made.error();
  control::Store& kept = **store;
  controller = std::make_unique<control::Controller>(config, clock, log, *this, std::move(*store));
  api = std::make_unique<control::AdminApi>(*controller, clock, config->admin, dependencies(kept));
  auto bound = control::AdminServer::start(io, *api, log, config->admin.address, {},
                                           [this] { return files.tls->admin(); });
  if (!bound) return bound.error();
  admin = std::move(*bound);
  note_sockets_of(*config);
  discovery.expect(*config);
  if (const Result<void> ready = controller->start(); !ready) return ready.error();
  discovery.reconfigure(*config);
  reloader.begin(controller->configs());
  log.info("listening", {{"listener", "admin"}, {"address", to_string(admin->address())}});
  tell_of_sockets({});
  await_signal();
  await_side_signal();
  tick();
  return {};
}

void Server::State::tick() {
  timers.tick.expires_after(kTick);
  timers.tick.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    look_at_load();
    if (const auto health = pool.logs().health()) access_log.check(*health, clock.mono());
    controller->tick();
    look_at_files();
    look_after_life();
    tick();
  });
}

void Server::State::call_at(Mono at, std::function<void()> call) {
  timers.deadline.expires_at(std::max(at, clock.mono() + Millis{1}));
  timers.deadline.async_wait([call = std::move(call)](const boost::system::error_code& ec) {
    if (!ec) call();
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
    timers.look.cancel();
    return;
  }
  timers.look.expires_after(kLooks[nth]);
  timers.look.async_wait([this, nth](const boost::system::error_code& ec) {
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
      pool.logs().reopen();
      log.info("access log reopened");
    } else {
      reloader.on_signal();
    }
    await_side_signal();
  });
}

void Server::State::begin_shutdown() {
  is_shutting_down = true;
  systemd.stopping("draining for " + format_duration(config->shutdown_grace) + " at most");
  log.info("draining", {{"grace", format_duration(config->shutdown_grace)}});
  pool.drain([this] { finish_shutdown(); });
  timers.grace.expires_after(config->shutdown_grace);
  timers.grace.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    log.warning("grace is over: running requests are cut");
    finish_shutdown();
  });
}

void Server::State::finish_shutdown() {
  reloader.stop();
  pool.stop();
  monitor.stop();
  discovery.stop();
  controller->close();
  io.stop();
}

std::vector<control::ScrapePart> Server::State::scrape() {
  std::vector<control::ScrapePart> parts = traffic_parts(pool);
  parts.insert(parts.begin(), [this](control::MetricFamilies& families) {
    add_process(families, read_process_figures(started));
    for (const auto& samples :
         {pool.read_stats(), overload.samples(), files.tls->samples(), files.passwords->samples(),
          probed.samples(), admin->metrics(), reloader.samples()})
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

Server::Server(std::shared_ptr<const config::Config> config, Log& log, Systemd systemd,
               ConfigSource source)
    : state_(
          std::make_unique<State>(std::move(config), log, std::move(systemd), std::move(source))) {}

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
