// A seeded life of the data plane with few places: requests wait, are shielded, retried, given up
// and cut, tunnels come and go, while an operator and failing targets publish one table after the
// other. Made for the sanitizers: what a publication frees must be in nobody's hands. Afterwards
// all is given back: nothing active, no place lost.
//
// TEAL_STRESS_SEED repeats the tries of a run (not its timing), TEAL_STRESS_SECONDS lengthens it.
#include <cstdlib>
#include <deque>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/e2e_stress.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

/// Whichever comes first ends a life.
constexpr int kSteps = 4000;
constexpr int kSeconds = 20;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

class Life {
 public:
  explicit Life(std::uint64_t seed) : rng_(seed) {
    for (const char* const name : {"a", "b", "c", "d", "e", "f"})
      targets_.emplace_back(name).on_request(play_what_is_asked);
    teal_ = std::make_unique<Teal>(config());
    scene_.door = teal_->listener();
  }

  void live() {
    std::vector<std::jthread> people;
    const auto add = [&](int count, void (*what)(StressScene&, Rng)) {
      for (int i = 0; i < count; ++i)
        people.emplace_back([this, what, rng = Rng{rng_.next()}] { what(scene_, rng); });
    };
    add(6, be_honest);
    add(2, be_honest_http2);
    add(2, be_rude);
    add(1, be_rude_http2);
    add(3, tunnel);
    const Deadline end{std::chrono::seconds{number_from("TEAL_STRESS_SECONDS", kSeconds)} /
                       kPatience};
    try {
      for (step_ = 0; step_ < kSteps && !end.has_passed() && scene_.complaints.empty(); ++step_)
        operate();
    } catch (const std::runtime_error& failed) {
      scene_.complaints.add(std::string("the operator: ") + failed.what());
    }
    scene_.is_over = true;
  }

  /// Everything is well again: nothing is left of that life, and every service has its places.
  void settle() {
    for (Target& target : targets_) target.set_healthy(true);
    for (const std::string& service : services_) {
      const std::string id = running(service);
      EXPECT_TRUE(id.empty() || end_deployment(id)) << admin().deployment(id).text;
      EXPECT_TRUE(eventually([&] { return serves_from_live(service); }))
          << admin().service(service).text;
    }
    for (const char* const gauge :
         {"teal_downstream_requests_active", "teal_requests_active", "teal_tunnels_active",
          "teal_upstream_connections_active", "teal_downstream_connections_active"})
      EXPECT_TRUE(eventually([&] { return admin().metric(gauge) == 0; }))
          << gauge << ' ' << admin().metric(gauge);
    for (const char* const host : {"shop.example", "cart.example", "news.example"}) {
      const std::string ask =
          "GET / HTTP/1.1\r\nx-do: ok\r\nhost: " + std::string(host) + "\r\n\r\n";
      // Once those that were ejected are back, nothing but a lost place could make it fail.
      int in_a_row = 0;
      EXPECT_TRUE(eventually([&] {
        const bool is_served = HttpClient(scene_.door).exchange(ask).status == 200;
        in_a_row = is_served ? in_a_row + 1 : 0;
        return in_a_row == 20;
      })) << host;
    }
  }

  /// How much of what it is for has happened.
  std::string reached() {
    std::string all;
    for (const char* const counter :
         {"teal_shielded_requests_total", "teal_upstream_retries_total",
          "teal_requests_unserved_total", "teal_timeouts_total", "teal_client_aborts_total",
          "teal_upstream_truncated_responses_total", "teal_tunnels_total",
          "teal_tunnels_drained_total", "teal_compressed_responses_total",
          "teal_exposure_withheld_total", "teal_rate_limited_requests_total",
          "teal_route_answers_total"})
      all += std::string(counter) + ' ' +
             std::to_string(static_cast<long>(admin().metric(counter))) + '\n';
    return all;
  }

