#include "health/probe/prober.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "net/http/refusal.h"
#include "tests/support/component_scripted_server.h"

namespace teal::health {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using test::http_reply;
using test::Reply;
using test::ScriptedServer;

config::HealthCheck http_check(Millis timeout = std::chrono::seconds{10}) {
  config::HealthCheck check;
  check.kind = config::HealthCheck::Kind::http;
  check.path = "/healthz";
  check.timeout = timeout;
  return check;
}

config::HealthCheck tcp_check(Millis timeout = std::chrono::seconds{10}) {
  config::HealthCheck check;
  check.kind = config::HealthCheck::Kind::tcp;
  check.timeout = timeout;
  return check;
}

std::string shown(const ProbeResult& result) {
  return (result.passed ? "passed: " : "failed: ") + result.reason;
}

class ProberTest : public testing::Test {
 protected:
  /// What a probe of `address` comes to.
  std::string probe(const Address& address, const config::HealthCheck& check,
                    const ProbePreamble& preamble = {}) {
    std::optional<ProbeResult> result;
    int calls = 0;
    const auto done = [&](const ProbeResult& found) {
      result = found;
      ++calls;
    };
    const Prober prober(io_, address, check, done, preamble);
    EXPECT_FALSE(result) << "reported from inside the constructor";
    if (!test::run_until(io_, [&] { return result.has_value(); })) return "never reported";
    io_.poll();
    EXPECT_EQ(calls, 1);
    return shown(*result);
  }

  std::string probe(const Reply& reply, const config::HealthCheck& check) {
    const ScriptedServer server(io_, [&](std::size_t) { return reply; });
    return probe(server.address(), check);
  }

  /// An address where nobody listens.
  Address deserted() {
    asio::ip::tcp::acceptor taken(io_, {asio::ip::address_v4::loopback(), 0});
    return {Address::Kind::ip4, "127.0.0.1", taken.local_endpoint().port()};
  }

  asio::io_context io_;
};

std::string socket_path() {
  return testing::TempDir() + "teal_prober_" + std::to_string(::getpid()) + ".sock";
}

TEST_F(ProberTest, BeginsWithAProxyHeaderThatNamesNoClient) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  EXPECT_EQ(probe(server.address(), http_check(), {.proxy_protocol = config::ProxyVersion::v1}),
            "passed: status 200");
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_TRUE(server.requests()[0].starts_with("PROXY UNKNOWN\r\nGET /healthz "))
      << server.requests()[0];
}

TEST_F(ProberTest, PassesOnAnExpectedStatus) {
  EXPECT_EQ(probe(http_reply(200, "fine"), http_check()), "passed: status 200");
  EXPECT_EQ(probe(http_reply(204), http_check()), "passed: status 204");
}

TEST_F(ProberTest, FailsOnAnyOtherStatus) {
  EXPECT_EQ(probe(http_reply(503), http_check()), "failed: status 503, expected 200-299");
  EXPECT_EQ(probe(http_reply(302), http_check()), "failed: status 302, expected 200-299");
}

TEST_F(ProberTest, AcceptsTheStatusesThatAreConfigured) {
  config::HealthCheck check = http_check();
  check.expect = {{200, 204}, {401, 401}};
  EXPECT_EQ(probe(http_reply(401), check), "passed: status 401");
  EXPECT_EQ(probe(http_reply(205), check), "failed: status 205, expected 200-204 or 401");
}

TEST_F(ProberTest, AsksForThePathAndNamesTheAddressAsHost) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  probe(server.address(), http_check());
  config::HealthCheck named = http_check();
  named.host = "shop.example.com";
  probe(server.address(), named);
  ASSERT_EQ(server.requests().size(), 2U);
  const std::string& plain = server.requests().front();
  EXPECT_TRUE(plain.starts_with("GET /healthz HTTP/1.1\r\n")) << plain;
  EXPECT_NE(plain.find("\r\nhost: " + to_string(server.address()) + "\r\n"), std::string::npos);
  EXPECT_NE(plain.find("\r\nconnection: close\r\n"), std::string::npos);
  EXPECT_NE(server.requests().back().find("\r\nhost: shop.example.com\r\n"), std::string::npos);
}

TEST_F(ProberTest, UsesAFreshConnectionEachTime) {
  const ScriptedServer server(io_, [](std::size_t) {
    Reply reply = http_reply(200);
    reply.then = Reply::Then::hold;
    return reply;
  });
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(probe(server.address(), http_check()), "passed: status 200");
  EXPECT_EQ(server.connections(), 3U);
}

