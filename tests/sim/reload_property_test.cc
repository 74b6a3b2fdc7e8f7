// Lives of a whole Teal that goes over from one random configuration to another, after some life on
// the first: each time it has to do with 10,000 requests, to the byte, what a Teal does that is
// started with the other one on a copy of the same store. SIM_SEED and SIM_RUNS (of lives, each
// with some reloads) as in deployment_sim_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/rng.h"
#include "config/change/candidate.h"
#include "tests/support/sim_differences.h"
#include "tests/support/sim_names.h"
#include "tests/support/sim_random_config.h"
#include "tests/support/sim_random_request.h"
#include "tests/support/sim_teal.h"

namespace teal::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kReloads = 3;  ///< In a life.
constexpr int kRequests = 10'000;
constexpr std::size_t kCookies = 32;

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

/// What requests came to, and how often.
using Outcomes = std::map<std::string, std::uint64_t>;

std::string outcome_of(const Trace& trace) {
  const std::string own = "< own HTTP/1.1 ";
  const std::size_t at = trace.find(own);
  const bool is_asked = trace.find("-> ") != std::string::npos;
  if (at == std::string::npos) return is_asked ? "target" : trace.substr(0, trace.find(':'));
  return (is_asked ? "target, then " : "own ") + trace.substr(at + own.size(), 3);
}

class ReloadLife {
 public:
  explicit ReloadLife(std::uint64_t seed)
      : rng_(seed), wanted_(rng_, files_), teal_(start(disk_, wanted_.text())) {}

  void run(Outcomes& outcomes) {
    for (int i = 0; i < kReloads; ++i) {
      SCOPED_TRACE("reload " + std::to_string(i + 1) + " of the life");
      live();
      reload_and_compare(outcomes);
      if (testing::Test::HasFailure()) return;
    }
  }

 private:
  // ---- configurations

  Prepared prepare(const std::string& text) {
    auto candidate = config::read_candidate(text, "teal.yaml");
    if (!candidate) {
      std::string problems;
      for (const config::Problem& each : candidate.error().list) problems += to_string(each) + '\n';
      throw std::runtime_error("not valid:\n" + problems + text);
    }
    Prepared prepared{std::make_shared<const config::Config>(std::move(candidate->config)), {}};
    net::FileFaults faults;
    prepared.files = app::WatchedFiles::load(prepared.config, clock_, log_, faults);
    for (const net::FileFault& fault : faults)
      EXPECT_FALSE(fault.fatal) << fault.file.path << ' ' << fault.message;
    return prepared;
  }

  std::unique_ptr<SimTeal> start(const std::shared_ptr<control::Disk>& disk,
                                 const std::string& text) {
    return std::make_unique<SimTeal>(clock_, disk, prepare(text), process_seed_);
  }

  // ---- what happens before a reload

  void live() {
    for (int i = 0; i < 40; ++i) act();
    for (int i = 0; i < 100; ++i) ask_somewhere();
  }

  /// Not where a deployment runs or a release stays as fallback; and not waited for.
  void change_by_hand(const std::string& service) {
    const control::ServiceReport report = *teal_->control().service(service);
    if (report.deployment || report.fallback) return;
    const Colour colour = kColours[rng_.below(2)];
    if (happens(rng_, 50)) return drain_one(service, colour);
    teal_->control().set_split(service, Split::with(colour, Weight{rng_.below(11) * 1000}),
                               std::nullopt, [](const auto&) {});
  }

  const std::string& some_service() {
    const auto& services = teal_->config().services;
    return services[rng_.below(static_cast<std::uint32_t>(services.size()))].name;
  }

