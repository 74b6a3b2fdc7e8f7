// Kept connections to targets: when they are used again, when they must not be, and the one retry
// that is safe when a target has closed one at the wrong moment.
#include <sys/resource.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

/// One worker, so that the second request finds the first one's connection.
ConfigText one_worker(const Target& target, const std::string& more = {}) {
  ConfigText config = shop({target.address()}, more);
  config.workers = 1;
  return config;
}

/// Answers the first request of a connection and dies on the second.
void die_on_reuse(TargetConnection& connection, const SeenRequest& request) {
  if (request.nth == 1) {
    connection.send(response(200, request.body, "x-nth: 1\r\n"));
  } else {
    connection.close();
  }
}

TEST(Pool, AKeptConnectionThatDiesIsReplacedForARequestThatMayBeRepeated) {
  Target target;
  target.on_request(die_on_reuse);
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  ASSERT_EQ(client.get("/").status, 200);
  for (const char* method : {"GET", "PUT", "DELETE"}) {
    const Response response = client.exchange(request(method, "/again"));
    EXPECT_EQ(response.status, 200) << method << ": " << describe(response);
  }
  EXPECT_EQ(target.connections(), 4U);
  EXPECT_EQ(teal.admin().metric("teal_upstream_retries_total", "kept_connection_died"), 3);
}

TEST(Pool, AnIdempotencyKeyMakesAPostRepeatableWithItsBody) {
  Target target;
  target.on_request(die_on_reuse);
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  ASSERT_EQ(client.get("/").status, 200);
  const Response response = client.post("/pay", "ten euros", "idempotency-key: 8e03978e\r\n");
  EXPECT_EQ(response.status, 200) << describe(response);
  EXPECT_EQ(response.body, "ten euros") << "the body was sent again";
}

TEST(Pool, APlainPostIsNotRepeated) {
  Target target;
  target.on_request(die_on_reuse);
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  ASSERT_EQ(client.get("/").status, 200);
  const Response response = client.post("/pay", "ten euros");
  EXPECT_EQ(response.status, 502) << describe(response);
  EXPECT_EQ(target.requests(), 2U) << "it was sent twice";
}

TEST(Pool, ARepeatedRequestThatFailsAgainIsGivenUp) {
  Target target;
  std::atomic<bool> broken{false};
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    broken ? connection.close() : static_cast<void>(connection.send(response(200, "ok")));
  });
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  ASSERT_EQ(client.get("/").status, 200);
  broken = true;
  EXPECT_EQ(client.get("/").status, 502);
  EXPECT_EQ(target.requests(), 3U);
}

TEST(Pool, BytesBehindAResponseAreNeverAnAnswer) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.path) + response(200, "smuggled"));
  });
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  for (const std::string path : {"/1", "/2", "/3"}) EXPECT_EQ(client.get(path).body, path);
  EXPECT_EQ(target.connections(), 3U) << "such a connection is not used again";
}

TEST(Pool, BytesOnAnIdleConnectionEndIt) {
  Target target;
  Trigger ended;
  target.on_connection([&](TargetConnection& connection) {
    const bool is_first = connection.number() == 1;
    while (std::optional<SeenRequest> request = connection.next()) {
      connection.send(response(200, request->path));
      if (!is_first) continue;
      connection.send("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfalse");
      connection.await_end();
      ended.fire();
    }
  });
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/1").body, "/1");
  EXPECT_TRUE(ended.wait());
  EXPECT_EQ(client.get("/2").body, "/2");
}

TEST(Pool, AConnectionThatTheTargetEndsIsForgotten) {
  Target target;
  target.on_request([](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, "last one", "connection: close\r\n"));
    connection.close();
  });
  Teal teal(one_worker(target));
  HttpClient client(teal.listener());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.post("/", "unrepeatable").status, 200);
  EXPECT_EQ(target.connections(), 5U);
}