TEST_F(ProberTest, ContentsItselfWithAConnectionForTcp) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  EXPECT_EQ(probe(server.address(), tcp_check()), "passed: connected");
}

TEST_F(ProberTest, SaysThatNobodyListens) {
  EXPECT_EQ(probe(deserted(), tcp_check()), "failed: connection refused");
  EXPECT_EQ(probe(deserted(), http_check()), "failed: connection refused");
}

TEST_F(ProberTest, TimesOutOnATargetThatNeverAccepts) {
  // A listener whose queue is full: the kernel drops further attempts, as a firewall would.
  asio::ip::tcp::acceptor acceptor(io_, asio::ip::tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(0);
  const auto endpoint = acceptor.local_endpoint();
  std::vector<asio::ip::tcp::socket> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back(io_, asio::ip::tcp::v4());
    callers.back().async_connect(endpoint, [](const boost::system::error_code&) {});
  }
  EXPECT_EQ(probe(Address{Address::Kind::ip4, "127.0.0.1", endpoint.port()},
                  tcp_check(milliseconds{150})),
            "failed: timed out after 150ms");
}

TEST_F(ProberTest, TimesOutOnATargetThatNeverAnswers) {
  EXPECT_EQ(probe(test::stall(), http_check(milliseconds{100})), "failed: timed out after 100ms");
}

TEST_F(ProberTest, TimesOutOnABodyThatNeverEnds) {
  const Reply half{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Reply::Then::hold};
  EXPECT_EQ(probe(half, http_check(milliseconds{100})), "failed: timed out after 100ms");
}

TEST_F(ProberTest, GivesATargetThatDripsNoMoreTimeThanOthers) {
  Reply reply = http_reply(200, std::string(1000, 'x'));
  reply.pause = milliseconds{5};
  EXPECT_EQ(probe(reply, http_check(milliseconds{150})), "failed: timed out after 150ms");
}

TEST_F(ProberTest, PassesOnASlowAnswerWithinItsTime) {
  Reply reply = http_reply(200, "slow");
  reply.pause = milliseconds{1};
  EXPECT_EQ(probe(reply, http_check()), "passed: status 200");
}

TEST_F(ProberTest, FailsOnGarbage) {
  const std::string result = probe(Reply{"220 mail.example.com ESMTP\r\n\r\n"}, http_check());
  EXPECT_TRUE(result.starts_with("failed: the answer is not valid HTTP: ")) << result;
}

TEST_F(ProberTest, FailsOnAHeadWithoutEnd) {
  const std::string head = "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x');
  EXPECT_EQ(probe(Reply{head, Reply::Then::hold}, http_check()),
            "failed: the answer is not valid HTTP: " +
                std::string(net::explain(net::Refusal::head_too_large)));
}

TEST_F(ProberTest, PassesOnWhatPassesForClients) {
  EXPECT_EQ(probe(Reply{"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"}, http_check()),
            "passed: status 200");
  const std::string long_field = "X: " + std::string(17 * 1024, 'x') + "\r\n";
  EXPECT_EQ(
      probe(Reply{"HTTP/1.1 200 OK\r\n" + long_field + "Content-Length: 0\r\n\r\n"}, http_check()),
      "passed: status 200");
}

TEST_F(ProberTest, FailsOnWhatIsRefusedForClients) {
  const std::string result = probe(
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      http_check());
  EXPECT_EQ(result, "failed: the answer is not valid HTTP: " +
                        std::string(net::explain(net::Refusal::length_and_transfer_encoding)));
}

TEST_F(ProberTest, FailsOnATargetThatClosesWithoutAnAnswer) {
  EXPECT_EQ(probe(Reply{}, http_check()), "failed: connection closed without an answer");
}

TEST_F(ProberTest, FailsOnATruncatedAnswer) {
  EXPECT_EQ(probe(Reply{"HTTP/1.1 200 OK\r\nContent-Le"}, http_check()),
            "failed: connection closed before the answer was complete");
  EXPECT_EQ(probe(Reply{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, http_check()),
            "failed: status 200, but connection closed before the answer was complete");
}

TEST_F(ProberTest, ReadsEveryKindOfBody) {
  EXPECT_EQ(probe(Reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "4\r\nfine\r\n0\r\n\r\n"},
                  http_check()),
            "passed: status 200");
  EXPECT_EQ(probe(Reply{"HTTP/1.0 200 OK\r\n\r\nuntil the close"}, http_check()),
            "passed: status 200");
}

