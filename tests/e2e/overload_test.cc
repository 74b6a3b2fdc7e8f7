// The overload ladder with limits small enough to reach, and what goes on through it.
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

bool reaches_level(Teal& teal, int level) {
  return eventually([&] { return teal.admin().metric("teal_overload_level") == level; });
}

/// Connections that are open, each after a request.
class Crowd {
 public:
  explicit Crowd(Teal& teal) : teal_(teal) {}
  void grow_to(std::size_t size) {
    while (clients_.size() < size)
      clients_.push_back(std::make_unique<HttpClient>(teal_.listener()));
  }
  void leave() { clients_.clear(); }
  HttpClient& operator[](std::size_t i) { return *clients_[i]; }

 private:
  Teal& teal_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

ConfigText limited_to_forty_connections(const Target& target) {
  ConfigText config = shop({target.address()});
  config.listeners = "public: { address: '127.0.0.1:0', timeouts: { request_header: 1m } }";
  config.more = "overload: { connections: 40 }\n";
  return config;
}

TEST(Overload, GoesUpTheLadderAndComesDownAgain) {
  Target target;
  Teal teal(limited_to_forty_connections(target));
  Crowd crowd(teal);
  crowd.grow_to(20);
  Response response = crowd[0].get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.has("connection"));
  EXPECT_EQ(teal.admin().metric("teal_overload_level"), 0);

  crowd.grow_to(36);
  ASSERT_TRUE(reaches_level(teal, 2));
  response = crowd[1].get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("connection"), "close");
  EXPECT_EQ(crowd[1].await_end(), Arrival::closed);
  EXPECT_EQ(crowd[0].await_end(), Arrival::closed) << "an idle one ends after a second";
  EXPECT_GE(teal.admin().metric("teal_overload_idle_connections_closed_total"), 1);

  crowd.grow_to(40);  // two have gone
  ASSERT_TRUE(reaches_level(teal, 3));
  response = crowd[2].get("/");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("retry-after"), "5");
  EXPECT_EQ(crowd[2].await_end(), Arrival::closed);
  EXPECT_GE(teal.admin().metric("teal_overload_requests_refused_total"), 1);

  crowd.grow_to(43);
  ASSERT_TRUE(reaches_level(teal, 4));
  HttpClient waiting(teal.listener());
  ASSERT_TRUE(waiting.send(request("GET", "/")));
  EXPECT_EQ(teal.admin().get("/livez").status, 200);
  EXPECT_EQ(teal.admin().metric("teal_downstream_connections_active"), 40);
  EXPECT_EQ(teal.admin().service().status, 200);

  crowd.leave();
  ASSERT_TRUE(reaches_level(teal, 3));
  EXPECT_NE(waiting.read().status, 0) << "who waited in the backlog is served";
  ASSERT_TRUE(reaches_level(teal, 0));
  HttpClient after(teal.listener());
  EXPECT_EQ(after.get("/").status, 200);
  ASSERT_TRUE(teal.stop());
  EXPECT_NE(teal.log().find("because=\"connections 100%\""), std::string::npos) << teal.log();
}

TEST(Overload, WithoutMemoryNobodyIsAcceptedAndControlGoesOn) {
  Target target;
  ConfigText config = shop({target.address()});
  config.more = "overload: { memory_mib: 4 }\n";
  Teal teal(config);
  ASSERT_TRUE(reaches_level(teal, 4));
  HttpClient client(teal.listener());
  ASSERT_TRUE(client.send(request("GET", "/")));
  EXPECT_EQ(teal.admin().get("/livez").status, 200);
  EXPECT_GT(teal.admin().metric("teal_overload_used_ratio", "memory"), 1.0);
  EXPECT_EQ(teal.admin().metric("teal_downstream_connections_total"), 0);
}

TEST(Overload, KeepsDescriptorsForControlAndProbes) {
  Target target;
  Teal teal(shop({target.address()}, fast_health()));
  const rlimit few{160, 160};
  ASSERT_EQ(::prlimit(teal.id(), RLIMIT_NOFILE, &few, nullptr), 0);
  std::vector<std::unique_ptr<HttpClient>> clients;
  clients.push_back(std::make_unique<HttpClient>(teal.listener()));
  ASSERT_TRUE(eventually([&] {
    return teal.admin().metric("teal_overload_used_ratio", "descriptors") > 1.0 / 200;
  })) << "it has seen the new limit";
  ASSERT_TRUE(eventually([&] {
    for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<HttpClient>(teal.listener()));
    return teal.admin().metric("teal_downstream_connections_turned_away_total", "descriptors") +
               teal.admin().metric("teal_overload_level") >
           0;
  }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(teal.admin().get("/livez").status, 200);
  const std::size_t probes = target.probes();
  EXPECT_TRUE(eventually([&] { return target.probes() > probes + 2; }));
  EXPECT_EQ(teal.admin().metric("teal_target_healthy"), 1);
  EXPECT_EQ(teal.admin().metric("teal_downstream_accept_failures_total"), 0);
  clients.clear();
  ASSERT_TRUE(reaches_level(teal, 0));
  EXPECT_TRUE(eventually([&] {
    HttpClient after(teal.listener());
    return after.get("/").status == 200;
  }));
}

TEST(Overload, IsNotLookedForWhereItIsOff) {
  Target target;
  ConfigText config = shop({target.address()});
  config.more = "overload: off\n";
  Teal teal(config);
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(teal.admin().metric("teal_overload_level"), 0);
}

}  // namespace
}  // namespace teal::e2e