TEST(Pool, AnUnusedConnectionIsClosedBeforeTheTargetWould) {
  Target target;
  Teal teal(one_worker(target, "timeouts: { upstream_idle: 100ms }"));
  HttpClient client(teal.listener());
  ASSERT_EQ(client.get("/").status, 200);
  ASSERT_EQ(target.connections(), 1U);
  EXPECT_TRUE(eventually([&] { return target.open_connections() == 0; }));
  EXPECT_EQ(teal.admin().metric("teal_upstream_idle_connections_closed_total", "teal\""), 1);
  EXPECT_EQ(client.get("/").status, 200);
}

TEST(Pool, NoMoreConnectionsAreKeptThanAllowed) {
  Target target;
  Trigger all_here;
  std::atomic<int> waiting{0};
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    if (++waiting == 6) all_here.fire();
    connection.wait(all_here);
    connection.send(response(200, "ok"));
  });
  Teal teal(one_worker(target, "limits: { idle_per_target: 2 }"));
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<HttpClient>(teal.listener()));
    clients.back()->send(request("GET", "/"));
  }
  for (auto& client : clients) EXPECT_EQ(client->read().status, 200);
  EXPECT_TRUE(eventually([&] { return target.open_connections() == 2; }))
      << target.open_connections();
}

/// Requests that are all at the target at once, so that each has a connection of its own.
class Burst {
 public:
  Burst(Target& target, std::size_t size) : size_(size) {
    target.on_request([this](TargetConnection& connection, const SeenRequest&) {
      const std::size_t burst = arrived_++ / size_;
      if (arrived_ == (burst + 1) * size_) all_here_[burst].fire();
      connection.wait(all_here_[burst]);
      connection.send(response(200, "ok"));
    });
  }

  void run(Teal& teal) {
    while (clients_.size() < size_)
      clients_.push_back(std::make_unique<HttpClient>(teal.listener()));
    for (auto& client : clients_) client->send(request("GET", "/"));
    for (auto& client : clients_) EXPECT_EQ(client->read().status, 200);
  }

