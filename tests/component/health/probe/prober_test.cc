#include "health/probe/prober.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

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

std::string shown(const Prober& prober) {
  return (prober.passed() ? "passed: " : "failed: ") + prober.reason();
}

class ProberTest : public testing::Test {
 protected:
  /// What a probe of `address` comes to.
  std::string probe(const Address& address, const config::HealthCheck& check,
                    const ProbePreamble& preamble = {}) {
    int calls = 0;
    const auto prober = make(address, check, [&calls] { ++calls; }, preamble);
    const Prober::Start started = prober->start();
    EXPECT_EQ(calls, 0) << "reported from inside start()";
    if (started == Prober::Start::over) return shown(*prober);
    EXPECT_EQ(started, Prober::Start::running);
    const auto deadline = std::chrono::steady_clock::now() + check.timeout;
    turn_until([&] {
      if (calls == 0 && std::chrono::steady_clock::now() >= deadline) prober->time_out();
      return calls > 0;
    });
    io_.poll();
    EXPECT_EQ(calls, 1);
    return shown(*prober);
  }

  boost::intrusive_ptr<Prober> make(const Address& address, const config::HealthCheck& check,
                                    Prober::Done done, const ProbePreamble& preamble = {}) {
    address_ = address;
    return new Prober(reactor_, scratch_, address_,
                      std::make_shared<const ProbePlan>(check, preamble), std::move(done));
  }

  /// Lets the probe and the target work; false if that takes longer than a test may.
  bool turn_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      io_.restart();
      io_.poll();
      reactor_.turn(milliseconds{1});
    }
    return true;
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
  net::Reactor reactor_{{[] {}, [] {}, [] {}, [] {}}};
  ProbeScratch scratch_;
  Address address_;
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

TEST_F(ProberTest, ReadsNoMoreOfAnAnswerThanItsBoundHoweverItIsFramed) {
  // SETTINGS, and then frames of a kind that nobody knows (RFC 9113, section 4.1: to be ignored).
  std::string flood("\0\0\0\x4\0\0\0\0\0", 9);
  const std::string unknown = std::string("\0\x40\0\xfa\0\0\0\0\0", 9) + std::string(0x4000, 'x');
  while (flood.size() <= Prober::kAnswerLimit) flood += unknown;
  config::HealthCheck check = http_check();
  check.http2 = true;
  EXPECT_EQ(probe(Reply{flood, Reply::Then::hold}, check), "failed: an answer without an end");
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

TEST_F(ProberTest, ReportsNothingOnceItIsCancelled) {
  const ScriptedServer server(io_, [](std::size_t) { return test::stall(); });
  int calls = 0;
  const auto count = [&calls] { ++calls; };
  const auto at_once = make(server.address(), http_check(), count);
  ASSERT_EQ(at_once->start(), Prober::Start::running);
  at_once->cancel();
  auto midway = make(server.address(), http_check(), count);
  ASSERT_EQ(midway->start(), Prober::Start::running);
  ASSERT_TRUE(turn_until([&] { return !server.requests().empty(); }));
  midway->cancel();
  midway.reset();
  reactor_.turn(milliseconds{1});
  EXPECT_EQ(calls, 0);
}

TEST_F(ProberTest, MayBeLetGoOfByItsOwnReport) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  boost::intrusive_ptr<Prober> prober;
  bool reported = false;
  prober = make(server.address(), http_check(), [&] {
    reported = prober->passed();
    prober.reset();
  });
  ASSERT_EQ(prober->start(), Prober::Start::running);
  EXPECT_TRUE(turn_until([&] { return reported; }));
}

TEST_F(ProberTest, SeesAnAnswerThatCameBeforeTheQuestion) {
  asio::ip::tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
  const Address address{Address::Kind::ip4, "127.0.0.1", acceptor.local_endpoint().port()};
  int calls = 0;
  const auto prober = make(address, http_check(), [&calls] { ++calls; });
  ASSERT_EQ(prober->start(), Prober::Start::running);
  asio::ip::tcp::socket hasty = acceptor.accept();
  asio::write(hasty, asio::buffer(http_reply(200).bytes));
  ASSERT_TRUE(turn_until([&] { return calls > 0; }));
  EXPECT_EQ(shown(*prober), "passed: status 200");
}

TEST_F(ProberTest, DoesNotBlameTheTargetForDescriptorsThatWeLack) {
  const ScriptedServer server(io_, [](std::size_t) { return http_reply(200); });
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  const auto prober = make(server.address(), http_check(), [] { FAIL(); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Prober::Start started = prober->start();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(started, Prober::Start::lacking);
}

}  // namespace
}  // namespace teal::health