  void act() {
    const std::string service = some_service();
    const Colour colour = kColours[rng_.below(2)];
    switch (rng_.below(13)) {
      case 0:
      case 1: report_health(*teal_, rng_.next()); break;
      case 2: report_found(*teal_, rng_.next()); break;
      case 3:
        static_cast<void>(teal_->control().put_target(service, colour, some_address()));
        break;
      case 4: drain_one(service, colour); break;
      case 5:
      case 6:
        teal_->control().set_split(service, Split::with(colour, Weight{rng_.below(11) * 1000}),
                                   std::nullopt, [](const auto&) {});
        break;
      case 7: release(service); break;
      case 8: steer(service); break;
      case 9: wait(Millis{rng_.below(90'000)}); break;
      case 10: wait(happens(rng_, 10) ? Millis{26h} : Millis{100}); break;
      default: teal_->pump(); break;
    }
  }

  Address some_address() {
    return {Address::Kind::ip4, "10.9.0." + std::to_string(1 + rng_.below(9)), 9000};
  }

  void drain_one(const std::string& service, Colour colour) {
    const auto& targets = teal_->view(service)->groups[colour].targets;
    if (targets.size() < 2) return;
    const Address address = targets[rng_.below(static_cast<std::uint32_t>(targets.size()))].address;
    static_cast<void>(teal_->control().delete_target(service, colour, address, happens(rng_, 20)));
  }

  void release(const std::string& service) {
    config::DeploymentRequest request;
    request.revision = "r" + std::to_string(++releases_);
    request.targets = {some_address()};
    request.deploy = *teal_->control().deploy_defaults(service);
    static_cast<void>(teal_->control().deploy(service, request, "", ""));
    teal_->pump();
    report_health(*teal_, releases_);
  }

  void steer(const std::string& service) {
    const auto deployments = teal_->control().deployments(service, 2).value();
    if (deployments.empty()) return;
    const auto which = rng_.below(static_cast<std::uint32_t>(deployments.size()));
    teal_->control().command(
        deployments[which].id, static_cast<control::Command>(rng_.below(5)), [](const auto&) {},
        happens(rng_, 10));
  }

  void wait(Millis time) {
    clock_.advance(time);
    teal_->control().tick();
  }

  void ask_somewhere() {
    const auto& listeners = teal_->config().listeners;
    const auto which = rng_.below(static_cast<std::uint32_t>(listeners.size()));
    teal_->ask(listeners[which].name, random_request(rng_, cookies_));
    note_cookie();
  }

  void note_cookie() {
    if (teal_->cookie().empty()) return;
    if (cookies_.size() < kCookies)
      cookies_.push_back(teal_->cookie());
    else
      cookies_[rng_.below(kCookies)] = teal_->cookie();
  }

  /// The same of the same address, whichever Teal it is.
  static void report_health(SimTeal& teal, std::uint64_t seed) {
    std::vector<std::pair<TargetId, Health>> said;
    for (const config::Service& service : teal.config().services) {
      if (!service.health) continue;
      const proxy::ServiceView& view = *teal.view(service.name);
      for (const Colour colour : kColours)
        for (const TargetState& target : view.groups[colour].targets) {
          const std::size_t hash =
              std::hash<std::string>{}(service.name + to_string(target.address));
          said.emplace_back(target.id,
                            mix64(hash + seed) % 5 == 0 ? Health::unhealthy : Health::healthy);
        }
    }
    for (const auto& [target, health] : said) teal.control().on_health(target, health, "probe");
  }

  static void report_found(SimTeal& teal, std::uint64_t seed) {
    for (const config::Service& service : teal.config().services)
      for (const config::DiscoverSource& source : service.discover) {
        control::Finding finding;
        finding.service = service.name;
        finding.source = source_text(source);
        std::vector<control::FoundTargetPlace>& entries = finding.entries.emplace();
        Rng rng{seed + std::hash<std::string>{}(service.name + finding.source)};
        for (int i = 1; i < 8; ++i)
          if (happens(rng, 60))
            entries.push_back(
                {source.revision, {Address::Kind::ip4, "10.8.0." + std::to_string(i), 9001}});
        teal.control().on_found(finding);
      }
  }

  // ---- the reload

  /// A release that stays with its share once its deployment has ended keeps its limit for as long
  /// as the process lives, and no longer. False: it has one all the same.
  bool drop_old_limits() {
    for (const config::Service& service : teal_->config().services) {
      const auto has_old = [&] {
        const proxy::ServiceView& view = *teal_->view(service.name);
        return view.exposure && view.release_weight() > Weight::none() &&
               !teal_->control().service(service.name)->deployment;
      };
      if (!has_old()) continue;
      teal_->control().set_split(service.name, Split::all_to(teal_->view(service.name)->live),
                                 std::nullopt, [](const auto&) {});
      if (has_old()) return false;
    }
    return true;
  }

  /// False: it is refused, or cannot be compared.
  bool make_ready_for(const config::Config& next) {
    if (teal_->control().refuse(next)) stop_all();
    // From here on targets are as both will hear of them: deployments have nothing to do.
    health_seed_ = rng_.next();
    settle({teal_.get()});
    if (has_fallback()) {
      // For how long the live group has served again is known to one process only.
      wait(11min);
      settle({teal_.get()});
    }
    wait(70s);  // Control saves by then how old deployments are, and how long groups are kept.
    teal_->pump();
    if (!drop_old_limits() || would_install_others() || teal_->control().refuse(next)) return false;
    make_known(next);
    for (std::uint32_t i = rng_.below(4); i > 0; --i) change_by_hand(some_service());
    return true;
  }

  bool has_fallback() {
    return std::ranges::any_of(teal_->config().services, [&](const config::Service& service) {
      return teal_->control().service(service.name)->fallback.has_value();
    });
  }

  /// A start installs the targets of a deployment anew that waits for them, and forgets whom others
  /// have put there or taken away meanwhile.
  bool would_install_others() {
    return std::ranges::any_of(teal_->config().services, [&](const config::Service& service) {
      const auto id = teal_->control().service(service.name)->deployment;
      if (!id) return false;
      const control::DeploymentReport running = *teal_->control().deployment(*id);
      if (running.phase != "Preparing" && running.phase != "Reinstalling") return false;
      const auto& targets = teal_->view(service.name)->groups[running.colour].targets;
      return !std::ranges::equal(targets, running.targets, {}, &TargetState::address);
    });
  }

  void stop_all() {
    for (const config::Service& service : teal_->config().services)
      if (const auto id = teal_->control().service(service.name)->deployment)
        teal_->control().command(*id, control::Command::stop, [](const auto&) {}, true);
    teal_->pump();
  }

  /// Where the file says something else of groups of which the store knows nothing, a start would
  /// believe it, and a reload does not: then somebody changes a target, and the store knows.
  void make_known(const config::Config& next) {
    for (const config::Service& service : teal_->config().services) {
      const auto stays = std::ranges::find(next.services, service.name, &config::Service::name);
      if (stays == next.services.end() || disk_->services.contains(service.name)) continue;
      if (stays->groups == service.groups && stays->live == service.live) continue;
      const Address address{Address::Kind::ip4, "10.9.1.1", 9000};
      EXPECT_TRUE(teal_->control().put_target(service.name, service.live, address));
    }
  }

  /// What it has to deal with.
  void count_reload(const config::Config& next, Outcomes& outcomes) {
    ++outcomes["reloads"];
    for (const config::Service& service : teal_->config().services) {
      const proxy::ServiceView& view = *teal_->view(service.name);
      const bool is_split = view.release_weight() > Weight::none();
      if (is_split && view.split.of(view.live) > Weight::none()) ++outcomes["reloads: a split"];
      if (teal_->control().service(service.name)->deployment) ++outcomes["reloads: a deployment"];
      const auto is_it = [&](const config::Service& other) { return other.name == service.name; };
      if (std::ranges::none_of(next.services, is_it)) ++outcomes["reloads: a service goes"];
    }
    for (const config::Service& service : next.services)
      if (teal_->view(service.name) == nullptr && disk_->services.contains(service.name))
        ++outcomes["reloads: a service returns"];
  }

  void reload_and_compare(Outcomes& outcomes) {
    const RandomConfig before = wanted_;
    wanted_.change(rng_);
    files_.change(rng_, 35);
    const std::string text = wanted_.text();
    Prepared next = prepare(text);
    if (!make_ready_for(*next.config)) {
      ++outcomes["reloads: left out"];
      wanted_ = before;
      return;
    }
    count_reload(*next.config, outcomes);
    process_seed_ = rng_.next();
    const bool is_of_before = happens(rng_, 50);
    auto copy = std::make_shared<control::Disk>(*disk_);
    teal_->reload(std::move(next), process_seed_);
    if (!is_of_before) copy = std::make_shared<control::Disk>(*disk_);
    const std::unique_ptr<SimTeal> fresh = start(copy, text);
    settle({teal_.get(), fresh.get()});
    // Of slow starts, buckets and answers that are remembered. Control does not hear of it.
    clock_.advance(5min);
    const std::string found = differences(*teal_, *fresh);
    EXPECT_TRUE(found.empty()) << found;
    for (int i = 0; i < kRequests && !testing::Test::HasFailure(); ++i)
      compare_request(*fresh, outcomes);
    if (testing::Test::HasFailure()) FAIL() << "--- from\n" << before.text() << "--- to\n" << text;
  }

  /// They hear how targets are and who is found, the same of the same, until nothing is under way
  /// any more but for what takes its time. How old deployments are is in the store then.
  void settle(std::initializer_list<SimTeal*> teals) {
    for (int i = 0; i < 6; ++i) {
      for (SimTeal* const teal : teals) {
        report_health(*teal, health_seed_);
        report_found(*teal, health_seed_);
        teal->pump();
        report_health(*teal, health_seed_);
        teal->pump();
      }
      clock_.advance(3s);
      for (SimTeal* const teal : teals) {
        teal->control().tick();
        teal->pump();
        teal->rest();
      }
    }
  }

  void compare_request(SimTeal& fresh, Outcomes& outcomes) {
    clock_.advance(Millis{rng_.below(20)});
    const auto& listeners = teal_->config().listeners;
    const std::string& listener =
        listeners[rng_.below(static_cast<std::uint32_t>(listeners.size()))].name;
    const SimRequest request = random_request(rng_, cookies_);
    const Trace after_reload = teal_->ask(listener, request);
    const Trace after_start = fresh.ask(listener, request);
    note_cookie();
    ++outcomes[outcome_of(after_reload)];
    EXPECT_EQ(after_reload, after_start)
        << "of the request at " << listener << " from " << request.client << ":\n"
        << request.bytes;
  }

  ConfigFiles files_;
  Rng rng_;
  ManualClock clock_;
  control::SilentLog log_;
  std::uint64_t process_seed_ = 1;
  std::uint64_t health_seed_ = 1;  ///< How targets are that both are compared with.
  std::shared_ptr<control::Disk> disk_ = std::make_shared<control::Disk>();
  RandomConfig wanted_;
  std::unique_ptr<SimTeal> teal_;
  std::vector<std::string> cookies_;
  std::uint64_t releases_ = 0;
};

/// The property is only worth its name while all of that happens.
void expect_variety(Outcomes& outcomes) {
  for (const char* const what :
       {"target", "target, then 401", "target, then 404", "target, then 502", "own 200", "own 302",
        "own 400", "own 401", "own 403", "own 404", "own 413", "own 429", "own 503",
        "reloads: a deployment", "reloads: a split", "reloads: a service goes",
        "reloads: a service returns"})
    EXPECT_GT(outcomes[what], 0U) << what;
  EXPECT_LT(outcomes["reloads: left out"], outcomes["reloads"] / 10);
}

TEST(ReloadProperty, DoesWithEachRequestWhatAStartOnTheSameStoreWouldDo) {
  const std::uint64_t seed = number_from("SIM_SEED", 300);
  const std::uint64_t runs = number_from("SIM_RUNS", 16);
  Outcomes outcomes;
  for (std::uint64_t run = 0; run < runs; ++run) {
    SCOPED_TRACE("repeat with SIM_SEED=" + std::to_string(seed + run) + " SIM_RUNS=1");
    ReloadLife life(seed + run);
    life.run(outcomes);
    if (HasFailure()) return;
  }
  if (runs >= 16) expect_variety(outcomes);
}

}  // namespace
}  // namespace teal::sim