  const StressScene& scene() const { return scene_; }
  int steps() const { return step_; }
  bool is_alive() {
    try {
      return admin().get("/livez").status == 200;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

 private:
  ConfigText config() const {
    const auto name = [this](std::size_t i) { return targets_[i].address(); };
    const std::string common = fast_health() +
                               "timeouts: { queue: 200ms, response_header: 150ms, "
                               "stream_idle: 10s, tunnel_idle: 300ms, tunnel_drain: 50ms }\n"
                               "retry: { on: [ connect_failure, reset, 502, 503 ] }\n"
                               "outlier: { consecutive_failures: 3, ejection: 100ms, "
                               "max_ejection: 200ms }\n";
    ConfigText config;
    config.access_log = "\n  format: json\n  path: $DIR/access.log";
    // Many actions, judged releases, one place for each target.
    ServiceText shop;
    shop.match = "{ listener: public, host: shop.example }";
    shop.blue = {name(0), name(1)};
    shop.green = {name(2)};
    shop.more = common +
                "limits: { in_flight_per_target: 1, pending: 4 }\nupgrades: [ websocket ]\n"
                "shield: { header: everybody }\n"
                "compress: { min_bytes: 1024 }\n"
                "request_headers: { set: { name: x-edge, value: teal } }\n"
                "response_headers: { add: { name: vary, value: x-do } }\n"
                "deploy: { plan: AllAtOnce, exposure_budget: 3, watch_after: 300ms, alarms: "
                "{ worse: { compare: errors }, slower: { compare: latency } } }\n"
                "routes:\n"
                "  api:\n"
                "    match: { listener: public, host: shop.example, path: /api }\n"
                "    rewrite: { prefix: /v1 }\n"
                "  limited:\n"
                "    match: { listener: public, host: shop.example, path: /limited }\n"
                "    rate_limit: { rate: 10/s, burst: 2 }\n"
                "  old:\n"
                "    match: { listener: public, host: shop.example, path: /old }\n"
                "    redirect: { prefix: / }\n"
                "  robots:\n"
                "    match: { listener: public, host: shop.example, path: /robots }\n"
                "    respond: { body: none }\n";
    // No action, sticky clients, a limit for the group.
    ServiceText cart;
    cart.name = "cart";
    cart.match = "{ listener: public, host: cart.example }";
    cart.blue = {name(3)};
    cart.green = {name(4), name(5)};
    cart.more = common +
                "limits: { in_flight_per_group: 2, pending: 2 }\nsticky: true\n"
                "deploy: { plan: AllAtOnce, watch_after: 300ms, "
                "alarms: { worse: { compare: errors, at_most: 1% } } }\n";
    // Shares its targets with the others; its failures publish tables for everybody.
    ServiceText news;
    news.name = "news";
    news.match = "{ listener: public, host: news.example }";
    news.blue = {name(1), name(3)};
    news.green = {name(5)};
    news.more = common + "balance: round_robin\nshield: off\nupgrades: [ websocket ]\n";
    config.services = {shop, cart, news};
    return config;
  }

  Admin& admin() { return teal_->admin(); }
  std::uint32_t below(std::uint32_t bound) { return rng_.below(bound); }
  std::string running(const std::string& service) {
    return admin().service(service).at("/deployment/id");
  }
  /// All traffic goes to the live group, and somebody is there.
  bool serves_from_live(const std::string& service) {
    const std::string live = admin().service(service).at("/live");
    const auto change = [&](const char* method, const std::string& group, const Target& target) {
      admin().call(method,
                   "/v1/services/" + service + "/groups/" + group + "/targets/" + target.address());
    };
    // Refused for those that are there already, or in the other group.
    for (const Target& target : targets_) change("PUT", live, target);
    if (admin().service(service).at("/groups/" + live + "/targets_total") == "0")
      change("DELETE", live == "blue" ? "green" : "blue", targets_.front());
    return admin().split(live == "blue" ? "0%" : "100%", service).status == 200 &&
           admin().service(service).at("/groups/" + live + "/targets_healthy") != "0";
  }
  bool end_deployment(const std::string& id) {
    return eventually([&] {
      admin().command(id, "rollback");
      return !admin().deployment(id).at("/finished").empty();
    });
  }

  void operate() {
    const std::string& service = services_[below(3)];
    Target& target = targets_[below(6)];
    ApiAnswer answer;
    switch (below(10)) {
      case 0: target.set_healthy(below(3) != 0); return;
      case 1:
      case 2: answer = deploy(service, target); break;
      case 3:
      case 4: answer = command(service); break;
      case 5: {
        const std::string path = "/v1/services/" + service + "/groups/" +
                                 (below(2) == 0 ? "blue" : "green") + "/targets/" +
                                 target.address();
        answer = admin().call(below(2) == 0 ? "PUT" : "DELETE", path);
        break;
      }
      default: answer = admin().split(std::to_string(below(5) * 25) + "%", service); break;
    }
    // What cannot be done now (409, 422) is no complaint.
    if (answer.status == 0 || answer.status >= 500)
      scene_.complaints.add("the operator got " + std::to_string(answer.status) + ' ' +
                            answer.text);
  }

  ApiAnswer deploy(const std::string& service, const Target& target) {
    const std::string weight = std::to_string(25 + below(4) * 25) + "%";
    const std::string bake = std::to_string(20 + below(300)) + "ms";
    const std::string revision = "v" + std::to_string(++revisions_);
    ApiAnswer started = admin().post("/v1/services/" + service + "/deployments",
                                     R"({"revision": ")" + revision + R"(", "targets": [")" +
                                         target.address() + R"("], "plan": [{"set_weight": ")" +
                                         weight + R"("}, {"bake": ")" + bake + R"("}]})");
    if (started.status == 201) last_ = started.at("/id");
    return started;
  }

  ApiAnswer command(const std::string& service) {
    constexpr std::array kCommands{"continue", "pause", "promote", "stop", "rollback", "rollback"};
    std::string id = running(service);
    if (id.empty()) id = last_;
    if (id.empty()) return admin().service(service);
    return admin().command(id, kCommands[below(static_cast<std::uint32_t>(kCommands.size()))]);
  }

  const std::vector<std::string> services_{"shop", "cart", "news"};
  Rng rng_;
  std::deque<Target> targets_;
  std::unique_ptr<Teal> teal_;
  StressScene scene_;
  std::string last_;
  int revisions_ = 1;
  int step_ = 0;
};

TEST(Stress, NothingThatAPublicationFreesIsInAnybodysHands) {
  const std::uint64_t seed = number_from("TEAL_STRESS_SEED", std::random_device{}());
  std::printf("TEAL_STRESS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  SCOPED_TRACE("TEAL_STRESS_SEED=" + std::to_string(seed));
  Life life(seed);
  life.live();
  std::printf("%d steps, %llu answers\n", life.steps(),
              static_cast<unsigned long long>(life.scene().answers.load()));
  ASSERT_TRUE(life.is_alive()) << "teal has ended\n" << life.scene().complaints.text();
  EXPECT_TRUE(life.scene().complaints.empty()) << life.scene().complaints.text();
  EXPECT_GT(life.scene().answers, 50U) << "nobody got anywhere";
  std::printf("%s", life.reached().c_str());
  life.settle();
}

}  // namespace
}  // namespace teal::e2e
