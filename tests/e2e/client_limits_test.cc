// What one client may have: requests at a rate, connections at a time.
#include <gtest/gtest.h>

#include "tests/support/e2e_target.h"
#include "tests/support/e2e_teal.h"

namespace teal::e2e {
namespace {

TEST(RateLimit, AnswersOverItWith429AndSaysWhenToComeBack) {
  Target target;
  ConfigText config = shop({target.address()},
                           "routes:\n"
                           "  api: { match: { listener: public, path: /api },\n"
                           "         rate_limit: { rate: 2/h, burst: 3 } }\n");
  config.workers = 4;
  config.access_log = "{ format: json, path: stdout }";
  Teal teal(config);
  // Whatever worker has the connection: the bucket is one.
  int served = 0;
  int limited = 0;
  for (int i = 0; i < 12; ++i) {
    HttpClient client(teal.listener());
    const Response response = client.get("/api/x");
    if (response.status == 200) ++served;
    if (response.status != 429) continue;
    ++limited;
    EXPECT_GT(std::stoi(response.headers.get("retry-after")), 1000);
    EXPECT_EQ(client.get("/").status, 200) << "the connection is kept, other routes have no limit";
  }
  EXPECT_EQ(served, 3);
  EXPECT_EQ(limited, 9);
  EXPECT_EQ(teal.admin().metric("teal_rate_limited_requests_total"), 9);
  EXPECT_EQ(teal.admin().metric("teal_requests_total", "4xx"), 0) << "they count for no group";
  ASSERT_TRUE(teal.stop());
  EXPECT_NE(teal.log().find(R"("termination":"rate_limited")"), std::string::npos);
}

TEST(RateLimit, IsSharedByTheRoutesThatInheritIt) {
  Target target;
  Teal teal(shop({target.address()},
                 "rate_limit: { rate: 1/h, burst: 2 }\n"
                 "routes:\n"
                 "  a: { match: { listener: public, path: /a } }\n"
                 "  b: { match: { listener: public, path: /b }, rate_limit: { rate: 1/h } }\n"
                 "  free: { match: { listener: public, path: /free }, rate_limit: off }\n"));
  HttpClient client(teal.listener());
  EXPECT_EQ(client.get("/a").status, 200);
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(client.get("/a").status, 429);
  EXPECT_EQ(client.get("/").status, 429);
  EXPECT_EQ(client.get("/b").status, 200);
  EXPECT_EQ(client.get("/b").status, 429);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/free").status, 200);
}

TEST(RateLimit, KnowsClientsByAHeaderOrBehindATrustedProxy) {
  Target target;
  ConfigText config = shop({target.address()},
                           "routes:\n"
                           "  key: { match: { listener: public, path: /key },\n"
                           "         rate_limit: { rate: 1/h, key: header:X-Api-Key } }\n"
                           "  ip: { match: { listener: public, path: /ip },\n"
                           "        rate_limit: { rate: 1/h } }\n");
  config.listeners = "public: { address: '127.0.0.1:0', trusted_proxies: [ 127.0.0.0/8 ] }";
  Teal teal(config);
  HttpClient client(teal.listener());
  const auto with = [&](const char* path, const char* header) {
    return client.get(path, header).status;
  };
  EXPECT_EQ(with("/key", "X-Api-Key: a\r\n"), 200);
  EXPECT_EQ(with("/key", "X-Api-Key: b\r\n"), 200);
  EXPECT_EQ(with("/key", "X-Api-Key: a\r\n"), 429);
  EXPECT_EQ(with("/ip", "X-Forwarded-For: 192.0.2.1\r\n"), 200);
  EXPECT_EQ(with("/ip", "X-Forwarded-For: 192.0.2.2\r\n"), 200);
  EXPECT_EQ(with("/ip", "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\n"), 429);
  EXPECT_EQ(with("/ip", ""), 200) << "the proxy itself";
  EXPECT_EQ(with("/ip", "X-Forwarded-For: 2001:db8::1\r\n"), 200);
  EXPECT_EQ(with("/ip", "X-Forwarded-For: 2001:db8::2\r\n"), 429) << "the same /64";
}

TEST(ConnectionsPerClient, AreCountedOverAllWorkersAndGivenBack) {
  Target target;
  ConfigText config = shop({target.address()});
  config.workers = 4;
  config.listeners = "public: { address: '127.0.0.1:0', limits: { connections_per_client: 3 } }";
  Teal teal(config);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<HttpClient>(teal.listener()));
    EXPECT_EQ(clients.back()->get("/").status, 200);
  }
  HttpClient over(teal.listener());
  EXPECT_NE(over.await_end(), Arrival::bytes) << "closed at once";
  EXPECT_EQ(teal.admin().metric("teal_downstream_connections_turned_away_total", "client"), 1);
  for (auto& client : clients) EXPECT_EQ(client->get("/").status, 200);
  clients.pop_back();
  EXPECT_TRUE(eventually([&] {
    HttpClient next(teal.listener());
    return next.get("/").status == 200;
  }));
}

TEST(ConnectionsPerClient, AreThoseOfWhomAProxyHeaderNames) {
  Target target;
  ConfigText config = shop({target.address()});
  config.listeners =
      "public: { address: '127.0.0.1:0', proxy_protocol: { from: [ 127.0.0.0/8 ] },\n"
      "          limits: { connections_per_client: 1 } }";
  Teal teal(config);
  const auto greeted = [&](HttpClient& client, const std::string& address) {
    return client
        .exchange("PROXY TCP4 " + address + " 192.0.2.100 1000 80\r\n" + request("GET", "/"))
        .status;
  };
  HttpClient first(teal.listener()), second(teal.listener()), again(teal.listener());
  EXPECT_EQ(greeted(first, "192.0.2.1"), 200);
  EXPECT_EQ(greeted(second, "192.0.2.2"), 200) << "the balancer's own address does not count";
  EXPECT_EQ(greeted(again, "192.0.2.1"), 0);
  EXPECT_EQ(teal.admin().metric("teal_downstream_connections_turned_away_total", "client"), 1);
}

}  // namespace
}  // namespace teal::e2e
