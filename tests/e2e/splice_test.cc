// Large bodies whose bytes nobody needs go from socket to socket (proxy/loop/pipe_pool.h): they are
// the same, they end as others do, and what goes wrong in the middle is noticed as with others.
#include <filesystem>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

// More than the kernel takes for a client that does not read (net.ipv4.tcp_wmem: 4 MiB).
constexpr std::size_t kLarge = std::size_t{8} << 20U;
/// Of a client that does not read: much less than the body.
constexpr int kSmallBuffer = 64 * 1024;

std::string noise(std::size_t size, std::uint64_t seed) {
  Rng rng(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(rng.below(256));
  return out;
}

/// Pipes that the process has open: two ends each.
std::size_t pipe_ends(pid_t process) {
  std::size_t ends = 0;
  std::error_code ignored;
  for (const auto& each :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd", ignored)) {
    const std::filesystem::path at = std::filesystem::read_symlink(each.path(), ignored);
    ends += at.string().starts_with("pipe:") ? 1 : 0;
  }
  return ends;
}

ConfigText one_worker(std::vector<std::string> targets) {
  ConfigText config = shop(std::move(targets));
  config.workers = 1;
  return config;
}

TEST(Splice, CarriesLargeBodiesUnchangedOneAfterTheOtherOnTheSameConnections) {
  const std::string body = noise(kLarge, 1);
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, body));
  });
  Teal teal(one_worker({target.address()}));
  const std::size_t before = pipe_ends(teal.id());
  HttpClient client(teal.listener());
  for (int i = 0; i < 3; ++i) {
    const Response got = client.get("/");
    ASSERT_EQ(got.status, 200);
    ASSERT_TRUE(got.complete && got.body == body) << got.body.size();
  }
  EXPECT_GT(pipe_ends(teal.id()), before) << "they did not go through a pipe";
  EXPECT_EQ(target.connections(), 1U);
}

TEST(Splice, KeepsTheOrderForAClientThatReadsSlowlyAndAsksForMoreMeanwhile) {
  const std::string body = noise(kLarge, 2);
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest& request) {
    connection.send(response(200, request.path == "/large" ? body : "small"));
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener(), kSmallBuffer);
  client.send(request("GET", "/large") + request("GET", "/small") + request("GET", "/large"));
  for (const std::string& wanted : {body, std::string("small"), body}) {
    const Response got = client.read();
    ASSERT_TRUE(got.complete && got.body == wanted) << got.body.size();
  }
}

TEST(Splice, ServesMoreSlowClientsThanThereArePipes) {
  constexpr std::size_t kClients = 80;
  const std::string body = noise(kLarge, 3);
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, body));
  });
  Teal teal(one_worker({target.address()}));
  const std::size_t before = pipe_ends(teal.id());
  std::list<HttpClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.emplace_back(teal.listener(), kSmallBuffer);
    clients.back().send(request("GET", "/"));
  }
  EXPECT_TRUE(eventually([&] { return pipe_ends(teal.id()) == before + std::size_t{2} * 64; }))
      << pipe_ends(teal.id());
  EXPECT_TRUE(eventually([&] {
    return teal.admin().metric("teal_splices_without_pipe_total") > 0;
  })) << "the others are served through memory";
  for (HttpClient& client : clients) {
    const Response got = client.read();
    ASSERT_TRUE(got.complete && got.body == body) << got.body.size();
  }
  EXPECT_LE(pipe_ends(teal.id()), before + std::size_t{2} * 2) << "they are not given back";
}

TEST(Splice, ShowsTheClientThatItsTargetBrokeOff) {
  const std::string body = noise(kLarge, 4);
  Target target;
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    connection.send(response(200, body).substr(0, kLarge / 2));
    connection.close();
  });
  Teal teal(one_worker({target.address()}));
  HttpClient client(teal.listener());
  const Response got = client.get("/");
  EXPECT_EQ(got.status, 200);
  EXPECT_FALSE(got.complete);
  EXPECT_EQ(client.await_end(), Arrival::closed);
}

TEST(Splice, UsesNoConnectionAgainThatEndedOrGoesOnBehindTheBody) {
  const std::string body = noise(kLarge, 5);
  for (const std::string behind : {"", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"}) {
    Target target;
    std::atomic<int> ended{0};
    target.on_request([&](TargetConnection& connection, const SeenRequest&) {
      connection.send(response(200, body) + behind);
      if (behind.empty()) connection.finish_sending();
      ++ended;
    });
    Teal teal(one_worker({target.address()}));
    HttpClient client(teal.listener());
    for (int i = 0; i < 3; ++i) {
      const Response got = client.get("/");
      ASSERT_TRUE(got.complete && got.body == body) << got.body.size() << " bytes, " << behind;
      ASSERT_TRUE(eventually([&] { return ended == i + 1; })) << "the end is not late";
    }
    EXPECT_EQ(target.connections(), 3U) << behind;
    EXPECT_EQ(target.requests(), 3U) << behind;
  }
}

TEST(Splice, GivesUpForAClientThatIsGone) {
  const std::string body = noise(kLarge, 6);
  Target target;
  std::atomic<int> refused{0};
  target.on_request([&](TargetConnection& connection, const SeenRequest&) {
    if (!connection.send(response(200, body)) || connection.await_end() != Arrival::bytes)
      ++refused;
  });
  Teal teal(one_worker({target.address()}));
  const std::size_t before = pipe_ends(teal.id());
  {
    std::list<HttpClient> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(teal.listener(), kSmallBuffer);
      clients.back().send(request("GET", "/"));
    }
    EXPECT_TRUE(eventually([&] { return pipe_ends(teal.id()) >= before + std::size_t{2} * 20; }));
  }
  EXPECT_TRUE(eventually([&] { return refused == 20; }));
  EXPECT_TRUE(eventually([&] { return pipe_ends(teal.id()) <= before + std::size_t{2} * 2; }));
}

}  // namespace
}  // namespace teal::e2e