TEST_F(ProberTest, LooksPastInformationalAnswers) {
  const Reply reply{
      "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  EXPECT_EQ(probe(reply, http_check()), "passed: status 200");
}

TEST_F(ProberTest, DoesNotLookPastInformationalAnswersForEver) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "HTTP/1.1 103 Early Hints\r\n\r\n";
  const std::string result = probe(Reply{many, Reply::Then::hold}, http_check());
  EXPECT_TRUE(result.starts_with("failed: ")) << result;
}

TEST_F(ProberTest, ReadsNoMoreOfABodyThanItsBound) {
  // The rest of the body never comes; who waited for it would time out.
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
  const Reply enough{head + std::string(Prober::kBodyLimit, 'x'), Reply::Then::hold};
  EXPECT_EQ(probe(enough, http_check()), "passed: status 200");
  const Reply too_little{head + std::string(Prober::kBodyLimit - 1, 'x'), Reply::Then::hold};
  EXPECT_EQ(probe(too_little, http_check(milliseconds{200})), "failed: timed out after 200ms");
}

TEST_F(ProberTest, ProbesOverIp6) {
  const ScriptedServer server(
      io_, [](std::size_t) { return http_reply(200); }, Address{Address::Kind::ip6, "::1", 0});
  EXPECT_EQ(probe(server.address(), http_check()), "passed: status 200");
}

TEST_F(ProberTest, ProbesAUnixSocket) {
  const Address address{Address::Kind::unix_socket, socket_path(), 0};
  ::unlink(address.host.c_str());
  EXPECT_EQ(probe(address, tcp_check()), "failed: no such file or directory");
  {
    const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); }, address);
    EXPECT_EQ(probe(address, http_check()), "passed: status 200");
    EXPECT_NE(server.requests().front().find("\r\nhost: localhost\r\n"), std::string::npos);
  }
  EXPECT_EQ(probe(address, tcp_check()), "failed: connection refused");
  ::unlink(address.host.c_str());
}

TEST_F(ProberTest, DoesNotTakeAFullUnixSocketForAConnection) {
  const Address address{Address::Kind::unix_socket, socket_path(), 0};
  ::unlink(address.host.c_str());
  asio::local::stream_protocol::acceptor acceptor(io_, asio::local::stream_protocol());
  acceptor.bind(asio::local::stream_protocol::endpoint(address.host));
  acceptor.listen(0);
  asio::local::stream_protocol::socket caller(io_);
  caller.connect(acceptor.local_endpoint());
  const std::string result = probe(address, tcp_check(milliseconds{150}));
  EXPECT_TRUE(result.starts_with("failed: ")) << result;
  ::unlink(address.host.c_str());
}

TEST_F(ProberTest, FailsOnAnAddressThatIsNone) {
  EXPECT_EQ(probe(Address{Address::Kind::ip4, "nowhere", 1}, tcp_check()),
            "failed: 'nowhere' is not an IP address");
  EXPECT_EQ(probe(Address{Address::Kind::unix_socket, std::string(200, 'p'), 0}, tcp_check()),
            "failed: the path of a Unix socket has 1 to 107 characters");
}

TEST_F(ProberTest, ReportsNothingAfterItsDestruction) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  int calls = 0;
  const auto count = [&calls](const ProbeResult&) { ++calls; };
  std::optional<Prober> at_once(std::in_place, io_, server.address(), http_check(), count);
  at_once.reset();
  std::optional<Prober> midway(std::in_place, io_, server.address(), http_check(), count);
  ASSERT_TRUE(test::run_until(io_, [&] { return !server.requests().empty(); }));
  midway.reset();
  io_.restart();
  io_.poll();
  EXPECT_EQ(calls, 0);
}

TEST_F(ProberTest, MayBeDestroyedByItsOwnReport) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  std::unique_ptr<Prober> prober;
  bool reported = false;
  prober =
      std::make_unique<Prober>(io_, server.address(), http_check(), [&](const ProbeResult& result) {
        prober.reset();
        reported = result.passed;
      });
  EXPECT_TRUE(test::run_until(io_, [&] { return reported; }));
}

TEST(Prober, MayBeUnderWayWhenItsContextEnds) {
  std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
  auto server = std::make_unique<ScriptedServer>(*io, [](std::size_t) { return test::stall(); });
  auto prober = std::make_unique<Prober>(*io, server->address(), http_check(),
                                         [](const ProbeResult&) { FAIL(); });
  ASSERT_TRUE(test::run_until(*io, [&] { return !server->requests().empty(); }));
  prober.reset();
  server.reset();
  io.reset();
}

}  // namespace
}  // namespace teal::health
