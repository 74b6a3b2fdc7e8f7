// Lives of a whole Teal that goes over from one random configuration to another, after some life on
// the first: each time it has to do with 10,000 requests, to the byte, what a Teal does that is
// started with the other one on a copy of the same store. SIM_SEED and SIM_RUNS (of lives, each
// with some reloads) as in deployment_sim_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
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
  ReloadLife(const ConfigFiles& files, std::uint64_t seed)
      : files_(files), rng_(seed), wanted_(rng_, files), teal_(start(disk_, wanted_.text())) {}

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
    if (happens(rng_, 70)) teal_->pump();
  }

  void act() {
    const auto& services = teal_->config().services;
    const std::string service =
        services[rng_.below(static_cast<std::uint32_t>(services.size()))].name;
    const Colour colour = kColours[rng_.below(2)];
    switch (rng_.below(12)) {
      case 0:
      case 1: report_health(*teal_, rng_.next()); break;
      case 2:
        static_cast<void>(teal_->control().put_target(service, colour, some_address()));
        break;
      case 3: drain_one(service, colour); break;
      case 4:
      case 5:
        teal_->control().set_split(service, Split::with(colour, Weight{rng_.below(11) * 1000}),
                                   std::nullopt, [](const auto&) {});
        break;
      case 6: release(service); break;
      case 7: steer(service); break;
      case 8: wait(Millis{rng_.below(90'000)}); break;
      case 9: wait(happens(rng_, 10) ? Millis{26h} : Millis{100}); break;
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

  /// False: it is refused, also once no deployment runs.
  bool is_taken(const config::Config& next) {
    if (!drop_old_limits()) return false;
    if (!teal_->control().refuse(next)) return true;
    for (const config::Service& service : teal_->config().services)
      if (const auto id = teal_->control().service(service.name)->deployment)
        teal_->control().command(*id, control::Command::stop, [](const auto&) {}, true);
    teal_->pump();
    return drop_old_limits() && !teal_->control().refuse(next);
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

  void reload_and_compare(Outcomes& outcomes) {
    const std::string before = wanted_.text();
    wanted_.change(rng_);
    const std::string text = wanted_.text();
    Prepared next = prepare(text);
    if (!is_taken(*next.config)) {
      ++outcomes["reloads left out"];
      return;
    }
    ++outcomes["reloads"];
    make_known(*next.config);
    process_seed_ = rng_.next();
    const bool is_of_before = happens(rng_, 50);
    auto copy = std::make_shared<control::Disk>(*disk_);
    teal_->reload(std::move(next), process_seed_);
    if (!is_of_before) copy = std::make_shared<control::Disk>(*disk_);
    const std::unique_ptr<SimTeal> fresh = start(copy, text);
    settle(*fresh);
    const std::string found = differences(*teal_, *fresh);
    if (!found.empty()) {
      std::printf("of before: %d\n", is_of_before);
      for (SimTeal* t : {teal_.get(), fresh.get()}) {
        std::printf("=====\n");
        for (const auto& a : t->control().announcements()) std::printf("%s %s %s: %s\n", a.type.c_str(), a.service.c_str(), a.deployment.c_str(), a.text.c_str());
        for (const auto& s : t->config().services)
          for (const auto& d : t->control().deployments(s.name, 5).value()) std::printf("%s %s kind %d status %d %s %s\n", d.service.c_str(), d.id.c_str(), (int)d.kind, (int)d.status, d.phase.c_str(), d.reason.c_str());
      }
    }
    ASSERT_TRUE(found.empty()) << found << "--- from\n" << before << "--- to\n" << text;
    for (int i = 0; i < kRequests; ++i)
      if (!compare_request(*fresh, outcomes))
        FAIL() << "--- from\n" << before << "--- to\n" << text;
  }

  /// Both hear the same, and what only time decides is over.
  void settle(SimTeal& fresh) {
    const std::uint64_t seed = rng_.next();
    for (SimTeal* const teal : {teal_.get(), &fresh}) {
      report_health(*teal, seed);
      teal->control().tick();
      teal->pump();
      teal->rest();
    }
    // Of slow starts, buckets and answers that are remembered. Control does not hear of it.
    clock_.advance(5min);
  }

  bool compare_request(SimTeal& fresh, Outcomes& outcomes) {
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
    return after_reload == after_start;
  }

  const ConfigFiles& files_;
  Rng rng_;
  ManualClock clock_;
  control::SilentLog log_;
  std::uint64_t process_seed_ = 1;
  std::shared_ptr<control::Disk> disk_ = std::make_shared<control::Disk>();
  RandomConfig wanted_;
  std::unique_ptr<SimTeal> teal_;
  std::vector<std::string> cookies_;
  std::uint64_t releases_ = 0;
};

TEST(ReloadProperty, DoesWithEachRequestWhatAStartOnTheSameStoreWouldDo) {
  const ConfigFiles files;
  const std::uint64_t seed = number_from("SIM_SEED", 2026);
  const std::uint64_t runs = number_from("SIM_RUNS", 12);
  Outcomes outcomes;
  for (std::uint64_t run = 0; run < runs; ++run) {
    SCOPED_TRACE("repeat with SIM_SEED=" + std::to_string(seed + run) + " SIM_RUNS=1");
    ReloadLife life(files, seed + run);
    life.run(outcomes);
    if (HasFailure()) return;
  }
  for (const auto& [what, count] : outcomes) std::printf("%s: %lu\n", what.c_str(), count);
}

}  // namespace
}  // namespace teal::sim