 private:
  const std::size_t size_;
  std::atomic<std::size_t> arrived_{0};
  std::array<Trigger, 4> all_here_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

double idle_connections(Teal& teal) {
  return teal.admin().metric("teal_upstream_connections_idle");
}

TEST(Pool, ABurstKeepsItsConnectionsForTheNextOneWithoutAWordInTheConfiguration) {
  constexpr std::size_t kSize = 200;
  Target target;
  Burst burst(target, kSize);
  // Nothing but how long an idle one is kept, which a busy machine could pass.
  ConfigText config = shop({target.address()}, "timeouts: { upstream_idle: 1m }");
  config.workers = 4;
  Teal teal(config);
  for (int i = 0; i < 3; ++i) burst.run(teal);
  EXPECT_EQ(target.connections(), kSize);
  EXPECT_TRUE(eventually([&] { return idle_connections(teal) == kSize; }));
}

TEST(Pool, ShrinksInSecondsWhenTheBurstIsOver) {
  constexpr std::size_t kSize = 64;
  Target target;
  Burst burst(target, kSize);
  ConfigText config = shop({target.address()}, "timeouts: { upstream_idle: 1h }");
  config.workers = 2;
  Teal teal(config);
  burst.run(teal);
  EXPECT_TRUE(eventually([&] { return idle_connections(teal) <= kSize / 2; },
                         Deadline{std::chrono::seconds{30}}));
  EXPECT_GE(teal.admin().metric("teal_upstream_idle_connections_closed_total", "surplus"),
            kSize / 2);
  EXPECT_EQ(teal.admin().metric("teal_upstream_idle_connections_closed_total", "teal\""), 0);
}

TEST(Pool, TheProcessKeepsNoMoreThanItsLimitAndTheOldestGivesWay) {
  Target target;
  Burst burst(target, 10);
  ConfigText config = shop({target.address()}, "timeouts: { upstream_idle: 1h }");
  config.workers = 1;
  config.more = "limits: { idle_upstream: 4 }\n";
  Teal teal(config);
  burst.run(teal);
  EXPECT_TRUE(eventually([&] { return target.open_connections() == 4; }))
      << target.open_connections();
  EXPECT_EQ(idle_connections(teal), 4);
  EXPECT_EQ(teal.admin().metric("teal_upstream_connections_idle_limit"), 4);
  EXPECT_EQ(teal.admin().metric("teal_upstream_idle_connections_closed_total", "limit"), 6);
  burst.run(teal);
  EXPECT_EQ(target.connections(), 16U) << "four were kept";
}

/// The descriptors of a process, and what each is.
std::map<rlim_t, std::string> descriptors_of(int process) {
  std::map<rlim_t, std::string> used;
  for (const auto& each :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd")) {
    std::error_code gone;
    used[std::stoul(each.path().filename())] = std::filesystem::read_symlink(each.path(), gone);
  }
  return used;
}

/// The lowest number that the process could give to a new descriptor.
rlim_t lowest_free_descriptor(int process) {
  const auto used = descriptors_of(process);
  rlim_t free = 0;
  while (used.contains(free)) ++free;
  return free;
}

rlim_t highest_socket(int process) {
  rlim_t highest = 0;
  for (const auto& [number, what] : descriptors_of(process))
    if (what.starts_with("socket:")) highest = number;
  return highest;
}

TEST(Pool, AnIdleConnectionGivesItsDescriptorToARequestForAnotherTarget) {
  if (kSanitized)
    GTEST_SKIP() << "UBSan looks at objects through a pipe, and takes none for a fault";
  Target busy, other("other");
  Burst burst(busy, 8);
  ConfigText config = shop({busy.address()}, "timeouts: { upstream_idle: 1h }");
  ServiceText second;
  second.name = "second";
  second.match = "{ listener: public, path: /other }";
  second.blue = {other.address()};
  config.services.push_back(second);
  config.workers = 1;
  config.more = "overload: off\n";
  Teal teal(config);
  HttpClient client(teal.listener());
  burst.run(teal);
  busy.on_request(nullptr);
  ASSERT_EQ(client.get("/none").status, 200) << "by then all of the burst are idle";
  // A connection of control's that ended late leaves a gap below the idle ones: a client fills it.
  std::vector<std::unique_ptr<HttpClient>> more;
  while (lowest_free_descriptor(teal.id()) < highest_socket(teal.id()) && more.size() < 10) {
    more.push_back(std::make_unique<HttpClient>(teal.listener()));
    ASSERT_EQ(more.back()->get("/none").status, 200);
  }
  rlimit before{};
  const rlim_t none_left = lowest_free_descriptor(teal.id());
  ASSERT_EQ(::prlimit(teal.id(), RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit few{none_left, before.rlim_max};
  ASSERT_EQ(::prlimit(teal.id(), RLIMIT_NOFILE, &few, nullptr), 0);
  const Response response = client.get("/other");
  EXPECT_EQ(response.status, 200) << describe(response);
  ASSERT_EQ(::prlimit(teal.id(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_EQ(teal.admin().metric("teal_upstream_idle_connections_closed_total", "limit"), 1);
  EXPECT_TRUE(eventually([&] { return busy.open_connections() == 7; }));
}

TEST(Pool, ALimitOfATargetIsOneNumberForAllWorkers) {
  Target target;
  Burst burst(target, 16);
  ConfigText config =
      shop({target.address()}, "timeouts: { upstream_idle: 1h }\nlimits: { idle_per_target: 6 }");
  config.workers = 4;
  Teal teal(config);
  burst.run(teal);
  EXPECT_TRUE(eventually([&] { return target.open_connections() == 6; }))
      << target.open_connections();
  EXPECT_EQ(teal.admin().metric("teal_upstream_idle_connections_closed_total", "limit"), 10);
}

}  // namespace
}  // namespace teal::e2e
